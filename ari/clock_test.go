package ari

import (
	"testing"
	"time"
)

// A frame has the time at which the PBX wrote it, by our clock, however late
// it is read and whatever the clocks show.
func TestTimeOfLateFrame_CK_03(t *testing.T) {
	const ms = time.Millisecond
	for name, skew := range map[string]time.Duration{"same clocks": 0, "the PBX is ahead": time.Hour, "the PBX is behind": -90 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			c := newPBXClock()
			start := time.Now()
			theirs := func(at time.Duration) time.Time { return start.Round(0).Add(at + skew).UTC() }
			sent := func(what string, read, stamp, want time.Duration) {
				t.Helper()
				if got := c.sent(start.Add(read), theirs(stamp)).Sub(start); got != want {
					t.Errorf("%s: read at %s, happened at %s, want %s", what, read, got, want)
				}
			}
			c.asked(start, start.Add(2*ms), theirs(1*ms)) // the answer took 1 ms
			sent("a frame as late as the answer", 11*ms, 10*ms, 11*ms)
			sent("a faster frame", 20*ms, 20*ms, 20*ms)
			sent("after a stall", 1500*ms, 300*ms, 300*ms)
			sent("written before the one before it", 1501*ms, 299*ms, 299*ms)
			if got := c.ours(theirs(250 * ms)).Sub(start).Round(time.Microsecond); got != 250*ms {
				t.Errorf("a time of theirs is %s", got)
			}
			if at := start.Add(2 * time.Second); !c.sent(at, time.Time{}).Equal(at) {
				t.Error("a frame without a time has not the time of arrival")
			}
		})
	}
}

// Clocks are set while frames come: a step of theirs is noticed by the next
// question at the latest, one of ours never matters.
func TestClockOfThePBXSteps_CK_03(t *testing.T) {
	const second = time.Second
	start := time.Now()
	for _, step := range []time.Duration{time.Hour, 5 * second, -5 * second, -time.Hour} {
		c := newPBXClock()
		theirs := func(d time.Duration) time.Time { return start.Round(0).Add(d) }
		c.asked(start, start, theirs(0))
		c.asked(start.Add(10*second), start.Add(10*second), theirs(10*second+step))
		if got := c.sent(start.Add(11*second), theirs(11*second+step)).Sub(start); got != 11*second {
			t.Errorf("a step of %s: a frame of 11 s happened at %s", step, got)
		}
	}
	// More than a silent socket lives is no delay, even before the question.
	c := newPBXClock()
	c.asked(start, start, start.Round(0))
	if got := c.sent(start.Add(second), start.Round(0).Add(second-time.Hour)).Sub(start); got != second {
		t.Errorf("a frame of 1 s happened at %s", got)
	}
}
