package cti

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	keepEnded      = 500              // ended calls kept for Get and Why
	sweepInterval  = time.Second      // how often overdue calls are looked for
	lingerAfterEnd = 10 * time.Second // an ended call waits so long for its last channels
	placeTimeout   = 10 * time.Second // an accepted originate must show its channel by then
	ghostTimeout   = 10 * time.Second // a channel told to end must say so by then
)

// EngineOptions are what an engine needs. Team, Log and Metrics may be nil.
type EngineOptions struct {
	PBX          PBX
	Office       OfficeConfig
	Directory    Directory
	Recorder     *Recorder
	Screens      Screens
	Team         *Team
	Log          *slog.Logger
	Metrics      *Metrics
	LookupBudget time.Duration // default 300 ms (LU-03)
	CDR          bool          // a Recovery will correct what was not seen
	Recordings   *Recordings   // nil: the PBX cannot record
	Now          func() time.Time
	DisplayName  func(Match) string // a match as telephones show it while they ring; nil: their displays are left alone
	Placed       func(Call)         // sees each call ordered from a page before the order goes out, for captures; may be nil
}

// Engine runs the calls of one PBX. All of them are under one lock, the turn:
// an event is applied by the goroutine that read it, so that a pop waits for no
// other goroutine to wake up. Whatever may wait — the directory, the journal,
// the screens — is on the other side of a queue, so a turn is short.
type Engine struct {
	opt     EngineOptions
	log     *slog.Logger
	office  *Office
	machine Machine
	board   *board
	lookups *lookups
	// displays is nil where telephones show what the PBX tells them.
	displays *displays

	stop     chan struct{}
	stopOnce sync.Once
	done     chan struct{}
	started  atomic.Bool
	synced   atomic.Bool // what is up at the PBX is known

	turn     sync.Mutex // guards the board, its calls and what follows here
	stopped  bool
	restored map[string]Call // unfinished records of the last run, until the first Resync
	gap      gap
	endedAt  map[*live]time.Time
	watchers []*watcher

	mu     sync.RWMutex // guards the copies that other goroutines read
	view   map[string]published
	recent []string
}

type published struct {
	call     Call
	audience []int64
	steps    Why
}

// NewEngine checks the options. The engine does nothing before Start.
func NewEngine(opt EngineOptions) (*Engine, error) {
	office, err := NewOffice(opt.Office)
	if err != nil {
		return nil, err
	}
	if opt.LookupBudget == 0 {
		opt.LookupBudget = 300 * time.Millisecond
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Metrics == nil {
		opt.Metrics = &Metrics{}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Office.Parse == nil || opt.Directory == nil || opt.Recorder == nil || opt.Screens == nil || opt.PBX == nil {
		return nil, errors.New("engine: PBX, Directory, Recorder, Screens and Office.Parse are needed")
	}
	m := Machine{Office: office}
	e := &Engine{
		opt: opt, log: opt.Log.With("pbx", opt.Office.PBX), office: office, machine: m, board: newBoard(m),
		stop: make(chan struct{}), done: make(chan struct{}),
		endedAt: make(map[*live]time.Time), view: make(map[string]published),
	}
	if opt.Recordings != nil {
		opt.Recordings.mark = e.markRecorded
	}
	e.lookups = newLookups(opt.Directory, opt.LookupBudget, opt.Metrics, e.log, func(r lookupResult) {
		_ = e.do(func() { e.found(r) }) // a stopping engine shows nothing more
	})
	e.displays = newDisplays(opt.PBX, opt.DisplayName, e.log)
	return e, nil
}

// Start loads the records that the last run left unfinished. It comes before
// the first Post.
func (e *Engine) Start(ctx context.Context) error {
	calls, err := e.opt.Recorder.unfinished(ctx, e.office.cfg.PBX)
	if err != nil {
		return fmt.Errorf("unfinished calls of %s: %w", e.office.cfg.PBX, err)
	}
	e.turn.Lock()
	e.restored = make(map[string]Call, len(calls))
	for _, c := range calls {
		e.restored[c.ID] = c
	}
	e.turn.Unlock()
	e.started.Store(true)
	e.lookups.start()
	e.displays.start()
	go e.run()
	return nil
}

// Stop ends the engine; what is posted later has no effect. Live calls stay
// unfinished records and are taken up by the next Start.
func (e *Engine) Stop(ctx context.Context) error {
	e.stopOnce.Do(func() { close(e.stop) })
	if !e.started.Load() {
		return nil
	}
	select {
	case <-e.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Post applies an event. It waits, and counts the wait, while another has the
// turn: events are never dropped.
func (e *Engine) Post(ev Event) {
	if !e.turn.TryLock() {
		began := time.Now()
		e.turn.Lock()
		if f := e.opt.Metrics.TurnWait; f != nil {
			f(time.Since(began))
		}
	}
	defer e.turn.Unlock()
	if e.stopped {
		return
	}
	if f := e.opt.Metrics.Event; f != nil {
		f(ev.Kind.String())
	}
	e.handle(ev)
}

// SetUsers replaces the users and their devices.
func (e *Engine) SetUsers(users []User) { e.office.SetUsers(users) }

// Connected tells whether the PBX's events are flowing.
func (e *Engine) Connected() bool { ok, _ := e.opt.PBX.Connected(); return ok }

// run looks for what is overdue until the engine is to stop.
func (e *Engine) run() {
	defer close(e.done)
	sweep := time.NewTicker(sweepInterval)
	defer sweep.Stop()
	for {
		select {
		case <-sweep.C:
			_ = e.do(e.sweep) // it can be stopped only here
		case <-e.stop:
			_ = e.do(func() { e.stopped = true })
			e.lookups.stop()
			e.displays.stop()
			return
		}
	}
}

// do runs f with the turn. It is an error once the engine has stopped.
func (e *Engine) do(f func()) error {
	e.turn.Lock()
	defer e.turn.Unlock()
	if e.stopped {
		return Errorf(CodeUnreachable, "the server is stopping")
	}
	f()
	return nil
}

func (e *Engine) handle(ev Event) {
	switch ev.Kind {
	case Resync:
		e.resync(ev)
		if e.opt.Recordings != nil {
			e.opt.Recordings.resynced()
		}
		return
	case RecordingOver:
		if e.opt.Recordings != nil {
			e.opt.Recordings.report(ev.Recording)
		}
		return
	case Disconnected:
		e.disconnected(ev.At)
		return
	case DeviceChanged:
		if e.opt.Team != nil {
			e.opt.Team.registered(e.office.cfg.PBX, ev.Device)
		}
		return
	}
	if e.service(ev) {
		return
	}
	lv := e.unite(e.board.related(ev), ev)
	if lv == nil {
		lv = e.board.find(ev.Channel, opens(ev.Kind))
	}
	if lv == nil && ev.Kind == Dialed {
		lv = e.board.find(ev.Peer, true)
	}
	if lv != nil {
		if ev.Peer.ID != "" && !hidden(ev.Peer) && e.board.byChannel[ev.Peer.ID] != lv {
			e.board.byChannel[ev.Peer.ID] = lv
			lv.found = append(lv.found, ev.Peer.ID)
		}
		e.board.link(lv, ev.Channel.LinkedID)
		e.apply(lv, ev)
		if other := e.board.byChannel[ev.Handover.Consult.ID]; other != nil && other != lv {
			e.apply(other, ev) // the consultation was with another client
		}
		e.ours(lv, ev)
	}
	if ev.Kind == ChannelGone {
		e.board.bury(ev.Channel.ID)
	}
	e.prove()
}

// apply runs one transition and carries out what follows from it.
func (e *Engine) apply(lv *live, ev Event) {
	ev.At = lv.clock(ev.At)
	before := lv.call
	after, effects := e.machine.Apply(lv.call, ev, ev.At)
	e.unseen(&before, &after)
	lv.call = after
	if ev.Kind == BridgeEntered {
		e.board.enter(lv, ev.Bridge.ID)
	}
	if len(after.Legs) > 0 {
		lv.placedAt = time.Time{}
	}
	e.presence(lv, before.Legs)
	if effects == 0 {
		if after.State == Ended {
			e.ended(lv, ev.At) // the PBX's own channels only: no call
		}
		return
	}
	e.note(lv, &before, &after, ev.At)
	lv.tellPickup(&before, &after)
	switch {
	case effects&(EffectShow|EffectSave) == EffectShow|EffectSave:
		e.showAndSave(lv, ev.At)
	case effects&EffectShow != 0:
		e.show(lv, ev.At)
	case effects&EffectSave != 0:
		e.save(e.publish(lv))
	}
	e.nameDisplays(lv, ev.At)
	if effects&EffectLookup != 0 {
		e.lookUp(after.ID, after.Number.E164)
	}
	if after.State == Ended {
		e.ended(lv, ev.At)
	}
}

// presence tells the team what changed at the office's telephones.
func (e *Engine) presence(lv *live, before []Leg) {
	if e.opt.Team == nil {
		return
	}
	for i := range lv.call.Legs {
		l := &lv.call.Legs[i]
		if l.Role != OfficeLeg || i < len(before) && before[i].State == l.State || e.board.byChannel[l.ID] != lv {
			continue
		}
		s := PresenceFree
		switch {
		case l.State == LegRinging:
			s = PresenceRinging
		case l.State == LegUp, l.State == LegNew && lv.call.PlacedBy != nil && lv.call.PlacedBy.Device == l.Endpoint && l.DialedBy == "":
			s = PresenceTalking
		}
		e.opt.Team.legOf(e.office.cfg.PBX, l.Endpoint, l.ID, deviceLeg{state: s, call: lv.call.ID, with: lv.call.with(l)})
	}
}

// ended schedules the removal of a call; its last channels may still report.
func (e *Engine) ended(lv *live, at time.Time) {
	if _, ok := e.endedAt[lv]; ok {
		return
	}
	e.endedAt[lv] = at
	if lv.call.Direction == "" {
		return
	}
	if f := e.opt.Metrics.CallEnded; f != nil && lv.call.Direction != "" {
		f(string(lv.call.Direction), string(lv.call.Disposition))
	}
	e.remember(lv.call.ID)
}

// remember keeps an ended call for Get and Why until keepEnded others ended.
func (e *Engine) remember(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.recent = append(e.recent, id)
	if len(e.recent) > keepEnded {
		delete(e.view, e.recent[0])
		e.recent = slices.Delete(e.recent, 0, 1)
	}
}

// sweep removes calls that are over and ends orders that came to nothing.
func (e *Engine) sweep() {
	now := e.opt.Now()
	for lv, at := range e.endedAt {
		if now.Sub(at) > lingerAfterEnd {
			e.board.forget(lv)
			delete(e.endedAt, lv)
		}
	}
	e.closeGhosts(now)
	n := 0
	for _, lv := range e.board.calls {
		if !lv.placedAt.IsZero() && now.Sub(lv.placedAt) > placeTimeout {
			e.fail(lv, now, "the PBX accepted the order but no channel appeared")
		}
		if lv.call.State != Ended {
			n++
		}
	}
	if f := e.opt.Metrics.LiveCalls; f != nil {
		f(e.office.cfg.PBX, n)
	}
}

// closeGhosts ends channels that were told to end and never said that they
// did: Asterisk lists such ghosts and answers 404 to their hang-up.
func (e *Engine) closeGhosts(now time.Time) {
	for _, lv := range e.calls() {
		for id, at := range lv.hangups {
			if now.Sub(at) < ghostTimeout || !e.Connected() {
				continue
			}
			delete(lv.hangups, id)
			if i := slices.IndexFunc(lv.call.Legs, func(l Leg) bool { return l.ID == id }); i < 0 || lv.call.Legs[i].State == LegEnded {
				continue
			}
			e.log.Warn("the PBX did not end a channel; it is taken for gone", "call", lv.call.ID, "channel", id)
			lv.trace.add(now, "ghost", "channel", id)
			e.board.ghosts[id] = struct{}{}
			e.handle(Event{Kind: ChannelGone, At: now, Channel: Channel{ID: id}})
		}
	}
}

// fail ends a call that never got a channel (CK-07).
func (e *Engine) fail(lv *live, at time.Time, why string) {
	if lv.call.State == Ended {
		return
	}
	lv.placedAt = time.Time{}
	c := &lv.call
	c.State, c.Disposition, c.EndedAt, c.EndedBy = Ended, Failed, ptr(at), "pbx"
	c.WaitMS = at.Sub(c.StartedAt).Milliseconds()
	c.Version++
	lv.trace.add(at, "failed", "why", why)
	e.showAndSave(lv, at)
	e.ended(lv, at)
}

// get returns a call that is up or ended lately.
func (e *Engine) get(id string) (published, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	p, ok := e.view[id]
	return p, ok
}

// liveFor returns the calls on a user's screens, oldest first.
func (e *Engine) liveFor(userID int64) []Call {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []Call
	for _, p := range e.view {
		if p.call.State != Ended && slices.Contains(p.audience, userID) {
			out = append(out, p.call)
		}
	}
	slices.SortFunc(out, func(a, b Call) int { return a.StartedAt.Compare(b.StartedAt) })
	return out
}
