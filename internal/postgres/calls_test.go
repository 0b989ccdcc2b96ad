package postgres_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/interaction"
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

// Calls that are written together have each what it has when written alone.
func TestCallsWrittenTogether_AF_01(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001")})
	answered, missed := o.call("+79210000001"), o.call("+79210000001")
	missed.Disposition, missed.AnsweredBy, missed.AnsweredAt = calllog.Missed, nil, nil
	started := missed.StartedAt.Add(2 * time.Hour) // after the answered one: it is owed
	missed.StartedAt, missed.RingAt, missed.EndedAt = started, &started, &started
	missed.UserIDs, missed.Channels, missed.Why = nil, []string{"c1", "c2"}, json.RawMessage(`{"steps":[]}`)
	ringing, stranger, old := o.call("+79210000001"), o.call("+79210000002"), o.call("+79210000001")
	ringing.State, ringing.Disposition, ringing.EndedAt, ringing.AnsweredAt = "ringing", "", nil, nil
	stranger.Channels = []string{"c3"}
	old.Version = 7
	o.save(old)
	old.Version, old.TalkMS = 6, 1
	group := []calllog.Record{answered, missed, ringing, stranger, old}
	for range 2 {
		if err := o.calls.Save(o.ctx, group...); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]struct {
		calllog.Record
		client                                            int64
		interactions, ended, missed, channels, why, users int64
	}{
		"answered": {answered, c.ID, 1, 1, 0, 0, 0, 2},
		"missed":   {missed, c.ID, 1, 0, 1, 2, 1, 0},
		"ringing":  {ringing, 0, 0, 0, 0, 0, 0, 2},
		"stranger": {stranger, 0, 0, 1, 0, 1, 0, 2},
		"old":      {old, c.ID, 1, 1, 0, 0, 0, 2},
	} {
		got := must(o.calls.Get(o.ctx, o.admin, want.ID))(t)
		of := func(sql string) int64 { return o.count(`SELECT count(*) FROM crm.`+sql, want.ID) }
		if got.ClientID != want.client || int64(len(got.UserIDs)) != want.users || o.interactions(want.ID) != want.interactions ||
			of(`outbox WHERE dedupe = 'call.ended:' || $1 AND topic = 'call.ended'`) != want.ended ||
			of(`outbox WHERE dedupe = 'call.ended:' || $1 AND topic = 'call.missed'`) != want.missed ||
			of(`call_channel WHERE call_id = $1`) != want.channels || of(`call_why WHERE call_id = $1`) != want.why {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := must(o.calls.Get(o.ctx, o.admin, old.ID))(t); got.Version != 7 || got.TalkMS != 60_000 {
		t.Errorf("an older version is written: %+v", got)
	}
	if n := o.count(`SELECT count(*) FROM crm.obligation WHERE client_id = $1 AND closed_at IS NULL`, c.ID); n != 1 {
		t.Errorf("%d open obligations", n)
	}
	if card := must(o.clients.Get(o.ctx, o.admin, c.ID))(t); card.LastContactAt == nil || !card.LastContactAt.Equal(*answered.AnsweredAt) {
		t.Errorf("last contact = %v", card.LastContactAt)
	}
	good, bad := o.call("+79210000001"), o.call("+79210000001")
	bad.Disposition = ""
	wantCode(t, o.calls.Save(o.ctx, good, bad), crm.CodeInvalid)
	if n := o.count(`SELECT count(*) FROM crm.call WHERE id = $1`, good.ID); n != 0 {
		t.Error("half of a group is written")
	}
}
