package capture

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// WriteTo prints a replay for people: each call with its decisions, and who
// was told.
func (r *Result) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	h := r.Header
	fmt.Fprintf(&b, "PBX %s, %s to %s, %d frames, %d calls\n", h.PBX, stamp(h.From), stamp(h.Until), r.Frames, len(r.Calls))
	if h.Dropped > 0 {
		fmt.Fprintf(&b, "%d older lines had made room; calls that began before are incomplete\n", h.Dropped)
	}
	other := 0
	for i := range r.Calls {
		c := &r.Calls[i]
		c.print(&b)
		if len(c.Differs) > 0 {
			other++
		}
	}
	names := make([]string, 0, len(r.Unknown))
	for name := range r.Unknown {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "\nnot understood, %d times: %s", r.Unknown[name], name)
	}
	fmt.Fprintf(&b, "\n%d calls, %d came out differently\n", len(r.Calls), other)
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func (c *Call) print(b *strings.Builder) {
	result := string(c.Disposition)
	if result == "" {
		result = string(c.State)
	}
	fmt.Fprintf(b, "\n%s  %s %s, %s", stamp(c.StartedAt), c.Direction, c.Number.Display, result)
	if c.AnsweredBy != nil {
		fmt.Fprintf(b, " by %s at %s", c.AnsweredBy.Name, c.AnsweredBy.Device)
	}
	fmt.Fprintf(b, "  (call %s)\n", c.ID)
	for _, s := range c.Why.Steps {
		fmt.Fprintf(b, "  %+8.3f s  %s\n", s.At.Sub(c.StartedAt).Seconds(), s.Text)
	}
	for _, r := range c.Why.Recipients {
		told := "was told"
		if !r.Got {
			told = "was not told"
		}
		fmt.Fprintf(b, "  %s %s: %s\n", r.Name, told, r.Reason)
	}
	for _, d := range c.Differs {
		fmt.Fprintf(b, "  DIFFERS: %s\n", d)
	}
}
