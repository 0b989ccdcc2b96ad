package postgres_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/crm/interaction"
)

// resultNamed finds a result of the catalogue by its English name.
func (o *office) resultNamed(name string) calllog.Result {
	o.t.Helper()
	for _, r := range must(o.calls.Results(o.ctx, o.admin, true))(o.t) {
		if r.NameEN == name {
			return r
		}
	}
	o.t.Fatalf("no result %q", name)
	return calllog.Result{}
}

func TestWrapUpIsKeptWithCallInteractionAndPlan_PU_08_NC_03(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001"), ResponsibleID: &o.petr.UserID})
	r := o.call("+79210000001")
	o.save(r)
	back, declined := o.resultNamed("Call back"), o.resultNamed("Declined")
	if back.NextContactDays == nil || *back.NextContactDays != 1 || !declined.RequiresNote {
		t.Errorf("catalogue: %+v, %+v", back, declined)
	}
	next, note := o.now.Add(24*time.Hour), "Просил перезвонить завтра"
	done := must(o.calls.WrapUp(o.ctx, o.anna, r.ID, calllog.WrapUp{ResultID: back.ID, Note: &note, NextContactAt: &next}))(t)
	w := done.WrapUp
	if w == nil || w.ResultID != back.ID || w.NameRU != "Перезвонить" || w.ByID != o.anna.UserID || w.ByName != o.anna.Name ||
		!w.At.Equal(o.now) || w.NextContactAt == nil || !w.NextContactAt.Equal(next) || done.Note != note {
		t.Fatalf("record = %+v, wrap-up %+v", done, w)
	}
	items := must(o.history.History(o.ctx, o.admin, c.ID, nil, crm.PageRequest{}))(t).Items
	if len(items) != 2 {
		t.Fatalf("history = %+v", items)
	}
	plan, call := items[0], items[1]
	if plan.Kind != interaction.Task || plan.Status != "planned" || !plan.PlannedAt.Equal(next) || plan.OwnerID != o.petr.UserID ||
		plan.OwnerName != o.petr.Name || plan.AuthorID != o.anna.UserID || plan.Subject != "Связаться с клиентом" || plan.Body != note {
		t.Errorf("plan = %+v", plan)
	}
	if call.Body != note || call.Call.ResultID != back.ID || call.Call.ResultRU != "Перезвонить" {
		t.Errorf("interaction = %+v %+v", call, call.Call)
	}
	planned := func() (n int64, status string) {
		o.t.Helper()
		if err := o.db.Pool().QueryRow(o.ctx, `SELECT count(*), coalesce(max(status), '') FROM crm.activity WHERE kind = 'task'`).Scan(&n, &status); err != nil {
			t.Fatal(err)
		}
		return n, status
	}
	t.Run("corrected, the plan moves and is not doubled", func(t *testing.T) {
		later := next.Add(48 * time.Hour)
		must(o.calls.WrapUp(o.ctx, o.anna, r.ID, calllog.WrapUp{ResultID: back.ID, NextContactAt: &later}))(t)
		if n, status := planned(); n != 1 || status != "planned" {
			t.Errorf("%d plans, %s", n, status)
		}
		items := must(o.history.History(o.ctx, o.admin, c.ID, []interaction.Kind{interaction.Task}, crm.PageRequest{}))(t).Items
		if len(items) != 1 || !items[0].PlannedAt.Equal(later) || items[0].Body != note {
			t.Errorf("plan = %+v", items)
		}
		must(o.calls.WrapUp(o.ctx, o.anna, r.ID, calllog.WrapUp{ResultID: back.ID}))(t)
		if n, status := planned(); n != 1 || status != "cancelled" {
			t.Errorf("%d plans, %s", n, status)
		}
	})
	t.Run("a later version of the call keeps it", func(t *testing.T) {
		r.Version = 2
		o.save(r)
		if got := must(o.calls.Get(o.ctx, o.anna, r.ID))(t); got.WrapUp == nil || got.Note != note {
			t.Errorf("record = %+v", got)
		}
	})
	t.Run("what is refused", func(t *testing.T) {
		past, far, empty := o.now.Add(-time.Minute), o.now.AddDate(6, 0, 0), ""
		for field, w := range map[string]calllog.WrapUp{
			"result_id":       {ResultID: 9999},
			"note":            {ResultID: declined.ID, Note: &empty},
			"next_contact_at": {ResultID: back.ID, NextContactAt: &past},
		} {
			_, err := o.calls.WrapUp(o.ctx, o.anna, r.ID, w)
			wantCode(t, err, crm.CodeInvalid)
			if e := err.(*crm.Error); e.Field != field { //nolint:errorlint // it is returned bare
				t.Errorf("field %q, want %q", e.Field, field)
			}
		}
		_, err := o.calls.WrapUp(o.ctx, o.anna, r.ID, calllog.WrapUp{ResultID: back.ID, NextContactAt: &far})
		wantCode(t, err, crm.CodeInvalid)
		_, err = o.calls.WrapUp(o.ctx, o.petr, r.ID, calllog.WrapUp{ResultID: back.ID}) // not his call
		wantCode(t, err, crm.CodeNotFound)
		_, err = o.calls.WrapUp(o.ctx, o.operator, r.ID, calllog.WrapUp{ResultID: back.ID}) // rang at him, but anna has said it
		wantCode(t, err, crm.CodeForbidden)
		if got := must(o.calls.WrapUp(o.ctx, o.super, r.ID, calllog.WrapUp{ResultID: declined.ID}))(t); got.WrapUp.ByID != o.super.UserID {
			t.Errorf("supervisor's = %+v", got.WrapUp)
		}
		unknown := o.call("+79210000099")
		o.save(unknown)
		_, err = o.calls.WrapUp(o.ctx, o.anna, unknown.ID, calllog.WrapUp{ResultID: back.ID, NextContactAt: &next})
		wantCode(t, err, crm.CodeInvalid)
		must(o.calls.WrapUp(o.ctx, o.anna, unknown.ID, calllog.WrapUp{ResultID: back.ID}))(t)
	})
	if n := o.count(`SELECT count(*) FROM crm.audit_log WHERE action = 'call.wrapup' AND entity_id = $1`, r.ID); n != 4 {
		t.Errorf("%d audit entries", n)
	}
	t.Run("during the call", func(t *testing.T) {
		live := o.call("+79210000001")
		live.State, live.Disposition, live.EndedAt = "talking", "", nil
		o.save(live)
		must(o.calls.WrapUp(o.ctx, o.anna, live.ID, calllog.WrapUp{ResultID: back.ID, Note: &note}))(t)
		ended := live.AnsweredAt.Add(time.Minute)
		live.Version, live.State, live.Disposition, live.EndedAt = 2, calllog.Ended, calllog.Answered, &ended
		o.save(live)
		if n := o.count(`SELECT count(*) FROM crm.activity WHERE call_id = $1 AND body = $2`, live.ID, note); n != 1 {
			t.Errorf("%d interactions with the note", n)
		}
	})
}

func TestWrapUpCatalogue_PU_08(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	list := func(all bool) []calllog.Result {
		t.Helper()
		return must(o.calls.Results(o.ctx, o.petr, all))(t)
	}
	if n := len(list(false)); n != 9 {
		t.Errorf("%d results from the beginning", n)
	}
	days := 7
	added := must(o.calls.AddResult(o.ctx, o.admin, calllog.Result{NameRU: " Тендер ", NameEN: "Tender", Color: "#AABBCC", Position: 5, NextContactDays: &days, Active: true}))(t)
	if added.NameRU != "Тендер" || added.Color != "#aabbcc" || list(false)[0].ID != added.ID {
		t.Errorf("added = %+v", added)
	}
	off := false
	changed := must(o.calls.ChangeResult(o.ctx, o.admin, added.ID, added.Version, calllog.ResultPatch{Active: &off, NextContactDays: crm.Empty[int]()}))(t)
	if changed.Active || changed.NextContactDays != nil || changed.NameRU != "Тендер" {
		t.Errorf("changed = %+v", changed)
	}
	_, err := o.calls.ChangeResult(o.ctx, o.admin, added.ID, added.Version, calllog.ResultPatch{Active: &off})
	wantCode(t, err, crm.CodeConflict)
	if len(list(false)) != 9 || len(list(true)) != 10 {
		t.Error("an inactive result is offered")
	}
	r := o.call("+79210000001")
	o.save(r)
	_, err = o.calls.WrapUp(o.ctx, o.anna, r.ID, calllog.WrapUp{ResultID: added.ID})
	wantCode(t, err, crm.CodeInvalid)
	used := o.resultNamed("Resolved")
	must(o.calls.WrapUp(o.ctx, o.anna, r.ID, calllog.WrapUp{ResultID: used.ID}))(t)
	if err := o.calls.RemoveResult(o.ctx, o.admin, used.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, o.calls.RemoveResult(o.ctx, o.admin, used.ID), crm.CodeNotFound)
	if got := must(o.calls.Get(o.ctx, o.anna, r.ID))(t); got.WrapUp.NameEN != "Resolved" {
		t.Errorf("a past call has lost its result: %+v", got.WrapUp)
	}
	for _, bad := range []calllog.Result{
		{NameRU: "", NameEN: "x", Color: "#000000"}, {NameRU: "x", NameEN: "x", Color: "red"}, {NameRU: "x", NameEN: "x", Color: "#000000", Position: -1},
	} {
		_, err := o.calls.AddResult(o.ctx, o.admin, bad)
		wantCode(t, err, crm.CodeInvalid)
	}
	_, err = o.calls.AddResult(o.ctx, o.super, added)
	wantCode(t, err, crm.CodeForbidden)
	t.Run("time for wrap-up", func(t *testing.T) {
		rules := calllog.WrapUpRules{Seconds: 20, Queues: []calllog.QueueSeconds{{Queue: "Продажи", Seconds: 60}}, Users: []calllog.UserSeconds{{UserID: o.petr.UserID, Seconds: 0}}}
		must(o.calls.SetWrapUpRules(o.ctx, o.admin, rules))(t)
		got := must(o.calls.WrapUpRules(o.ctx, o.anna))(t)
		for _, tt := range []struct {
			user  int64
			queue string
			want  time.Duration
		}{{o.anna.UserID, "", 20 * time.Second}, {o.anna.UserID, "Продажи", time.Minute}, {o.petr.UserID, "Продажи", 0}} {
			if d := got.Of(tt.user, tt.queue); d != tt.want {
				t.Errorf("user %d, queue %q: %s", tt.user, tt.queue, d)
			}
		}
		_, err := o.calls.SetWrapUpRules(o.ctx, o.admin, calllog.WrapUpRules{Seconds: 3601})
		wantCode(t, err, crm.CodeInvalid)
		_, err = o.calls.SetWrapUpRules(o.ctx, o.anna, rules)
		wantCode(t, err, crm.CodeForbidden)
	})
}

// Whose wrap-up may go on after a restart follows from the records alone.
func TestTalksBeforeARestart_PU_08(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.exec(`UPDATE crm.employee SET status_at = $1`, o.now.Add(-24*time.Hour))
	talk := func(ago time.Duration, snapshot string, change func(*calllog.Record)) calllog.Record {
		r := o.talk(calllog.In, "+79210000001", o.now.Add(-ago-time.Minute)) // it ends ago
		r.Queue, r.Snapshot = "sales", []byte(snapshot)
		if change != nil {
			change(&r)
		}
		o.save(r)
		return r
	}
	had := func(a crm.Actor) string { return fmt.Sprintf(`{"talking":[{"user_id":%d,"name":"x"}]}`, a.UserID) }
	want := func(what string, calls ...calllog.Record) {
		t.Helper()
		var got, wanted []string
		for _, k := range must(o.calls.Talked(o.ctx))(t) {
			got = append(got, fmt.Sprint(k.UserID, k.CallID, k.Queue, k.EndedAt.UTC()))
		}
		for _, r := range calls {
			user := o.petr.UserID // who had the call last, not who answered
			if string(r.Snapshot) != had(o.petr) {
				user = o.anna.UserID
			}
			wanted = append(wanted, fmt.Sprint(user, r.ID, "sales", r.EndedAt.UTC()))
		}
		slices.Sort(got)
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: %q, want %q", what, got, wanted)
		}
	}
	talk(2*time.Hour, had(o.super), nil) // long over
	talk(time.Minute, had(o.super), func(r *calllog.Record) { r.Direction = calllog.Internal })
	talk(time.Minute, had(o.super), func(r *calllog.Record) { r.Recovered = true })
	talk(time.Minute, had(o.super), func(r *calllog.Record) { r.Disposition, r.AnsweredAt = calllog.Missed, nil })
	talk(10*time.Minute, had(o.petr), nil)
	petrs, annas := talk(5*time.Minute, had(o.petr), nil), talk(time.Minute, `{"talking":null}`, nil)
	want("the last talk of each", petrs, annas)
	must(o.calls.WrapUp(o.ctx, o.anna, annas.ID, calllog.WrapUp{ResultID: o.resultNamed("Resolved").ID}))(t)
	want("anna has said what it came to", petrs)
	if err := o.staff.SetStatus(o.ctx, o.petr, employee.Free); err != nil {
		t.Fatal(err)
	}
	want("petr has set his status")
}
