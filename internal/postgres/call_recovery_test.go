package postgres_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/internal/postgres"
)

// Ended calls are found by their ids and by their channels, with what is
// estimated of them; a channel is in one call.
func TestCallsKnownByTheirChannels_PB_04(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	store := postgres.NewCallStore(o.db)
	seen, guessed, open, branch := o.call("+79210000001"), o.call("+79210000002"), o.call("+79210000003"), o.call("+79210000004")
	seen.Channels = []string{"1.1", "1.2"}
	guessed.Channels = []string{"2.1", "1.2"} // handed over: it stays with the first
	guessed.Snapshot = []byte(`{"estimated":["ended_at"]}`)
	open.State, open.Disposition, open.EndedAt, open.Channels = "talking", "", nil, []string{"3.1"}
	branch.PBX, branch.Channels = "branch", []string{"1.1"}
	for _, r := range []calllog.Record{seen, guessed, open, branch} {
		o.save(r)
	}
	known := must(store.Known(o.ctx, "office", []string{open.ID, uuid.NewString()}, []string{"1.1", "1.2", "2.1", "3.1", "9.9"}))(t)
	byID := make(map[string]calllog.Known)
	for _, k := range known {
		slices.Sort(k.Channels)
		byID[k.ID] = k
	}
	if len(byID) != 3 {
		t.Fatalf("known: %+v", known)
	}
	if k := byID[seen.ID]; k.Open || k.Snapshot != nil || !slices.Equal(k.Channels, []string{"1.1", "1.2"}) {
		t.Errorf("seen: %+v", k)
	}
	if k := byID[guessed.ID]; k.Open || !json.Valid(k.Snapshot) || !slices.Equal(k.Channels, []string{"2.1"}) {
		t.Errorf("guessed: %+v", k)
	}
	if k := byID[open.ID]; !k.Open || k.Snapshot != nil || len(k.Channels) != 0 {
		t.Errorf("open: %+v", k)
	}
	if _, err := store.Known(o.ctx, "office", []string{"7"}, nil); crm.CodeOf(err) != crm.CodeInvalid {
		t.Errorf("an id that is no UUID: %v", err)
	}
}

// A correction changes the record and its one interaction together, and shows.
func TestCorrectionChangesRecordAndInteraction_PB_04_AF_01(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	card := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001")})
	r := o.call("+79210000001")
	r.Disposition, r.AnsweredAt, r.TalkMS, r.Recovered = calllog.Missed, nil, 0, true
	o.save(r)
	r = o.call("+79210000001")
	r.ID, r.Version = must(o.calls.List(o.ctx, o.anna, calllog.Query{}))(t).Items[0].ID, 2
	r.Snapshot = []byte(`{"estimated":["ended_by"],"cdr":"applied","corrections":[
		{"field":"disposition","old":"missed","new":"answered","source":"cdr_csv","at":"2026-01-02T03:04:05Z"}]}`)
	o.save(r)
	o.save(r)
	got := must(o.calls.Get(o.ctx, o.anna, r.ID))(t)
	if got.Disposition != calllog.Answered || got.ClientID != card.ID || got.CDR != "applied" || len(got.Estimated) != 1 ||
		len(got.Corrections) != 1 || got.Corrections[0].New != "answered" || got.Corrections[0].At.IsZero() {
		t.Errorf("record %+v", got)
	}
	items := must(o.history.History(o.ctx, o.anna, card.ID, nil, crm.PageRequest{}))(t).Items
	if len(items) != 1 || items[0].Subject != calllog.Subject(got, "ru") {
		t.Errorf("history %+v", items)
	}
}

// One record tells who gave the call to whom and who hung up; a list does not.
func TestRecordTellsItsTransfers_CK_01(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.call("+79210000001")
	r.Snapshot = []byte(`{"ended_by":"client","conversation_id":"whole","transfers":[
		{"at":"2026-01-02T03:04:05Z","kind":"attended","by":{"user_id":1,"name":"Анна","device":"PJSIP/101"},
		 "from":{"user_id":1,"name":"Анна","device":"PJSIP/101"},"to":{"user_id":2,"name":"Борис","device":"PJSIP/102"},"to_leg":"1.3"},
		{"at":"2026-01-02T03:05:05Z","kind":"blind","by":{"user_id":2,"name":"Борис","device":"PJSIP/102"},
		 "from":{"user_id":2,"name":"Борис","device":"PJSIP/102"},"to":null,"number":"103"}]}`)
	o.save(r)
	plain := o.call("+79210000002")
	plain.Snapshot = []byte(`{"transfers":null}`)
	o.save(plain)
	anna, boris := &calllog.Party{UserID: 1, Name: "Анна"}, &calllog.Party{UserID: 2, Name: "Борис"}
	want := []calllog.Transfer{
		{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Kind: "attended", By: anna, From: anna, To: boris},
		{At: time.Date(2026, 1, 2, 3, 5, 5, 0, time.UTC), Kind: "blind", By: boris, From: boris, Number: "103"},
	}
	got := must(o.calls.Get(o.ctx, o.anna, r.ID))(t)
	if diff := cmp.Diff(want, got.Transfers); diff != "" || got.EndedBy != "client" || got.Conversation != "whole" || !got.Transferred {
		t.Errorf("%s %+v", diff, got)
	}
	if got = must(o.calls.Get(o.ctx, o.anna, plain.ID))(t); got.Transfers != nil || got.EndedBy != "" || got.Conversation != "" || got.Transferred {
		t.Errorf("%+v", got)
	}
	for _, each := range must(o.calls.List(o.ctx, o.anna, calllog.Query{}))(t).Items {
		if each.Transfers != nil || each.EndedBy != "" {
			t.Errorf("in the list: %+v", each)
		}
	}
}

// The reader's place is kept for each source of each PBX.
func TestReadersPlace_PB_04(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	store := postgres.NewCallStore(o.db)
	for _, step := range []struct{ pbx, source, set, want string }{
		{"office", "cdr_csv", "", ""}, {"office", "cdr_csv", "5", "5"}, {"office", "cdr_csv", "9", "9"},
		{"branch", "cdr_csv", "", ""}, {"office", "cdr_pgsql", "", ""},
	} {
		if step.set != "" {
			if err := store.SetPosition(o.ctx, step.pbx, step.source, step.set); err != nil {
				t.Fatal(err)
			}
		}
		if got := must(store.Position(o.ctx, step.pbx, step.source))(t); got != step.want {
			t.Errorf("%s of %s is at %q, want %q", step.source, step.pbx, got, step.want)
		}
	}
}
