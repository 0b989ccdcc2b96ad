package e2e

import (
	"net/http"
	"slices"
	"testing"

	"ringcard/cti"
	"ringcard/test/phones"
)

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
