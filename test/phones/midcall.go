package phones

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Hold puts the other side on hold: a re-INVITE with sendonly (RFC 3264 section 8.4).
func (c *Call) Hold(ctx context.Context) error { return c.reinvite(ctx, sendOnly) }

// Resume takes the call off hold.
func (c *Call) Resume(ctx context.Context) error { return c.reinvite(ctx, sendRecv) }

// glarePause is how long to wait when both sides change the session at once (491,
// RFC 3261 section 14.1; shorter, since nothing here is far away).
const glarePause = 100 * time.Millisecond

func (c *Call) reinvite(ctx context.Context, dir direction) error {
	if err := c.established(ctx); err != nil {
		return fmt.Errorf("re-invite: %w", err)
	}
	// One at a time (RFC 3261 section 14.1).
	select {
	case c.changing <- struct{}{}:
		defer func() { <-c.changing }()
	case <-ctx.Done():
		return fmt.Errorf("re-invite: %w", ctx.Err())
	}
	for {
		code, err := c.reinviteOnce(ctx, dir)
		if err != nil {
			return fmt.Errorf("re-invite: %w", err)
		}
		switch {
		case code < 300:
			return nil
		case code != sip.StatusRequestPending:
			return fmt.Errorf("re-invite: refused with %d", code)
		case !c.pause(glarePause):
			return fmt.Errorf("re-invite: the call ended: %s", c.End())
		}
	}
}

func (c *Call) reinviteOnce(ctx context.Context, dir direction) (int, error) {
	req := c.request(sip.INVITE)
	req.AppendHeader(sip.NewHeader("Allow", allow))
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(c.media.offerDirection(dir))
	tx, err := c.agent.client.TransactionRequest(ctx, req)
	if err != nil {
		return 0, err
	}
	for {
		select {
		case res := <-tx.Responses():
			if res.IsProvisional() {
				continue
			}
			if !res.IsSuccess() {
				return res.StatusCode, nil
			}
			c.noteConnected(res)
			c.mu.Lock()
			c.dialog.retarget(res)
			ack := c.dialog.requestSeq(sip.ACK, req.CSeq().SeqNo)
			c.mu.Unlock()
			c.sendAck(ack)
			tx.OnRetransmission(func(*sip.Response) { c.sendAck(ack) })
			return res.StatusCode, c.media.accept(res.Body())
		case <-tx.Done():
			return 0, tx.Err()
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// Refer transfers the other side to number without asking (blind transfer,
// RFC 3515). It returns when the PBX reports that the new side rings or has answered;
// this side's part of the call then ends. Asterisk refuses with 400 as long as it has not bridged the two sides,
// which is a moment after the answer: wait for sound, or for the bridge's event.
func (c *Call) Refer(ctx context.Context, number string) error {
	c.mu.Lock()
	target := sip.Uri{Scheme: "sip", User: number, Host: c.dialog.target.Host, Port: c.dialog.target.Port}
	c.mu.Unlock()
	return c.refer(ctx, "<"+target.String()+">", sip.StatusRinging)
}

// TransferTo connects the other side of c with the other side of consult, a second
// call of the same phone (attended transfer, RFC 3891).
func (c *Call) TransferTo(ctx context.Context, consult *Call) error {
	consult.mu.Lock()
	d := consult.dialog
	target := d.target
	consult.mu.Unlock()
	if d.id == "" {
		return errors.New("transfer: the consultation call is not answered")
	}
	replaces := url.QueryEscape(fmt.Sprintf("%s;to-tag=%s;from-tag=%s", d.id, d.remoteTag(), d.localTag()))
	return c.refer(ctx, fmt.Sprintf("<%s?Replaces=%s>", target.String(), replaces), sip.StatusOK)
}

// refer asks for a transfer and hangs up when its progress is enough or better.
func (c *Call) refer(ctx context.Context, referTo string, enough int) error {
	if err := c.established(ctx); err != nil {
		return fmt.Errorf("transfer: %w", err)
	}
	req := c.request(sip.REFER)
	req.AppendHeader(sip.NewHeader("Refer-To", referTo))
	req.AppendHeader(sip.NewHeader("Referred-By", "<"+c.agent.contact.Address.String()+">"))
	res, err := c.agent.do(ctx, req)
	if err != nil {
		return fmt.Errorf("transfer: %w", err)
	}
	if !res.IsSuccess() {
		return fmt.Errorf("transfer: %s", res.StartLine())
	}
	for {
		select {
		case code := <-c.progress:
			if code >= 300 {
				return fmt.Errorf("transfer: the new call was refused with %d", code)
			}
			if code >= enough {
				return c.Hangup(ctx)
			}
		case <-c.ended.ch:
			return nil // the PBX needs us no more
		case <-ctx.Done():
			return fmt.Errorf("transfer: %w", ctx.Err())
		}
	}
}

// ownPatience is how long a phone waits for the PBX when nobody waits for the phone.
const ownPatience = 5 * time.Second

// onNotify takes the progress of a transfer, and the "talk" and "hold" by which a
// PBX presses the keys of a desk phone.
func (c *Call) onNotify(req *sip.Request) {
	event := ""
	if h := req.GetHeader("Event"); h != nil {
		event, _, _ = strings.Cut(h.Value(), ";")
	}
	ctx, cancel := context.WithTimeout(c.agent.ctx, ownPatience)
	defer cancel()
	switch {
	case event == "refer":
		// The body is a status line (message/sipfrag, RFC 3420).
		fields := strings.Fields(string(req.Body()))
		if len(fields) < 2 {
			return
		}
		if code, err := strconv.Atoi(fields[1]); err == nil {
			select {
			case c.progress <- code:
			case <-c.ended.ch:
			}
		}
	case event == "talk" && !c.answered.isOpen() && !c.Outgoing:
		c.log("answer on notify", c.Answer())
	case event == "talk":
		c.log("resume on notify", c.Resume(ctx))
	case event == "hold":
		c.log("hold on notify", c.Hold(ctx))
	}
}

// hangup is Hangup for those who have no deadline of their own.
func (c *Call) hangup() error {
	ctx, cancel := context.WithTimeout(c.agent.ctx, ownPatience)
	defer cancel()
	return c.Hangup(ctx)
}
