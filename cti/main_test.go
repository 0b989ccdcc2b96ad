package cti_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringcard/cti"
	"ringcard/cti/ctitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const northWind = "+79161234567"

// desk is an engine with everything around it in memory.
type desk struct {
	t        *testing.T
	engine   *cti.Engine
	service  *cti.Service
	team     *cti.Team
	pbx      *ctitest.PBX
	journal  *ctitest.Journal
	screens  *ctitest.Screens
	recorder *cti.Recorder
	stop     func()
}

type setting func(*cti.EngineOptions)

func newDesk(t *testing.T, settings ...setting) *desk {
	t.Helper()
	return newDeskOn(t, ctitest.NewJournal(), t.TempDir(), settings...)
}

func newDeskOn(t *testing.T, j *ctitest.Journal, spool string, settings ...setting) *desk {
	t.Helper()
	return newDeskAt(t, j, spool, &cti.Snapshot{}, settings...)
}

// newDeskAt starts at a PBX on which there are calls already.
func newDeskAt(t *testing.T, j *ctitest.Journal, spool string, up *cti.Snapshot, settings ...setting) *desk {
	t.Helper()
	d := &desk{t: t, journal: j, screens: ctitest.NewScreens(), pbx: ctitest.NewPBX("office")}
	d.team = cti.NewTeam(d.screens, time.Now)
	var err error
	if d.recorder, err = cti.NewRecorder(j, cti.RecorderOptions{Dir: spool}); err != nil {
		t.Fatal(err)
	}
	d.recorder.Start()
	dir := ctitest.Directory{Clients: map[string]cti.Client{northWind: {ID: 7, Name: "Северный ветер"}}}
	opt := cti.EngineOptions{
		PBX: d.pbx, Directory: dir, Recorder: d.recorder, Screens: d.screens, Team: d.team,
		Office: cti.OfficeConfig{PBX: "office", Context: "office", Parse: ctitest.Number},
	}
	for _, s := range settings {
		s(&opt)
	}
	if d.engine, err = cti.NewEngine(opt); err != nil {
		t.Fatal(err)
	}
	d.service = cti.NewService(cti.ServiceOptions{Engines: []*cti.Engine{d.engine}, Team: d.team, Directory: opt.Directory, Now: opt.Now})
	d.service.SetUsers(ctitest.Users("office"))
	if err := d.engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopped := false
	d.stop = func() {
		if stopped {
			return
		}
		stopped = true
		if err := d.engine.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := d.recorder.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(d.stop)
	for _, u := range ctitest.Users("office") {
		up.Devices = append(up.Devices, cti.DeviceState{Endpoint: u.Devices[0].Endpoint, Online: true})
	}
	d.post(cti.Event{Kind: cti.Resync, Snapshot: up})
	return d
}

func (d *desk) post(ev cti.Event) {
	if ev.At.IsZero() {
		ev.At = time.Now().UTC()
	}
	d.engine.Post(ev)
}

func (d *desk) ctx() context.Context {
	ctx, cancel := context.WithTimeout(d.t.Context(), 10*time.Second)
	d.t.Cleanup(cancel)
	return ctx
}

// ended waits for n finished records.
func (d *desk) ended(n int) []cti.Call {
	d.t.Helper()
	calls, ok := d.journal.Await(d.ctx(), ctitest.Ended(n))
	if !ok {
		d.t.Fatalf("want %d finished records, have %+v", n, calls)
	}
	return calls
}

// shown waits until a user was shown what the condition asks for.
func (d *desk) shown(user int64, what string, ok func(cti.Call) bool) cti.Call {
	d.t.Helper()
	c, found := d.screens.Await(d.ctx(), user, ok)
	if !found {
		d.t.Fatalf("user %d was never shown: %s; got %+v", user, what, d.screens.Of(user))
	}
	return c
}

// channels of the usual inbound call: the trunk's and one telephone's.
func trunkChannel() cti.Channel {
	return cti.Channel{ID: "1.1", Name: "PJSIP/trunk-01", State: "Ring", LinkedID: "1.1", CallerNumber: "79161234567", Exten: "4951000102", Context: "from-trunk"}
}

func phoneChannel(ext, state string) cti.Channel {
	return cti.Channel{ID: "1." + ext, Name: "PJSIP/" + ext + "-02", State: state, LinkedID: "1.1", CallerNumber: ext}
}

// ring lets a call come in and the telephones ring.
func (d *desk) ring(exts ...string) {
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: trunkChannel()})
	for _, ext := range exts {
		d.post(cti.Event{Kind: cti.ChannelCreated, Channel: phoneChannel(ext, "Down")})
		d.post(cti.Event{Kind: cti.Dialed, Channel: trunkChannel(), Peer: phoneChannel(ext, "Down")})
		d.post(cti.Event{Kind: cti.ChannelChanged, Channel: phoneChannel(ext, "Ringing")})
	}
}

// answer connects the caller with a telephone.
func (d *desk) answer(ext string) {
	caller := trunkChannel()
	caller.State = "Up"
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: phoneChannel(ext, "Up")})
	d.post(cti.Event{Kind: cti.Dialed, Dial: "ANSWER", Channel: trunkChannel(), Peer: phoneChannel(ext, "Up")})
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: caller})
	b := cti.Bridge{ID: "b1", Class: "basic"}
	d.post(cti.Event{Kind: cti.BridgeEntered, Channel: phoneChannel(ext, "Up"), Bridge: b})
	d.post(cti.Event{Kind: cti.BridgeEntered, Channel: caller, Bridge: b})
}

func (d *desk) gone(id string, cause int) {
	d.post(cti.Event{Kind: cti.ChannelGone, Channel: cti.Channel{ID: id}, Cause: cause})
}

func isState(s cti.State) func(cti.Call) bool { return func(c cti.Call) bool { return c.State == s } }
