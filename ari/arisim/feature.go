package arisim

import (
	"strings"
	"time"
)

// keysLimit is how long the PBX waits for the next digit of a number.
const keysLimit = 3 * time.Second

// feature is what the party of a channel has dialled while it talks: a code,
// and then a number.
type feature struct {
	code   string // of a transfer; "" while none is known
	digits string
	timer  *timer
}

// SendDTMF presses keys in a talk: ## and a number transfers blindly, *2 and a
// number after a consultation.
func (c *Call) SendDTMF(digits string) error {
	return c.talk(func(s *Sim, ch *channel) error {
		for _, d := range digits {
			if ch.bridge == nil {
				return errNotTalking // a digit has ended the party's part
			}
			s.press(ch, string(d))
		}
		return nil
	})
}

func (s *Sim) press(c *channel, digit string) {
	s.emit(frame{Type: "ChannelDtmfReceived", Digit: digit, DurationMS: 100, Channel: s.snapshot(c)})
	if c.keys == nil {
		c.keys = &feature{}
	}
	k := c.keys
	k.digits += digit
	if k.code != "" {
		s.cancel(k.timer)
		_, phone := s.phones[k.digits]
		if phone || k.digits == parkExten {
			s.dialled(c)
			return
		}
		k.timer = s.after(keysLimit, func() { s.dialled(c) })
		return
	}
	for _, code := range []string{blindCode, attendedCode} {
		if strings.HasSuffix(k.digits, code) && c.peer() != nil && c.ask == nil {
			k.code, k.digits = code, ""
			s.hold(c, "N/A")
			return
		}
	}
}

// dialled carries a transfer out once the number is complete.
func (s *Sim) dialled(c *channel) {
	k := c.keys
	c.keys = nil
	if c.peer() == nil {
		return // it is over
	}
	_, known := s.officePlan(k.digits)
	switch {
	case k.code == blindCode && s.blindTransfer(c, officeContext, k.digits, false) == nil:
	case k.code == attendedCode && known:
		s.consult(c, k.digits)
	default:
		s.unhold(c)
	}
}
