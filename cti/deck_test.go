package cti

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// deck is a PBX that records and a log that keeps recordings.
type deck struct {
	mu      sync.Mutex
	orders  []string        // as "start trunk", "pause", in order
	live    map[string]bool // by name
	paused  map[string]bool // of those
	stuck   map[string]bool // no longer written, their channel is there
	saved   []Recording     // every version, in order
	moved   [][2]string
	marked  []string
	refuse  error // of StartRecording
	logAway bool
	earlier []Recording // of the last run
	changed chan struct{}
}

func newDeck() *deck {
	return &deck{live: make(map[string]bool), paused: make(map[string]bool), stuck: make(map[string]bool), changed: make(chan struct{}, 1000)}
}

func (d *deck) note(order string) {
	d.orders = append(d.orders, order)
	d.changed <- struct{}{}
}

func (d *deck) StartRecording(_ context.Context, channel, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.note("start " + channel)
	if d.refuse == nil {
		d.live[name] = true
	}
	return d.refuse
}

func (d *deck) StopRecording(_ context.Context, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.note("stop")
	delete(d.live, name)
	delete(d.stuck, name)
	return nil
}

func (d *deck) PauseRecording(context.Context, string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.note("pause")
	return nil
}

func (d *deck) ResumeRecording(context.Context, string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.note("resume")
	return nil
}

func (d *deck) Recording(_ context.Context, name string) (RecordingStage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.paused[name]:
		return StagePaused, nil
	case d.live[name]:
		return StageRuns, nil
	case d.stuck[name]:
		return StageStopped, nil
	}
	return StageGone, nil
}

// quiet ends a recording as a PBX does on a full disk: it says nothing of the
// fault, and the channel that recorded stays.
func (d *deck) quiet(r *Recordings, name string) {
	d.mu.Lock()
	delete(d.live, name)
	d.stuck[name] = true
	d.mu.Unlock()
	r.report(RecordingReport{Name: name})
	r.report(RecordingReport{Name: name}) // Asterisk tells it twice
}

func (d *deck) SaveRecording(_ context.Context, r Recording) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.logAway {
		d.changed <- struct{}{}
		return errors.New("the database is away")
	}
	d.saved = append(d.saved, r)
	d.changed <- struct{}{}
	return nil
}

func (d *deck) UnfinishedRecordings(context.Context, string) ([]Recording, error) {
	return d.earlier, nil
}

func (d *deck) MoveRecordings(_ context.Context, from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.moved = append(d.moved, [2]string{from, to})
	d.changed <- struct{}{}
	return nil
}

// until waits for what d knows to satisfy ok.
func (d *deck) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		d.mu.Lock()
		done := ok()
		d.mu.Unlock()
		if done {
			return
		}
		select {
		case <-d.changed:
		case <-deadline:
			d.mu.Lock()
			defer d.mu.Unlock()
			t.Fatalf("never: %s; orders %v, saved %+v", what, d.orders, d.saved)
		}
	}
}

// states of all that was saved; the caller holds d.mu or nothing runs.
func (d *deck) states() []RecordingState {
	var out []RecordingState
	for _, r := range d.saved {
		out = append(out, r.State)
	}
	return out
}

func (d *deck) last() Recording { return d.saved[len(d.saved)-1] }

func startTapes(t *testing.T, d *deck, auto AutoRecord) *Recordings {
	t.Helper()
	r := NewRecordings(RecordingsOptions{PBX: d, Name: "office", Keeper: d, Auto: auto})
	r.mark = func(id string) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.marked = append(d.marked, id)
		return nil
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// talk is a call in which the channels talk; names that begin with "t" are of
// the client.
func talk(id string, version int64, channels ...string) Call {
	now := time.Now()
	c := Call{ID: id, Version: version, Direction: Inbound, State: Talking}
	for _, ch := range channels {
		role := OfficeLeg
		if ch[0] == 't' {
			role = ClientLeg
		}
		c.Legs = append(c.Legs, Leg{ID: ch, Role: role, State: LegUp, TalkedAt: &now})
	}
	return c
}

func gone(c Call, channel string) Call {
	c.Legs = slices.Clone(c.Legs)
	c.Version++
	for i := range c.Legs {
		if c.Legs[i].ID == channel {
			c.Legs[i].State = LegEnded
		}
	}
	return c
}

func over(c Call) Call {
	c.Version++
	c.State = Ended
	return c
}

func order(t *testing.T, r *Recordings, c Call, command RecordCommand) Recording {
	t.Helper()
	rec, err := r.command(t.Context(), c, command, 7)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return rec
}
