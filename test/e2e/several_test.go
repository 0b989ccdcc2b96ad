package e2e

import (
	"context"
	"slices"
	"testing"

	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/internal/postgres"
	"ringcard/test/scenario"
)

// twoOffices are two Asterisks with the same extensions. 101 is Anna at the
// one and Boris at the other; Vera has 103 at both.
func twoOffices(t *testing.T) (p *product, north, south *scenario.Real) {
	t.Helper()
	north, south = realOffice(t, "22"), realOffice(t, "16")
	cfg := config(t, north)
	cfg.PBX = append(cfg.PBX, config(t, south).PBX...)
	cfg.PBX[0].Name, cfg.PBX[1].Name = "north", "south"
	p = &product{t: t, office: north, cfg: cfg}
	p.serve(func(ctx context.Context, _ *postgres.DB, s httpapi.Services) error {
		for login, devices := range map[string][]employee.Device{
			"anna":  {{PBX: "north", Endpoint: "PJSIP/101"}},
			"boris": {{PBX: "south", Endpoint: "PJSIP/101"}},
			"vera":  {{PBX: "north", Endpoint: "PJSIP/103"}, {PBX: "south", Endpoint: "PJSIP/103"}},
		} {
			if _, err := s.Employees.Create(ctx, crm.System(), employee.NewUser{
				Login: login, Name: login, Role: crm.RoleAdmin, Password: password, Devices: devices,
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return p, north, south
}

// presenceOf is what everybody sees of a person.
func (op *operator) presenceOf(name string) cti.PresenceState {
	op.p.t.Helper()
	var list struct{ Items []cti.Presence }
	op.get("/presence", &list)
	i := slices.IndexFunc(list.Items, func(x cti.Presence) bool { return x.Name == name })
	if i < 0 {
		return ""
	}
	return list.Items[i].State
}

// connected tells of each PBX whether it is connected.
func (op *operator) connected() map[string]bool {
	op.p.t.Helper()
	var list struct {
		Items []struct {
			Name      string
			Connected bool
		}
	}
	op.get("/pbx", &list)
	out := make(map[string]bool)
	for _, x := range list.Items {
		out[x.Name] = x.Connected
	}
	return out
}

// Two PBXs with overlapping extensions: calls pop at the right people, are
// dialled by the right PBX and recorded as its own; one that goes away takes
// nothing of the other with it.
func TestSeveralPBXs_PB_05(t *testing.T) {
	t.Parallel()
	p, north, south := twoOffices(t)
	anna, boris, vera := p.login("anna").connect(), p.login("boris").connect(), p.login("vera").connect()
	p.eventually("both are connected", func() bool { c := anna.connected(); return c["north"] && c["south"] })
	for _, o := range []*scenario.Real{north, south} {
		for _, ext := range []string{"101", "103"} {
			must(t, "phone", o.Phone(within(t), ext, scenario.Behaviour{}))
		}
		o.Outside("79161110000", scenario.Behaviour{})
	}
	call := func(o *scenario.Real, who *operator, from, did, at string, others ...*operator) {
		t.Helper()
		for _, op := range append(others, who) {
			op.take()
		}
		line, err := o.Call(within(t), scenario.Outside{From: from, DID: did})
		must(t, "call", err)
		c := who.until("the talk with "+from, func(c cti.Call) bool { return c.Number.E164 == "+"+from && c.State == cti.Talking })
		must(t, "hang up", line.Hangup(within(t)))
		if r := who.record(c.ID); r.PBX != at || r.Disposition != "answered" || r.AnsweredBy == nil {
			t.Errorf("record of %s: %+v", from, r)
		}
		for _, op := range others {
			if got := op.take(); len(got) > 0 {
				t.Errorf("the call with %s was shown to somebody else: %+v", from, got[0])
			}
		}
	}
	call(north, anna, "79160000001", "4952000101", "north", boris, vera)
	call(south, boris, "79160000002", "4952000101", "south", anna, vera)
	call(north, vera, "79160000003", "4952000103", "north", anna, boris)
	call(south, vera, "79160000004", "4952000103", "south", anna, boris)

	// A person with two telephones is busy when either is.
	line, err := south.Call(within(t), scenario.Outside{From: "79160000005", DID: "4952000103"})
	must(t, "call", err)
	p.eventually("vera talks", func() bool { return anna.presenceOf("vera") == cti.PresenceTalking })
	if s := anna.presenceOf("anna"); s != cti.PresenceFree {
		t.Errorf("anna is %s", s)
	}
	must(t, "hang up", line.Hangup(within(t)))
	p.eventually("vera is free", func() bool { return anna.presenceOf("vera") == cti.PresenceFree })

	for op, at := range map[*operator]string{anna: "north", boris: "south"} {
		p.eventually("free", func() bool {
			return op.presenceOf("anna") == cti.PresenceFree && op.presenceOf("boris") == cti.PresenceFree
		})
		id, err := op.dial("79161110000", "click at "+at)
		must(t, "dial", err)
		op.until("the talk", func(c cti.Call) bool { return c.ID == id && c.State == cti.Talking })
		op.post("/calls/"+id+"/hangup", nil, nil, nil)
		if r := op.record(id); r.PBX != at || r.Direction != "out" {
			t.Errorf("dialled at %s: %+v", at, r)
		}
	}

	must(t, "down", south.PBX.Down())
	p.eventually("the south is away", func() bool { c := anna.connected(); return c["north"] && !c["south"] })
	call(north, anna, "79160000006", "4952000101", "north", boris, vera)
	if s := anna.presenceOf("boris"); s != cti.PresenceUnknown {
		t.Errorf("boris is %s while his PBX is away", s)
	}
	if _, err := boris.dial("79161110000", "click while away"); err == nil {
		t.Error("a PBX that is away dials")
	}
	call(north, vera, "79160000007", "4952000103", "north", anna, boris)
	if n := len(anna.journal("")); n != 9 {
		t.Errorf("%d records of 9 calls", n)
	}
}
