package cti

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestCommandsToARecording_CO_08(t *testing.T) {
	d := newDeck()
	r := startTapes(t, d, RecordNone)
	c := talk("c1", 1, "101", "trunk")
	for _, bad := range []RecordCommand{RecordStop, RecordPause, RecordResume} {
		var e *Error
		if _, err := r.command(t.Context(), c, bad, 7); !errors.As(err, &e) || e.Code != CodeNotRecorded {
			t.Errorf("%s without a recording: %v", bad, err)
		}
	}
	rings := talk("c2", 1)
	rings.State = Ringing
	var e *Error
	if _, err := r.command(t.Context(), rings, RecordStart, 7); !errors.As(err, &e) || e.Code != CodeNotTalking {
		t.Errorf("start while it rings: %v", err)
	}
	first := order(t, r, c, RecordStart)
	if again := order(t, r, c, RecordStart); again.ID != first.ID {
		t.Error("a second start made a second recording")
	}
	if got := order(t, r, c, RecordPause); got.State != RecordingPaused {
		t.Errorf("%+v", got)
	}
	order(t, r, c, RecordPause) // again: nothing to do
	order(t, r, c, RecordResume)
	if got := order(t, r, c, RecordStop); got.State != RecordingEnd || got.EndedAt == nil || got.UserID != 7 || got.CallID != "c1" {
		t.Errorf("%+v", got)
	}
	d.until(t, "all is saved", func() bool { return len(d.saved) > 0 && d.last().State == RecordingEnd })
	if want := []string{"start trunk", "pause", "resume", "stop"}; !slices.Equal(d.orders, want) {
		t.Errorf("orders %v, want %v", d.orders, want)
	}
	want := []RecordingState{RecordingActive, RecordingPaused, RecordingActive, RecordingEnd}
	if got := slices.Compact(d.states()); !slices.Equal(got, want) {
		t.Errorf("saved %v, want %v", got, want)
	}
	for i := 1; i < len(d.saved); i++ {
		if d.saved[i].Version < d.saved[i-1].Version {
			t.Errorf("version %d after %d", d.saved[i].Version, d.saved[i-1].Version)
		}
	}
	if !slices.Equal(d.marked, []string{"c1"}) {
		t.Errorf("marked %v", d.marked)
	}
	if second := order(t, r, c, RecordStart); second.ID == first.ID {
		t.Error("a recording that was stopped went on")
	}
}

func TestCallsAreRecordedByThemselves_CO_08(t *testing.T) {
	for auto, want := range map[AutoRecord][]Direction{
		RecordNone: nil, RecordInbound: {Inbound}, RecordOutbound: {Outbound}, RecordAll: {Inbound, Outbound, Internal},
	} {
		t.Run(string(auto), func(t *testing.T) {
			d := newDeck()
			r := startTapes(t, d, auto)
			for _, direction := range []Direction{Inbound, Outbound, Internal} {
				c := talk(string(direction), 1, "trunk of "+string(direction), "101")
				c.Direction = direction
				rings := c
				rings.State, rings.Version = Ringing, 0
				r.observe(rings)
				r.observe(c)
				if slices.Contains(want, direction) {
					d.until(t, "it is recorded", func() bool {
						return slices.ContainsFunc(d.saved, func(r Recording) bool { return r.CallID == c.ID })
					})
				}
				r.observe(over(c))
			}
			if err := r.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, rec := range d.saved {
				if !slices.Contains(want, Direction(rec.CallID)) || rec.UserID != 0 {
					t.Errorf("recorded %+v", rec)
				}
			}
		})
	}
}

func TestRecordingGoesOnThroughTransfers_CO_08_CO_07(t *testing.T) {
	d := newDeck()
	r := startTapes(t, d, RecordInbound)
	c := talk("c1", 1, "101", "trunk")
	r.observe(c)
	d.until(t, "it begins at the client", func() bool { return slices.Equal(d.orders, []string{"start trunk"}) })

	c = talk("c1", 3, "101", "trunk", "102") // blind transfer to 102
	r.observe(gone(c, "101"))
	d.until(t, "it is saved", func() bool { return len(d.saved) > 0 })
	c = talk("c1", 6, "t-other", "102", "trunk") // the client's leg is replaced
	r.observe(gone(c, "trunk"))
	d.until(t, "the next part is saved", func() bool { return len(d.last().Parts) == 2 && d.last().Parts[0].EndedAt != nil })
	if want := []string{"start trunk", "stop", "start t-other"}; !slices.Equal(d.orders, want) {
		t.Errorf("orders %v, want %v", d.orders, want)
	}
	rec := order(t, r, talk("c1", 8, "t-other", "102"), RecordPause)
	d.until(t, "the pause is saved", func() bool { return d.last().State == RecordingPaused })
	r.observe(gone(talk("c1", 9, "t-other", "102", "t-third"), "t-other")) // replaced during the pause
	if got := order(t, r, gone(talk("c1", 9, "t-other", "102", "t-third"), "t-other"), RecordResume); got.ID != rec.ID {
		t.Errorf("%+v", got)
	}
	d.until(t, "the third part", func() bool { return len(d.last().Parts) == 3 })
	r.observe(over(talk("c1", 12, "t-third", "102")))
	d.until(t, "the end", func() bool { return d.last().State == RecordingEnd })
	names := map[string]bool{}
	for _, p := range d.last().Parts {
		names[p.Name] = true
		if p.EndedAt == nil {
			t.Errorf("a part of an ended recording is open: %+v", p)
		}
	}
	if len(names) != 3 || d.last().ID != rec.ID {
		t.Errorf("parts %v", names)
	}
}

// The same channel, handed to somebody else, is recorded by a fresh part.
func TestPartBeginsWithEachTalk_CO_08(t *testing.T) {
	d := newDeck()
	r := startTapes(t, d, RecordInbound)
	in := func(version int64, bridge, desk string) Call {
		c := talk("c1", version, "trunk", desk)
		for i := range c.Legs {
			c.Legs[i].Bridge = bridge
		}
		return c
	}
	r.observe(in(1, "b1", "101"))
	d.until(t, "it begins", func() bool { return len(d.saved) > 0 })
	r.observe(in(2, "", "101")) // between the two
	r.observe(in(3, "b2", "102"))
	d.until(t, "the second part", func() bool { return len(d.last().Parts) == 2 })
	r.observe(over(in(4, "b2", "102")))
	d.until(t, "the end", func() bool { return d.last().State == RecordingEnd })
	if want := []string{"start trunk", "stop", "start trunk", "stop"}; !slices.Equal(d.orders, want) {
		t.Errorf("orders %v, want %v", d.orders, want)
	}
}

func TestRecordingOfACallThatIsAPartOfAnother_CO_08_CK_01(t *testing.T) {
	d := newDeck()
	r := startTapes(t, d, RecordNone)
	rec := order(t, r, talk("part", 1, "101", "102"), RecordStart)
	part := over(talk("part", 1, "101", "102"))
	part.MergedInto, part.Legs = "whole", nil
	r.observe(part)
	d.until(t, "it belongs to the conversation", func() bool { return len(d.saved) > 0 && d.last().CallID == "whole" })
	if d.last().ID != rec.ID || d.last().State != RecordingActive || !slices.Equal(d.moved, [][2]string{{"part", "whole"}}) {
		t.Errorf("%+v, moved %v", d.last(), d.moved)
	}
	if got := order(t, r, talk("whole", 5, "trunk", "101", "102"), RecordStop); got.ID != rec.ID {
		t.Errorf("stopped %+v", got)
	}
}

func TestRecordingThatThePBXCannotWrite_CO_08(t *testing.T) {
	d := newDeck()
	r := startTapes(t, d, RecordInbound)
	c := talk("c1", 1, "trunk", "101")
	r.observe(c)
	d.until(t, "it begins", func() bool { return len(d.saved) > 0 })
	name := d.last().Parts[0].Name
	r.report(RecordingReport{Name: name, Failed: "No space left on device"})
	d.until(t, "it has failed", func() bool { return d.last().State == RecordingFailed })
	if got := d.last(); got.Cause != "No space left on device" || got.Parts[0].Failed == "" || got.EndedAt == nil {
		t.Errorf("%+v", got)
	}
	c.Version++
	r.observe(c)
	if got := order(t, r, c, RecordStart); got.State != RecordingActive { // a user may try
		t.Errorf("%+v", got)
	}
	if want := []string{"start trunk", "start trunk"}; !slices.Equal(d.orders, want) {
		t.Errorf("orders %v, want %v: it must not begin again by itself", d.orders, want)
	}
	r.report(RecordingReport{Name: name}) // the same end, once more
}

// A PBX whose disk is full stops writing and says that all is well: the
// recording has failed, and is not tried again and again.
func TestPBXThatStopsWritingInSilence_CO_08(t *testing.T) {
	t.Parallel()
	d := newDeck()
	r := startTapes(t, d, RecordInbound)
	c := talk("c1", 1, "trunk", "101")
	r.observe(c)
	d.until(t, "it begins", func() bool { return len(d.saved) > 0 })
	d.quiet(r, d.last().Parts[0].Name)
	for range 3 { // the call goes on
		c.Version++
		r.observe(c)
	}
	d.until(t, "it has failed", func() bool { return d.last().State == RecordingFailed })
	if got := d.last(); got.Cause == "" || got.Parts[0].Failed == "" || got.Parts[0].EndedAt == nil || got.EndedAt == nil {
		t.Errorf("%+v", got)
	}
	r.observe(over(c))
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"start trunk", "stop"}; !slices.Equal(d.orders, want) {
		t.Errorf("orders %v, want %v: the channel that recorded is ended, and no part begins", d.orders, want)
	}
}

// The same after a restart: the PBX stopped writing while nobody looked.
func TestPBXThatStoppedWritingUnseen_CO_08_PB_03(t *testing.T) {
	t.Parallel()
	began := time.Now().Add(-time.Minute)
	d := newDeck()
	d.earlier = []Recording{{ID: "r", Version: 4, CallID: "c1", PBX: "office", State: RecordingActive, StartedAt: began,
		Parts: []RecordingPart{{Name: "part", Channel: "trunk", StartedAt: began}}}}
	d.stuck["part"] = true
	r := startTapes(t, d, RecordNone)
	r.observe(talk("c1", 9, "trunk", "101"))
	r.resynced()
	d.until(t, "it has failed", func() bool { return len(d.saved) > 0 && d.last().State == RecordingFailed })
}

// What the PBX does is what counts: a pause, or its end, that was not saved
// before the last run ended is not forgotten.
func TestPauseOfTheLastRun_CO_08_PB_03(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		saved, want RecordingState
		paused      bool
	}{
		"pause not saved":  {RecordingActive, RecordingPaused, true},
		"resume not saved": {RecordingPaused, RecordingActive, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeck()
			d.earlier = []Recording{{ID: "r", Version: 4, CallID: "c1", PBX: "office", State: test.saved,
				Parts: []RecordingPart{{Name: "part", Channel: "trunk"}}}}
			d.live["part"], d.paused["part"] = true, test.paused
			r := startTapes(t, d, RecordNone)
			r.observe(talk("c1", 9, "trunk", "101"))
			r.resynced()
			d.until(t, "it is as at the PBX", func() bool { return len(d.saved) > 0 && d.last().State == test.want && d.last().Version > 4 })
		})
	}
}

// What waits for the log is saved when the server stops.
func TestRecordingsAreSavedWhenItStops_CO_08_PB_03(t *testing.T) {
	t.Parallel()
	d := newDeck()
	d.logAway = true
	r := startTapes(t, d, RecordNone)
	c := talk("c1", 1, "trunk", "101")
	order(t, r, c, RecordStart)
	order(t, r, c, RecordPause)
	d.mu.Lock()
	d.logAway = false
	d.mu.Unlock()
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(d.saved) == 0 || d.last().State != RecordingPaused {
		t.Errorf("saved %+v", d.saved)
	}
}

// A channel that is just ending looks the same for a moment.
func TestChannelThatIsJustEndingIsNoFault_CO_08(t *testing.T) {
	t.Parallel()
	d := newDeck()
	r := startTapes(t, d, RecordInbound)
	c := talk("c1", 1, "trunk", "101")
	r.observe(c)
	d.until(t, "it begins", func() bool { return len(d.saved) > 0 })
	name := d.last().Parts[0].Name
	d.quiet(r, name)
	d.mu.Lock()
	delete(d.stuck, name)
	d.refuse = Errorf(CodeNotFound, "no such channel") // nor can a next part begin at it
	d.mu.Unlock()
	r.observe(over(gone(c, "trunk")))
	d.until(t, "it is over", func() bool { return d.last().EndedAt != nil })
	if got := d.last(); got.State != RecordingEnd || got.Parts[0].Failed != "" || len(got.Parts) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestRecordingThatCannotBegin_CO_08(t *testing.T) {
	d := newDeck()
	d.refuse = Errorf(CodeRefused, "the PBX cannot write a recording")
	r := startTapes(t, d, RecordAll)
	c := talk("c1", 1, "trunk", "101")
	var e *Error
	if _, err := r.command(t.Context(), c, RecordStart, 7); !errors.As(err, &e) || e.Code != CodeRefused {
		t.Errorf("a user is told %v", err)
	}
	d.until(t, "the failure of the automatic one is saved", func() bool { return len(d.saved) > 0 })
	if got := d.last(); got.State != RecordingFailed || len(got.Parts) != 0 || got.Cause == "" || got.CallID != "c1" {
		t.Errorf("%+v", got)
	}
	n := len(d.orders)
	r.observe(talk("c1", 2, "trunk", "101"))
	r.observe(over(talk("c1", 3, "trunk", "101")))
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(d.orders) != n || len(d.saved) != 1 {
		t.Errorf("tried again: %v, saved %d", d.orders, len(d.saved))
	}
}

func TestRecordingsWaitForTheLog_CO_08(t *testing.T) {
	d := newDeck()
	d.logAway = true
	r := startTapes(t, d, RecordInbound)
	c := talk("c1", 1, "trunk", "101")
	r.observe(c)
	d.until(t, "it is being recorded", func() bool { return len(d.orders) == 1 })
	r.observe(over(c))
	d.until(t, "it has ended", func() bool { return len(d.orders) == 2 })
	d.mu.Lock()
	d.logAway = false
	d.mu.Unlock()
	d.until(t, "it is saved once the log is back", func() bool { return len(d.saved) > 0 && d.last().State == RecordingEnd })
}

func TestRecordingsOfTheLastRun_CO_08_PB_03(t *testing.T) {
	began := time.Now().Add(-time.Minute)
	earlier := func(id, call string) Recording {
		return Recording{ID: id, Version: 4, CallID: call, PBX: "office", State: RecordingActive, StartedAt: began,
			Parts: []RecordingPart{{Name: "part of " + id, Channel: "trunk", StartedAt: began}}}
	}
	d := newDeck()
	d.earlier = []Recording{earlier("goes on", "c1"), earlier("ended unseen", "c2"), earlier("call over", "c3")}
	d.live["part of goes on"] = true
	r := startTapes(t, d, RecordInbound)
	c := talk("c1", 9, "trunk", "101")
	c.Recorded = true
	r.observe(c)
	r.observe(over(talk("c3", 9, "trunk")))
	r.resynced()
	d.until(t, "two have ended", func() bool { return len(d.saved) == 2 })
	for _, rec := range d.saved {
		if rec.ID == "goes on" || rec.State != RecordingEnd || rec.Version <= 4 {
			t.Errorf("saved %+v", rec)
		}
	}
	if got := order(t, r, c, RecordStop); got.ID != "goes on" {
		t.Errorf("stopped %+v", got)
	}
	for _, o := range d.orders {
		if o == "start trunk" {
			t.Error("a call that was recorded is recorded anew")
		}
	}
}
