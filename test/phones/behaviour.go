package phones

import "time"

// Behaviour is what a phone does with a call that comes in. It runs in a goroutine
// of its own and must return when the call has ended.
type Behaviour func(*Call)

// Silent does nothing: the test sends every answer itself.
func Silent() Behaviour { return func(*Call) {} }

// Ring rings and leaves the rest to the test, or to the caller's patience.
func Ring() Behaviour {
	return func(c *Call) { c.log("ring", c.Ring()) }
}

// AnswerAfter rings and answers after d.
func AnswerAfter(d time.Duration) Behaviour {
	return func(c *Call) {
		c.log("ring", c.Ring())
		if c.pause(d) {
			c.log("answer", c.Answer())
		}
	}
}

// AnswerFor is AnswerAfter, and hangs up when the call has lasted for talk.
func AnswerFor(d, talk time.Duration) Behaviour {
	return func(c *Call) {
		AnswerAfter(d)(c)
		if c.pause(talk) {
			c.log("hang up", c.hangup())
		}
	}
}

// RefuseWith refuses at once with a SIP status: 486 busy, 404 no such number, 503.
func RefuseWith(code int) Behaviour {
	return func(c *Call) { c.log("refuse", c.Reject(code)) }
}

// EarlyMedia sends 183 with sound, as a provider does for its announcements, and
// answers after d; with d < 0 it never answers.
func EarlyMedia(d time.Duration) Behaviour {
	return func(c *Call) {
		c.log("progress", c.Progress())
		if d >= 0 && c.pause(d) {
			c.log("answer", c.Answer())
		}
	}
}

// ForwardTo sends the caller to another number (302).
func ForwardTo(number string) Behaviour {
	return func(c *Call) { c.log("redirect", c.Redirect(number)) }
}

// pause waits for d and reports false when the call ended meanwhile.
func (c *Call) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return !c.ended.isOpen()
	case <-c.ended.ch:
		return false
	case <-c.agent.ctx.Done():
		return false
	}
}

// log notes what a behaviour could not do: usually the caller was quicker.
func (c *Call) log(what string, err error) {
	if err != nil {
		c.agent.log.Info("not done", "what", what, "call", c.ID, "err", err)
	}
}
