package arisim_test

import (
	"testing"
	"time"

	"ringcard/ari/arisim"
	"ringcard/cti"
)

// Behaviours of the recordings, quicker.
var (
	rings    = arisim.Behaviour{RingAfter: 30 * ms}
	answers  = arisim.Behaviour{RingAfter: 30 * ms, AnswerAfter: new(60 * ms)}
	hangsUp  = arisim.Behaviour{RingAfter: 30 * ms, AnswerAfter: new(60 * ms), TalkFor: 60 * ms}
	busy     = arisim.Behaviour{RejectCause: 17}
	rejects  = arisim.Behaviour{RejectCause: 21}
	noRoom   = arisim.Behaviour{RejectCause: 34}
	earlyOut = arisim.Behaviour{RingAfter: 30 * ms, AnswerAfter: new(60 * ms), EarlyMedia: true}
)

// scene plays a call of a recording. ringing waits until so many legs ring.
type scene struct {
	*testing.T
	sim     *arisim.Sim
	client  cti.PBX
	events  sink
	ringing func(n int)
}

func (s scene) behave(number string, b arisim.Behaviour) { s.sim.Phone(number).SetBehaviour(b) }

func (s scene) inbound(did string) *arisim.Call {
	return s.sim.Inbound(arisim.Inbound{From: "79160000001", Name: "Ivan Petrov", DID: did})
}

func (s scene) originate(extension, number string, timeout time.Duration) {
	s.Helper()
	err := s.client.Originate(within(s.T), cti.Originate{ChannelID: "ours", Endpoint: "PJSIP/" + extension, Extension: number,
		Context: "office", Name: "Иванов", Number: number, Timeout: timeout})
	if err != nil {
		s.Fatal(err)
	}
}

func (s scene) hangup() {
	s.Helper()
	if err := s.client.Hangup(within(s.T), "ours"); err != nil {
		s.Fatal(err)
	}
}

// bridged waits until the two sides of an originated call talk.
func (s scene) bridged() {
	s.Helper()
	if _, ok := s.events.wait(within(s.T), kind(cti.BridgeEntered, 2)); !ok {
		s.Fatal("not bridged")
	}
}

// talk lets the caller hang up once it was answered.
func (s scene) talk(c *arisim.Call) {
	s.Helper()
	await(s.T, "answer", c.Answered())
	time.AfterFunc(30*ms, c.Hangup)
	await(s.T, "end", c.Ended())
}

const world = "79165554433"

var scenes = map[string]func(scene){
	"queue_ringall": func(s scene) {
		s.behave("101", answers)
		s.behave("102", rings)
		s.talk(s.inbound("4951000101"))
	},
	"queue_abandon": func(s scene) {
		s.behave("101", rings)
		s.behave("102", rings)
		c := s.inbound("4951000101")
		s.ringing(2)
		time.AfterFunc(30*ms, c.Hangup)
		await(s.T, "end", c.Ended())
		if c.Cause() != 127 {
			s.Errorf("cause %d", c.Cause())
		}
	},
	"queue_busy_na": func(s scene) {
		s.behave("101", arisim.Behaviour{RejectCause: 17})
		s.behave("102", rings)
		s.behave("103", answers)
		s.talk(s.inbound("4951000110"))
	},
	"queue_agent_hangup": func(s scene) {
		s.behave("103", busy)
		s.behave("101", hangsUp)
		s.behave("102", rings)
		await(s.T, "end", s.inbound("4951000101").Ended())
	},
	"ringall_mixed": func(s scene) {
		s.behave("101", answers)
		s.behave("102", rings)
		s.behave("103", busy)
		s.talk(s.inbound("4951000101"))
	},
	"internal": func(s scene) {
		s.behave("102", answers)
		s.talk(s.sim.Phone("101").Dial("102"))
	},
	"outbound": func(s scene) {
		s.sim.Outside(world, earlyOut)
		s.talk(s.sim.Phone("101").Dial(world))
	},
	"out_busy": func(s scene) {
		s.sim.Outside(world, busy)
		await(s.T, "end", s.sim.Phone("101").Dial(world).Ended())
	},
	"out_ring_cancel": func(s scene) {
		s.sim.Outside(world, arisim.Behaviour{})
		c := s.sim.Phone("101").Dial(world)
		await(s.T, "ringing", c.Ringing())
		time.AfterFunc(30*ms, func() { s.sim.Phone("101").Hangup() })
		await(s.T, "end", c.Ended())
	},
	"busy": func(s scene) {
		s.behave("102", arisim.Behaviour{RejectCause: 17})
		c := s.inbound("4951000102")
		await(s.T, "end", c.Ended())
		if c.Cause() != 17 {
			s.Errorf("cause %d", c.Cause())
		}
	},
	"unreach":     func(s scene) { s.behave("102", noRoom); await(s.T, "end", s.inbound("4951000102").Ended()) },
	"dial_reject": func(s scene) { s.behave("104", rejects); await(s.T, "end", s.inbound("4952000104").Ended()) },
	"dial_unregistered": func(s scene) {
		s.sim.Phone("106").Unregister()
		await(s.T, "end", s.inbound("4952000106").Ended())
	},
	"dial_noanswer": func(s scene) {
		s.behave("105", arisim.Behaviour{})
		await(s.T, "end", s.inbound("4951000105").Ended())
	},
	"dial_abandon": func(s scene) {
		s.behave("105", arisim.Behaviour{})
		c := s.inbound("4951000105")
		await(s.T, "ringing", c.Ringing())
		time.AfterFunc(30*ms, c.Hangup)
		await(s.T, "end", c.Ended())
	},
	"ringgroup": func(s scene) {
		s.behave("101", arisim.Behaviour{AnswerAfter: new(60 * ms)})
		s.behave("102", arisim.Behaviour{})
		s.behave("103", busy)
		s.talk(s.inbound("4951000103"))
	},
	"anonymous": func(s scene) {
		s.behave("102", answers)
		s.talk(s.sim.Inbound(arisim.Inbound{From: "79160000001", Anonymous: true, DID: "4951000102"}))
	},
	"office_hangs_up": func(s scene) {
		s.behave("102", hangsUp)
		await(s.T, "end", s.inbound("4951000102").Ended())
	},
	"originate_internal": func(s scene) {
		s.behave("101", arisim.Behaviour{AnswerAfter: new(60 * ms)})
		s.behave("102", arisim.Behaviour{AnswerAfter: new(60 * ms), TalkFor: 60 * ms})
		s.originate("101", "102", time.Minute)
	},
	"originate_outside": func(s scene) {
		s.behave("101", arisim.Behaviour{AnswerAfter: new(60 * ms)})
		s.sim.Outside(world, arisim.Behaviour{AnswerAfter: new(60 * ms), TalkFor: 60 * ms})
		s.originate("101", world, time.Minute)
	},
	"originate_outside_busy": func(s scene) {
		s.behave("101", arisim.Behaviour{AnswerAfter: new(60 * ms)})
		s.sim.Outside(world, busy)
		s.originate("101", world, time.Minute)
	},
	"originate_outside_cancel": func(s scene) {
		s.behave("101", arisim.Behaviour{AnswerAfter: new(time.Hour), AnswerOwn: new(60 * ms)})
		s.originate("101", world, time.Minute)
		s.ringing(2)
		s.hangup()
	},
	"originate_own_hangs_up": func(s scene) {
		s.behave("101", arisim.Behaviour{AnswerAfter: new(60 * ms)})
		s.originate("101", world, time.Minute)
		s.ringing(2)
		s.sim.Phone("101").Hangup()
	},
	"originate_own_busy":   func(s scene) { s.behave("103", busy); s.originate("103", world, time.Minute) },
	"originate_own_reject": func(s scene) { s.behave("104", rejects); s.originate("104", world, time.Minute) },
	"originate_own_timeout": func(s scene) {
		s.behave("105", arisim.Behaviour{})
		s.originate("105", world, time.Second)
	},
	"originate_own_cancel": func(s scene) {
		s.behave("105", arisim.Behaviour{})
		s.originate("105", world, time.Minute)
		s.ringing(1)
		s.hangup()
	},
	"originate_badext": func(s scene) {
		s.behave("101", arisim.Behaviour{AnswerAfter: new(60 * ms)})
		s.originate("101", "555555", time.Minute)
	},
	"delete_caller_in_talk": func(s scene) {
		s.behave("101", arisim.Behaviour{AnswerAfter: new(60 * ms)})
		s.sim.Outside(world, arisim.Behaviour{AnswerAfter: new(60 * ms)})
		s.originate("101", world, time.Minute)
		s.bridged()
		s.hangup()
	},
}

// TestOrderIsTheRecordedOne plays every recorded call and compares all that
// the recording has of each frame, and what the product's client makes of it.
func TestOrderIsTheRecordedOne(t *testing.T) {
	for name, play := range scenes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := office()
			if name == "queue_agent_hangup" || name == "ringall_mixed" {
				o.Routes["4951000101"] = arisim.Route{Queue: "sales", Dial: []string{"101", "102", "103"}}
			}
			s := start(t, arisim.Options{Office: o})
			c, events := client(t, s, "ringcard")
			raw := frames(t, s, "recorder")
			play(scene{T: t, sim: s, client: c, events: events, ringing: func(n int) {
				t.Helper()
				if _, ok := events.wait(within(t), func(e []cti.Event) bool { return ringingDials(e) >= n }); !ok {
					t.Fatalf("not %d legs ring", n)
				}
			}})
			want := recording(t, name)
			checkFrames(t, want, burst, raw)
			checkEvents(t, want, events)
		})
	}
}

func ringingDials(events []cti.Event) int {
	n := 0
	for _, ev := range events {
		if ev.Kind == cti.Dialed && ev.Dial == "RINGING" {
			n++
		}
	}
	return n
}

// checkFrames compares; gap is the pause in seconds that separates bursts.
func checkFrames(t *testing.T, want []step, gap float64, raw *log[[]byte]) {
	t.Helper()
	var got []step
	raw.wait(within(t), func(all [][]byte) bool {
		p := stepper{names: newNames(), ids: make(map[string]string)}
		got = got[:0]
		for _, b := range all {
			s, ok, err := p.step(b)
			if err != nil {
				t.Errorf("%s: %v", b, err)
			}
			if ok {
				got = append(got, s)
			}
		}
		return len(got) >= len(want)
	})
	if err := compare(want, gap, want, got, func(s step) string { return s.subject }, step.String); err != nil {
		t.Error("frames: ", err)
		for _, s := range got {
			t.Log(s)
		}
	}
}

// engineEvent is what the comparison looks at of a client's event.
type engineEvent struct{ subject, text string }

func checkEvents(t *testing.T, recorded []step, events sink) {
	t.Helper()
	var steps []step
	var want, got []engineEvent
	for _, s := range recorded {
		if text, ok := s.engineEvent(); ok {
			steps = append(steps, s)
			want = append(want, engineEvent{s.subject, text})
		}
	}
	events.wait(within(t), func(all []cti.Event) bool {
		n := newNames()
		got = got[:0]
		for _, ev := range all {
			if ev.Channel.Name == "" && ev.Peer.Name == "" {
				continue // the connection, devices
			}
			s := step{subject: ev.Channel.Name, state: ev.Channel.State, status: ev.Dial, cause: ev.Cause, tech: ev.TechCause, soft: ev.Soft}
			if ev.Channel.Name != "" {
				s.subject = n.of(ev.Channel.Name)
			}
			switch ev.Kind {
			case cti.Dialed:
				s.subject, s.state = dialOf(n.of(ev.Peer.Name)), ""
			case cti.ChannelHangup, cti.BridgeEntered, cti.BridgeLeft:
				s.state = ""
			}
			got = append(got, engineEvent{s.subject, s.kindText(ev.Kind)})
		}
		return len(got) >= len(want)
	})
	err := compare(steps, burst, want, got, func(e engineEvent) string { return e.subject }, func(e engineEvent) string { return e.text })
	if err != nil {
		t.Error("events of the client: ", err)
	}
}
