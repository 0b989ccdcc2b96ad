package e2e

import (
	"strconv"
	"testing"

	"ringcard/cti"
	"ringcard/test/phones"
)

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
		must(t, "tone", client.SendTone(clientTone))
		hears(t, "the whispering supervisor", ear, clientTone)
		must(t, "silence", client.SendTone(0))
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
