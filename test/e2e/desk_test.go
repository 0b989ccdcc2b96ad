package e2e

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringcard/ari"
	"ringcard/ari/ami/amitest"
	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/internal/pbxconfig"
	"ringcard/internal/postgres"
	"ringcard/test/pbx"
	"ringcard/test/phones"
	"ringcard/test/scenario"
)

// Tones by which a listener tells who speaks.
const (
	clientTone     = 400
	agentTone      = 600
	thirdTone      = 800
	supervisorTone = 1000
)

// control is a PBX with sound and the servers that control its calls: one with
// AMI, and one that has only the generated dialplan context.
type control struct {
	o          *phones.Office
	liar       *amitest.Liar // before the AMI, honest until it is told to lie
	ami, noAMI *product
	lastDesk   int
}

// desks are the telephones of an office, with a user each.
const desks = 20

// plain is the part of a scenario.Office that a server needs.
type plain struct {
	scenario.Office
	cfg ari.Config
}

func (p plain) ARI() ari.Config { return p.cfg }

// controlled starts everything once for a version of Asterisk. The AMI user has
// the rights of the generated configuration.
func controlled(t *testing.T, version string) *control {
	t.Helper()
	manager := pbxconfig.New(pbxconfig.Options{PBX: configs.PBX{ARI: configs.ARI{User: "crm"}}})
	_, user, ok := strings.Cut(manager.File("ami"), "[crm]")
	if !ok {
		t.Fatalf("no user in %s", manager.File("ami"))
	}
	o := phones.StartOffice(t, pbx.Options{Version: version, Phones: desks,
		Append: map[string]string{
			"extensions.conf": ari.CommandDialplan() + `
[from-trunk](+)
exten => 4951000191,1,Queue(desk-ami,,,,60)
exten => 4951000192,1,Queue(desk-plain,,,,60)
`,
			"queues.conf":  "[desk-ami]\nstrategy = ringall\n[desk-plain]\nstrategy = ringall\n",
			"manager.conf": "[crm]" + user,
		}}, true)
	c := &control{o: o, lastDesk: 100, liar: amitest.New(t, o.PBX.AMIAddr)}
	serve := func(app string, manager configs.AMI) *product {
		office := plain{cfg: ari.Config{Name: "office", URL: o.PBX.ARIURL, User: o.PBX.ARIUser, Password: o.PBX.ARIPassword, App: app}}
		p := &product{t: t, office: office, cfg: config(t, office)}
		p.cfg.PBX[0].AMI = manager
		p.cfg.PBX[0].Queues = configs.Queues{Names: []string{"desk-plain"}, PauseOnBreak: true, PauseReasons: []string{"lunch"}}
		p.run(seedDesks)
		return p
	}
	c.ami = serve("ami", configs.AMI{Address: c.liar.Addr(), User: "crm", Password: configs.Secret(manager.AMIPassword)})
	c.noAMI = serve("plain", configs.AMI{})
	return c
}

// seedDesks adds a user at each desk.
func seedDesks(ctx context.Context, _ *postgres.DB, s httpapi.Services) error {
	for ext := 101; ext <= 100+desks; ext++ {
		name := strconv.Itoa(ext)
		if _, err := s.Employees.Create(ctx, crm.System(), employee.NewUser{
			Login: "u" + name, Name: "User " + name, Role: crm.RoleSupervisor, Password: password,
			Devices: []employee.Device{{PBX: "office", Endpoint: "PJSIP/" + name, AutoAnswer: vendors[ext%len(vendors)]}},
		}); err != nil {
			return err
		}
	}
	return nil
}

// vendors whose headers make the desks' telephones answer click-to-call.
var vendors = []string{"yealink", "grandstream", "snom", "cisco", "fanvil", "panasonic"}

// desk is a user with his telephone.
type desk struct {
	*operator
	ext   string
	phone *phones.Phone
}

// desk takes the next free extension. Subtests take theirs before they run in
// parallel.
func (c *control) desk(p *product) *desk {
	c.lastDesk++
	return &desk{ext: strconv.Itoa(c.lastDesk), operator: &operator{p: p}}
}

// in connects the desk's telephone and its user.
func (d *desk) in(t *testing.T, o *phones.Office) *desk {
	t.Helper()
	p := *d.p
	p.t = t
	d.phone = phones.New(t, phones.Config{User: d.ext, Password: o.PBX.PhonePassword(d.ext), Registrar: o.PBX.SIPAddr, RTP: true})
	d.operator = p.login("u" + d.ext).connect()
	return d
}

// incoming is the next call at the desk, answered, with the desk's tone.
func (d *desk) incoming(tone float64) *phones.Call {
	d.p.t.Helper()
	call := d.rings()
	must(d.p.t, "answer", call.Answer())
	must(d.p.t, "tone", call.SendTone(tone))
	return call
}

func (d *desk) rings() *phones.Call {
	d.p.t.Helper()
	call, err := d.phone.WaitIncoming(within(d.p.t))
	must(d.p.t, d.ext+" rings", err)
	return call
}

// talk connects a caller from outside with a desk; both send their tones.
func (c *control) talk(d *desk) (client, agent *phones.Call, id string) {
	t := d.p.t
	t.Helper()
	d.take() // calls before
	client = c.call(t, d.ext)
	agent = d.incoming(agentTone)
	must(t, "talk", client.WaitAnswered(within(t)))
	must(t, "tone", client.SendTone(clientTone))
	hears(t, "the client at first", client, agentTone)
	hears(t, "the agent at first", agent, clientTone)
	id = d.until("the talk", func(k cti.Call) bool { return k.State == cti.Talking }).ID
	return client, agent, id
}

// call lets the world call a desk.
func (c *control) call(t *testing.T, ext string) *phones.Call {
	t.Helper()
	call, err := c.o.Trunk.Call(within(t), phones.Outgoing{From: "7916000" + "0" + ext, To: "4952000" + ext})
	must(t, "call", err)
	return call
}

func hears(t *testing.T, who string, c *phones.Call, tone float64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := c.WaitTone(ctx, tone); err != nil {
		t.Errorf("%s does not hear the tone of %g Hz", who, tone)
	}
}

// deaf checks that sound flows and the tone is not in it.
func deaf(t *testing.T, who string, c *phones.Call, tone float64) {
	t.Helper()
	deadline := time.NewTimer(3 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	before, _ := c.Packets()
	quiet := 0
	for quiet < 10 { // 200 ms without the tone, twice what HeardTone looks at
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Errorf("%s still hears the tone of %g Hz", who, tone)
			return
		}
		if n, _ := c.Packets(); n == before {
			continue
		}
		if quiet++; c.HeardTone(tone) {
			quiet = 0
		}
	}
}

func ended(t *testing.T, who string, c *phones.Call) {
	t.Helper()
	if _, err := c.WaitEnded(within(t)); err != nil {
		t.Errorf("%s is still in the call", who)
	}
}

// order posts an action and fails the test unless it is carried out.
func (d *desk) order(id, action string, in any) httpapi.ControlOutput {
	d.p.t.Helper()
	var out struct {
		httpapi.ControlOutput
		Code, Detail string
	}
	if status := d.post("/calls/"+id+"/"+action, in, nil, &out); status != http.StatusOK {
		d.p.t.Fatalf("%s: %d %s: %s", action, status, out.Code, out.Detail)
	}
	return out.ControlOutput
}

// refused posts an action that must not be possible, and checks that the list
// of actions says so too.
func (d *desk) refused(id, action string, in any, code cti.Code) {
	d.p.t.Helper()
	var list struct{ Items []httpapi.ActionOutput }
	if status := d.get("/calls/"+id+"/actions", &list); status != http.StatusOK {
		d.p.t.Fatalf("actions: %d", status)
	}
	i := slices.IndexFunc(list.Items, func(a httpapi.ActionOutput) bool { return string(a.Action) == action })
	if i < 0 || list.Items[i].Allowed || list.Items[i].Code != string(code) || list.Items[i].Text == "" {
		d.p.t.Errorf("before the click %s is %+v, want %s", action, list.Items[i], code)
	}
	var problem struct{ Code string }
	if status := d.post("/calls/"+id+"/"+action, in, nil, &problem); status < 400 || problem.Code != string(code) {
		d.p.t.Errorf("%s: %d %s, want %s", action, status, problem.Code, code)
	}
}

func to(ext string) map[string]string { return map[string]string{"to": ext} }

// me is the id of the desk's user.
func (d *desk) me() int64 {
	var me httpapi.Me
	if status := d.get("/me", &me); status != http.StatusOK {
		d.p.t.Fatalf("me: %d", status)
	}
	return me.ID
}
