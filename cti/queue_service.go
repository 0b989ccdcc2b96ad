package cti

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	queueTick    = time.Second     // how soon a new caller is on the panel
	queueRefresh = 5 * time.Second // how often the PBX and the journal are asked
	queueJoin    = 200 * time.Millisecond
	maxReason    = 80
)

// QueueOptions are what Queues needs. Journal may be nil.
type QueueOptions struct {
	Service *Service
	Journal QueueJournal
	// Show sends the queues that changed to everybody, without Callers. It must
	// not block.
	Show func([]Queue)
	// Midnight is the beginning of the office's day.
	Midnight func() time.Time
	// PauseOnBreak pauses memberships with a user's break and wrap-up.
	PauseOnBreak map[string]bool // by PBX
	// Reasons a pause must have, by PBX; none: any text.
	Reasons map[string][]string
	Log     *slog.Logger
}

// Queues keeps the state of all queues and changes memberships (CO-10).
type Queues struct {
	opt  QueueOptions
	poke chan struct{}
	ctx  context.Context // until Stop
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	states  map[string][]QueueState // by PBX, as last read
	known   map[string]bool
	figures []QueueFigures
	reasons map[queueMember]pause   // of PBXs that keep none
	status  map[int64]PresenceState // of users whose memberships are to follow
	shown   []Queue
}

type queueMember struct{ pbx, queue, device string }

type pause struct {
	reason string
	since  time.Time
}

// NewQueues makes the service; it does nothing before Start.
func NewQueues(opt QueueOptions) *Queues {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Queues{opt: opt, poke: make(chan struct{}, 1), ctx: ctx, stop: cancel, done: make(chan struct{}),
		states: make(map[string][]QueueState), known: make(map[string]bool), reasons: make(map[queueMember]pause), status: make(map[int64]PresenceState)}
}

// Start begins to follow the queues.
func (q *Queues) Start() {
	for _, e := range q.opt.Service.opt.Engines {
		if pbx, ok := e.opt.PBX.(QueuePBX); ok {
			pbx.OnQueues(q.wake)
		}
	}
	if t := q.opt.Service.opt.Team; t != nil && len(q.opt.PauseOnBreak) > 0 {
		t.follow(q.statusOf)
	}
	go q.run()
}

// Stop ends it. Idempotent.
func (q *Queues) Stop(ctx context.Context) error {
	q.stop()
	select {
	case <-q.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *Queues) run() {
	defer close(q.done)
	tick, refresh := time.NewTicker(queueTick), time.NewTicker(queueRefresh)
	defer tick.Stop()
	defer refresh.Stop()
	ctx := q.ctx
	q.count(ctx)
	q.read(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-refresh.C:
			q.count(ctx)
			q.read(ctx)
		case <-q.poke:
			select { // one call makes several events
			case <-time.After(queueJoin):
			case <-ctx.Done():
				return
			}
			q.read(ctx)
			q.follow(ctx)
		case <-tick.C:
		}
		q.show()
	}
}

// read asks the PBXs. What one does not tell now stays as it was, and is said
// to be unknown.
func (q *Queues) read(ctx context.Context) {
	for _, e := range q.opt.Service.opt.Engines {
		pbx, ok := e.opt.PBX.(QueuePBX)
		if !ok {
			continue
		}
		name := e.office.cfg.PBX
		var list []QueueState
		err := error(Errorf(CodeUnreachable, "the PBX %s is out of reach", name))
		if e.Connected() {
			list, err = pbx.Queues(ctx)
		}
		if err != nil && e.Connected() && ctx.Err() == nil {
			q.opt.Log.Warn("queues not read", "pbx", name, "err", err)
		}
		q.mu.Lock()
		q.known[name] = err == nil
		if err == nil {
			q.states[name] = list
		}
		q.mu.Unlock()
	}
}

func (q *Queues) count(ctx context.Context) {
	if q.opt.Journal == nil {
		return
	}
	figures, err := q.opt.Journal.QueueFigures(ctx, q.opt.Midnight())
	if err != nil {
		if ctx.Err() == nil {
			q.opt.Log.Warn("calls of the queues not counted", "err", err)
		}
		return
	}
	q.mu.Lock()
	q.figures = figures
	q.mu.Unlock()
}

func (q *Queues) show() {
	now := q.List()
	q.mu.Lock()
	before := q.shown
	q.shown = now
	q.mu.Unlock()
	var changed []Queue
	for _, one := range now {
		if !slices.ContainsFunc(before, func(old Queue) bool { return reflect.DeepEqual(old, one) }) {
			one.Callers = nil
			changed = append(changed, one)
		}
	}
	if len(changed) > 0 && q.opt.Show != nil {
		q.opt.Show(changed)
	}
}

// List returns all queues by PBX and name, with who waits.
func (q *Queues) List() []Queue {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := []Queue{}
	for _, e := range q.opt.Service.opt.Engines {
		name := e.office.cfg.PBX
		waiting := e.waiting(q.states[name])
		for _, state := range q.states[name] {
			one := Queue{PBX: name, Name: state.Name, Known: q.known[name] && e.Connected(), Members: []QueueMember{}}
			for _, m := range state.Members {
				one.Members = append(one.Members, q.member(e, state.Name, m))
			}
			one.Callers = waiting[state.Name]
			slices.SortFunc(one.Callers, func(a, b QueueCaller) int { return a.Since.Compare(b.Since) })
			if one.Waiting = len(one.Callers); one.Waiting > 0 {
				one.WaitingSince = &one.Callers[0].Since
			}
			for _, f := range q.figures {
				if f.PBX == name && f.Queue == state.Name {
					one.Answered, one.Abandoned = f.Answered, f.Abandoned
				}
			}
			out = append(out, one)
		}
	}
	slices.SortStableFunc(out, func(a, b Queue) int { return strings.Compare(a.PBX+"\x00"+a.Name, b.PBX+"\x00"+b.Name) })
	return out
}

// member adds what the PBX does not know of a member. q.mu is held.
func (q *Queues) member(e *Engine, queue string, m QueueMember) QueueMember {
	pbx := e.office.cfg.PBX
	if u, ok := e.office.Owner(m.Device); ok {
		m.UserID, m.Name = u.ID, u.Name
	}
	m.State = PresenceUnknown
	if t := q.opt.Service.opt.Team; t != nil {
		m.State = t.deviceState(pbx, m.Device)
	}
	if p, ok := q.reasons[queueMember{pbx, queue, m.Device}]; ok && m.Paused {
		if m.Reason == "" {
			m.Reason = p.reason
		}
		if m.Since == nil {
			m.Since = ptr(p.since)
		}
	}
	return m
}

// QueueRequest is a command to a membership.
type QueueRequest struct {
	UserID int64 // whose telephone
	PBX    string
	Queue  string
	Change QueueChange
	Reason string
}

// Change carries out a command and waits until the PBX shows it; one that it
// confirms without an effect is CodeNoEffect.
func (q *Queues) Change(ctx context.Context, r QueueRequest) error {
	e, pbx, err := q.engine(r)
	if err != nil {
		return err
	}
	d, ok := q.opt.Service.deviceAt(r.UserID, e)
	if !ok {
		return &Error{Code: CodeNoDevice, Field: "user_id", Message: "the user has no telephone at the PBX of this queue"}
	}
	if r.Reason, err = q.reason(e.office.cfg.PBX, r); err != nil {
		return err
	}
	if m, in := q.find(e.office.cfg.PBX, r.Queue, d.Endpoint); in == (r.Change == QueueLogin) {
		if in {
			return nil
		}
		return Errorf(CodeNotMember, "the telephone %s is not in the queue %s", d.Endpoint, r.Queue)
	} else if r.Change == QueueLogout && !m.Dynamic && m.Device != "" {
		return Errorf(CodeStaticMember, "%s belongs to the queue by the PBX's configuration: pause instead", d.Endpoint)
	}
	order := QueueOrder{Change: r.Change, Queue: r.Queue, Device: d.Endpoint, Name: q.opt.Service.user(r.UserID).Name, Reason: r.Reason}
	if err := pbx.ChangeQueue(ctx, order); err != nil {
		return err
	}
	if err := q.prove(ctx, e, pbx, order); err != nil {
		return err
	}
	q.note(queueMember{e.office.cfg.PBX, r.Queue, d.Endpoint}, r)
	q.show()
	return nil
}

// note keeps the reason of a pause for PBXs that keep none.
func (q *Queues) note(m queueMember, r QueueRequest) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if delete(q.reasons, m); r.Change == QueuePause {
		q.reasons[m] = pause{r.Reason, q.opt.Service.opt.Now().UTC()}
	}
}

// engine finds the PBX of a queue; its name is needed where two have one of
// the same name.
func (q *Queues) engine(r QueueRequest) (*Engine, QueuePBX, error) {
	for _, e := range q.opt.Service.opt.Engines {
		name := e.office.cfg.PBX
		pbx, ok := e.opt.PBX.(QueuePBX)
		if !ok || r.PBX != "" && r.PBX != name {
			continue
		}
		q.mu.Lock()
		has := slices.ContainsFunc(q.states[name], func(s QueueState) bool { return s.Name == r.Queue })
		q.mu.Unlock()
		if !has {
			continue
		}
		if !e.Connected() {
			return nil, nil, Errorf(CodeUnreachable, "the PBX %s is out of reach", name)
		}
		return e, pbx, nil
	}
	return nil, nil, Errorf(CodeNoQueue, "there is no queue %q", r.Queue)
}

func (q *Queues) reason(pbx string, r QueueRequest) (string, error) {
	if r.Change != QueuePause {
		return "", nil
	}
	reason := strings.TrimSpace(r.Reason)
	allowed := q.opt.Reasons[pbx]
	ours := reason == string(PresenceBreak) || reason == string(PresenceWrapUp)
	if len([]rune(reason)) > maxReason || len(allowed) > 0 && !ours && !slices.Contains(allowed, reason) {
		return "", &Error{Code: CodeInvalid, Field: "reason", Message: "choose one of the reasons: " + strings.Join(allowed, ", ")}
	}
	return reason, nil
}

func (q *Queues) find(pbx, queue, device string) (QueueMember, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range q.states[pbx] {
		for _, m := range s.Members {
			if s.Name == queue && m.Device == device {
				return m, true
			}
		}
	}
	return QueueMember{}, false
}

// prove reads the queues until they show the order.
func (q *Queues) prove(ctx context.Context, e *Engine, pbx QueuePBX, o QueueOrder) error {
	deadline := time.NewTimer(effectTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(queueJoin)
	defer tick.Stop()
	for {
		list, err := pbx.Queues(ctx)
		if err != nil {
			return err
		}
		name := e.office.cfg.PBX
		q.mu.Lock()
		q.states[name] = list
		q.mu.Unlock()
		m, in := q.find(name, o.Queue, o.Device)
		if o.Change == QueueLogin && in || o.Change == QueueLogout && !in ||
			o.Change == QueuePause && in && m.Paused || o.Change == QueueUnpause && in && !m.Paused {
			return nil
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return Errorf(CodeNoEffect, "the PBX confirmed the command, but the queue %s has not changed", o.Queue)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// statusOf notes that a user changed his status; of several changes the last
// counts.
func (q *Queues) statusOf(userID int64, status PresenceState) {
	q.mu.Lock()
	q.status[userID] = status
	q.mu.Unlock()
	q.wake()
}

func (q *Queues) wake() {
	select {
	case q.poke <- struct{}{}:
	default:
	}
}

// follow changes the memberships of those whose status changed.
func (q *Queues) follow(ctx context.Context) {
	q.mu.Lock()
	changed := q.status
	q.status = make(map[int64]PresenceState)
	q.mu.Unlock()
	for user, status := range changed {
		q.pauseWith(ctx, user, status)
	}
}

// pauseWith pauses the memberships of a user who goes on a break or into
// wrap-up, and ends those pauses when he is free. What fails is logged: his
// status stands.
func (q *Queues) pauseWith(ctx context.Context, userID int64, status PresenceState) {
	for _, one := range q.List() {
		if !q.opt.PauseOnBreak[one.PBX] {
			continue
		}
		for _, m := range one.Members {
			r := QueueRequest{UserID: userID, PBX: one.PBX, Queue: one.Name, Change: QueuePause, Reason: string(status)}
			byStatus := m.Reason == string(PresenceBreak) || m.Reason == string(PresenceWrapUp)
			switch {
			case m.UserID != userID, status == PresenceFree && (!m.Paused || !byStatus), status != PresenceFree && m.Paused && !byStatus:
				continue
			case status == PresenceFree:
				r.Change = QueueUnpause
			}
			if err := q.Change(ctx, r); err != nil {
				q.opt.Log.Warn("queue not paused with the user's status", "user", userID, "queue", one.Name, "err", err)
			}
		}
	}
}
