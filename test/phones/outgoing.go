package phones

import (
	"context"
	"errors"
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// invitation is what an outgoing call begins with.
type invitation struct {
	to      sip.Uri
	from    sip.FromHeader // without tag
	headers []sip.Header
}

// dial sends an INVITE and returns at once; the call's channels tell the rest.
func (a *agent) dial(ctx context.Context, inv invitation) (*Call, error) {
	if !a.begin() {
		return nil, errors.New("dial: the phone is closed")
	}
	defer a.work.Done()
	c, err := newCall(a, sip.GenerateTagN(24), true)
	if err != nil {
		return nil, err
	}
	req := sip.NewRequest(sip.INVITE, inv.to)
	id := sip.CallIDHeader(c.ID)
	hops := sip.MaxForwardsHeader(70)
	inv.from.Params.Add("tag", sip.GenerateTagN(16))
	req.AppendHeader(&inv.from)
	req.AppendHeader(&sip.ToHeader{Address: inv.to})
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: sip.INVITE})
	req.AppendHeader(&hops)
	req.AppendHeader(sip.HeaderClone(&a.contact))
	req.AppendHeader(sip.NewHeader("Allow", allow))
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	for _, h := range inv.headers {
		req.AppendHeader(h)
	}
	req.SetBody(c.media.offer())
	req.SetTransport("UDP")
	if err := a.add(c); err != nil {
		c.media.close()
		return nil, err
	}
	c.mu.Lock()
	// The transaction outlives ctx: a caller's deadline must not cut the dialog.
	tx, err := a.client.TransactionRequest(context.WithoutCancel(ctx), req)
	c.invite = req.Clone() // now with its Via
	c.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("dial: %w", err)
		c.finish(End{Code: sip.StatusServiceUnavailable, Text: err.Error(), Local: true})
		return nil, err
	}
	a.work.Go(func() { c.follow(tx) })
	return c, nil
}

// follow takes the responses to our INVITE until the final one.
func (c *Call) follow(tx sip.ClientTransaction) {
	authenticated := false
	for {
		select {
		case res := <-tx.Responses():
			switch {
			case res.IsProvisional():
				c.onProvisional(res)
				continue
			case res.IsSuccess():
				c.confirm(res, tx)
				return
			case challenged(res) && !authenticated && c.agent.auth.Password != "":
				authenticated = true
				next, err := c.authenticate(res)
				if err == nil {
					tx = next
					continue
				}
				c.finish(End{Code: res.StatusCode, Text: err.Error()})
				return
			default:
				cause, text := parseReason(res)
				if text == "" {
					text = res.Reason
				}
				c.finish(End{Code: res.StatusCode, Cause: cause, Text: text})
				return
			}
		case <-tx.Done():
			c.finish(End{Code: sip.StatusRequestTimeout, Text: fmt.Sprint(tx.Err())})
			return
		case <-c.agent.ctx.Done():
			return
		}
	}
}

// authenticate repeats the INVITE with the digest that res asks for.
func (c *Call) authenticate(res *sip.Response) (sip.ClientTransaction, error) {
	c.mu.Lock()
	req := c.invite.Clone()
	c.mu.Unlock()
	tx, err := c.agent.client.TransactionDigestAuth(c.agent.ctx, req, res, c.agent.auth)
	if err != nil {
		return nil, fmt.Errorf("authenticate: %w", err)
	}
	c.mu.Lock()
	c.invite = req.Clone()
	c.mu.Unlock()
	return tx, nil
}

func (c *Call) onProvisional(res *sip.Response) {
	c.noteConnected(res)
	c.provisional.open()
	if len(res.Body()) > 0 {
		if err := c.media.accept(res.Body()); err != nil {
			c.agent.log.Warn("early media", "call", c.ID, "err", err)
		}
	}
	if res.StatusCode == sip.StatusRinging || res.StatusCode == sip.StatusSessionInProgress {
		c.ringing.open()
	}
}

// confirm takes a 2xx: the dialog begins and the ACK goes out.
func (c *Call) confirm(res *sip.Response, tx sip.ClientTransaction) {
	c.noteConnected(res)
	if err := c.media.accept(res.Body()); err != nil {
		c.agent.log.Warn("session of the answer", "call", c.ID, "err", err)
	}
	c.mu.Lock()
	c.dialog = dialogOfClient(c.invite, res)
	c.decided = true
	ack := c.dialog.requestSeq(sip.ACK, c.dialog.seq)
	cancelled := c.cancelled
	c.mu.Unlock()
	c.sendAck(ack)
	tx.OnRetransmission(func(*sip.Response) { c.sendAck(ack) })
	c.markAnswered()
	if cancelled {
		// The answer crossed our CANCEL (RFC 3261 section 9.1).
		c.log("hang up after cancel", c.hangup())
	}
}

// sendAck also runs in goroutines of sipgo, when a 2xx is repeated.
func (c *Call) sendAck(ack *sip.Request) {
	if !c.agent.begin() {
		return
	}
	defer c.agent.work.Done()
	if err := c.agent.client.WriteRequest(ack.Clone()); err != nil {
		c.agent.log.Info("acknowledge", "call", c.ID, "err", err)
	}
}

// cancel gives up a call that is not answered; it returns when it has ended.
func (c *Call) cancel(ctx context.Context) error {
	c.mu.Lock()
	c.cancelled = true
	c.mu.Unlock()
	// A CANCEL may not go out before the first response (RFC 3261 section 9.1).
	select {
	case <-c.provisional.ch:
	case <-c.ended.ch:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cancel: %w", ctx.Err())
	}
	res, err := c.agent.client.Do(ctx, c.cancelRequest())
	if err != nil && !c.final.isOpen() {
		return fmt.Errorf("cancel: %w", err)
	}
	if res != nil && !res.IsSuccess() && !c.final.isOpen() {
		return fmt.Errorf("cancel: %s", res.StartLine())
	}
	if _, err := c.WaitEnded(ctx); err != nil {
		return fmt.Errorf("cancel: %w", err)
	}
	return nil
}

// cancelRequest has the Via and the number of the INVITE it cancels.
func (c *Call) cancelRequest() *sip.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	req := sip.NewRequest(sip.CANCEL, c.invite.Recipient)
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(sip.HeaderClone(c.invite.Via()))
	req.AppendHeader(sip.HeaderClone(c.invite.From()))
	req.AppendHeader(sip.HeaderClone(c.invite.To()))
	req.AppendHeader(sip.HeaderClone(c.invite.CallID()))
	req.AppendHeader(&sip.CSeqHeader{SeqNo: c.invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	req.AppendHeader(&hops)
	req.SetTransport("UDP")
	return req
}
