package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ringcard/crm/calllog"
)

// BenchmarkCallSave is a call of a client saved as it rings and as it has
// ended, alone and in groups of ten, in a journal of a million calls, beside its
// floor: the same record inserted and updated in a table with a primary key and
// nothing else. Times are of one call. The server's disk is not waited for.
// go test ./internal/postgres -run '^$' -bench CallSave -benchtime 500x
func BenchmarkCallSave(b *testing.B) {
	const clients = 100_000
	o := newOffice(b)
	fillJournal(o, 1_000_000, clients)
	o.exec(`INSERT INTO crm.phone (client_id, e164, raw) SELECT id, 79210000000 + 2 * (id - (SELECT min(id) FROM crm.client)), 'x' FROM crm.client`)
	for _, table := range []string{"call", "call_user", "phone_lookup", "phone", "client"} {
		o.exec(`VACUUM ANALYZE crm.` + table)
	}
	o.exec(`CREATE TABLE crm.bare (LIKE crm.call)`)
	o.exec(`ALTER TABLE crm.bare ADD PRIMARY KEY (id)`)
	first := o.count(`SELECT min(id) FROM crm.client`)
	users := []int64{o.anna.UserID, o.petr.UserID, o.operator.UserID}
	at := o.now
	ringing := func() calllog.Record {
		at = at.Add(time.Second)
		k, began := rand.Int64N(clients), at
		return calllog.Record{ID: uuid.NewString(), Version: 1, PBX: "office", Direction: calllog.In, State: "ringing",
			Number:     calllog.Number{Raw: fmt.Sprint("8", 9210000000+2*k), E164: fmt.Sprint("+7", 9210000000+2*k), Kind: "external"},
			CallerName: fmt.Sprint("IVANOV ", k), ClientID: first + k, DID: "+74950000001", Queue: "queue3", UserIDs: users,
			StartedAt: began, RingAt: &began, Snapshot: []byte(`{"legs":[],"pad":"` + strings.Repeat("0123456789", 100) + `"}`)}
	}
	end := func(r *calllog.Record) {
		answered, ended := r.StartedAt.Add(5*time.Second), r.StartedAt.Add(time.Minute)
		r.Version, r.State, r.Disposition, r.AnsweredAt, r.EndedAt = 2, calllog.Ended, calllog.Answered, &answered, &ended
		r.WaitMS, r.TalkMS, r.AnsweredBy = 5000, 55_000, &calllog.Party{UserID: users[0]}
		r.Channels = []string{r.ID + "a", r.ID + "b"}
	}
	save := func(group []calllog.Record) {
		if err := o.calls.Save(o.ctx, group...); err != nil {
			b.Fatal(err)
		}
	}
	for _, size := range []int{1, 10} {
		b.Run(fmt.Sprint("together=", size), func(b *testing.B) {
			group := make([]calllog.Record, size)
			var ours, floor []time.Duration
			for b.Loop() {
				for i := range group {
					group[i] = ringing()
				}
				began := time.Now()
				save(group)
				for i := range group {
					end(&group[i])
				}
				save(group)
				middle := time.Now()
				r := group[0]
				o.exec(`INSERT INTO crm.bare (id, version, pbx, direction, state, number_raw, number_kind, number_display, user_ids, started_at, snapshot,
						cause, caller_name, did, queue, client_chosen, wait_ms, talk_ms, hold_ms, recorded, recovered, note, subject, saved_at, transferred, test)
					VALUES ($1, 1, 'office', 'in', 'ringing', $2, 'external', '', $3, $4, $5, 0, '', '', '', false, 0, 0, 0, false, false, '', '', now(), false, false)`,
					uuid.MustParse(r.ID), r.Number.Raw, users, r.StartedAt, r.Snapshot)
				o.exec(`UPDATE crm.bare SET version = 2, state = 'ended', disposition = 'answered', answered_at = $2, ended_at = $3, wait_ms = 5000,
					talk_ms = 55000, snapshot = $4 WHERE id = $1`, uuid.MustParse(r.ID), r.AnsweredAt, r.EndedAt, r.Snapshot)
				ours, floor = append(ours, middle.Sub(began)/time.Duration(size)), append(floor, time.Since(middle))
			}
			slices.Sort(ours)
			slices.Sort(floor)
			at50, at99 := len(ours)/2, len(ours)*99/100
			b.ReportMetric(float64(ours[at50])/float64(floor[at50]), "x-floor-p50")
			b.ReportMetric(float64(ours[at50].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(ours[at99].Microseconds())/1000, "p99-ms")
		})
	}
}
