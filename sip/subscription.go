package sip

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"mime"
	"slices"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

const (
	dialogInfoType = "application/dialog-info+xml"
	// gapWait is how long a NOTIFY waits for one before it that is still to
	// be handled: sipgo gives each message a goroutine of its own.
	gapWait = 200 * time.Millisecond
	maxHeld = 64 // NOTIFYs waiting so
)

// subscription is one subscription to the dialogs of an extension (RFC 6665,
// RFC 4235): renewed before it expires, made anew when the PBX has lost it.
type subscription struct {
	s      *session
	ext    *extension
	ctx    context.Context
	stop   context.CancelFunc
	renew  chan renewal
	dialog *dialog // owned by keep

	// Owned by the goroutine of Client.run.
	alive   bool  // states are coming
	refusal error // the PBX refuses
	callID  string
	seq     sequencer
	version uint64
	dialogs map[string]dialogState
}

// renewal asks for the next SUBSCRIBE.
type renewal struct {
	fresh bool // in a new dialog
	after time.Duration
}

var errForgotten = errors.New("sip: the PBX has lost the subscription")

// silentError: subscribed, but no state came.
type silentError struct{ Extension, Contact string }

// Error implements error.
func (e *silentError) Error() string {
	return fmt.Sprintf("sip: no state of %s came: the PBX must be able to send to %s; check the firewall and pbx[].sip.listen", e.Extension, e.Contact)
}

func (s *session) subscribe(e *extension) *subscription {
	sub := &subscription{s: s, ext: e, renew: make(chan renewal, 1), dialogs: make(map[string]dialogState)}
	sub.ctx, sub.stop = context.WithCancel(s.ctx)
	s.begin(sub.keep)
	return sub
}

// keep sends SUBSCRIBE as long as the subscription is wanted.
func (sub *subscription) keep() {
	defer sub.stop()
	backoff := firstBackoff
	for {
		expires, err := sub.send()
		var refused *refusedError
		wait := expires/2 + rand.N(expires/4+1)
		switch {
		case sub.ctx.Err() != nil:
		case err == nil:
			backoff = firstBackoff
		case errors.Is(err, errPassword), errors.Is(err, errMoved):
			sub.s.fail(err)
			return
		case errors.As(err, &refused):
			sub.dialog = nil
			wait = jitter(sub.s.c.tuned.retryRefused)
			sub.s.c.do(func() { sub.refused(refused) })
		default:
			sub.dialog = nil
			wait, backoff = jitter(backoff), min(2*backoff, lastBackoff)
			sub.s.c.log.Info("subscription is made anew", "extension", sub.ext.number, "error", err)
			if !errors.Is(err, errForgotten) {
				sub.s.c.do(sub.lost)
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case r := <-sub.renew:
			timer.Stop()
			if r.fresh {
				sub.dialog = nil
			}
			select {
			case <-time.After(r.after):
			case <-sub.ctx.Done():
			}
		case <-sub.ctx.Done():
			timer.Stop()
		}
		if sub.ctx.Err() != nil {
			// Not from a PBX that was lost.
			if sub.dialog != nil && (sub.s.ctx.Err() == nil || sub.s.c.ctx.Err() != nil) {
				sub.s.unsubscribe(sub.dialog)
			}
			return
		}
	}
}

// send sends one SUBSCRIBE and returns for how long it was granted.
func (sub *subscription) send() (time.Duration, error) {
	select {
	case sub.s.slots <- struct{}{}:
		defer func() { <-sub.s.slots }()
	case <-sub.ctx.Done():
		return 0, sub.ctx.Err()
	}
	a := sub.s.agent
	var req *sipmsg.Request
	if sub.dialog != nil {
		req = sub.dialog.request(sipmsg.SUBSCRIBE)
	} else {
		req = a.newRequest(sipmsg.SUBSCRIBE, a.extension(sub.ext.number))
		id := req.CallID().Value()
		// The NOTIFY may come before the answer.
		sub.s.expect(id, func(n notice) { sub.take(id, n) })
		if err := sub.s.c.ask(sub.ctx, func() { sub.restart(id) }); err != nil {
			return 0, err
		}
	}
	sub.s.describe(req, sub.s.c.cfg.Expires)
	res, err := a.do(sub.ctx, req)
	if err != nil {
		return 0, err
	}
	switch {
	case res.IsSuccess():
	case res.StatusCode == sipmsg.StatusCallTransactionDoesNotExists:
		return 0, errForgotten
	case res.StatusCode >= 500 || res.StatusCode == sipmsg.StatusRequestTimeout:
		return 0, fmt.Errorf("SUBSCRIBE: %d %s", res.StatusCode, res.Reason) // for now
	default:
		return 0, &refusedError{Extension: sub.ext.number, Status: res.StatusCode, Reason: clip(res.Reason)}
	}
	if sub.dialog == nil {
		sub.dialog = begun(req, res)
	}
	sub.dialog.sent(req)
	return granted(res, sub.s.c.cfg.Expires), nil
}

// granted is what the PBX says in Expires, within reason.
func granted(res *sipmsg.Response, asked time.Duration) time.Duration {
	h := res.GetHeader("Expires")
	if h == nil {
		return asked
	}
	seconds, err := strconv.ParseUint(strings.TrimSpace(h.Value()), 10, 31)
	if err != nil {
		return asked
	}
	return min(max(time.Duration(seconds)*time.Second, time.Second), asked)
}

// The functions below run on the goroutine of Client.run.

// restart makes the subscription one of a new dialog.
func (sub *subscription) restart(callID string) {
	if sub.callID != "" {
		sub.s.expectNoMore(sub.callID)
	}
	sub.callID, sub.seq, sub.version = callID, sequencer{}, 0
}

func (sub *subscription) refused(err error) {
	if sub.ctx.Err() != nil {
		return
	}
	sub.refusal, sub.alive = err, false
	sub.s.c.log.Warn("extension is not watched", "extension", sub.ext.number, "error", err, "advice", advice(err))
	sub.s.device(sub)
	sub.s.sync(false)
}

// lost: the state is not known now.
func (sub *subscription) lost() {
	if sub.ctx.Err() == nil && sub.alive {
		sub.alive = false
		sub.s.device(sub)
	}
}

// take puts a NOTIFY in order and handles what is in order.
func (sub *subscription) take(callID string, n notice) {
	if callID != sub.callID || sub.ctx.Err() != nil {
		return
	}
	ready, gap := sub.seq.put(n)
	for _, n := range ready {
		sub.handle(n)
	}
	if gap {
		time.AfterFunc(gapWait, func() {
			sub.s.c.do(func() {
				if callID != sub.callID || sub.ctx.Err() != nil {
					return
				}
				for _, n := range sub.seq.skip() {
					sub.handle(n)
				}
			})
		})
	}
}

func (sub *subscription) handle(n notice) {
	if len(n.body) > 0 {
		sub.document(n)
	}
	if !n.terminated {
		return
	}
	sub.s.expectNoMore(sub.callID)
	r := renewal{fresh: true, after: n.retryAfter}
	switch n.reason {
	case "rejected", "noresource":
		sub.refused(&refusedError{Extension: sub.ext.number, Status: map[string]int{"rejected": 403, "noresource": 404}[n.reason], Reason: n.reason})
		r.after = max(r.after, sub.s.c.tuned.retryRefused)
	}
	sub.ask(r)
}

func (sub *subscription) ask(r renewal) {
	select {
	case sub.renew <- r:
	default: // one is waiting already
	}
}

// document takes a dialog-info document.
func (sub *subscription) document(n notice) {
	if n.kind != dialogInfoType {
		sub.s.bad("notify", fmt.Errorf("content type %.40q", n.kind))
		return
	}
	info, err := parseDialogInfo(n.body)
	if err != nil {
		sub.s.bad("dialog-info", err)
		return
	}
	if !info.Full && info.Version != sub.version+1 {
		sub.ask(renewal{}) // a change was missed: a renewal brings the full state (RFC 4235 section 4.3)
		return
	}
	sub.version = info.Version
	if info.Full {
		clear(sub.dialogs)
	}
	for _, d := range info.Dialogs {
		if len(sub.dialogs) < maxDialogs || d.Phase == terminated {
			sub.dialogs[d.ID] = d
		}
	}
	was := sub.alive
	sub.alive, sub.refusal = true, nil
	if sub.s.synced {
		if !was {
			sub.s.device(sub)
		}
		sub.s.c.tracker.apply(sub.ext, sub.info(), n.at)
	}
	if !was {
		sub.s.sync(false)
	}
	maps.DeleteFunc(sub.dialogs, func(_ string, d dialogState) bool { return d.Phase == terminated })
}

// info is the full state of the extension.
func (sub *subscription) info() dialogInfo {
	info := dialogInfo{Full: true}
	for _, id := range slices.Sorted(maps.Keys(sub.dialogs)) {
		info.Dialogs = append(info.Dialogs, sub.dialogs[id])
	}
	return info
}

// sequencer puts the NOTIFYs of a dialog in the order of their CSeq.
type sequencer struct {
	last uint32
	held map[uint32]notice
}

// put returns what can be handled now, and whether something waits for a
// NOTIFY before it. Repeated and overtaken ones are dropped.
func (q *sequencer) put(n notice) (ready []notice, gap bool) {
	if q.last != 0 && n.seq <= q.last {
		return nil, false
	}
	if q.held == nil {
		q.held = make(map[uint32]notice)
	}
	if q.last == 0 {
		q.last = n.seq - 1
	}
	q.held[n.seq] = n
	if len(q.held) > maxHeld {
		return q.skip(), false
	}
	return q.contiguous(), len(q.held) > 0
}

func (q *sequencer) contiguous() []notice {
	var out []notice
	for {
		n, ok := q.held[q.last+1]
		if !ok {
			return out
		}
		delete(q.held, n.seq)
		q.last = n.seq
		out = append(out, n)
	}
}

// skip gives up waiting: what is held is returned in order.
func (q *sequencer) skip() []notice {
	var out []notice
	for _, seq := range slices.Sorted(maps.Keys(q.held)) {
		out = append(out, q.held[seq])
		q.last = seq
	}
	clear(q.held)
	return out
}

// readNotice reads what is needed of a NOTIFY (RFC 6665 section 4.1.3).
func readNotice(req *sipmsg.Request, at time.Time) (notice, error) {
	if req.CSeq() == nil || req.CallID() == nil || req.CSeq().SeqNo == 0 {
		return notice{}, errors.New("no CSeq or Call-ID")
	}
	n := notice{seq: req.CSeq().SeqNo, at: at, body: slices.Clone(req.Body())}
	if len(n.body) > maxDialogInfo {
		return notice{}, fmt.Errorf("body of %d bytes", len(n.body))
	}
	if h := req.ContentType(); h != nil {
		kind, _, err := mime.ParseMediaType(h.Value())
		if err != nil {
			return notice{}, fmt.Errorf("content type: %w", err)
		}
		n.kind = kind
	}
	if h := req.GetHeader("Subscription-State"); h != nil {
		fields := strings.Split(h.Value(), ";")
		n.terminated = strings.EqualFold(strings.TrimSpace(fields[0]), "terminated")
		for _, f := range fields[1:] {
			key, value, _ := strings.Cut(strings.TrimSpace(f), "=")
			switch strings.ToLower(key) {
			case "reason":
				n.reason = strings.ToLower(value)
			case "retry-after":
				if seconds, err := strconv.ParseUint(value, 10, 16); err == nil {
					n.retryAfter = time.Duration(seconds) * time.Second
				}
			}
		}
	}
	return n, nil
}
