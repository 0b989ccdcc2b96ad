package phones

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Party is a person or a number as a phone's display shows it.
type Party struct {
	Name, Number string
}

// End says how a call ended.
type End struct {
	// Code is the SIP status that refused the call (486, 404, ...), 487 when the
	// caller gave up, 200 when it was answered and one side hung up, 408 when the
	// other side fell silent.
	Code int
	// Cause is the Q.850 cause of the Reason header, 0 without one.
	Cause int
	// Text explains Code or Cause.
	Text string
	// Local tells that this side ended the call.
	Local bool
}

func (e End) String() string {
	return fmt.Sprintf("code %d, cause %d, %q, local %t", e.Code, e.Cause, e.Text, e.Local)
}

// Call is one call of a phone or a trunk. Its methods may be called from several
// goroutines.
type Call struct {
	ID       string // Call-ID
	Outgoing bool   // this side sent the INVITE

	agent    *agent
	serverTx sip.ServerTransaction // of an incoming call
	media    *media

	provisional, ringing, answered, final, ended *gate

	changing chan struct{} // holds a token while a re-INVITE of ours is out

	mu        sync.Mutex
	invite    *sip.Request // as received, with our To tag; or as sent last
	dialog    dialog
	acks      map[uint32]*gate // of our 2xx answers, by CSeq
	connected Party
	renamed   chan struct{} // closed and replaced when connected changes
	decided   bool          // a final response is on its way, or has just come in
	cancelled bool
	end       End
	progress  chan int // SIP status of a transfer, from NOTIFY
}

// gate is a channel that closes once.
type gate struct {
	once sync.Once
	ch   chan struct{}
}

func newGate() *gate  { return &gate{ch: make(chan struct{})} }
func (g *gate) open() { g.once.Do(func() { close(g.ch) }) }
func (g *gate) isOpen() bool {
	select {
	case <-g.ch:
		return true
	default:
		return false
	}
}

func newCall(a *agent, id string, outgoing bool) (*Call, error) {
	m, err := newMedia(a)
	if err != nil {
		return nil, err
	}
	return &Call{
		ID:          id,
		Outgoing:    outgoing,
		agent:       a,
		media:       m,
		provisional: newGate(),
		ringing:     newGate(),
		answered:    newGate(),
		final:       newGate(),
		ended:       newGate(),
		changing:    make(chan struct{}, 1),
		acks:        make(map[uint32]*gate),
		renamed:     make(chan struct{}),
		progress:    make(chan int, 16),
	}, nil
}

// Ringing is closed when the called side rings (180 or 183).
func (c *Call) Ringing() <-chan struct{} { return c.ringing.ch }

// Answered is closed when the call is answered.
func (c *Call) Answered() <-chan struct{} { return c.answered.ch }

// Ended is closed when the call has ended; End then tells how.
func (c *Call) Ended() <-chan struct{} { return c.ended.ch }

// End is how the call ended; the zero value while it lasts.
func (c *Call) End() End {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end
}

// WaitRinging returns when the called side rings.
func (c *Call) WaitRinging(ctx context.Context) error { return c.wait(ctx, c.ringing, "ringing") }

// WaitAnswered returns when the call is answered.
func (c *Call) WaitAnswered(ctx context.Context) error { return c.wait(ctx, c.answered, "an answer") }

// WaitEnded returns when the call has ended, and how.
func (c *Call) WaitEnded(ctx context.Context) (End, error) {
	select {
	case <-c.ended.ch:
		return c.End(), nil
	case <-ctx.Done():
		return End{}, fmt.Errorf("wait for the end of the call: %w", ctx.Err())
	}
}

func (c *Call) wait(ctx context.Context, g *gate, what string) error {
	select {
	case <-g.ch:
		return nil
	case <-c.ended.ch:
		if g.isOpen() {
			return nil
		}
		return fmt.Errorf("the call ended before %s: %s", what, c.End())
	case <-ctx.Done():
		return fmt.Errorf("wait for %s: %w", what, ctx.Err())
	}
}

// Caller is the From header of the INVITE.
func (c *Call) Caller() Party {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := c.invite.From()
	return Party{Name: from.DisplayName, Number: from.Address.User}
}

// Dialled is the user part of the INVITE's request URI.
func (c *Call) Dialled() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.invite.Recipient.User
}

// Header is the value of a header of the INVITE, "" without one.
func (c *Call) Header(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.invite.GetHeader(name); h != nil {
		return h.Value()
	}
	return ""
}

// Asserted is the P-Asserted-Identity of the INVITE (RFC 3325).
func (c *Call) Asserted() (Party, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return assertedIdentity(c.invite)
}

// Connected is the other side as last told by the PBX in a P-Asserted-Identity
// during the call, for example after a transfer.
func (c *Call) Connected() Party {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connected
}

// WaitConnected returns when Connected has this number.
func (c *Call) WaitConnected(ctx context.Context, number string) error {
	return c.waitDisplay(ctx, number, func(p Party) string { return p.Number })
}

// WaitName returns when the display shows the other side by this name.
func (c *Call) WaitName(ctx context.Context, name string) error {
	return c.waitDisplay(ctx, name, func(p Party) string { return p.Name })
}

func (c *Call) waitDisplay(ctx context.Context, want string, of func(Party) string) error {
	for {
		c.mu.Lock()
		now, renamed := of(c.connected), c.renamed
		c.mu.Unlock()
		if now == want {
			return nil
		}
		select {
		case <-renamed:
		case <-c.ended.ch:
			return fmt.Errorf("the call ended while the display showed %q, not %q", now, want)
		case <-ctx.Done():
			return fmt.Errorf("the display shows %q, not %q: %w", now, want, ctx.Err())
		}
	}
}

// finish ends the call once. It is also called from within transactions of sipgo
// and must not call back into them.
func (c *Call) finish(e End) {
	c.mu.Lock()
	if c.ended.isOpen() {
		c.mu.Unlock()
		return
	}
	c.end = e
	c.ended.open()
	c.mu.Unlock()
	c.final.open()
	c.media.close()
	c.agent.remove(c)
}

// Hangup ends the call as a person does: BYE when it is answered, CANCEL or a
// refusal (603) before. It returns when the call has ended; ending a call that has
// ended is no error.
func (c *Call) Hangup(ctx context.Context) error {
	talking := c.established(ctx) == nil
	switch {
	case c.ended.isOpen():
		return nil
	case talking:
		return c.bye(ctx)
	case c.Outgoing:
		return c.cancel(ctx)
	default:
		return c.Reject(sip.StatusGlobalDecline)
	}
}

// established returns when the call is answered, also when it only is about to be:
// the other side may know of a 2xx before this side has noted that it sent it, or
// act on the ACK before this side has noted the 2xx. A call whose answer is not
// decided is an error at once.
func (c *Call) established(ctx context.Context) error {
	c.mu.Lock()
	decided := c.decided
	c.mu.Unlock()
	if !decided && !c.answered.isOpen() {
		return errors.New("the call is not answered")
	}
	return c.wait(ctx, c.answered, "an answer")
}

func (c *Call) bye(ctx context.Context) error {
	res, err := c.agent.do(ctx, c.request(sip.BYE))
	if c.ended.isOpen() {
		return nil // both sides hung up at once
	}
	if err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	if !res.IsSuccess() && res.StatusCode != sip.StatusCallTransactionDoesNotExists {
		return fmt.Errorf("hang up: %s", res.StartLine())
	}
	c.finish(End{Code: sip.StatusOK, Local: true})
	return nil
}

// request builds the next request within the dialog.
func (c *Call) request(method sip.RequestMethod) *sip.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	req := c.dialog.request(method)
	req.AppendHeader(sip.HeaderClone(&c.agent.contact))
	return req
}

// acknowledged notes the ACK for our 2xx with this CSeq.
func (c *Call) acknowledged(seq uint32) {
	c.mu.Lock()
	g := c.acks[seq]
	c.mu.Unlock()
	if g != nil {
		g.open()
	}
}

// accept sends a 2xx to an INVITE and repeats it until the ACK comes (RFC 3261
// section 13.3.1.4). The first time it makes the call answered.
func (c *Call) accept(req *sip.Request, tx sip.ServerTransaction, sdp []byte) error {
	res := sip.NewSDPResponseFromRequest(req, sdp)
	res.AppendHeader(sip.HeaderClone(&c.agent.contact))
	res.AppendHeader(sip.NewHeader("Allow", allow))
	ack := newGate()
	c.mu.Lock()
	c.acks[req.CSeq().SeqNo] = ack
	c.mu.Unlock()
	if err := tx.Respond(res); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if !c.markAnswered() {
		return fmt.Errorf("answer: the call has ended: %s", c.End())
	}
	interval := sip.T1
	timer := time.NewTimer(interval)
	defer timer.Stop()
	giveUp := time.NewTimer(64 * sip.T1)
	defer giveUp.Stop()
	for {
		select {
		case <-ack.ch:
			return nil
		case <-c.ended.ch:
			return nil
		case <-c.agent.ctx.Done():
			return errors.New("answer: the phone is closed")
		case <-giveUp.C:
			return errors.New("answer: no ACK came")
		case <-timer.C:
			if err := tx.Respond(res); err != nil {
				return fmt.Errorf("repeat answer: %w", err)
			}
			interval = min(2*interval, sip.T2)
			timer.Reset(interval)
		}
	}
}

// markAnswered opens the gates of an answered call; false says that it has ended.
func (c *Call) markAnswered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended.isOpen() {
		return false
	}
	c.provisional.open()
	c.ringing.open()
	c.answered.open()
	c.final.open()
	return true
}

// onReinvite answers a change of the session, and takes over a new name and number
// of the other side.
func (c *Call) onReinvite(req *sip.Request, tx sip.ServerTransaction) {
	c.noteConnected(req)
	c.mu.Lock()
	c.dialog.retarget(req)
	c.mu.Unlock()
	sdp, err := c.media.negotiate(req.Body())
	if err != nil {
		c.agent.log.Warn("refuse re-invite", "call", c.ID, "err", err)
		c.agent.respond(req, tx, sip.StatusNotAcceptableHere, "Not Acceptable Here")
		return
	}
	if err := c.accept(req, tx, sdp); err != nil {
		c.agent.log.Info("re-invite", "call", c.ID, "err", err)
	}
}

// onUpdate is onReinvite for UPDATE (RFC 3311), which has no ACK.
func (c *Call) onUpdate(req *sip.Request, tx sip.ServerTransaction) {
	c.noteConnected(req)
	if len(req.Body()) == 0 {
		c.agent.respond(req, tx, sip.StatusOK, "OK", sip.HeaderClone(&c.agent.contact))
		return
	}
	sdp, err := c.media.negotiate(req.Body())
	if err != nil {
		c.agent.respond(req, tx, sip.StatusNotAcceptableHere, "Not Acceptable Here")
		return
	}
	res := sip.NewSDPResponseFromRequest(req, sdp)
	res.AppendHeader(sip.HeaderClone(&c.agent.contact))
	if err := tx.Respond(res); err != nil {
		c.agent.log.Info("respond to update", "call", c.ID, "err", err)
	}
}

func (c *Call) noteConnected(m interface{ GetHeader(string) sip.Header }) {
	p, ok := assertedIdentity(m)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connected = p
	close(c.renamed)
	c.renamed = make(chan struct{})
}

func assertedIdentity(m interface{ GetHeader(string) sip.Header }) (Party, bool) {
	h := m.GetHeader("P-Asserted-Identity")
	if h == nil {
		return Party{}, false
	}
	var uri sip.Uri
	var params sip.HeaderParams
	name, err := sip.ParseAddressValue(h.Value(), &uri, &params)
	if err != nil {
		return Party{}, false
	}
	return Party{Name: name, Number: uri.User}, true
}
