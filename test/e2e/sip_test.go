package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ringcard/configs"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/sip"
	"ringcard/test/pbx"
	"ringcard/test/scenario"
)

const (
	sipUser     = "ringcard"
	sipPassword = "correct horse"
)

// sipOffices are PBXs whose ARI is off, with the configuration that Ringcard
// itself proposes.
func sipOffices(t *testing.T, f func(t *testing.T, o *scenario.Real)) {
	t.Helper()
	for _, version := range []string{"22", "16"} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			f(t, sipOffice(t, version))
		})
	}
}

func sipOffice(t *testing.T, version string) *scenario.Real {
	t.Helper()
	lines := sip.Snippet(sip.SnippetOptions{User: sipUser, Password: sipPassword, Context: "office"})
	o, err := scenario.NewReal(t.Context(), pbx.Options{Version: version, WithoutARI: true, TCP: true, TLS: true,
		Append: map[string]string{"pjsip.conf": lines["pjsip.conf"]}}) // the office has its hints
	if err != nil {
		t.Fatal(err)
	}
	closeOffice(t, o)
	return o
}

func sipProduct(t *testing.T, o *scenario.Real) *product {
	t.Helper()
	p := &product{t: t, office: o, cfg: config(t, o)}
	p.cfg.PBX = []configs.PBX{{Name: "office", Context: "office", SIP: configs.SIP{
		Address: o.PBX.SIPAddr, Transport: "udp", User: sipUser, Password: sipPassword, Expires: 60, QueueGap: 2}}}
	return p
}

// TestScenariosOverSIP plays the core scenarios through the whole product at a
// PBX without ARI: pop, record and interaction are the same but for what such a
// PBX does not tell.
func TestScenariosOverSIP_PB_07(t *testing.T) {
	t.Parallel()
	sipOffices(t, func(t *testing.T, o *scenario.Real) {
		p := sipProduct(t, o)
		p.run(p.seed)
		users := make(map[string]*operator)
		for _, ext := range []string{"101", "102", "103", "104", "105"} {
			users[ext] = p.login("u" + ext).connect()
		}
		for _, s := range scenario.Core {
			if ok := t.Run(s.Name+" PB_07", func(t *testing.T) { playSIP(t, p, users, s) }); !ok {
				return // what is still up would confuse the next one
			}
		}
		if p.lost() {
			t.Error("the connection was lost")
		}
	})
}

// lost tells whether the connection to the PBX was lost since the start.
func (p *product) lost() bool {
	p.t.Helper()
	connects := func(result string) string {
		return p.metric(`ringcard_pbx_connects_total{pbx="office",result="` + result + `"}`)
	}
	if connects("connected") == "" {
		p.t.Fatal("the connections to the PBX are not counted")
	}
	return connects("lost") != ""
}

func playSIP(t *testing.T, p *product, users map[string]*operator, s scenario.Scenario) {
	p.in(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	admin := users["104"]
	before, history := admin.journal(""), admin.historyOfCalls(p.clientID)
	rows, err := p.office.CDR(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s.Click != nil {
		if err := p.office.Phone(ctx, s.Click.Extension, s.Phones[s.Click.Extension]); err != nil {
			t.Fatal(err)
		}
		waitFree(p, s.Click.Extension)
	}
	if err := s.Play(ctx, p.office, func(_ context.Context, d scenario.Desk) error {
		_, err := users[d.Extension].dial(d.To, s.Name)
		return err
	}); err != nil && !p.lost() {
		t.Fatal(err)
	}
	p.eventually("the end, or the loss of the connection", func() bool {
		list := admin.journal("")
		return p.lost() || unseen(s) || len(list) > len(before) && list[0].State == string(cti.Ended)
	})
	if p.lost() {
		return // the caller decides whether this PBX may
	}
	if unseen(s) {
		nothingRecorded(ctx, t, p, users, len(before), len(rows))
		return
	}
	s.Want = overSIP(s)
	record, call := settled(t, p, users, s, len(before), history)
	estimated := []string{cti.FieldDID, cti.FieldQueue, cti.FieldCause, cti.FieldEndedBy}
	if call.Disposition != cti.Answered {
		estimated = append(estimated, cti.FieldDisposition)
	}
	if !slices.Equal(call.Estimated, estimated) {
		t.Errorf("estimated are %v, want %v", call.Estimated, estimated)
	}
	compareCDR(ctx, t, p, s, record, len(rows))
}

// Over TCP and TLS a call pops up and a click dials as over UDP; everything goes
// over the one connection that Ringcard makes. Asterisk 16.28 itself breaks a TLS
// connection now and then on a busy machine ("bad record MAC" was seen), so it has
// three tries.
func TestStreamTransportsOverSIP_PB_07(t *testing.T) {
	t.Parallel()
	for version, tries := range map[string]map[string]int{"22": {"tcp": 1, "tls": 1}, "16": {"tcp": 1, "tls": 3}} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			for transport, tries := range tries {
				t.Run(transport, func(t *testing.T) {
					for try := range tries {
						if playStream(t, sipOffice(t, version), transport) {
							return
						}
						t.Logf("try %d: the connection was lost", try+1)
					}
					t.Error("the connection was lost")
				})
			}
		})
	}
}

// playStream plays two scenarios over one connection and tells whether it held.
func playStream(t *testing.T, o *scenario.Real, transport string) bool {
	p := sipProduct(t, o)
	conf := &p.cfg.PBX[0].SIP
	if conf.Transport = transport; transport == "tls" {
		conf.Address, conf.CAFile = o.PBX.TLSAddr, o.PBX.CertFile()
	}
	p.run(p.seed)
	users := make(map[string]*operator)
	for _, ext := range []string{"101", "102", "103", "104"} {
		users[ext] = p.login("u" + ext).connect()
	}
	for _, s := range scenario.Core {
		if s.Name == "one phone answers" || s.Name == "click to call, answered" {
			t.Run(s.Name+" PB_07", func(t *testing.T) { playSIP(t, p, users, s) })
		}
	}
	return !p.lost()
}

// unseen are scenarios of which the state of an extension tells too little for
// a record: a refusal before it rings, a number dialled on the telephone.
func unseen(s scenario.Scenario) bool {
	return s.Want.Disposition == cti.Busy && s.Call != nil || s.Desk != nil && s.Want.Direction == cti.Outbound
}

// overSIP is what remains of a scenario's outcome without ARI.
func overSIP(s scenario.Scenario) scenario.Want {
	w := s.Want
	w.DID, w.Queue, w.Legs = "", "", nil
	switch {
	case s.Call != nil && w.Disposition != cti.Answered:
		w.Disposition = cti.Missed
	case s.Click != nil && w.Disposition == cti.Busy:
		w.Disposition = cti.Failed // Asterisk reports 503 for any failure
	}
	if s.Name != "click to call, own phone refuses" {
		w.Cause = 0
	}
	results := make(map[string]string)
	for ext, r := range w.LegResults {
		if r != "busy" {
			results[ext] = r
		}
	}
	w.LegResults = results
	return w
}

// nothingRecorded: the call is over by the PBX's own record, and there is
// neither a pop nor a record of ours.
func nothingRecorded(ctx context.Context, t *testing.T, p *product, users map[string]*operator, records, rows int) {
	t.Helper()
	if _, err := p.office.CDR(ctx, rows+1); err != nil {
		t.Fatal(err)
	}
	waitFree(p, "101")
	waitFree(p, "102")
	if got := len(users["104"].journal("")); got != records {
		t.Errorf("%d records, want %d", got, records)
	}
	for ext, op := range users {
		if got := op.take(); len(got) > 0 {
			t.Errorf("%s got a pop of what is not known: %+v", ext, got[0])
		}
	}
}

// After a restart of the PBX presence is unknown until the subscriptions are
// back, and then calls pop up again.
func TestSubscriptionsComeBack_PB_07_PB_02(t *testing.T) {
	t.Parallel()
	sipOffices(t, func(t *testing.T, o *scenario.Real) {
		p := sipProduct(t, o)
		p.run(p.seed)
		op := p.login("u102").connect()
		waitFree(p, "102")
		discoverSIP(p)
		if err := o.PBX.Down(); err != nil {
			t.Fatal(err)
		}
		p.eventually("the PBX is away and presence unknown", func() bool {
			return !op.pbx().Connected && presenceOf(op, "102") == cti.PresenceUnknown
		})
		if s := op.pbx(); s.Mode != "sip" || !slices.Contains(s.Limits, "did") || !strings.Contains(s.LastError, "pbx[].sip.address") {
			t.Errorf("status of the PBX is %+v", s)
		}
		var refused struct{ Code string }
		header := http.Header{"Idempotency-Key": {"while it is away"}}
		if op.post("/calls", map[string]string{"to": "+79161234567"}, header, &refused); refused.Code != string(cti.CodeUnreachable) {
			t.Errorf("a click is answered with %q", refused.Code)
		}
		if err := o.PBX.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.eventually("the subscriptions are back", func() bool { return op.pbx().Connected })
		if err := o.Phone(t.Context(), "102", scenario.Behaviour{Answer: scenario.Never}); err != nil {
			t.Fatal(err)
		}
		line, err := o.Call(t.Context(), scenario.Outside{From: "79161234567", DID: "4951000102"})
		if err != nil {
			t.Fatal(err)
		}
		p.eventually("the call pops up", func() bool {
			return slices.ContainsFunc(op.received(), func(c cti.Call) bool { return len(c.Ringing) == 1 && c.Number.E164 == "+79161234567" })
		})
		if err := line.Hangup(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// discoverSIP: a PBX without ARI lists nothing; the extensions of users show
// whether their state comes, and can be given to users (PB-10).
func discoverSIP(p *product) {
	p.t.Helper()
	admin := p.login("u101")
	users := admin.users()
	if status := admin.do(http.MethodPatch, fmt.Sprintf("/users/%d", users["u107"]), map[string]any{"extension": "150"}, nil, nil); status != http.StatusOK {
		p.t.Fatalf("extension of a user: %d", status)
	}
	var d httpapi.Discovery
	if status := admin.get("/pbx/office/discovery", &d); status != http.StatusOK || d.QueuesBy != httpapi.ToldByNone || d.HintsBy != httpapi.ToldByNone {
		p.t.Fatalf("discovery: %d %+v", status, d)
	}
	found := make(map[string]httpapi.FoundEndpoint)
	for _, e := range d.Endpoints {
		found[e.Extension] = e
	}
	if e := found["101"]; e.Endpoint != "PJSIP/101" || e.Watch != string(sip.Watched) || e.UserID != users["u101"] {
		p.t.Errorf("101: %+v", e)
	}
	if e := found["150"]; e.Endpoint != "SIP/150" || e.Watch != string(sip.NoHint) || !strings.Contains(e.Advice, "exten => 150,hint") {
		p.t.Errorf("150: %+v", e)
	}
}

// Over TCP: a click can be cancelled while the own telephone rings; once the PBX calls
// the number, and for any other command, the refusal says why.
func TestControlOverSIP_PB_07(t *testing.T) {
	t.Parallel()
	o := sipOffice(t, "22")
	p := sipProduct(t, o)
	p.cfg.PBX[0].SIP.Transport = "tcp"
	p.run(p.seed)
	op := p.login("u101").connect()
	if err := o.Phone(t.Context(), "101", scenario.Behaviour{Answer: scenario.Never}); err != nil {
		t.Fatal(err)
	}
	o.Outside("79161234567", scenario.Behaviour{Answer: 0})
	waitFree(p, "101")

	id, err := op.dial("+79161234567", "the first click")
	if err != nil {
		t.Fatal(err)
	}
	p.eventually("the own telephone rings", func() bool { return op.now(id).RingAt != nil || len(op.now(id).Ringing) == 1 })
	if status := op.post("/calls/"+id+"/hangup", nil, nil, nil); status >= 300 {
		t.Fatalf("cancel: %d", status)
	}
	p.eventually("the call is cancelled", func() bool { return op.now(id).State == cti.Ended })
	if c := op.now(id); c.Disposition != cti.Abandoned || c.EndedBy != "office" {
		t.Errorf("the cancelled call is %s, ended by %q", c.Disposition, c.EndedBy)
	}

	if err := o.Phone(t.Context(), "101", scenario.Behaviour{Answer: 0, Talk: 4 * time.Second}); err != nil {
		t.Fatal(err)
	}
	waitFree(p, "101")
	if id, err = op.dial("+79161234567", "the second click"); err != nil {
		t.Fatal(err)
	}
	p.eventually("both talk", func() bool { return op.now(id).State == cti.Talking })
	for _, action := range []string{"hold", "mute", "park", "hangup"} {
		var refused struct{ Code, Detail string }
		status := op.post("/calls/"+id+"/"+action, map[string]string{}, nil, &refused)
		if status != http.StatusConflict || refused.Code != string(cti.CodeNotPossible) || refused.Detail == "" {
			t.Errorf("%s is answered with %+v", action, refused)
		}
	}
	p.eventually("the call ends on the telephone", func() bool { return op.now(id).State == cti.Ended })
	if c := op.now(id); c.Disposition != cti.Answered {
		t.Errorf("the call is %s", c.Disposition)
	}
}

// A wrong password is said so, with what to compare.
func TestWrongPasswordOverSIP_PB_07(t *testing.T) {
	t.Parallel()
	o := sipOffice(t, "22")
	p := sipProduct(t, o)
	p.cfg.PBX[0].SIP.Password = "wrong"
	p.serve(p.seed)
	admin := p.login("u101")
	p.eventually("the status tells of the password", func() bool {
		s := admin.pbx()
		return !s.Connected && strings.Contains(s.LastError, "pbx[].sip.user and .password")
	})
}

func presenceOf(op *operator, ext string) cti.PresenceState {
	var list struct{ Items []cti.Presence }
	op.get("/presence", &list)
	for _, x := range list.Items {
		if x.Extension == ext {
			return x.State
		}
	}
	return ""
}
