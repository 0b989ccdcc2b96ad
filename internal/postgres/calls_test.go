package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/interaction"
	"ringcard/internal/pgserver"
	"ringcard/internal/postgres"
)

func (o *office) interactions(callID string) int64 {
	return o.count(`SELECT count(*) FROM crm.activity WHERE call_id = $1`, callID)
}

func TestCallIsOneInteraction_AF_01(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Person: &client.PersonInput{Name: "Пётр", IsPrimary: true, Phones: phones("+79210000001")}})
	r := o.call("+79210000001")
	ringing := r
	ringing.State, ringing.Disposition, ringing.EndedAt, ringing.AnsweredAt = "ringing", "", nil, nil
	o.save(ringing)
	if o.interactions(r.ID) != 0 {
		t.Fatal("an interaction before the end")
	}
	r.Version = 5
	var wg sync.WaitGroup
	for range 8 { // repeated and at once, as after a lost answer of the database
		wg.Go(func() {
			if err := o.calls.Save(o.ctx, r); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := o.interactions(r.ID); n != 1 {
		t.Fatalf("%d interactions", n)
	}
	if n := o.count(`SELECT count(*) FROM crm.outbox WHERE topic = 'call.ended'`); n != 1 {
		t.Errorf("%d outbox rows", n)
	}
	o.save(ringing) // an older version, late
	got := must(o.calls.Get(o.ctx, o.admin, r.ID))(t)
	if got.State != calllog.Ended || got.Version != 5 || got.ClientID != c.ID || got.ClientName != "Ромашка" ||
		got.PersonName != "Пётр" || got.AnsweredBy.Name != "Смирнова Анна" || got.TalkMS != 60000 || string(got.Legs) != `[{"id": "1"}]` {
		t.Errorf("record = %+v, legs %s", got, got.Legs)
	}
	page := must(o.history.History(o.ctx, o.admin, c.ID, nil, crm.PageRequest{}))(t)
	if len(page.Items) != 1 {
		t.Fatalf("history = %+v", page.Items)
	}
	it := page.Items[0]
	if it.Kind != interaction.Call || it.Subject != "Входящий, 1 мин 0 с" || it.AuthorName != "Смирнова Анна" || it.Call.ID != r.ID || it.Call.TalkMS != 60000 {
		t.Errorf("item = %+v", it)
	}
	if card := must(o.clients.Get(o.ctx, o.admin, c.ID))(t); card.LastContactAt == nil || !card.LastContactAt.Equal(*r.AnsweredAt) {
		t.Errorf("last contact = %v", card.LastContactAt)
	}
	t.Run("a correction changes the interaction, not its number", func(t *testing.T) {
		r.Version, r.TalkMS = 6, 120_000
		o.save(r)
		page := must(o.history.History(o.ctx, o.admin, c.ID, nil, crm.PageRequest{}))(t)
		if len(page.Items) != 1 || page.Items[0].Subject != "Входящий, 2 мин 0 с" {
			t.Errorf("history = %+v", page.Items)
		}
		if n := o.count(`SELECT count(*) FROM crm.outbox WHERE topic LIKE 'call.%'`); n != 1 {
			t.Errorf("%d outbox rows", n)
		}
	})
	t.Run("missed", func(t *testing.T) {
		m := o.call("+79210000001")
		m.Disposition, m.AnsweredAt, m.AnsweredBy, m.Queue, m.TalkMS = calllog.Missed, nil, nil, "Продажи", 0
		o.save(m)
		page := must(o.history.History(o.ctx, o.admin, c.ID, []interaction.Kind{interaction.Call}, crm.PageRequest{}))(t)
		if len(page.Items) != 2 {
			t.Fatalf("history = %+v", page.Items)
		}
		if n := o.count(`SELECT count(*) FROM crm.activity WHERE subject = 'Пропущенный из очереди «Продажи»'`); n != 1 {
			t.Errorf("%d such subjects", n)
		}
		if n := o.count(`SELECT count(*) FROM crm.outbox WHERE topic = 'call.missed'`); n != 1 {
			t.Errorf("%d call.missed", n)
		}
	})
}

func TestCallNeverMatched_CK_06(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.client(client.NewClient{Name: "Спамер", Phones: phones("+79210000009")})
	if err := o.clients.MarkSpam(o.ctx, o.admin, client.NumberRef{Raw: "+79210000009"}, true); err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"anonymous", "+79210000009", "101", "+79210000001"} {
		r := o.call(number)
		o.save(r)
		if got := must(o.calls.Get(o.ctx, o.admin, r.ID))(t); got.ClientID != 0 || got.Spam != (number == "+79210000009") {
			t.Errorf("%s: client %d, spam %v", number, got.ClientID, got.Spam)
		}
		if o.interactions(r.ID) != 0 {
			t.Errorf("%s has an interaction", number)
		}
	}
}

func TestRecordSurvivesDeletedClient(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001")})
	r := o.call("+79210000001")
	r.ClientID = c.ID // the pop has found it
	if err := o.clients.Delete(o.ctx, o.admin, c.ID, c.Version); err != nil {
		t.Fatal(err)
	}
	o.save(r)
	if got := must(o.calls.Get(o.ctx, o.admin, r.ID))(t); got.ClientID != 0 || got.State != calllog.Ended {
		t.Errorf("a deleted client is shown: %+v", got)
	}
	must(o.clients.Restore(o.ctx, o.admin, c.ID))(t)
	if got := must(o.calls.Get(o.ctx, o.admin, r.ID))(t); got.ClientID != c.ID {
		t.Error("the link is lost")
	}
	if page := must(o.history.History(o.ctx, o.admin, c.ID, nil, crm.PageRequest{}))(t); len(page.Items) != 1 {
		t.Errorf("history = %+v", page.Items)
	}
	t.Run("ids that do not exist", func(t *testing.T) {
		r := o.call("+79210000002")
		r.ClientID, r.PersonID, r.AnsweredBy, r.PlacedBy = 999, 999, &calllog.Party{UserID: 999}, &calllog.Party{}
		o.save(r)
		must(o.calls.Get(o.ctx, o.admin, r.ID))(t)
	})
}

func TestUnknownNumberIsLinked_LU_05(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const number = "+7 921 000-00-01"
	past := []calllog.Record{o.call(number), o.call(number), o.call(number)}
	for _, r := range past {
		o.save(r)
	}
	live := o.call(number)
	live.State, live.Disposition, live.EndedAt = "talking", "", nil
	o.save(live)
	o.save(o.call("+79219999999"))

	unmatched := must(o.calls.List(o.ctx, o.admin, calllog.Query{Unmatched: true}))(t)
	if len(unmatched.Items) != 5 {
		t.Errorf("%d unmatched", len(unmatched.Items))
	}
	card := must(o.clients.Create(o.ctx, o.operator, client.NewClient{Name: "Новый", FromCallID: live.ID,
		Person: &client.PersonInput{Name: "Иван", IsPrimary: true}}))(t)
	if len(card.Phones) != 1 || card.Phones[0].E164 != "+79210000001" || !card.Phones[0].IsMain {
		t.Errorf("phones = %+v", card.Phones)
	}
	page := must(o.history.History(o.ctx, o.admin, card.ID, nil, crm.PageRequest{}))(t)
	if len(page.Items) != 3 {
		t.Errorf("%d past calls in the history", len(page.Items))
	}
	live.Version, live.State, live.Disposition, live.EndedAt = 2, calllog.Ended, calllog.Answered, live.AnsweredAt
	o.save(live)
	if page := must(o.history.History(o.ctx, o.admin, card.ID, nil, crm.PageRequest{}))(t); len(page.Items) != 4 || page.Items[0].PersonName != "Иван" {
		t.Errorf("history after the end = %+v", page.Items)
	}
	if n := len(must(o.calls.List(o.ctx, o.admin, calllog.Query{Unmatched: true}))(t).Items); n != 1 {
		t.Errorf("%d still unmatched", n)
	}
	t.Run("attach to an existing client", func(t *testing.T) {
		other := o.client(client.NewClient{Name: "Старый", Phones: phones("+79218888888")})
		a, b := o.call("+79217777777"), o.call("+79217777777")
		o.save(a)
		o.save(b)
		if err := o.calls.Link(o.ctx, o.operator, a.ID, other.ID, 0); err != nil {
			t.Fatal(err)
		}
		card := must(o.clients.Get(o.ctx, o.operator, other.ID))(t)
		if len(card.Phones) != 2 || card.Phones[1].E164 != "+79217777777" || card.Phones[1].IsMain || card.LastContactAt == nil {
			t.Errorf("card = %+v", card)
		}
		if o.interactions(a.ID) != 1 || o.interactions(b.ID) != 1 {
			t.Error("not every call became an interaction")
		}
		if m := o.lookup("+79217777777").Matches; len(m) != 1 || m[0].ClientID != other.ID {
			t.Errorf("matches = %+v", m)
		}
	})
	t.Run("what may not be linked", func(t *testing.T) {
		hidden := o.client(client.NewClient{Name: "Петров", ResponsibleID: &o.petr.UserID})
		r := o.call("+79216666666")
		o.save(r)
		wantCode(t, o.calls.Link(o.ctx, o.anna, r.ID, hidden.ID, 0), crm.CodeNotFound)
		wantCode(t, o.calls.Link(o.ctx, o.petr, r.ID, hidden.ID, 0), crm.CodeNotFound) // not his call
		wantCode(t, o.calls.Link(o.ctx, o.admin, "nonsense", hidden.ID, 0), crm.CodeNotFound)
		wantCode(t, o.calls.Link(o.ctx, o.admin, r.ID, hidden.ID, 5), crm.CodeInvalid)
		_, err := o.clients.Create(o.ctx, o.petr, client.NewClient{Name: "x", FromCallID: r.ID})
		wantCode(t, err, crm.CodeNotFound)
		if n := o.count(`SELECT count(*) FROM crm.client WHERE name = 'x'`); n != 0 {
			t.Error("the client was made without its call")
		}
	})
}

// TestLinkMeetsEndOfCall_LU_05 races the end of calls with the linking of
// their number: whoever is first, each call has its interaction.
func TestLinkMeetsEndOfCall_LU_05(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 15 {
		number := fmt.Sprintf("+792100001%02d", i)
		c := o.client(client.NewClient{Name: number})
		first, second := o.call(number), o.call(number)
		o.save(first)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := o.calls.Link(o.ctx, o.operator, first.ID, c.ID, 0); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := o.calls.Save(o.ctx, second); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if o.interactions(first.ID) != 1 || o.interactions(second.ID) != 1 {
			t.Fatalf("round %d: %d and %d interactions", i, o.interactions(first.ID), o.interactions(second.ID))
		}
	}
}

// TestSaveSurvivesLostConnections_AF_01 cuts the connections to the database at
// any step of a save; the engine repeats until it is told that it is done.
func TestSaveSurvivesLostConnections_AF_01(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001")})
	killer := must(pgx.Connect(o.ctx, o.db.Pool().Config().ConnString()))(t)
	defer killer.Close(o.ctx)
	// Each call meets a few cuts and is then left in peace: a busy machine
	// could otherwise cut every attempt.
	const cuts = 5
	var failures int
	calls := make([]calllog.Record, 40)
	for i := range calls {
		calls[i] = o.call("+79210000001")
		enough := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { cutConnections(o.ctx, t, killer, enough) })
		stop := sync.OnceFunc(func() { close(enough); wg.Wait() })
		for attempt := 1; ; attempt++ {
			if attempt > cuts {
				stop()
			}
			err := o.calls.Save(o.ctx, calls[i])
			if err == nil {
				break
			}
			failures++
			wantCode(t, err, crm.CodeUnavailable)
			if attempt == 100 {
				t.Error("never saved")
				break
			}
		}
		stop()
	}
	t.Logf("%d saves failed before %d succeeded", failures, len(calls))
	for _, r := range calls {
		if n := o.interactions(r.ID); n != 1 {
			t.Errorf("%d interactions", n)
		}
	}
	if n := o.count(`SELECT count(*) FROM crm.activity WHERE client_id = $1`, c.ID); n != int64(len(calls)) {
		t.Errorf("%d items in the history", n)
	}
	if n := o.count(`SELECT count(*) FROM crm.outbox WHERE topic = 'call.ended'`); n != int64(len(calls)) {
		t.Errorf("%d outbox rows", n)
	}
}

// cutConnections ends every busy connection to the database but its own.
func cutConnections(ctx context.Context, t *testing.T, killer *pgx.Conn, enough <-chan struct{}) {
	for {
		select {
		case <-enough:
			return
		default:
		}
		_, err := killer.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`)
		if err != nil {
			t.Error(err)
			return
		}
	}
}

func TestStrangeTextDoesNotCostTheRecord(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.call("+79210000001")
	r.CallerName, r.DID = "Zo\xe9\x00", "\x00"
	r.Snapshot = []byte(`{"legs":[{"name":"a\u0000b","n":12345678901234567890}],"x":"\\u0000"}`)
	o.save(r)
	got := must(o.calls.Get(o.ctx, o.admin, r.ID))(t)
	if got.CallerName != "Zo\uFFFD" || string(got.Legs) != `[{"n": 12345678901234567890, "name": "ab"}]` {
		t.Errorf("name %q, legs %s", got.CallerName, got.Legs)
	}
	r = o.call("+79210000001")
	r.Disposition = ""
	wantCode(t, o.calls.Save(o.ctx, r), crm.CodeInvalid)
}

func TestNoteOnCall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001")})
	r := o.call("+79210000001")
	live := r
	live.State, live.Disposition, live.EndedAt = "talking", "", nil
	o.save(live)
	if text := must(o.calls.SetNote(o.ctx, o.anna, r.ID, " просит счёт "))(t); text != "просит счёт" {
		t.Errorf("text = %q", text)
	}
	r.Version = 2
	o.save(r)
	item := must(o.history.History(o.ctx, o.anna, c.ID, nil, crm.PageRequest{}))(t).Items[0]
	if item.Body != "просит счёт" {
		t.Errorf("body = %q", item.Body)
	}
	must(o.calls.SetNote(o.ctx, o.anna, r.ID, "счёт отправлен"))(t)
	if got := must(o.history.History(o.ctx, o.anna, c.ID, nil, crm.PageRequest{}))(t).Items[0]; got.Body != "счёт отправлен" {
		t.Errorf("body = %q", got.Body)
	}
	must(o.history.SetBody(o.ctx, o.anna, item.ID, "оплачено"))(t)
	r.Version = 3
	o.save(r)
	if got := must(o.calls.Get(o.ctx, o.anna, r.ID))(t); got.Note != "оплачено" || got.Interaction != item.ID {
		t.Errorf("note = %q, interaction %d", got.Note, got.Interaction)
	}
	_, err := o.calls.SetNote(o.ctx, o.petr, r.ID, "чужой")
	wantCode(t, err, crm.CodeNotFound)
	_, err = o.calls.SetNote(o.ctx, o.anna, uuid.NewString(), "нет такого")
	wantCode(t, err, crm.CodeNotFound)
	wantCode(t, o.history.Delete(o.ctx, o.admin, item.ID), crm.CodeForbidden)
}

func TestChosenClientStays_LU_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a := o.client(client.NewClient{Name: "А", Phones: phones("+79210000001")})
	b := o.client(client.NewClient{Name: "Б", Phones: phones("+79210000001"), Person: &client.PersonInput{Name: "Пётр"}})
	r := o.call("+79210000001")
	r.ClientID = a.ID
	live := r
	live.State, live.Disposition, live.EndedAt = "talking", "", nil
	o.save(live)
	if err := o.calls.SetClient(o.ctx, o.anna, r.ID, b.ID, b.Persons[0].PersonID); err != nil {
		t.Fatal(err)
	}
	r.Version = 2
	o.save(r)
	if got := must(o.calls.Get(o.ctx, o.anna, r.ID))(t); got.ClientID != b.ID || got.PersonName != "Пётр" {
		t.Errorf("record = %+v", got)
	}
	if err := o.calls.SetClient(o.ctx, o.anna, r.ID, a.ID, 0); err != nil {
		t.Fatal(err)
	}
	if n := len(must(o.history.History(o.ctx, o.anna, a.ID, nil, crm.PageRequest{}))(t).Items); n != 1 || o.interactions(r.ID) != 1 {
		t.Errorf("%d items with А, %d interactions", n, o.interactions(r.ID))
	}
}

func TestUnfinishedComesBackWhole(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.call("+79210000001")
	r.State, r.Disposition, r.EndedAt = "held", "", nil
	r.Snapshot = []byte(`{"id":"x","legs":[{"id":"7"}]}`)
	o.save(r)
	o.save(o.call("+79210000002"))
	other := r
	other.ID, other.PBX = uuid.NewString(), "branch"
	o.save(other)
	got := must(o.calls.Unfinished(o.ctx, "office"))(t)
	if len(got) != 1 || got[0].ID != r.ID || got[0].State != "held" || !got[0].StartedAt.Equal(r.StartedAt) {
		t.Fatalf("unfinished = %+v", got)
	}
	var snapshot struct {
		Legs []struct{ ID string }
	}
	if err := json.Unmarshal(got[0].Snapshot, &snapshot); err != nil || snapshot.Legs[0].ID != "7" {
		t.Errorf("snapshot %s: %v", got[0].Snapshot, err)
	}
}

// A call that turned out to be a part of another leaves no record; one that
// has ended stays.
func TestDiscard_CK_01(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	open := o.call("+79210000001")
	open.State, open.Disposition, open.EndedAt = "ringing", "", nil
	o.save(open)
	over := o.call("+79210000002")
	o.save(over)
	for _, id := range []string{open.ID, over.ID, uuid.NewString()} {
		if err := o.calls.Discard(o.ctx, id); err != nil {
			t.Error(err)
		}
	}
	if got := must(o.calls.Unfinished(o.ctx, "office"))(t); len(got) != 0 {
		t.Errorf("unfinished = %+v", got)
	}
	if _, err := o.calls.Get(o.ctx, crm.System(), over.ID); err != nil {
		t.Errorf("the ended call is gone: %v", err)
	}
	if err := o.calls.Discard(o.ctx, "7"); err == nil {
		t.Error("an id that is no UUID is accepted")
	}
}

func TestJournalFiltersAndPages_AF_03(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Алхимов", Phones: phones("+79210000001")})
	hidden := o.client(client.NewClient{Name: "Петровский", ResponsibleID: &o.petr.UserID, Phones: phones("+79210000002")})
	var all []calllog.Record
	for i := range 12 {
		r := o.call([]string{"+79210000001", "+79210000002", "anonymous", "102"}[i%4])
		r.StartedAt = o.now.Add(-time.Duration(i/2) * time.Hour) // equal times in pairs
		switch i % 3 {
		case 1:
			r.Disposition, r.AnsweredBy, r.UserIDs, r.Queue = calllog.Missed, nil, []int64{o.petr.UserID}, "Продажи"
		case 2:
			r.Direction, r.PlacedBy = calllog.Out, &calllog.Party{UserID: o.anna.UserID}
		}
		all = append(all, r)
		o.save(r)
	}
	list := func(actor crm.Actor, q calllog.Query) []calllog.Record {
		t.Helper()
		return must(o.calls.List(o.ctx, actor, q))(t).Items
	}
	var paged []calllog.Record
	q := calllog.Query{Limit: 5}
	for {
		page := must(o.calls.List(o.ctx, o.admin, q))(t)
		paged = append(paged, page.Items...)
		if page.NextCursor == nil {
			break
		}
		q.Cursor = *page.NextCursor
	}
	seen := map[string]bool{}
	for i, r := range paged {
		seen[r.ID] = true
		if i > 0 && r.StartedAt.After(paged[i-1].StartedAt) {
			t.Error("not newest first")
		}
	}
	if len(paged) != len(all) || len(seen) != len(all) {
		t.Errorf("%d rows, %d different, of %d", len(paged), len(seen), len(all))
	}
	for name, tt := range map[string]struct {
		q    calllog.Query
		want int
	}{
		"from":         {calllog.Query{From: o.now.Add(-time.Hour)}, 4},
		"to":           {calllog.Query{To: o.now.Add(-time.Hour)}, 8},
		"missed":       {calllog.Query{Dispositions: []string{calllog.Missed, calllog.Abandoned}}, 4},
		"out":          {calllog.Query{Directions: []string{calllog.Out}}, 4},
		"user":         {calllog.Query{UserID: o.petr.UserID}, 4},
		"queue":        {calllog.Query{Queue: "Продажи"}, 4},
		"client":       {calllog.Query{ClientID: c.ID}, 3},
		"last digits":  {calllog.Query{Q: "0002"}, 3},
		"whole number": {calllog.Query{Q: "8 921 000-00-01"}, 3},
		"extension":    {calllog.Query{Q: "102"}, 3},
		"name":         {calllog.Query{Q: "алхим"}, 3},
		"all together": {calllog.Query{Q: "алхим", Directions: []string{calllog.In}, ClientID: c.ID, UserID: o.anna.UserID}, 1},
	} {
		if got := list(o.admin, tt.q); len(got) != tt.want {
			t.Errorf("%s: %d rows, want %d", name, len(got), tt.want)
		}
	}
	t.Run("one's own calls only, hidden clients unnamed", func(t *testing.T) {
		mine := list(o.anna, calllog.Query{})
		if len(mine) != 8 {
			t.Errorf("%d rows", len(mine))
		}
		for _, r := range mine {
			if r.ClientID == hidden.ID || r.ClientName == hidden.Name {
				t.Errorf("a hidden client is named: %+v", r)
			}
		}
		if got := list(o.anna, calllog.Query{ClientID: hidden.ID}); len(got) != 0 {
			t.Errorf("%d rows of a hidden client", len(got))
		}
		if got := list(o.anna, calllog.Query{Q: "Петровский"}); len(got) != 0 {
			t.Errorf("%d rows by a hidden name", len(got))
		}
		_, err := o.calls.Get(o.ctx, o.anna, all[1].ID)
		wantCode(t, err, crm.CodeNotFound)
	})
	_, err := o.calls.List(o.ctx, o.admin, calllog.Query{Dispositions: []string{"x"}})
	wantCode(t, err, crm.CodeInvalid)
}

func TestSummaryOfTheDay_AF_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	answered := o.call("+79210000001")
	o.save(answered) // 11:00
	missed := func(number string, at time.Time) {
		m := o.call(number)
		ended := at.Add(20 * time.Second)
		m.StartedAt, m.EndedAt, m.Disposition, m.AnsweredAt, m.AnsweredBy, m.TalkMS = at, &ended, calllog.Missed, nil, nil, 0
		m.UserIDs = []int64{o.petr.UserID}
		o.save(m)
	}
	for range 3 {
		missed("+79210000005", o.now.Add(-30*time.Minute)) // one obligation
	}
	missed("+79210000001", o.now.Add(-2*time.Hour)) // settled at 11:00
	missed("+79210000006", o.now.AddDate(0, 0, -3))
	missed("+79210000007", o.now.AddDate(0, 0, -9)) // long ago, and still owed
	out := o.call("+79210000006")
	out.Direction, out.Disposition, out.AnsweredAt, out.TalkMS = calllog.Out, calllog.Busy, nil, 0 // settles nothing
	o.save(out)
	internal := o.call("101")
	internal.Direction = calllog.Internal
	o.save(internal)

	sum := must(o.calls.Summary(o.ctx, o.super, true))(t)
	if sum.Today != (calllog.Today{Answered: 1, Missed: 4, Outgoing: 1, AvgTalkMS: 60000}) || sum.MissedOpen != 3 {
		t.Errorf("summary = %+v", sum)
	}
	want := []calllog.Hour{{Hour: "10:00", In: 1, Missed: 1}, {Hour: "11:00", In: 4, Missed: 3, Out: 1}}
	if fmt.Sprint(sum.ByHour) != fmt.Sprint(want) {
		t.Errorf("by hour = %+v", sum.ByHour)
	}
	if mine := must(o.calls.Summary(o.ctx, o.petr, false))(t); mine.Today.Answered != 0 || mine.Today.Missed != 4 || mine.MissedOpen != 3 {
		t.Errorf("petr's = %+v", mine)
	}
	if mine := must(o.calls.Summary(o.ctx, o.admin, false))(t); mine.Today.Missed != 0 {
		t.Errorf("admin's own = %+v", mine)
	}
	_, err := o.calls.Summary(o.ctx, o.anna, true)
	wantCode(t, err, crm.CodeForbidden)
}

func TestNotes_IH(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка"})
	for i := range 5 {
		must(o.history.AddNote(o.ctx, o.anna, c.ID, 0, fmt.Sprint("заметка ", i)))(t)
	}
	first := must(o.history.History(o.ctx, o.petr, c.ID, nil, crm.PageRequest{Limit: 3}))(t)
	second := must(o.history.History(o.ctx, o.petr, c.ID, nil, crm.PageRequest{Limit: 3, Cursor: *first.NextCursor}))(t)
	if len(first.Items) != 3 || len(second.Items) != 2 || first.Items[0].Body != "заметка 4" || second.Items[1].Body != "заметка 0" || second.NextCursor != nil {
		t.Errorf("pages = %+v, %+v", first.Items, second.Items)
	}
	id := first.Items[0].ID
	_, err := o.history.SetBody(o.ctx, o.petr, id, "чужая")
	wantCode(t, err, crm.CodeForbidden)
	if it := must(o.history.SetBody(o.ctx, o.anna, id, "исправлена"))(t); it.Body != "исправлена" || it.Version != 2 {
		t.Errorf("item = %+v", it)
	}
	wantCode(t, o.history.Delete(o.ctx, o.petr, id), crm.CodeForbidden)
	if err := o.history.Delete(o.ctx, o.anna, id); err != nil {
		t.Fatal(err)
	}
	wantCode(t, o.history.Delete(o.ctx, o.anna, id), crm.CodeNotFound)
	_, err = o.history.AddNote(o.ctx, o.anna, c.ID, 0, " ")
	wantCode(t, err, crm.CodeInvalid)
}

// TestDatabaseGoneDuringCall stops PostgreSQL between two versions of a call.
func TestDatabaseGoneDuringCall(t *testing.T) {
	t.Parallel()
	dir := serverDir(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	start := func() *pgserver.Server {
		s := must(pgserver.Start(ctx, pgserver.Options{Dir: dir, Settings: map[string]string{"fsync": "off"}}))(t)
		t.Cleanup(func() {
			if err := s.Stop(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	server := start()
	if err := postgres.Migrate(ctx, server.URL()); err != nil {
		t.Fatal(err)
	}
	db := must(postgres.Open(ctx, server.URL(), nil))(t)
	defer db.Close()
	store := postgres.NewCallStore(db)
	calls := calllog.NewService(calllog.Stores{Writer: store, Journal: store, Clerk: store, Results: store}, calllog.Options{})
	o := &office{now: time.Now().UTC()}
	r := o.call("+79210000001")
	live := r
	live.State, live.Disposition, live.EndedAt = "talking", "", nil
	if err := calls.Save(ctx, live); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	r.Version = 2
	wantCode(t, calls.Save(ctx, r), crm.CodeUnavailable)
	start()
	if err := calls.Save(ctx, r); err != nil {
		t.Fatalf("after the outage: %v", err)
	}
	got := must(calls.Get(ctx, crm.System(), r.ID))(t)
	if got.State != calllog.Ended || got.Version != 2 {
		t.Errorf("record = %+v", got)
	}
}
