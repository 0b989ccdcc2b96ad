package phones

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// errNoRTP tells that the phone was made without sound.
var errNoRTP = errors.New("the phone has no sound: set Config.RTP")

// SendTone makes the call send a sine tone of freq Hz from now on; 0 is silence.
// Frequencies that are multiples of 10 Hz fit the window of HeardTone best.
func (c *Call) SendTone(freq float64) error {
	if c.media.conn == nil {
		return errNoRTP
	}
	c.media.mu.Lock()
	defer c.media.mu.Unlock()
	c.media.tone = freq
	return nil
}

// HeardTone tells whether the last 100 ms of received sound are a tone of freq Hz.
func (c *Call) HeardTone(freq float64) bool {
	c.media.mu.Lock()
	defer c.media.mu.Unlock()
	if len(c.media.heard) < heardSamples {
		return false
	}
	// The ring is read in the order of time, or the seam would be a click.
	ordered := slices.Concat(c.media.heard[c.media.heardAt:], c.media.heard[:c.media.heardAt])
	return toneShare(ordered, freq) > 0.5
}

// WaitTone returns when HeardTone(freq) holds.
func (c *Call) WaitTone(ctx context.Context, freq float64) error {
	if c.media.conn == nil {
		return errNoRTP
	}
	return c.media.waitNews(ctx, fmt.Sprintf("a tone of %g Hz", freq), func() bool { return c.HeardTone(freq) })
}

// SendDTMF sends digits (0-9 * # A-D) as telephone-events and returns when they
// have gone out.
func (c *Call) SendDTMF(ctx context.Context, digits string) error {
	m := c.media
	if m.conn == nil {
		return errNoRTP
	}
	if digits == "" || strings.Trim(digits, string(dtmfDigits)) != "" {
		return fmt.Errorf("dtmf %q: want digits, *, #, A-D", digits)
	}
	m.mu.Lock()
	if m.events < 0 {
		m.mu.Unlock()
		return errors.New("dtmf: the other side takes no telephone-events")
	}
	if len(m.digits) == 0 {
		m.sent = newGate()
	}
	m.digits = append(m.digits, digits...)
	sent := m.sent
	m.mu.Unlock()
	select {
	case <-sent.ch:
		return nil
	case <-m.stop:
		return errors.New("dtmf: the call ended")
	case <-ctx.Done():
		return fmt.Errorf("dtmf: %w", ctx.Err())
	}
}

// DTMF returns the digits received so far.
func (c *Call) DTMF() string {
	c.media.mu.Lock()
	defer c.media.mu.Unlock()
	return string(bytes.Clone(c.media.dtmf))
}

// WaitDTMF returns when the received digits end with digits.
func (c *Call) WaitDTMF(ctx context.Context, digits string) error {
	if c.media.conn == nil {
		return errNoRTP
	}
	err := c.media.waitNews(ctx, "the digits "+digits, func() bool { return strings.HasSuffix(c.DTMF(), digits) })
	if err != nil {
		return fmt.Errorf("%w; received %q", err, c.DTMF())
	}
	return nil
}

// Packets counts the RTP packets received and sent so far.
func (c *Call) Packets() (received, sent uint64) {
	c.media.mu.Lock()
	defer c.media.mu.Unlock()
	return c.media.packetsIn, c.media.packetsOut
}
