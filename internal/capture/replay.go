package capture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"ringcard/ari"
	"ringcard/cti"
)

// Result is what a replay brought.
type Result struct {
	Header  Header         `json:"header"`
	Calls   []Call         `json:"calls"` // by their beginning
	Frames  int            `json:"frames"`
	Unknown map[string]int `json:"unknown,omitempty"` // frames that are no event for the engine, by what they are
}

// Call is one call of a replay.
type Call struct {
	cti.Call
	Why     cti.Why  `json:"why"`
	Differs []string `json:"differs,omitempty"` // from what had come out when it was captured
	Known   bool     `json:"known"`             // the capture has what had come out
}

// replayTimeout bounds the wait for what is under way at the end.
const replayTimeout = 10 * time.Second

// Replay runs a capture through the call engine, with a journal, screens and a
// directory of its own. Nothing outside is asked.
func Replay(ctx context.Context, c *Capture, parse cti.NumberParser) (*Result, error) {
	spool, err := os.MkdirTemp("", "ringcard-replay-")
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	p := newPlayer(c)
	err = p.play(ctx, spool, parse)
	if err = errors.Join(err, os.RemoveAll(spool)); err != nil {
		return nil, err
	}
	return p.result(), nil
}

// player is everything around the engine of a replay.
type player struct {
	capture *Capture
	lookups map[string]Lookup // by number, the newest
	res     Result

	mu    sync.Mutex
	now   time.Time // of the line that is repeated
	calls map[string]cti.Call
}

func newPlayer(c *Capture) *player {
	p := &player{capture: c, lookups: make(map[string]Lookup), calls: make(map[string]cti.Call)}
	p.res = Result{Header: c.Header, Unknown: make(map[string]int)}
	for _, l := range c.Lines {
		if l.Lookup != nil {
			p.lookups[l.Lookup.E164] = *l.Lookup
		}
	}
	return p
}

func (p *player) play(ctx context.Context, spool string, parse cti.NumberParser) error {
	h := p.capture.Header
	rec, err := cti.NewRecorder(p, cti.RecorderOptions{Dir: spool})
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	engine, err := cti.NewEngine(cti.EngineOptions{
		PBX: deaf{h.PBX}, Directory: p, Recorder: rec, Screens: nobody{}, Now: p.clock,
		Office: cti.OfficeConfig{PBX: h.PBX, Trunks: h.Trunks, Extensions: h.Extensions, Context: h.Context, Parse: parse},
	})
	if err != nil {
		return fmt.Errorf("the header of the capture: %w", err)
	}
	users := make([]cti.User, len(h.Users))
	for i, u := range h.Users {
		users[i] = cti.User{ID: u.ID, Name: u.Name, Devices: u.Devices}
	}
	engine.SetUsers(users)
	rec.Start()
	if err := engine.Start(ctx); err != nil {
		return errors.Join(fmt.Errorf("replay: %w", err), rec.Stop(context.WithoutCancel(ctx)))
	}
	err = p.lines(ctx, engine)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), replayTimeout)
	defer cancel()
	if err == nil {
		err = engine.Settle(stop)
	}
	return errors.Join(err, engine.Stop(stop), rec.Stop(stop))
}

func (p *player) lines(ctx context.Context, engine *cti.Engine) error {
	for _, l := range p.capture.Lines {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.mu.Lock()
		p.now = l.At
		p.mu.Unlock()
		switch l.Kind {
		case kindFrame:
			p.res.Frames++
			ev, ok, err := ari.Translate(l.Frame, l.At)
			switch {
			case err != nil:
				p.res.Unknown[err.Error()]++
			case ok:
				engine.Post(ev)
			}
		case kindResync:
			engine.Post(cti.Event{Kind: cti.Resync, At: l.At, Snapshot: l.Snapshot})
		case kindGap:
			engine.Post(cti.Event{Kind: cti.Disconnected, At: l.At})
		case kindLookup: // the answer is there at the time it was there
			if err := engine.Settle(ctx); err != nil {
				return err
			}
		case kindPlaced:
			// Orders have a way of their own into the engine: what came before
			// must have been applied.
			if err := engine.Settle(ctx); err != nil {
				return err
			}
			if err := engine.Repeat(*l.Call); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *player) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// result compares what came out now with what had come out then.
func (p *player) result() *Result {
	then := make(map[string]*cti.Call)
	for _, l := range p.capture.Lines {
		if l.Kind == kindEnded {
			then[l.Call.ID] = l.Call
		}
	}
	for id, c := range p.calls {
		out := Call{Call: c}
		if c.Why != nil {
			out.Why = c.Why.Told()
			out.Call.Why = nil
		}
		if old, ok := then[id]; ok {
			out.Known, out.Differs = true, differences(old, &c)
			delete(then, id)
		}
		p.res.Calls = append(p.res.Calls, out)
	}
	for _, old := range then { // of lines that made room, or a fault
		p.res.Calls = append(p.res.Calls, Call{Call: *old, Known: true, Differs: []string{"it did not come out again"}})
	}
	slices.SortFunc(p.res.Calls, func(a, b Call) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
	})
	return &p.res
}

// differences of what users and reports see. Times of lookups differ by
// nature; those of the call come from the frames.
func differences(then, now *cti.Call) []string {
	var out []string
	differ := func(what string, a, b any) {
		if a != b {
			out = append(out, fmt.Sprintf("%s was %v, is %v", what, a, b))
		}
	}
	differ("state", then.State, now.State)
	differ("direction", then.Direction, now.Direction)
	differ("disposition", then.Disposition, now.Disposition)
	differ("number", then.Number.E164, now.Number.E164)
	differ("queue", then.Queue, now.Queue)
	differ("answered by", person(then.AnsweredBy), person(now.AnsweredBy))
	differ("placed by", person(then.PlacedBy), person(now.PlacedBy))
	differ("client", clientOf(then), clientOf(now))
	differ("talk_ms", then.TalkMS, now.TalkMS)
	differ("legs", len(then.Legs), len(now.Legs))
	differ("pops", popped(then.Why), popped(now.Why))
	return out
}

func person(p *cti.Party) string {
	if p == nil {
		return "nobody"
	}
	return p.Device
}

func clientOf(c *cti.Call) int64 {
	if c.Client == nil {
		return 0
	}
	return c.Client.ID
}

// popped lists the users who got a call on their screens.
func popped(w *cti.Why) string {
	var ids []int64
	if w != nil {
		for _, r := range w.Recipients {
			if r.Got {
				ids = append(ids, r.UserID)
			}
		}
	}
	slices.Sort(ids)
	return fmt.Sprint(slices.Compact(ids))
}

// Save implements cti.Journal.
func (p *player) Save(_ context.Context, calls ...cti.Call) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range calls {
		if c.MergedInto != "" {
			delete(p.calls, c.ID)
		} else if old, ok := p.calls[c.ID]; !ok || old.Version < c.Version {
			p.calls[c.ID] = c
		}
	}
	return nil
}

// Unfinished implements cti.Journal: nothing is known from before.
func (p *player) Unfinished(context.Context, string) ([]cti.Call, error) { return nil, nil }

// Lookup implements cti.Directory with what was found then.
func (p *player) Lookup(_ context.Context, e164 string) (cti.Found, error) {
	l := p.lookups[e164]
	return cti.Found{Matches: l.Matches, Client: l.Client}, nil
}

// Card implements cti.Directory: a choice of a user is not repeated.
func (p *player) Card(context.Context, int64, int64) (*cti.Client, error) { return nil, nil }

// nobody is cti.Screens: who would have been told is in the trace.
type nobody struct{}

// ShowCall implements cti.Screens.
func (nobody) ShowCall([]int64, cti.Call) {}

// ShowPresence implements cti.Screens.
func (nobody) ShowPresence([]cti.Presence, []int64) {}

// deaf is a cti.PBX that takes no orders: in a replay nobody clicks.
type deaf struct{ name string }

// Name implements cti.PBX.
func (d deaf) Name() string { return d.name }

// Originate implements cti.PBX.
func (deaf) Originate(context.Context, cti.Originate) error { return errDeaf }

// Hangup implements cti.PBX.
func (deaf) Hangup(context.Context, string) error { return errDeaf }

// Connected implements cti.PBX.
func (deaf) Connected() (bool, time.Time) { return true, time.Time{} }

var errDeaf = errors.New("a replay places no calls")
