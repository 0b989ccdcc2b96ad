package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/obligation"
	"ringcard/internal/postgres"
)

// owed is the obligations on the office's database, by the clock of the office.
func (o *office) owed(rules *obligation.Rules) *obligation.Service {
	store := postgres.NewObligationStore(o.db)
	s := obligation.NewService(store, store, obligation.Options{Clock: func() time.Time { return o.now }})
	if rules != nil {
		must(s.SetRules(o.ctx, o.admin, *rules))(o.t)
	}
	return s
}

// missed is an inbound call of the number that nobody answered; it rang at
// petr for 20 seconds until the given moment.
func (o *office) missed(number string, ended time.Time) calllog.Record {
	r := o.call(number)
	at := ended.Add(-20 * time.Second)
	r.StartedAt, r.RingAt, r.EndedAt, r.AnsweredAt, r.AnsweredBy, r.TalkMS = at, &at, &ended, nil, nil, 0
	r.Disposition, r.UserIDs = calllog.Missed, []int64{o.petr.UserID}
	return r
}

// talk is a call in the direction that anna talked in from the given moment.
func (o *office) talk(direction, number string, answered time.Time) calllog.Record {
	r := o.call(number)
	at, ended := answered.Add(-5*time.Second), answered.Add(time.Minute)
	r.Direction, r.StartedAt, r.RingAt, r.AnsweredAt, r.EndedAt = direction, at, &at, &answered, &ended
	if direction == calllog.Out {
		r.PlacedBy, r.AnsweredBy = r.AnsweredBy, nil
	}
	return r
}

func (o *office) open(s *obligation.Service) []obligation.Obligation {
	o.t.Helper()
	return must(s.List(o.ctx, o.admin, obligation.Query{State: obligation.Open}))(o.t).Items
}

func TestMissedThreeTimesThenCalledBack_AF_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s := o.owed(&obligation.Rules{Minutes: 30})
	var mu sync.Mutex
	var told []obligation.Change
	o.db.WatchObligations(func(c []obligation.Change) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, c...)
	})
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001", "+79210000002"), ResponsibleID: &o.anna.UserID})
	t0 := o.now.Add(-2 * time.Hour)
	last := o.missed("+79210000002", t0.Add(40*time.Minute))
	for _, r := range []calllog.Record{o.missed("+79210000001", t0), o.missed("+79210000001", t0.Add(time.Minute)), last} {
		o.save(r)
	}
	open := o.open(s)
	if len(open) != 1 {
		t.Fatalf("open = %+v", open)
	}
	got := open[0]
	if got.ClientID != c.ID || got.ClientName != "Ромашка" || got.Attempts != 3 || !got.FirstAt.Equal(t0) || !got.LastAt.Equal(*last.EndedAt) ||
		got.OwnerID != o.anna.UserID || got.OwnerName != o.anna.Name || got.Assigned || got.Number.E164 != "+79210000002" || got.LastCall != last.ID ||
		!got.DueAt.Equal(t0.Add(30*time.Minute)) || !got.Overdue {
		t.Errorf("obligation = %+v", got)
	}
	if sum := must(o.calls.Summary(o.ctx, o.admin, true))(t); sum.MissedOpen != 1 {
		t.Errorf("missed open = %d", sum.MissedOpen)
	}
	if n := must(s.Count(o.ctx, o.anna, false))(t); n != (obligation.Counts{Open: 1, Overdue: 1}) {
		t.Errorf("anna's = %+v", n)
	}
	if page := must(s.List(o.ctx, o.petr, obligation.Query{}))(t); len(page.Items) != 0 {
		t.Errorf("petr sees anna's: %+v", page.Items)
	}

	noAnswer := o.talk(calllog.Out, "+79210000001", t0.Add(50*time.Minute))
	noAnswer.Disposition, noAnswer.AnsweredAt = calllog.Busy, nil
	o.save(noAnswer)
	if len(o.open(s)) != 1 {
		t.Error("an attempt that failed has settled it")
	}
	back := o.talk(calllog.Out, "+79210000001", t0.Add(time.Hour))
	o.save(back)
	o.save(back) // again, as after a lost answer of the database
	if open := o.open(s); len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}
	closed := must(s.List(o.ctx, o.anna, obligation.Query{State: obligation.Closed, ClientID: c.ID}))(t).Items
	if len(closed) != 1 || closed[0].ID != got.ID || closed[0].ClosedHow != obligation.ByContact || closed[0].ClosedCall != back.ID ||
		!closed[0].ClosedAt.Equal(*back.AnsweredAt) || closed[0].ClosedBy != o.anna.UserID || !closed[0].Overdue {
		t.Errorf("closed = %+v", closed)
	}
	var events []string
	for _, c := range told {
		if c.ID != got.ID || c.OwnerID != o.anna.UserID || !slices.Equal(c.UserIDs, []int64{o.petr.UserID}) {
			t.Errorf("told %+v", c)
		}
		events = append(events, fmt.Sprint(c.Event, c.Attempts, c.State))
	}
	if diff := cmp.Diff([]string{"opened1open", "changed2open", "changed3open", "closed3closed"}, events); diff != "" {
		t.Error(diff)
	}
	t.Run("a record that comes late opens nothing", func(t *testing.T) {
		o.save(o.missed("+79210000001", t0.Add(45*time.Minute)))
		if open := o.open(s); len(open) != 0 {
			t.Errorf("open = %+v", open)
		}
		if got := must(s.Get(o.ctx, o.admin, got.ID))(t); got.Attempts != 4 || got.State != obligation.Closed {
			t.Errorf("obligation = %+v", got)
		}
	})
	t.Run("a missed call after the talk does", func(t *testing.T) {
		o.save(o.missed("+79210000001", t0.Add(70*time.Minute)))
		if open := o.open(s); len(open) != 1 || open[0].ID == got.ID || open[0].Attempts != 1 {
			t.Errorf("open = %+v", open)
		}
		o.save(o.talk(calllog.In, "+79210000002", t0.Add(80*time.Minute))) // the client called again
		if open := o.open(s); len(open) != 0 {
			t.Errorf("open = %+v", open)
		}
	})
	t.Run("answered after all", func(t *testing.T) {
		r := o.missed("+79210000001", t0.Add(100*time.Minute))
		o.save(r)
		if len(o.open(s)) != 1 {
			t.Fatal("not open")
		}
		r.Version, r.Disposition = 2, calllog.Voicemail // the PBX's own records say so
		o.save(r)
		if open := o.open(s); len(open) != 0 {
			t.Errorf("open = %+v", open)
		}
	})
}

func TestUnknownCallersObligation_AF_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s := o.owed(nil)
	at := o.now.Add(-time.Hour)
	const number = "+79210000007"
	first := o.missed(number, at)
	first.Queue, first.DID = "Продажи", "+74950000000"
	o.save(first)
	withheld := o.missed("anonymous", at)
	o.save(withheld)
	internal := o.missed("101", at)
	internal.Direction = calllog.Internal
	o.save(internal)
	open := o.open(s)
	if len(open) != 1 || open[0].ClientID != 0 || open[0].OwnerID != 0 || open[0].Number.E164 != number || open[0].Queue != "Продажи" || open[0].DID != "+74950000000" {
		t.Fatalf("open = %+v", open)
	}
	if page := must(s.List(o.ctx, o.petr, obligation.Query{State: obligation.Open, Unowned: true}))(t); len(page.Items) != 1 {
		t.Errorf("petr may take %+v", page.Items)
	}
	must(s.Assign(o.ctx, o.petr, open[0].ID, o.petr.UserID))(t)
	if page := must(s.List(o.ctx, o.anna, obligation.Query{}))(t); len(page.Items) != 0 {
		t.Errorf("anna sees petr's: %+v", page.Items)
	}
	_, err := s.Assign(o.ctx, o.anna, open[0].ID, o.anna.UserID)
	wantCode(t, err, crm.CodeNotFound)
	_, err = s.Assign(o.ctx, o.petr, open[0].ID, o.anna.UserID)
	wantCode(t, err, crm.CodeForbidden)
	_, err = s.Assign(o.ctx, o.admin, open[0].ID, 999)
	wantCode(t, err, crm.CodeInvalid)

	t.Run("linked to a client it joins his", func(t *testing.T) {
		c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001"), ResponsibleID: &o.anna.UserID})
		o.save(o.missed("+79210000001", at.Add(10*time.Minute)))
		if n := len(o.open(s)); n != 2 {
			t.Fatalf("%d open", n)
		}
		if err := o.calls.Link(o.ctx, o.admin, first.ID, c.ID, 0); err != nil {
			t.Fatal(err)
		}
		open := o.open(s)
		if len(open) != 1 || open[0].ClientID != c.ID || open[0].Attempts != 2 || !open[0].FirstAt.Equal(at) || open[0].OwnerID != o.petr.UserID {
			t.Errorf("open = %+v", open)
		}
		if n := o.count(`SELECT count(*) FROM crm.obligation`); n != 1 {
			t.Errorf("%d obligations", n)
		}
		given := must(s.Assign(o.ctx, o.admin, open[0].ID, 0))(t)
		if given.OwnerID != o.anna.UserID || given.Assigned {
			t.Errorf("given back = %+v", given)
		}
		other := o.client(client.NewClient{Name: "Другой", Phones: phones("+79210000001")})
		if err := o.calls.SetClient(o.ctx, o.admin, first.ID, other.ID, 0); err != nil {
			t.Fatal(err)
		}
		if open := o.open(s); len(open) != 2 || open[0].ClientID != other.ID || open[0].Attempts != 1 || open[1].ClientID != c.ID || open[1].Attempts != 1 {
			t.Errorf("after choosing another: %+v", open)
		}
	})
	t.Run("spam", func(t *testing.T) {
		const spam = "+79210000009"
		o.save(o.missed(spam, at))
		before := len(o.open(s))
		for _, step := range []struct {
			mark bool
			want int
		}{{true, before - 1}, {false, before}, {true, before - 1}} {
			if err := o.clients.MarkSpam(o.ctx, o.admin, client.NumberRef{Raw: spam}, step.mark); err != nil {
				t.Fatal(err)
			}
			if n := len(o.open(s)); n != step.want {
				t.Errorf("spam %v: %d open, want %d", step.mark, n, step.want)
			}
		}
		o.save(o.missed(spam, at.Add(time.Minute)))
		if n := len(o.open(s)); n != before-1 {
			t.Errorf("%d open", n)
		}
	})
	t.Run("a deleted client owes nothing until he is back", func(t *testing.T) {
		c := o.client(client.NewClient{Name: "Ушедший", Phones: phones("+79210000031")})
		o.save(o.missed("+79210000031", at))
		n := len(o.open(s))
		if err := o.clients.Delete(o.ctx, o.admin, c.ID, c.Version); err != nil {
			t.Fatal(err)
		}
		if got := len(o.open(s)); got != n-1 {
			t.Errorf("%d open, want %d", got, n-1)
		}
		must(o.clients.Restore(o.ctx, o.admin, c.ID))(t)
		if got := len(o.open(s)); got != n {
			t.Errorf("%d open, want %d", got, n)
		}
	})
}

func TestObligationClosedByHand_AF_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s := o.owed(nil)
	const number = "+79210000007"
	t0 := o.now.Add(-time.Hour)
	o.save(o.missed(number, t0))
	id := o.open(s)[0].ID
	_, err := s.Close(o.ctx, o.petr, id, " ")
	wantCode(t, err, crm.CodeInvalid)
	_, err = s.Close(o.ctx, crm.Actor{}, id, "x")
	wantCode(t, err, crm.CodeForbidden)
	closed := must(s.Close(o.ctx, o.petr, id, "Ошиблись номером"))(t)
	if closed.State != obligation.Closed || closed.ClosedHow != obligation.ByHand || closed.ClosedBy != o.petr.UserID || closed.Reason != "Ошиблись номером" {
		t.Errorf("closed = %+v", closed)
	}
	_, err = s.Close(o.ctx, o.petr, id, "again")
	wantCode(t, err, crm.CodeConflict)
	_, err = s.Assign(o.ctx, o.admin, id, o.petr.UserID)
	wantCode(t, err, crm.CodeConflict)
	o.save(o.missed(number, t0.Add(-time.Minute))) // late: before the closing
	if got := must(s.Get(o.ctx, o.admin, id))(t); got.State != obligation.Closed || got.Attempts != 2 || got.ClosedHow != obligation.ByHand {
		t.Errorf("after a late record: %+v", got)
	}
	reopened := must(s.Reopen(o.ctx, o.petr, id))(t)
	if reopened.State != obligation.Open || reopened.ID != id || reopened.Attempts != 2 || reopened.Reason != "" {
		t.Errorf("reopened = %+v", reopened)
	}
	_, err = s.Reopen(o.ctx, o.petr, id)
	wantCode(t, err, crm.CodeConflict)

	t.Run("missed again after the closing, then undone", func(t *testing.T) {
		must(s.Close(o.ctx, o.petr, id, "x"))(t)
		o.save(o.missed(number, o.now.Add(time.Minute)))
		if open := o.open(s); len(open) != 1 || open[0].ID == id || open[0].Attempts != 1 {
			t.Fatalf("open = %+v", open)
		}
		must(s.Reopen(o.ctx, o.petr, id))(t)
		if open := o.open(s); len(open) != 1 || open[0].ID != id || open[0].Attempts != 3 {
			t.Errorf("open = %+v", open)
		}
	})
	t.Run("undone after a talk it is closed by the talk", func(t *testing.T) {
		o.now = o.now.Add(time.Hour)
		must(s.Close(o.ctx, o.petr, id, "x"))(t)
		o.now = o.now.Add(time.Hour)
		talk := o.talk(calllog.In, number, o.now)
		o.save(talk)
		if got := must(s.Get(o.ctx, o.admin, id))(t); got.ClosedHow != obligation.ByHand {
			t.Errorf("the talk has changed how it was closed: %+v", got)
		}
		got := must(s.Reopen(o.ctx, o.petr, id))(t)
		if got.State != obligation.Closed || got.ClosedHow != obligation.ByContact || got.ClosedCall != talk.ID {
			t.Errorf("reopened = %+v", got)
		}
	})
	if n := o.count(`SELECT count(*) FROM crm.audit_log WHERE entity = 'obligation' AND entity_id = $1`, fmt.Sprint(id)); n != 6 {
		t.Errorf("%d audit entries", n)
	}
}

func TestObligationListPages_AF_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s := o.owed(&obligation.Rules{Minutes: 60})
	for i := range 7 {
		o.save(o.missed(fmt.Sprintf("+7921000010%d", i), o.now.Add(-time.Duration(i)*20*time.Minute)))
	}
	for _, q := range []obligation.Query{{State: obligation.Open, Limit: 2}, {Limit: 3}} {
		var seen []int64
		for {
			page := must(s.List(o.ctx, o.admin, q))(t)
			for _, it := range page.Items {
				seen = append(seen, it.ID)
			}
			if page.NextCursor == nil {
				break
			}
			q.Cursor = *page.NextCursor
		}
		sorted := slices.Sorted(slices.Values(seen))
		if len(seen) != 7 || len(slices.Compact(sorted)) != 7 {
			t.Errorf("state %q: %v", q.State, seen)
		}
	}
	late := must(s.List(o.ctx, o.admin, obligation.Query{State: obligation.Open, Overdue: true}))(t).Items
	if len(late) != 4 { // 60, 80, 100, 120 minutes ago
		t.Errorf("%d overdue", len(late))
	}
	for i, it := range late {
		if !it.Overdue || i > 0 && it.DueAt.Before(late[i-1].DueAt) {
			t.Errorf("item %d: %+v", i, it)
		}
	}
	for _, bad := range []obligation.Query{{State: "x"}, {Overdue: true}, {OwnerID: 1, Unowned: true}, {Cursor: "?"}} {
		_, err := s.List(o.ctx, o.admin, bad)
		wantCode(t, err, crm.CodeInvalid)
	}
	_, err := s.SetRules(o.ctx, o.petr, obligation.DefaultRules())
	wantCode(t, err, crm.CodeForbidden)
}

// TestObligationsOfCallsThatEndAtOnce_AF_02: many records at the same time
// still make one open obligation, and none is lost.
func TestObligationsOfCallsThatEndAtOnce_AF_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s := o.owed(nil)
	o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001", "+79210000002")})
	t0 := o.now.Add(-time.Hour)
	var wg sync.WaitGroup
	save := func(r calllog.Record) {
		wg.Go(func() {
			if err := o.calls.Save(o.ctx, r); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range 12 {
		save(o.missed([]string{"+79210000001", "+79210000002"}[i%2], t0.Add(time.Duration(i)*time.Second)))
	}
	wg.Wait()
	if open := o.open(s); len(open) != 1 || open[0].Attempts != 12 {
		t.Fatalf("open = %+v", open)
	}
	for i := range 6 {
		save(o.missed("+79210000001", t0.Add(time.Duration(20+i)*time.Second)))
		save(o.talk(calllog.Out, "+79210000002", t0.Add(time.Duration(40+i)*time.Second)))
	}
	wg.Wait()
	if open := o.open(s); len(open) != 0 {
		t.Errorf("open = %+v", open)
	}
	if n := o.count(`SELECT sum(attempts) FROM crm.obligation`); n != 18 {
		t.Errorf("%d attempts", n)
	}
}
