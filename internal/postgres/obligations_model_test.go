package postgres_test

import (
	"fmt"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringcard/crm/calllog"
	"ringcard/crm/client"
)

// episode is an obligation as the naive model of AF-02 sees it.
type episode struct {
	Who               string
	Attempts          int
	First, Last, Over int64 // seconds; Over 0: open
}

// modelOf computes the obligations anew from all calls in the order of time.
func modelOf(calls []modelCall, numbers map[string][]string) []episode {
	var out []episode
	for who, own := range numbers {
		var current *episode
		events := slices.Clone(calls)
		// A talk at the very moment of a missed call is no later one.
		sort.SliceStable(events, func(i, j int) bool {
			if events[i].at != events[j].at {
				return events[i].at < events[j].at
			}
			return events[i].talk && !events[j].talk
		})
		for _, c := range events {
			switch {
			case !c.talk && c.who == who:
				if current == nil {
					current = &episode{Who: who, First: c.at}
				}
				current.Attempts++
				current.Last = c.at
			case c.talk && current != nil && (c.who == who || slices.Contains(own, c.number)):
				current.Over = c.at
				out = append(out, *current)
				current = nil
			}
		}
		if current != nil {
			out = append(out, *current)
		}
	}
	sortEpisodes(out)
	return out
}

func sortEpisodes(list []episode) {
	sort.Slice(list, func(i, j int) bool { return fmt.Sprint(list[i]) < fmt.Sprint(list[j]) })
}

type modelCall struct {
	who, number string
	talk        bool
	at          int64
}

// TestObligationsEqualTheModel_AF_02 saves random calls of clients with several
// numbers, one of them shared, and of an unknown number, in random order, and
// compares with the model after each.
func TestObligationsEqualTheModel_AF_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const one, two, shared, third, unknown = "+79210000001", "+79210000002", "+79210000003", "+79210000004", "+79210000005"
	a := o.client(client.NewClient{Name: "А", Phones: phones(one, two, shared)})
	b := o.client(client.NewClient{Name: "Б", Phones: phones(shared, third)})
	names := map[int64]string{a.ID: "a", b.ID: "b"}
	ids := map[string]int64{"a": a.ID, "b": b.ID}
	owners := map[string][]string{one: {"a"}, two: {"a"}, shared: {"a", "b"}, third: {"b"}, unknown: {unknown}}
	numbers := map[string][]string{"a": {one, two, shared}, "b": {shared, third}, unknown: {unknown}}
	base := o.now.Add(-time.Hour)
	drawCall := rapid.Custom(func(t *rapid.T) modelCall {
		number := rapid.SampledFrom([]string{one, two, shared, third, unknown}).Draw(t, "number")
		return modelCall{who: rapid.SampledFrom(owners[number]).Draw(t, "who"), number: number,
			talk: rapid.IntRange(0, 2).Draw(t, "talk") == 0, at: int64(rapid.IntRange(1, 30).Draw(t, "at"))}
	})
	rapid.Check(t, func(rt *rapid.T) {
		o.exec(`WITH a AS (DELETE FROM crm.obligation), b AS (DELETE FROM crm.activity) DELETE FROM crm.call`)
		calls := rapid.SliceOfN(drawCall, 1, 7).Draw(rt, "calls")
		for i, c := range calls {
			at := base.Add(time.Duration(c.at) * time.Second)
			r := o.missed(c.number, at)
			if c.talk {
				r = o.talk(rapid.SampledFrom([]string{calllog.In, calllog.Out}).Draw(rt, "direction"), c.number, at)
			}
			r.ClientID = ids[c.who]
			o.save(r)
			var got []episode
			rows, err := o.db.Pool().Query(o.ctx, `SELECT client_id, attempts, first_at, last_at, closed_at,
				(SELECT count(*) FROM crm.obligation_attempt t WHERE t.obligation_id = o.id)::int FROM crm.obligation o`)
			if err != nil {
				rt.Fatal(err)
			}
			for rows.Next() {
				var clientID *int64
				var e episode
				var kept int
				var first, last time.Time
				var closed *time.Time
				if err := rows.Scan(&clientID, &e.Attempts, &first, &last, &closed, &kept); err != nil {
					rt.Fatal(err)
				}
				e.Who, e.First, e.Last = unknown, int64(first.Sub(base).Seconds()), int64(last.Sub(base).Seconds())
				if clientID != nil {
					e.Who = names[*clientID]
				}
				if closed != nil {
					e.Over = int64(closed.Sub(base).Seconds())
				}
				if kept != e.Attempts {
					rt.Errorf("%d attempts counted, %d kept", e.Attempts, kept)
				}
				got = append(got, e)
			}
			if err := rows.Err(); err != nil {
				rt.Fatal(err)
			}
			sortEpisodes(got)
			if diff := cmp.Diff(modelOf(calls[:i+1], numbers), got); diff != "" {
				rt.Fatalf("after %+v (-model +database):\n%s", calls[:i+1], diff)
			}
		}
	})
}
