package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"ringcard/crm/calllog"
	"ringcard/cti"
	"ringcard/test/scenario"
)

// TestScenarios plays every scenario through the whole product on each PBX:
// who gets the pop and what he sees, the one record, the one interaction, and
// the PBX's own CDR.
func TestScenarios_PB_01_CK_01_CK_02_CK_03_CK_04_CK_05_CK_06_PU_01_PU_02_AF_01_CO_01_CO_06(t *testing.T) {
	t.Parallel()
	offices(t, func(t *testing.T, o scenario.Office) {
		p := start(t, o)
		users := make(map[string]*operator)
		for _, ext := range []string{"101", "102", "103", "104", "105"} {
			users[ext] = p.login("u" + ext).connect()
		}
		for _, s := range scenario.All {
			ok := t.Run(s.Name+" "+s.Rows, func(t *testing.T) { play(t, p, users, s) })
			if !ok {
				return // what is still up would confuse the next one
			}
		}
		t.Run("two clients are connected CK_01", func(t *testing.T) { connectClients(t, p, users["102"]) })
	})
}

// connectClients has an operator connect two clients with each other: each
// keeps his record and his history, and both records name one conversation.
func connectClients(t *testing.T, p *product, op *operator) {
	p.in(t)
	const other = "79165550001"
	op.take()
	before, history := len(op.journal("")), op.historyOfCalls(p.clientID)
	must(t, "phone", p.office.Phone(within(t), "102", scenario.Behaviour{}))
	p.office.Outside(other, scenario.Behaviour{})
	waitFree(p, "102")
	line, err := p.office.Call(within(t), scenario.Outside{From: "79161234567", DID: "4951000102"})
	must(t, "the first client calls", err)
	first := op.until("the first talk", func(c cti.Call) bool { return c.State == cti.Talking })
	desk, err := p.office.Incoming(within(t), "102")
	must(t, "desk", err)
	must(t, "hold", desk.Hold(within(t)))
	consult, err := p.office.Dial(within(t), "102", other)
	must(t, "the second client is called", err)
	second := op.until("the second talk", func(c cti.Call) bool { return c.ID != first.ID && c.State == cti.Talking })
	must(t, "connect", desk.TransferTo(within(t), consult))
	op.until("the calls are one conversation", func(c cti.Call) bool { return c.ID == second.ID && c.Conversation != "" })
	must(t, "hang up", line.Hangup(within(t)))

	one, two := op.record(first.ID), op.record(second.ID)
	if one.Conversation == "" || one.Conversation != two.Conversation {
		t.Errorf("conversations %q and %q", one.Conversation, two.Conversation)
	}
	if one.Number.E164 != "+79161234567" || one.Direction != "in" || one.ClientID != p.clientID || one.Disposition != "answered" {
		t.Errorf("the first client's record is %+v", one)
	}
	if two.Number.E164 != "+"+other || two.Direction != "out" || two.ClientID != 0 || two.Disposition != "answered" {
		t.Errorf("the second client's record is %+v", two)
	}
	if n := len(op.journal("")); n != before+2 {
		t.Errorf("%d records, want 2", n-before)
	}
	if n := op.historyOfCalls(p.clientID); n != history+1 {
		t.Errorf("%d calls in the first client's history, want 1", n-history)
	}
}

func play(t *testing.T, p *product, users map[string]*operator, s scenario.Scenario) {
	p.in(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	admin := users["104"]
	before := admin.journal("")
	history := admin.historyOfCalls(p.clientID)
	rows, err := p.office.CDR(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	for ext, b := range s.Phones {
		if err := p.office.Phone(ctx, ext, b); err != nil {
			t.Fatal(err)
		}
	}
	if s.Click != nil {
		waitFree(p, s.Click.Extension)
	}
	err = s.Play(ctx, p.office, func(_ context.Context, d scenario.Desk) error {
		_, err := users[d.Extension].dial(d.To, s.Name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	record, _ := settled(t, p, users, s, len(before), history)
	if known := s.Want.E164 == "+79161234567"; known && record.ClientID != p.clientID || !known && record.ClientID != 0 {
		t.Errorf("client of the record is %d, the caller's is %d", record.ClientID, p.clientID)
	}
	compareCDR(ctx, t, p, s, record, len(rows))
}

// settled waits for the one record of a scenario and checks it, the screens
// and the client's history. records and history are how many there were before.
func settled(t *testing.T, p *product, users map[string]*operator, s scenario.Scenario, records, history int) (calllog.Record, cti.Call) {
	t.Helper()
	admin := users["104"]
	var record calllog.Record
	var list []calllog.Record
	defer func() {
		if t.Failed() {
			t.Logf("%d records before, now %+v", records, list)
		}
	}()
	p.eventually("one finished record", func() bool {
		list = admin.journal("")
		if len(list) == records+1 {
			record = list[0]
		}
		return record.State == string(cti.Ended)
	})
	call := checkScreens(t, p, users, s, record.ID)
	for _, bad := range s.Want.Check(call) {
		t.Error(bad)
	}
	sameRecord(t, record, call)
	want := history
	if s.Want.E164 == "+79161234567" {
		want++
	}
	if got := admin.historyOfCalls(p.clientID); got != want {
		t.Errorf("%d calls in the history, want %d", got, want)
	}
	return record, call
}

// waitFree waits until the server knows that the telephone is registered and idle.
func waitFree(p *product, ext string) {
	op := p.login("u" + ext)
	p.eventually("telephone "+ext+" is free", func() bool {
		var list struct{ Items []cti.Presence }
		op.get("/presence", &list)
		return slices.ContainsFunc(list.Items, func(x cti.Presence) bool { return x.Extension == ext && x.State == cti.PresenceFree })
	})
}

// checkScreens waits for the last message of the call and checks what each
// user was sent. It returns the call as it ended.
func checkScreens(t *testing.T, p *product, users map[string]*operator, s scenario.Scenario, id string) cti.Call {
	t.Helper()
	var last cti.Call
	p.eventually("the end is on a screen or nobody saw the call", func() bool {
		seen, card := false, s.Want.E164 != "+79161234567"
		for _, op := range users {
			for _, c := range op.received() {
				if c.ID == id {
					seen, card = true, card || c.Client != nil
					if c.State == cti.Ended && c.Version > last.Version {
						last = c
					}
				}
			}
		}
		return last.State == cti.Ended && card || !seen
	})
	for ext, op := range users {
		got := slices.DeleteFunc(op.take(), func(c cti.Call) bool { return c.ID != id })
		switch {
		case slices.Contains(s.Want.Popped, ext) && len(got) == 0:
			t.Errorf("%s got no pop", ext)
		case !slices.Contains(s.Want.Popped, ext) && len(got) > 0:
			t.Errorf("%s got a call that is not his: %+v", ext, got[0])
		}
		if len(got) > 0 {
			checkLife(t, ext, s, got)
		}
	}
	if last.ID == "" { // no phone rang: nobody saw it, the server still knows it
		if status := users["104"].get("/calls/"+id, &last); status != 200 {
			t.Fatalf("GET /calls/%s: %d", id, status)
		}
	}
	return last
}

// checkLife: the first message has the number, versions grow, the pop closes.
func checkLife(t *testing.T, ext string, s scenario.Scenario, got []cti.Call) {
	t.Helper()
	if got[0].Number.Kind != s.Want.Kind || got[0].Number.E164 != s.Want.E164 {
		t.Errorf("%s: the first message shows %+v", ext, got[0].Number)
	}
	for i := 1; i < len(got); i++ {
		if got[i].Version <= got[i-1].Version {
			t.Errorf("%s: version %d after %d", ext, got[i].Version, got[i-1].Version)
		}
	}
	last := got[len(got)-1]
	if slices.ContainsFunc(last.Ringing, func(r cti.Party) bool { return r.Device == "PJSIP/"+ext }) {
		t.Errorf("%s: the pop never closes", ext)
	}
	rangOut := slices.ContainsFunc(last.Legs, func(l cti.Leg) bool { return l.Endpoint == "PJSIP/"+ext && l.Result == cti.ResultNoAnswer })
	if s.Want.AnsweredBy != "" && ext != s.Want.AnsweredBy && ext != s.Want.PlacedBy && !rangOut {
		name := "User " + s.Want.AnsweredBy
		if s.Want.AnsweredBy == "trunk" {
			name = scenario.Mobile
		}
		if last.AnsweredBy == nil || last.AnsweredBy.Name != name {
			t.Errorf("%s is not told who took the call: %+v", ext, last.AnsweredBy)
		}
	}
	card := slices.ContainsFunc(got, func(c cti.Call) bool {
		return c.Client != nil && c.Client.Name == "ООО «Северный ветер»"
	})
	if want := s.Want.E164 == "+79161234567"; card != want {
		t.Errorf("%s: card shown: %v, want %v", ext, card, want)
	}
}

// sameRecord: the journal says what the screens said.
func sameRecord(t *testing.T, r calllog.Record, c cti.Call) {
	t.Helper()
	if r.Direction != string(c.Direction) || r.Disposition != string(c.Disposition) || r.Cause != c.Cause ||
		r.DID != c.DID || r.Queue != c.Queue || r.Number.E164 != c.Number.E164 {
		t.Errorf("record %+v differs from the call %+v", r, c)
	}
	if c.AnsweredBy != nil && c.AnsweredBy.UserID != 0 && (r.AnsweredBy == nil || r.AnsweredBy.UserID != c.AnsweredBy.UserID) {
		t.Errorf("record answered by %+v, call by %+v", r.AnsweredBy, c.AnsweredBy)
	}
}

// compareCDR compares the times with those of the PBX to a second (CK-03). A
// conversation has several rows: one for each phone that rang, each transfer,
// each party of a conference. Together they last as long as the call; the
// first answered one tells the answer.
func compareCDR(ctx context.Context, t *testing.T, p *product, s scenario.Scenario, r calllog.Record, before int) {
	t.Helper()
	if s.Want.CDR == "" {
		return // the PBX writes no row, or one of a channel that never was
	}
	var differs []string
	for { // the last rows are written a moment after the end
		rows, err := p.office.CDR(ctx, before+1)
		if err != nil {
			t.Fatalf("cdr: %v", err)
		}
		if differs = differences(s, r, rows[before:]); len(differs) == 0 {
			return
		}
		wait, cancel := context.WithTimeout(ctx, 2*time.Second)
		_, err = p.office.CDR(wait, len(rows)+1)
		cancel()
		if err != nil {
			break
		}
	}
	for _, d := range differs {
		t.Error(d)
	}
}

// differences lists where a record and the rows of the PBX disagree.
func differences(s scenario.Scenario, r calllog.Record, rows []scenario.CDR) (differs []string) {
	start, end, answer, disposition := rows[0].Start, rows[0].End, time.Time{}, rows[0].Disposition
	for _, x := range rows {
		if x.Start.Before(start) {
			start = x.Start
		}
		if x.End.After(end) {
			end = x.End
		}
		if x.Disposition == "ANSWERED" {
			disposition = x.Disposition
			if answer.IsZero() || x.Answer.Before(answer) {
				answer = x.Answer
			}
		}
	}
	near := func(what string, got *time.Time, want time.Time) {
		if got == nil || got.Sub(want).Abs() > 1500*time.Millisecond { // cdr_csv has whole seconds
			differs = append(differs, fmt.Sprintf("%s: %v, CDR %v", what, got, want))
		}
	}
	if disposition != s.Want.CDR {
		differs = append(differs, fmt.Sprintf("CDR says %s, want %s", disposition, s.Want.CDR))
	}
	near("started", &r.StartedAt, start)
	near("ended", r.EndedAt, end)
	if s.Want.Disposition == cti.Answered && s.Click == nil {
		near("answered", r.AnsweredAt, answer)
	}
	return differs
}
