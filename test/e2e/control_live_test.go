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
	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/httpapi"
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

// controlled starts everything once for a version of Asterisk.
func controlled(t *testing.T, version string) *control {
	t.Helper()
	o := phones.StartOffice(t, pbx.Options{Version: version, Phones: desks,
		Append: map[string]string{
			"extensions.conf": ari.CommandDialplan() + `
[from-trunk](+)
exten => 4951000191,1,Queue(desk-ami,,,,60)
exten => 4951000192,1,Queue(desk-plain,,,,60)
`,
			"queues.conf": "[desk-ami]\nstrategy = ringall\n[desk-plain]\nstrategy = ringall\n",
		}}, true)
	c := &control{o: o, lastDesk: 100}
	serve := func(app string, manager configs.AMI) *product {
		office := plain{cfg: ari.Config{Name: "office", URL: o.PBX.ARIURL, User: o.PBX.ARIUser, Password: o.PBX.ARIPassword, App: app}}
		p := &product{t: t, office: office, cfg: config(t, office)}
		p.cfg.PBX[0].AMI = manager
		p.cfg.PBX[0].Queues = configs.Queues{Names: []string{"desk-plain"}, PauseOnBreak: true, PauseReasons: []string{"lunch"}}
		p.run(seedDesks)
		return p
	}
	c.ami = serve("ami", configs.AMI{Address: o.PBX.AMIAddr, User: o.PBX.ARIUser, Password: configs.Secret(o.PBX.ARIPassword)})
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
	var out httpapi.ControlOutput
	var problem struct{ Code, Detail string }
	if status := d.post("/calls/"+id+"/"+action, in, nil, &out); status != http.StatusOK {
		d.post("/calls/"+id+"/"+action, in, nil, &problem)
		d.p.t.Fatalf("%s: %d; again: %+v", action, status, problem)
	}
	return out
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

func (d *desk) now(id string) cti.Call {
	var last cti.Call
	for _, c := range d.received() {
		if c.ID == id && c.Version >= last.Version {
			last = c
		}
	}
	return last
}

func to(ext string) map[string]string { return map[string]string{"to": ext} }

// Every command to a call of an ordinary dialplan, heard by the right ones.
func TestControlOfCalls_CO_05_CO_07_CO_09_CO_10_CO_11(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"22", "16"} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			c := controlled(t, version)
			t.Run("group", func(t *testing.T) {
				c.sound(t)
				c.attended(t)
				c.conference(t)
				c.supervision(t)
				for _, p := range []*product{c.ami, c.noAMI} {
					way := map[*product]string{c.ami: "AMI", c.noAMI: "context"}[p]
					c.moves(t, p, way)
				}
				c.withoutAMI(t)
				c.queue(t, c.ami, "desk-ami", "4951000191")
				c.queue(t, c.noAMI, "desk-plain", "4951000192")
				c.autoAnswer(t)
			})
		})
	}
}

func (c *control) sound(t *testing.T) {
	d := c.desk(c.ami)
	t.Run("hold, mute, digits CO_07", func(t *testing.T) {
		t.Parallel()
		d.in(t, c.o)
		client, agent, id := c.talk(d)

		d.order(id, "mute", nil)
		deaf(t, "the client of a muted agent", client, agentTone)
		hears(t, "a muted agent", agent, clientTone)
		d.refused(id, "mute", nil, cti.CodeAlreadyMuted)
		d.order(id, "unmute", nil)
		hears(t, "the client after unmute", client, agentTone)

		d.order(id, "hold", nil)
		deaf(t, "the client on hold", client, agentTone)
		deaf(t, "the agent of a held client", agent, clientTone)
		d.until("held on the screen", func(k cti.Call) bool { return k.ID == id && k.State == cti.Held })
		d.refused(id, "hold", nil, cti.CodeAlreadyHeld)
		d.order(id, "resume", nil)
		hears(t, "the resumed client", client, agentTone)
		hears(t, "the agent of a resumed client", agent, clientTone)
		d.p.eventually("talking on the screen", func() bool { return d.now(id).State == cti.Talking })

		d.order(id, "dtmf", map[string]string{"digits": "42#"})
		must(t, "digits", client.WaitDTMF(within(t), "42#"))
		must(t, "hang up", client.Hangup(within(t)))
		if r := d.record(id); r.HoldMS == 0 {
			t.Error("the hold is not in the record")
		}
		d.refused(id, "hold", nil, cti.CodeOver)
	})
}

func (c *control) attended(t *testing.T) {
	d, third := c.desk(c.ami), c.desk(c.ami)
	t.Run("attended transfer CO_07", func(t *testing.T) {
		t.Parallel()
		d.in(t, c.o)
		third.in(t, c.o)
		client, agent, id := c.talk(d)

		second := d.order(id, "consult", to(third.ext)).CallID
		d.refused(id, "complete", nil, cti.CodeConsultRings)
		colleague := third.incoming(thirdTone)
		hears(t, "the agent in the consultation", agent, thirdTone)
		hears(t, "the colleague in the consultation", colleague, agentTone)
		deaf(t, "the held client", client, thirdTone)
		deaf(t, "the held client", client, agentTone)
		deaf(t, "the colleague before the transfer", colleague, clientTone)
		d.until("the consultation talks", func(k cti.Call) bool { return k.ID == second && k.State == cti.Talking })
		d.refused(id, "hold", nil, cti.CodeConsulting)

		d.order(id, "cancel", nil)
		ended(t, "the colleague", colleague)
		hears(t, "the client after cancel", client, agentTone)
		hears(t, "the agent after cancel", agent, clientTone)
		d.p.eventually("no consultation on the screen", func() bool { k := d.now(id); return k.Consult == "" && k.State == cti.Talking })

		second = d.order(id, "consult", map[string]any{"user_id": third.me()}).CallID
		colleague = third.incoming(thirdTone)
		d.until("the consultation talks", func(k cti.Call) bool { return k.ID == second && k.State == cti.Talking })
		d.order(id, "complete", nil)
		ended(t, "the agent", agent)
		hears(t, "the client after the transfer", client, thirdTone)
		hears(t, "the colleague after the transfer", colleague, clientTone)
		third.p.eventually("the call is the colleague's", func() bool {
			k := third.now(id)
			return k.State == cti.Talking && len(k.Talking) == 1 && k.Talking[0].Device == "PJSIP/"+third.ext
		})
		must(t, "hang up", client.Hangup(within(t)))
		ended(t, "the colleague", colleague)
		if k := third.now(third.record(id).ID); len(k.Transfers) != 1 || k.Transfers[0].Kind != cti.Attended {
			t.Errorf("transfers of the record: %+v", k.Transfers)
		}
	})
}

// me is the id of the desk's user.
func (d *desk) me() int64 {
	var me httpapi.Me
	if status := d.get("/me", &me); status != http.StatusOK {
		d.p.t.Fatalf("me: %d", status)
	}
	return me.ID
}

func (c *control) conference(t *testing.T) {
	d, third := c.desk(c.noAMI), c.desk(c.noAMI)
	joined, fourth := c.desk(c.ami), c.desk(c.ami)
	three := func(t *testing.T, client, agent, other *phones.Call) {
		t.Helper()
		for _, x := range []struct {
			who   string
			c     *phones.Call
			tones []float64
		}{
			{"client", client, []float64{agentTone, thirdTone}},
			{"agent", agent, []float64{clientTone, thirdTone}},
			{"third", other, []float64{clientTone, agentTone}},
		} {
			for i, tone := range x.tones { // one at a time: a tone is told by its share of the sound
				silence := map[float64]*phones.Call{clientTone: client, agentTone: agent, thirdTone: other}[x.tones[1-i]]
				must(t, "silence", silence.SendTone(0))
				hears(t, "the "+x.who+" in the conference", x.c, tone)
				must(t, "tone", silence.SendTone(x.tones[1-i]))
			}
		}
	}
	t.Run("conference by ARI alone CO_07", func(t *testing.T) {
		t.Parallel()
		d.in(t, c.o)
		third.in(t, c.o)
		client, agent, id := c.talk(d)
		d.order(id, "conference", to(third.ext))
		other := third.incoming(thirdTone)
		three(t, client, agent, other)
		must(t, "hang up", client.Hangup(within(t)))
		ended(t, "the agent", agent)
		ended(t, "the third", other)
	})
	t.Run("conference from a consultation CO_07", func(t *testing.T) {
		t.Parallel()
		joined.in(t, c.o)
		fourth.in(t, c.o)
		client, agent, id := c.talk(joined)
		second := joined.order(id, "consult", to(fourth.ext)).CallID
		other := fourth.incoming(thirdTone)
		joined.until("the consultation talks", func(k cti.Call) bool { return k.ID == second && k.State == cti.Talking })
		joined.order(id, "conference", nil)
		three(t, client, agent, other)
		must(t, "hang up", agent.Hangup(within(t)))
		ended(t, "the client", client)
		ended(t, "the third", other)
	})
}

func (c *control) supervision(t *testing.T) {
	d, boss := c.desk(c.noAMI), c.desk(c.noAMI)
	t.Run("listen, whisper, barge CO_09", func(t *testing.T) {
		t.Parallel()
		d.in(t, c.o)
		boss.in(t, c.o)
		client, agent, id := c.talk(d)
		boss.order(id, "listen", nil)
		ear := boss.incoming(supervisorTone)
		must(t, "silence", agent.SendTone(0))
		hears(t, "the listening supervisor", ear, clientTone)
		must(t, "tone", agent.SendTone(agentTone))
		must(t, "silence", client.SendTone(0))
		hears(t, "the listening supervisor", ear, agentTone)
		must(t, "silence", agent.SendTone(0))
		deaf(t, "the agent who is listened to", agent, supervisorTone)
		deaf(t, "the client who is listened to", client, supervisorTone)

		boss.order(id, "whisper", nil)
		hears(t, "the agent who is whispered to", agent, supervisorTone)
		deaf(t, "the client during the whisper", client, supervisorTone)
		boss.order(id, "barge", nil)
		hears(t, "the client after barging in", client, supervisorTone)
		hears(t, "the agent after barging in", agent, supervisorTone)
		d.refused(id, "listen", nil, cti.CodeOwnCall)

		must(t, "hang up", client.Hangup(within(t)))
		ended(t, "the supervisor", ear)
		d.record(id)
		if n := len(boss.received()); n != 0 {
			t.Errorf("supervising put %d messages of calls on the supervisor's screen", n)
		}
		if list := boss.journal("&user_id=" + strconv.FormatInt(boss.me(), 10)); len(list) != 0 {
			t.Errorf("supervising left records: %+v", list)
		}
	})
}

// moves are the commands that work by AMI and by the context alike.
func (c *control) moves(t *testing.T, p *product, way string) {
	d, third := c.desk(p), c.desk(p)
	t.Run("transfer, park, redirect, pick-up by "+way+" CO_07", func(t *testing.T) {
		t.Parallel()
		d.in(t, c.o)
		third.in(t, c.o)

		client, agent, id := c.talk(d)
		d.order(id, "dtmf", map[string]string{"digits": "7"})
		must(t, "digit", client.WaitDTMF(within(t), "7"))
		d.order(id, "transfer", to(third.ext))
		ended(t, "the agent", agent)
		other := third.incoming(thirdTone)
		hears(t, "the transferred client", client, thirdTone)
		third.p.eventually("the call is the colleague's", func() bool {
			k := third.now(id)
			return k.State == cti.Talking && len(k.Transfers) == 1 && k.Transfers[0].Kind == cti.Blind
		})

		slot := third.order(id, "park", nil).Slot
		ended(t, "who parked", other)
		third.until("parked on the screen", func(k cti.Call) bool { return k.ID == id && k.ParkedAt != "" })
		if slot != "" {
			fetched, err := d.phone.Dial(within(t), slot)
			must(t, "fetch", err)
			must(t, "tone", fetched.SendTone(agentTone))
			hears(t, "the client fetched by his slot", client, agentTone)
		} else {
			d.order(id, "pickup", nil)
			d.incoming(agentTone)
			hears(t, "the client fetched from the page", client, agentTone)
		}
		must(t, "hang up", client.Hangup(within(t)))
		d.record(id)

		client = c.call(t, d.ext)
		mine := d.rings()
		id = d.until("it rings", func(k cti.Call) bool { return k.State == cti.Ringing && len(k.Ringing) == 1 && k.ID != id }).ID
		d.refused(id, "pickup", nil, cti.CodeRingsAtYou)
		d.order(id, "redirect", to(third.ext))
		ended(t, "the first telephone", mine)
		theirs := third.rings()
		d.p.eventually("it rings at the other", func() bool {
			k := third.now(id)
			return len(k.Ringing) == 1 && k.Ringing[0].Device == "PJSIP/"+third.ext
		})
		d.order(id, "pickup", nil)
		got := d.incoming(agentTone)
		ended(t, "the telephone that was picked up from", theirs)
		must(t, "tone", client.SendTone(clientTone))
		hears(t, "the client after the pick-up", client, agentTone)
		hears(t, "the agent after the pick-up", got, clientTone)
		must(t, "hang up", client.Hangup(within(t)))
		if r := d.record(id); r.Disposition != string(cti.Answered) || r.AnsweredBy == nil || r.AnsweredBy.Name != "User "+d.ext {
			t.Errorf("record: %s by %+v", r.Disposition, r.AnsweredBy)
		}
	})
}

// withoutAMI checks that what needs AMI is refused before the click.
func (c *control) withoutAMI(t *testing.T) {
	d := c.desk(c.noAMI)
	t.Run("refused without AMI CO_07", func(t *testing.T) {
		t.Parallel()
		d.in(t, c.o)
		client, _, id := c.talk(d)
		for _, action := range []string{"hold", "mute"} {
			d.refused(id, action, nil, cti.CodeNeedsAMI)
		}
		d.refused(id, "consult", to("101"), cti.CodeNeedsAMI)
		must(t, "hang up", client.Hangup(within(t)))
		d.record(id)
	})
}

// queue logs a desk in, pauses it, and has a caller wait for the end of the
// pause.
func (c *control) queue(t *testing.T, p *product, name, did string) {
	d := c.desk(p)
	t.Run("queue "+name+" CO_10 CO_11", func(t *testing.T) {
		t.Parallel()
		d.in(t, c.o)
		state := func() cti.Queue {
			var list struct{ Items []cti.Queue }
			d.get("/queues", &list)
			i := slices.IndexFunc(list.Items, func(q cti.Queue) bool { return q.Name == name })
			if i < 0 {
				return cti.Queue{}
			}
			return list.Items[i]
		}
		change := func(what string, in map[string]string, want int) {
			t.Helper()
			if status := d.post("/queues/"+name+"/"+what, in, nil, nil); status != want {
				t.Fatalf("%s: %d, want %d", what, status, want)
			}
		}
		d.p.eventually("the queue is known", func() bool { return state().Known })
		change("pause", map[string]string{"reason": "lunch"}, http.StatusConflict) // no member yet
		change("login", map[string]string{}, http.StatusNoContent)
		if q := state(); len(q.Members) != 1 || q.Members[0].Device != "PJSIP/"+d.ext || q.Members[0].Paused {
			t.Fatalf("after login %+v", q)
		}
		change("pause", map[string]string{"reason": "football"}, http.StatusUnprocessableEntity)
		change("pause", map[string]string{"reason": "lunch"}, http.StatusNoContent)
		if q := state(); len(q.Members) != 1 || !q.Members[0].Paused || q.Members[0].Reason != "lunch" || q.Members[0].Since == nil {
			t.Fatalf("after pause %+v", q)
		}
		client, err := c.o.Trunk.Call(within(t), phones.Outgoing{From: "79160001234", To: did})
		must(t, "call", err)
		d.p.eventually("a caller waits", func() bool {
			q := state()
			return q.Waiting == 1 && q.WaitingSince != nil && len(q.Callers) == 1 && q.Callers[0].Number != ""
		})
		change("unpause", map[string]string{}, http.StatusNoContent)
		agent := d.incoming(agentTone)
		must(t, "talk", client.WaitAnswered(within(t)))
		d.p.eventually("nobody waits, the desk talks", func() bool {
			q := state()
			return q.Waiting == 0 && q.WaitingSince == nil && q.Members[0].State == cti.PresenceTalking
		})
		var team struct{ Items []cti.Presence }
		d.get("/presence", &team)
		i := slices.IndexFunc(team.Items, func(x cti.Presence) bool { return x.Extension == d.ext })
		if i < 0 || team.Items[i].State != cti.PresenceTalking || team.Items[i].CallID == "" || team.Items[i].With == "" {
			t.Errorf("presence of who talks: %+v", team.Items)
		}
		must(t, "hang up", client.Hangup(within(t)))
		ended(t, "the agent", agent)
		status := func(s string) {
			t.Helper()
			if code := d.do(http.MethodPut, "/me/status", map[string]string{"status": s}, nil, nil); code != http.StatusOK {
				t.Fatalf("status %s: %d", s, code)
			}
		}
		status("break")
		d.p.eventually("the break pauses", func() bool { q := state(); return q.Members[0].Paused && q.Members[0].Reason == "break" })
		status("free")
		d.p.eventually("the end of the break ends the pause", func() bool { return !state().Members[0].Paused })
		change("logout", map[string]string{}, http.StatusNoContent)
		if q := state(); len(q.Members) != 0 {
			t.Errorf("after logout %+v", q)
		}
	})
}

// autoAnswer clicks on a number; the own telephone sees its vendor's header.
func (c *control) autoAnswer(t *testing.T) {
	d := c.desk(c.noAMI)
	t.Run("auto-answer CO_05", func(t *testing.T) {
		t.Parallel()
		d.in(t, c.o)
		waitFree(d.p, d.ext)
		id, err := d.dial("79160000077", "auto-answer")
		must(t, "dial", err)
		call := d.rings()
		ext, err := strconv.Atoi(d.ext)
		must(t, "extension", err)
		want := map[string][2]string{
			"yealink": {"", "alert-autoanswer"}, "grandstream": {"answer-after=0", ""}, "snom": {"answer-after=0", ""},
			"cisco": {"answer-after=0", ""}, "fanvil": {"answer-after=0", "alert-autoanswer"}, "panasonic": {"answer-after=0", "alert-autoanswer"},
		}[vendors[ext%len(vendors)]]
		for i, header := range []string{"Call-Info", "Alert-Info"} {
			if got := call.Header(header); want[i] == "" && got != "" || !strings.Contains(got, want[i]) {
				t.Errorf("%s of %s is %q, want %q in it", header, vendors[ext%len(vendors)], got, want[i])
			}
		}
		if status := d.post("/calls/"+id+"/hangup", nil, nil, nil); status != http.StatusAccepted {
			t.Errorf("hang-up: %d", status)
		}
		d.record(id)
	})
}
