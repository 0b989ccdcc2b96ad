package phones

import (
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// newIncoming makes the call of a received INVITE.
func newIncoming(a *agent, req *sip.Request, tx sip.ServerTransaction) (*Call, error) {
	if req.CallID() == nil || req.From() == nil || req.CSeq() == nil || req.Contact() == nil {
		return nil, fmt.Errorf("invite lacks a header that it must have")
	}
	c, err := newCall(a, req.CallID().Value(), false)
	if err != nil {
		return nil, err
	}
	// All answers carry one tag; the transaction keeps the request it got.
	invite := req.Clone()
	invite.To().Params.Add("tag", sip.GenerateTagN(16))
	c.serverTx = tx
	c.invite = invite
	c.dialog = dialogOfServer(invite)
	c.connected, _ = assertedIdentity(invite)
	gone := !tx.OnCancel(func(cancel *sip.Request) {
		cause, text := parseReason(cancel)
		c.finish(End{Code: sip.StatusRequestTerminated, Cause: cause, Text: text})
	})
	if gone {
		c.media.close()
		return nil, fmt.Errorf("invite was cancelled at once")
	}
	return c, nil
}

// Ring sends 180 Ringing.
func (c *Call) Ring() error {
	if err := c.respond(sip.StatusRinging, "Ringing", nil); err != nil {
		return err
	}
	c.ringing.open()
	return nil
}

// Progress sends 183 with a session: sound before the answer (early media).
func (c *Call) Progress() error {
	sdp, err := c.media.negotiate(c.offer())
	if err != nil {
		return err
	}
	if err := c.respond(sip.StatusSessionInProgress, "Session Progress", sdp); err != nil {
		return err
	}
	c.ringing.open()
	return nil
}

// Answer takes the call; it returns when the caller has acknowledged.
func (c *Call) Answer() error {
	if err := c.decide(); err != nil {
		return err
	}
	sdp, err := c.media.negotiate(c.offer())
	if err != nil {
		return err
	}
	c.mu.Lock()
	invite := c.invite
	c.mu.Unlock()
	return c.accept(invite, c.serverTx, sdp)
}

// Reject refuses the call with a SIP status of 400 and above: 486 busy, 603 declined.
func (c *Call) Reject(code int) error {
	if err := c.decide(); err != nil {
		return err
	}
	if err := c.respond(code, reasonPhrase(code), nil); err != nil {
		return err
	}
	c.finish(End{Code: code, Text: reasonPhrase(code), Local: true})
	return nil
}

// Redirect sends the caller to another number (302, call forwarding on the phone).
func (c *Call) Redirect(number string) error {
	if err := c.decide(); err != nil {
		return err
	}
	target := sip.Uri{Scheme: "sip", User: number, Host: c.agent.ip}
	err := c.respond(sip.StatusMovedTemporarily, "Moved Temporarily", nil, &sip.ContactHeader{Address: target})
	if err != nil {
		return err
	}
	c.finish(End{Code: sip.StatusMovedTemporarily, Local: true})
	return nil
}

// decide claims the one final response to the INVITE.
func (c *Call) decide() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.serverTx == nil || c.decided || c.ended.isOpen() {
		return fmt.Errorf("the call does not wait for an answer: %s", c.end)
	}
	c.decided = true
	return nil
}

func (c *Call) offer() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.invite.Body()
}

// respond sends a response to the INVITE other than 2xx.
func (c *Call) respond(code int, reason string, sdp []byte, headers ...sip.Header) error {
	if c.serverTx == nil || c.final.isOpen() {
		return fmt.Errorf("respond %d: the call does not wait for an answer: %s", code, c.End())
	}
	c.mu.Lock()
	res := sip.NewResponseFromRequest(c.invite, code, reason, sdp)
	c.mu.Unlock()
	for _, h := range headers {
		res.AppendHeader(h)
	}
	if res.Contact() == nil {
		res.AppendHeader(sip.HeaderClone(&c.agent.contact))
	}
	if sdp != nil {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	}
	res.AppendHeader(sip.NewHeader("Allow", allow))
	if err := c.serverTx.Respond(res); err != nil {
		return fmt.Errorf("respond %d: %w", code, err)
	}
	return nil
}

func reasonPhrase(code int) string {
	switch code {
	case sip.StatusNotFound:
		return "Not Found"
	case sip.StatusTemporarilyUnavailable:
		return "Temporarily Unavailable"
	case sip.StatusBusyHere:
		return "Busy Here"
	case sip.StatusServiceUnavailable:
		return "Service Unavailable"
	case sip.StatusGlobalDecline:
		return "Decline"
	default:
		return "Refused"
	}
}
