package scenario_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"ringcard/ari"
	"ringcard/ari/ami"
	"ringcard/cti"
	"ringcard/cti/ctitest"
	"ringcard/test/scenario"
)

// desk is the engine with its service on the simulated PBX, which has the
// manager interface: everything that carries out a user's command, in one
// process and without a database.
type desk struct {
	*testing.T
	pbx     *scenario.Simulated
	service *cti.Service
	screens *ctitest.Screens
	journal *ctitest.Journal
}

func newDesk(t *testing.T) desk {
	t.Helper()
	pbx, err := scenario.NewSimulated()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, pbx.Sim.Stop) })
	manager, err := pbx.Sim.StartManager()
	if err != nil {
		t.Fatal(err)
	}
	d := desk{T: t, pbx: pbx, screens: ctitest.NewScreens(), journal: ctitest.NewJournal()}
	rec, err := cti.NewRecorder(d.journal, cti.RecorderOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	rec.Start()
	t.Cleanup(func() { stopped(t, rec.Stop) })
	cfg := pbx.ARI()
	cfg.AMI = ami.Config{Addr: manager, User: cfg.User, Password: cfg.Password}
	client := ari.New(cfg, ari.Options{})
	team := cti.NewTeam(d.screens, time.Now)
	engine, err := cti.NewEngine(cti.EngineOptions{
		PBX: client, Office: cti.OfficeConfig{PBX: "office", Context: "office", Trunks: []string{"PJSIP/trunk"}, Parse: ctitest.Number},
		Directory: ctitest.Directory{}, Recorder: rec, Screens: d.screens, Team: team,
	})
	if err != nil {
		t.Fatal(err)
	}
	client.SetSink(engine)
	d.service = cti.NewService(cti.ServiceOptions{Engines: []*cti.Engine{engine}, Team: team, Directory: ctitest.Directory{}})
	d.service.SetUsers(ctitest.Users("office"))
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, engine.Stop) })
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, client.Stop) })
	for _, ext := range []string{"101", "102", "103", "104"} {
		if err := pbx.Phone(t.Context(), ext, scenario.Behaviour{}); err != nil {
			t.Fatal(err)
		}
	}
	d.eventually("the PBX can be controlled", func() bool { return client.Can(cti.ActHold) == nil && client.Status().Connected })
	return d
}

func stopped(t *testing.T, stop func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := stop(ctx); err != nil {
		t.Error(err)
	}
}

func (d desk) eventually(what string, ok func() bool) {
	d.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(20 * time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-limit:
			d.Fatal("never: " + what)
		}
	}
}

// until waits until what a user's screens show of a call now satisfies ok.
func (d desk) until(user int64, what string, ok func(cti.Call) bool) cti.Call {
	d.Helper()
	var found cti.Call
	d.eventually(what, func() bool {
		now := make(map[string]cti.Call)
		for _, c := range d.screens.Of(user) {
			now[c.ID] = c
		}
		for _, c := range now {
			if ok(c) {
				found = c
				return true
			}
		}
		return false
	})
	return found
}

// talk is a client calling 102, who answers.
func (d desk) talk() (client scenario.Line, id string) {
	d.Helper()
	client, err := d.pbx.Call(d.Context(), scenario.Outside{From: "79161234567", DID: "4951000102"})
	if err != nil {
		d.Fatal(err)
	}
	return client, d.until(102, "they talk", func(c cti.Call) bool {
		return c.State == cti.Talking && len(c.Talking) > 0
	}).ID
}

// order gives a command as user; it must succeed.
func (d desk) order(user int64, id string, a cti.Action, change func(*cti.ControlRequest)) cti.ControlResult {
	d.Helper()
	r := cti.ControlRequest{UserID: user, CallID: id, Action: a, Role: "operator"}
	if change != nil {
		change(&r)
	}
	result, err := d.service.Control(d.Context(), r)
	if err != nil {
		d.Fatalf("%s: %v", a, err)
	}
	return result
}

func to(ext string) func(*cti.ControlRequest) {
	return func(r *cti.ControlRequest) { r.To = ext }
}

// over hangs the client up and returns the record.
func (d desk) over(client scenario.Line, id string) cti.Call {
	d.Helper()
	if err := client.Hangup(d.Context()); err != nil {
		d.Fatal(err)
	}
	var record cti.Call
	d.eventually("the record is finished", func() bool {
		for _, c := range d.journal.Records() {
			if c.ID == id && c.State == cti.Ended {
				record = c
				return true
			}
		}
		return false
	})
	return record
}

func (d desk) code(err error) cti.Code {
	var e *cti.Error
	errors.As(err, &e)
	if e == nil {
		return ""
	}
	return e.Code
}

// TestControlOnTheSimulatedPBX_CO_07_CO_09: the demo's buttons do on the
// simulated PBX what they do on a real one.
func TestControlOnTheSimulatedPBX_CO_07_CO_09(t *testing.T) {
	for name, play := range map[string]func(desk){
		"hold, mute, digits": func(d desk) {
			client, id := d.talk()
			d.order(102, id, cti.ActHold, nil)
			d.until(102, "it is on hold", func(c cti.Call) bool { return c.ID == id && held(c) })
			if _, err := d.service.Control(d.Context(), cti.ControlRequest{UserID: 102, CallID: id, Action: cti.ActHold}); d.code(err) != cti.CodeAlreadyHeld {
				d.Errorf("held twice: %v", err)
			}
			d.order(102, id, cti.ActResume, nil)
			d.order(102, id, cti.ActMute, nil)
			d.order(102, id, cti.ActUnmute, nil)
			d.order(102, id, cti.ActDTMF, func(r *cti.ControlRequest) { r.Digits = "12#" })
			if r := d.over(client, id); held(r) || r.Disposition != cti.Answered {
				d.Errorf("record %+v", r)
			}
		},
		"hang up": func(d desk) {
			client, id := d.talk()
			d.order(102, id, cti.ActHangup, nil)
			<-client.Ended()
			d.over(client, id)
		},
		"blind transfer": func(d desk) {
			client, id := d.talk()
			d.order(102, id, cti.ActTransfer, to("104"))
			d.until(104, "104 talks", func(c cti.Call) bool { return c.ID == id && len(c.Transfers) == 1 && talks(c, 104) })
			if r := d.over(client, id); r.Transfers[0].Kind != cti.Blind {
				d.Errorf("transfers %+v", r.Transfers)
			}
		},
		"attended transfer": func(d desk) {
			client, id := d.talk()
			consult := d.order(102, id, cti.ActConsult, to("104")).CallID
			d.until(104, "104 is asked", func(c cti.Call) bool { return c.ID == consult && c.AnsweredAt != nil })
			d.complete(id)
			d.until(104, "104 talks", func(c cti.Call) bool { return c.ID == id && talks(c, 104) && !held(c) })
			d.until(102, "102 is told who has it", func(c cti.Call) bool { return c.ID == id && talks(c, 104) })
			if r := d.over(client, id); len(r.Transfers) != 1 || r.Transfers[0].Kind != cti.Attended {
				d.Errorf("transfers %+v", r.Transfers)
			}
		},
		"consultation cancelled": func(d desk) {
			client, id := d.talk()
			consult := d.order(102, id, cti.ActConsult, to("104")).CallID
			d.until(104, "104 is asked", func(c cti.Call) bool { return c.ID == consult && c.AnsweredAt != nil })
			d.order(102, id, cti.ActCancel, nil)
			d.until(102, "102 talks again", func(c cti.Call) bool { return c.ID == id && c.Consult == "" && talks(c, 102) && !held(c) })
			d.over(client, id)
		},
		"conference": func(d desk) {
			client, id := d.talk()
			third := d.order(102, id, cti.ActConference, to("104")).CallID
			d.until(104, "104 is in", func(c cti.Call) bool { return c.ID == third && c.AnsweredAt != nil })
			d.over(client, id)
		},
		"park and fetch": func(d desk) {
			client, id := d.talk()
			slot := d.order(102, id, cti.ActPark, nil).Slot
			d.until(102, "it is parked", func(c cti.Call) bool { return c.ID == id && c.ParkedAt != "" })
			if slot != "701" {
				d.Errorf("slot %q", slot)
			}
			d.order(104, id, cti.ActPickup, nil)
			d.until(104, "104 has fetched it", func(c cti.Call) bool { return c.ID == id && c.ParkedAt == "" && talks(c, 104) })
			d.over(client, id)
		},
		"redirect and pick up": func(d desk) {
			for _, ext := range []string{"102", "104"} {
				if err := d.pbx.Phone(d.Context(), ext, scenario.Behaviour{Answer: scenario.Never}); err != nil {
					d.Fatal(err)
				}
			}
			client, err := d.pbx.Call(d.Context(), scenario.Outside{From: "79161234567", DID: "4951000102"})
			if err != nil {
				d.Fatal(err)
			}
			id := d.until(102, "it rings", func(c cti.Call) bool { return len(c.Ringing) == 1 }).ID
			d.order(102, id, cti.ActRedirect, to("104"))
			d.until(104, "it rings at 104", func(c cti.Call) bool { return c.ID == id && len(c.Ringing) == 1 && c.Ringing[0].UserID == 104 })
			d.order(103, id, cti.ActPickup, nil)
			d.until(103, "103 has picked it up", func(c cti.Call) bool { return c.ID == id && talks(c, 103) })
			if r := d.over(client, id); r.AnsweredBy == nil || r.AnsweredBy.UserID != 103 {
				d.Errorf("answered by %+v", r.AnsweredBy)
			}
		},
		"supervisor": func(d desk) {
			client, id := d.talk()
			for _, a := range []cti.Action{cti.ActListen, cti.ActWhisper, cti.ActBarge} {
				d.order(103, id, a, func(r *cti.ControlRequest) { r.All = true })
			}
			d.eventually("the supervisor's telephone is in use", d.pbx.Sim.Phone("103").Busy)
			d.over(client, id)
			d.eventually("and is let go at the end", func() bool { return !d.pbx.Sim.Phone("103").Busy() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(newDesk(t))
		})
	}
}

// complete ends a consultation once the third party is joined to the talk.
func (d desk) complete(id string) {
	d.Helper()
	d.eventually("the transfer is completed", func() bool {
		_, err := d.service.Control(d.Context(), cti.ControlRequest{UserID: 102, CallID: id, Action: cti.ActComplete})
		if err != nil && d.code(err) != cti.CodeConsultRings {
			d.Fatal(err)
		}
		return err == nil
	})
}

func held(c cti.Call) bool {
	return slices.ContainsFunc(c.Legs, func(l cti.Leg) bool { return l.Held })
}

func talks(c cti.Call, user int64) bool {
	return slices.ContainsFunc(c.Talking, func(p cti.Party) bool { return p.UserID == user })
}
