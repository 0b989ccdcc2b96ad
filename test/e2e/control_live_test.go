package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"ringcard/cti"
)

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
			c.lies(t)
			c.rights(t)
		})
	}
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
