package arisim_test

import (
	"strings"
	"testing"
	"time"

	"ringcard/ari/arisim"
)

// TestNothingIsLeftBehind: whatever goes wrong in a talk, everybody is free in
// the end.
func TestNothingIsLeftBehind(t *testing.T) {
	refuses := func(s *arisim.Sim) { s.Phone("104").SetBehaviour(busy) }
	for name, play := range map[string]func(t *testing.T, s *arisim.Sim, client, agent *arisim.Call){
		"blind transfer to a busy telephone": func(t *testing.T, s *arisim.Sim, client, agent *arisim.Call) {
			refuses(s)
			if err := agent.BlindTransfer("104"); err != nil {
				t.Error(err)
			}
			await(t, "end of the client", client.Ended())
		},
		"blind transfer to nowhere": func(t *testing.T, _ *arisim.Sim, client, agent *arisim.Call) {
			if agent.BlindTransfer("555") == nil {
				t.Error("taken")
			}
			client.Hangup()
		},
		"the client transfers the agent": func(t *testing.T, s *arisim.Sim, client, agent *arisim.Call) {
			s.Phone("104").SetBehaviour(answers)
			if err := client.BlindTransfer("104"); err != nil {
				t.Error(err)
			}
			await(t, "end of the client", client.Ended())
			other, err := s.Phone("104").Incoming(within(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			await(t, "answer", other.Answered())
			agent.Hangup()
			await(t, "end", other.Ended())
		},
		"who is asked is busy": func(t *testing.T, s *arisim.Sim, client, agent *arisim.Call) {
			refuses(s)
			consult(t, agent)
			if _, err := s.Phone("104").Incoming(within(t), nil); err != nil {
				t.Error(err)
			}
			eventually(t, "the agent has the client again", func() bool { return agent.BlindTransfer("103") == nil })
			await(t, "end of the agent", agent.Ended())
			client.Hangup()
		},
		"who is asked hangs up": func(t *testing.T, s *arisim.Sim, client, agent *arisim.Call) {
			s.Phone("104").SetBehaviour(hangsUp)
			consult(t, agent)
			asked, err := s.Phone("104").Incoming(within(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			await(t, "end of the consultation", asked.Ended())
			client.Hangup()
			await(t, "end of the agent", agent.Ended())
		},
		"the client does not wait": func(t *testing.T, s *arisim.Sim, client, agent *arisim.Call) {
			s.Phone("104").SetBehaviour(rings)
			consult(t, agent)
			client.Hangup()
			await(t, "end of the client", client.Ended())
			agent.Hangup()
		},
		"handed on before the answer": func(t *testing.T, s *arisim.Sim, client, agent *arisim.Call) {
			s.Phone("104").SetBehaviour(rings)
			consult(t, agent)
			agent.Hangup()
			client.Hangup()
		},
		"a number that is not there": func(t *testing.T, _ *arisim.Sim, client, agent *arisim.Call) {
			if err := agent.SendDTMF("*2555"); err != nil {
				t.Error(err)
			}
			client.Hangup()
		},
		"parked, and the client hangs up": func(t *testing.T, s *arisim.Sim, client, agent *arisim.Call) {
			if err := agent.BlindTransfer("700"); err != nil {
				t.Error(err)
			}
			client.Hangup()
			await(t, "end of the agent", agent.Ended())
			fetched := s.Phone("104").Dial("701")
			await(t, "end of who fetches nothing", fetched.Ended())
		},
		"picked up by two": func(t *testing.T, s *arisim.Sim, client, agent *arisim.Call) {
			s.Phone("105").SetBehaviour(rings)
			second := s.Inbound(arisim.Inbound{From: "79160000002", DID: "4951000105"})
			await(t, "ringing", second.Ringing())
			first, late := s.Phone("103").Dial("*8"), s.Phone("104").Dial("*8")
			await(t, "answer", second.Answered())
			second.Hangup()
			for _, c := range []*arisim.Call{first, late} {
				await(t, "end", c.Ended())
			}
			client.Hangup()
			await(t, "end of the agent", agent.Ended())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, arisim.Options{Speed: 10})
			client := inTalk(t, s)
			play(t, s, client, s.Phone("102").Last())
			eventually(t, "all channels and bridges are gone", func() bool {
				_, channels := request(t, s, "GET", "/channels", "")
				_, bridges := request(t, s, "GET", "/bridges", "")
				return channels == "[]" && strings.Count(bridges, `"bridge_class"`) == strings.Count(bridges, `"parking"`)
			})
		})
	}
}

func consult(t *testing.T, agent *arisim.Call) {
	t.Helper()
	if err := agent.SendDTMF("*2104"); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * ms)
	defer tick.Stop()
	for limit := time.After(patience); !ok(); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("never: " + what)
		}
	}
}
