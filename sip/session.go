package sip

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"ringcard/cti"
)

const (
	pingTimeout   = 4 * time.Second
	closeTimeout  = time.Second
	subscribeSlot = 8 // SUBSCRIBEs under way at once
)

// session is one time of being connected: an agent and its subscriptions.
type session struct {
	c      *Client
	agent  *agent
	ctx    context.Context
	cancel context.CancelFunc
	failed chan error
	slots  chan struct{}
	work   sync.WaitGroup

	mu     sync.Mutex
	closed bool
	byCall map[string]func(notice)  // by Call-ID: who takes a NOTIFY
	last   map[string]chan struct{} // by Call-ID: closed by the NOTIFY that ends it

	// Owned by the goroutine of Client.run.
	subs   map[string]*subscription // by extension
	dials  map[string]*dialling     // by channel id
	synced bool
}

// notice is a NOTIFY.
type notice struct {
	seq        uint32
	at         time.Time
	terminated bool // Subscription-State
	reason     string
	retryAfter time.Duration
	kind       string // media type
	body       []byte
}

func newSession(c *Client) (*session, error) {
	s := &session{c: c, failed: make(chan error, 1), slots: make(chan struct{}, subscribeSlot),
		byCall: make(map[string]func(notice)), last: make(map[string]chan struct{}), subs: make(map[string]*subscription), dials: make(map[string]*dialling)}
	s.ctx, s.cancel = context.WithCancel(c.ctx)
	var err error
	if s.agent, err = newAgent(s.ctx, c.cfg, c.log, s.onNotify, s.onBye); err != nil {
		s.cancel()
		return nil, err
	}
	return s, nil
}

// begin starts a goroutine that close waits for.
func (s *session) begin(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Go(f)
	return true
}

func (s *session) close() {
	s.cancel()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.work.Wait()
	s.agent.close()
}

// fail ends the session with its first error.
func (s *session) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// wait returns with the session's first error. It asks the PBX for life: a
// PBX that was restarted has forgotten us and would say nothing.
func (s *session) wait() error {
	t := time.NewTicker(s.c.tuned.watch)
	defer t.Stop()
	for {
		select {
		case err := <-s.failed:
			return err
		case <-s.ctx.Done():
			return s.ctx.Err()
		case <-t.C:
			if err := s.ping(); err != nil {
				return err
			}
		}
	}
}

// ping asks with OPTIONS; any answer will do.
func (s *session) ping() error {
	ctx, cancel := context.WithTimeout(s.ctx, pingTimeout)
	defer cancel()
	_, err := s.agent.do(ctx, s.agent.newRequest(sipmsg.OPTIONS, s.agent.server))
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	return err
}

// expect registers who takes the NOTIFYs of a dialog.
func (s *session) expect(callID string, take func(notice)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byCall[callID] = take
}

func (s *session) expectNoMore(callID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byCall, callID)
}

// onNotify runs in a goroutine of the message's own; the queue of the tracker
// is where NOTIFYs line up.
func (s *session) onNotify(req *sipmsg.Request) int {
	n, err := readNotice(req, time.Now().UTC())
	if err != nil {
		s.bad("notify", err)
		return sipmsg.StatusCallTransactionDoesNotExists
	}
	s.mu.Lock()
	id := req.CallID().Value()
	take, last := s.byCall[id], s.last[id]
	if last != nil && n.terminated {
		delete(s.last, id)
		close(last)
	}
	s.mu.Unlock()
	if last != nil {
		return sipmsg.StatusOK // we are leaving
	}
	if take == nil {
		return sipmsg.StatusCallTransactionDoesNotExists
	}
	if f := s.c.opt.Metrics.Frame; f != nil {
		f()
	}
	if !s.c.do(func() { take(n) }) {
		return sipmsg.StatusServiceUnavailable
	}
	return sipmsg.StatusOK
}

func (s *session) onBye(req *sipmsg.Request) {
	id := req.CallID()
	if id == nil {
		return
	}
	s.c.do(func() {
		for _, d := range s.dials {
			if d.callID == id.Value() {
				d.hungUp()
			}
		}
	})
}

func (s *session) bad(what string, err error) {
	if f := s.c.opt.Metrics.Bad; f != nil {
		f()
	}
	s.c.log.Warn("skipped a message of the PBX", "what", what, "error", err)
}

// adjust makes the subscriptions equal to what is wanted.
func (s *session) adjust() {
	wanted := s.c.wantedNow()
	for _, number := range slices.Sorted(maps.Keys(s.subs)) {
		if _, ok := wanted[number]; !ok {
			s.subs[number].stop()
			delete(s.subs, number)
			s.c.tracker.forget(number, time.Now().UTC())
		}
	}
	for _, number := range slices.Sorted(maps.Keys(wanted)) {
		e := s.c.tracker.extension(number, wanted[number])
		if s.subs[number] == nil {
			s.subs[number] = s.subscribe(e)
		}
	}
	s.sync(false)
}

// known returns an extension whose state is coming.
func (s *session) known(number string) *extension {
	if sub := s.subs[number]; sub != nil && sub.alive {
		return sub.ext
	}
	return nil
}

// sync delivers what is there once every subscription is settled, or when
// time is up. From then on each state is delivered as it comes.
func (s *session) sync(timeUp bool) {
	alive := 0
	for _, sub := range s.subs {
		switch {
		case sub.alive:
			alive++
		case sub.refusal == nil && !timeUp:
			return
		}
	}
	if !s.synced && len(s.subs) > 0 && alive == 0 {
		s.fail(s.trouble())
		return
	}
	if !s.synced {
		s.synced = true
		states := make(map[string]dialogInfo, alive)
		for number, sub := range s.subs {
			if sub.alive {
				states[number] = sub.info()
			}
		}
		s.c.tracker.resync(states, time.Now().UTC())
		s.c.count(s.c.opt.Metrics.Connect, "connected")
		s.c.log.Info("connected to the PBX", "extensions", len(s.subs), "watched", alive)
	}
	s.c.setStatus(Status{Connected: true, LastError: advice(s.trouble())})
}

// trouble is what keeps an extension from being watched, of the first one.
func (s *session) trouble() error {
	for _, number := range slices.Sorted(maps.Keys(s.subs)) {
		if err := s.troubleOf(s.subs[number]); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) troubleOf(sub *subscription) error {
	switch {
	case sub.alive:
		return nil
	case sub.refusal != nil:
		return sub.refusal
	}
	return &silentError{Extension: sub.ext.number, Contact: s.agent.contact.Address.HostPort()}
}

// device tells the team what is known of a telephone: registration is not, so
// one whose state comes counts as registered.
func (s *session) device(sub *subscription) {
	if s.synced {
		s.c.opt.Sink.Post(cti.Event{Kind: cti.DeviceChanged, At: time.Now().UTC(),
			Device: cti.DeviceState{Endpoint: sub.ext.endpoint, Online: sub.alive, Unknown: !sub.alive}})
	}
}

// unsubscribe ends a subscription and waits, not for long, for the NOTIFY that
// says so. If it does not come, the subscription expires by itself.
func (s *session) unsubscribe(d *dialog) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	ended := make(chan struct{})
	s.mu.Lock()
	s.last[d.id] = ended
	s.mu.Unlock()
	req := d.request(sipmsg.SUBSCRIBE)
	s.describe(req, 0)
	if res, err := s.agent.do(ctx, req); err != nil || !res.IsSuccess() {
		return
	}
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

func (s *session) describe(req *sipmsg.Request, expires time.Duration) {
	seconds := sipmsg.ExpiresHeader(expires / time.Second)
	req.AppendHeader(sipmsg.HeaderClone(&s.agent.contact))
	req.AppendHeader(sipmsg.NewHeader("Event", "dialog"))
	req.AppendHeader(sipmsg.NewHeader("Accept", dialogInfoType))
	req.AppendHeader(&seconds)
}

// jitter spreads repeated requests: 0.5 to 1.5 of d.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d) }
