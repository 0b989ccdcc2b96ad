package e2e

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"ringcard/ari"
	"ringcard/ari/ami"
	"ringcard/cti"
	"ringcard/test/phones"
)

// lies puts a manager interface that says Success and does nothing before the
// real one: the user is told, the call is as it was, and so is its record.
func (c *control) lies(t *testing.T) {
	d, third := c.desk(c.ami), c.desk(c.ami)
	t.Run("success without effect CO_07 CO_10", func(t *testing.T) {
		d.in(t, c.o)
		third.in(t, c.o)
		client, agent, id := c.talk(d)
		both := func(when string) {
			t.Helper()
			hears(t, "the client after "+when, client, agentTone)
			hears(t, "the agent after "+when, agent, clientTone)
		}

		c.liar.LieAbout("Setvar")
		d.ineffective("/calls/"+id+"/hold", nil)
		d.ineffective("/calls/"+id+"/mute", nil)
		both("a hold and a mute that were none")
		c.liar.LieAbout("BlindTransfer", "Park", "Bridge")
		d.ineffective("/calls/"+id+"/transfer", to(third.ext))
		d.ineffective("/calls/"+id+"/park", nil)
		both("a transfer and a parking that were none")

		d.order(id, "hold", nil)
		d.ineffective("/calls/"+id+"/transfer", to(third.ext))
		deaf(t, "the client who is on hold again", client, agentTone)
		d.order(id, "resume", nil)
		second := d.order(id, "consult", to(third.ext)).CallID
		colleague := third.incoming(thirdTone)
		d.until("the consultation talks", func(k cti.Call) bool { return k.ID == second && k.State == cti.Talking })
		d.ineffective("/calls/"+id+"/complete", nil)
		hears(t, "the agent who still consults", agent, thirdTone)
		deaf(t, "the client who still waits", client, thirdTone)
		c.liar.LieAbout("Setvar")
		d.ineffective("/calls/"+id+"/conference", nil)
		deaf(t, "the client who is in no conference", client, thirdTone)
		c.liar.LieAbout()
		d.order(id, "cancel", nil)
		ended(t, "the colleague", colleague)
		both("cancel")

		must(t, "hang up", client.Hangup(within(t)))
		r := d.record(id)
		if k := d.now(id); len(k.Transfers) != 0 || r.AnsweredBy == nil || r.AnsweredBy.Name != "User "+d.ext {
			t.Errorf("the record tells of what never was: %+v, answered by %+v", k.Transfers, r.AnsweredBy)
		}

		c.liar.LieAbout("QueueAdd", "QueuePause", "QueueRemove")
		d.ineffective("/queues/desk-ami/login", map[string]string{})
		c.liar.LieAbout()
		c.atxfer(t, d, third)
	})
}

// ineffective posts a command of which the user must be told that it did nothing.
func (d *desk) ineffective(path string, in any) {
	d.p.t.Helper()
	var problem struct{ Code, Detail string }
	if status := d.post(path, in, nil, &problem); status != http.StatusBadGateway || problem.Code != string(cti.CodeNoEffect) || problem.Detail == "" {
		d.p.t.Errorf("%s: %d %+v, want %s", path, status, problem, cti.CodeNoEffect)
	}
}

// manager signs in at the PBX's own AMI.
func (c *control) manager(t *testing.T, user, password string) *ami.Client {
	t.Helper()
	up := make(chan error, 1)
	m := ami.New(ami.Config{Addr: c.o.PBX.AMIAddr, User: user, Password: password}, ami.Options{OnStatus: func(err error) {
		select {
		case up <- err:
		default:
		}
	}})
	m.Start()
	t.Cleanup(func() { must(t, "stop", m.Stop(context.Background())) })
	must(t, "AMI", <-up)
	return m
}

// atxfer is a lie of Asterisk's own: AMI's attended transfer of a call that was
// dialled without t or T only sends the digits of the feature to the client.
// Ringcard's works there.
func (c *control) atxfer(t *testing.T, d, third *desk) {
	t.Helper()
	client, agent, id := c.talk(d)
	i := slices.IndexFunc(d.now(id).Legs, func(l cti.Leg) bool { return l.Endpoint == "PJSIP/"+d.ext })
	m := c.manager(t, c.o.PBX.ARIUser, c.o.PBX.ARIPassword)
	if _, err := m.Do(within(t), "Atxfer", "Channel", d.now(id).Legs[i].Name, "Exten", third.ext, "Context", "office"); err != nil {
		t.Errorf("Atxfer: %v", err)
	}
	must(t, "the client gets the feature's digits", client.WaitDTMF(within(t), third.ext))
	hears(t, "the client after Atxfer", client, agentTone)
	up, err := c.o.PBX.CLI(within(t), "core show channels concise")
	must(t, "channels", err)
	if strings.Contains(up, "PJSIP/"+third.ext) {
		t.Errorf("Atxfer called somebody: %s", up)
	}
	second := d.order(id, "consult", to(third.ext)).CallID
	colleague := third.incoming(thirdTone)
	d.until("the consultation talks", func(k cti.Call) bool { return k.ID == second && k.State == cti.Talking })
	d.order(id, "complete", nil)
	ended(t, "the agent", agent)
	hears(t, "the client after the transfer", client, thirdTone)
	must(t, "hang up", client.Hangup(within(t)))
	ended(t, "the colleague", colleague)
}

// rights: the user of the generated manager.conf may do what is needed, and no
// more, also what the tests above do another way.
func (c *control) rights(t *testing.T) {
	d := c.desk(c.ami)
	t.Run("rights of the manager user CO_07 PB_09", func(t *testing.T) {
		cfg := c.ami.cfg.PBX[0].AMI
		m := c.manager(t, cfg.User, cfg.Password.Reveal())
		may, err := m.Do(within(t), "ListCommands")
		must(t, "ListCommands", err)
		for _, action := range ari.ManagerActions() {
			if may.Get(action) == "" {
				t.Errorf("%s is not allowed", action)
			}
		}
		for _, action := range ari.ManagerExcess() {
			if may.Get(action) != "" {
				t.Errorf("%s is allowed", action)
			}
		}
		d.phone = phones.New(t, phones.Config{User: d.ext, Password: c.o.PBX.PhonePassword(d.ext), Registrar: c.o.PBX.SIPAddr, RTP: true})
		_, err = m.Do(within(t), "Originate", "Channel", "PJSIP/"+d.ext, "Application", "PickupChan", "Data", "PJSIP/nobody", "Async", "true")
		must(t, "Originate", err)
		_, err = d.phone.WaitIncoming(within(t))
		must(t, "the telephone that is to pick up rings", err)
	})
}
