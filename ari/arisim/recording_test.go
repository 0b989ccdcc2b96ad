package arisim_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringcard/cti"
)

// step is one event of a recorded or simulated call.
type step struct {
	at      float64 // seconds
	event   string
	subject string // the channel; "bridge"; see dialOf
	state   string // of the subject, where the recording has it
	status  string // of a Dial
	cause   int
	tech    int
	soft    bool
	text    string // all the recording tells, with channels renamed
}

// names renames channels to ENDPOINT#n, counted by endpoint, so that
// recordings of different runs compare.
type names struct {
	count map[string]int
	name  map[string]string
}

func newNames() *names {
	return &names{count: make(map[string]int), name: make(map[string]string)}
}

// of takes the name of a channel, as 101-0a or PJSIP/101-0000000a or
// Local/101@office-00000000;1.
func (n *names) of(channel string) string {
	if n.name[channel] == "" {
		base, half, _ := strings.Cut(strings.TrimPrefix(channel, "PJSIP/"), ";")
		endpoint := base[:max(strings.LastIndex(base, "-"), 0)] + half
		n.count[endpoint]++
		n.name[channel] = fmt.Sprintf("%s#%d", endpoint, n.count[endpoint])
	}
	return n.name[channel]
}

var (
	channelName = regexp.MustCompile(`\b\w+-[0-9a-f]{2}\b`)
	renamed     = regexp.MustCompile(`^\w+#\d+$`)
	bridgeLine  = regexp.MustCompile(`^B\d+ \w+/(\w+)\s+members=\[([^\]]*)\]\s*(?:<- (\S+) L=(\S+))?`)
	dialLine    = regexp.MustCompile(`^caller=(\S+) peer=(\S+) st='(\w*)' str=(\S*)`)
	hangupLine  = regexp.MustCompile(`^(\S+) cause=(\w+) soft=(\w+) tech=(\w+)`)
	channelLine = regexp.MustCompile(`^(\S+) \[(\w+)\] (.*) L=(\S+)\s*(?:cause=(\d+) .* tech=(\w+))?$`)
)

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0 // None
	}
	return n
}

// recording reads testdata/NAME.txt: lines of time, event and what it has.
func recording(t *testing.T, name string) []step {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	n := newNames()
	var out []step
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		at, err := strconv.ParseFloat(f[0], 64)
		if err != nil {
			t.Fatalf("%s: %q: %v", name, line, err)
		}
		_, rest, _ := strings.Cut(line, f[1])
		rest = channelName.ReplaceAllStringFunc(strings.TrimSpace(rest), n.of)
		out = append(out, parseStep(t, at, f[1], rest))
	}
	return out
}

func parseStep(t *testing.T, at float64, event, rest string) step {
	t.Helper()
	s := step{at: at, event: event}
	if m := bridgeLine.FindStringSubmatch(rest); m != nil {
		members := strings.Split(strings.ReplaceAll(m[2], "'", ""), ", ")
		s.subject = cmp.Or(m[3], event)
		s.text = bridgeText(m[1], members, m[4])
		return s
	}
	if m := dialLine.FindStringSubmatch(rest); m != nil {
		s.subject, s.status = dialOf(m[2]), m[3]
		s.text = dialText(strings.Replace(m[1], "None", "", 1), m[4])
		return s
	}
	if m := hangupLine.FindStringSubmatch(rest); m != nil {
		s.subject, s.cause, s.soft, s.tech = m[1], number(m[2]), m[3] == "True", number(m[4])
		return s
	}
	m := channelLine.FindStringSubmatch(rest)
	if m == nil {
		t.Fatalf("not understood: %s %s", event, rest)
	}
	s.subject, s.state, s.cause, s.tech = m[1], m[2], number(m[5]), number(m[6])
	linked := m[4]
	if !renamed.MatchString(linked) {
		linked = s.subject // the id of a channel the recorder had no name for yet: its own
	}
	s.text = m[3] + " L=" + linked
	return s
}

// bridgeText leaves out who is in a conference: who comes first is chance.
func bridgeText(class string, members []string, linked string) string {
	if class == "base" {
		members = nil
	}
	members = slices.Clone(members)
	slices.Sort(members)
	return fmt.Sprintf("%s %s L=%s", class, strings.Trim(fmt.Sprint(members), "[]"), linked)
}

// dialOf is the subject of a Dial: within a burst it comes before or after the
// dialled channel's own events, of which another thread of Asterisk tells.
func dialOf(peer string) string { return peer + " dialled" }

func dialText(caller, dialString string) string { return caller + " dials " + dialString }

// simFrame is what the comparison reads of a frame.
type simFrame struct {
	Type       string
	Timestamp  string
	Cause      int
	TechCause  int `json:"tech_cause"`
	Soft       bool
	DialStatus string
	DialString string
	Forward    string
	Digit      string
	Music      string `json:"musicclass"`
	Exten      string
	Context    string
	Result     string
	External   bool `json:"is_external"`
	Channel    *simChannel
	Caller     *simChannel
	Forwarded  *simChannel
	Transferee *simChannel
	Target     *simChannel `json:"transfer_target"`
	First      *simChannel `json:"transferer_first_leg"`
	Second     *simChannel `json:"transferer_second_leg"`
	Peer       json.RawMessage
	Bridge     *simBridge
	From       *simBridge `json:"bridge_from"`
	InFirst    *simBridge `json:"transferer_first_leg_bridge"`
	InSecond   *simBridge `json:"transferer_second_leg_bridge"`
}

type simBridge struct {
	Class    string `json:"bridge_class"`
	Type     string `json:"bridge_type"`
	Creator  string
	Channels []string
}

type simChannel struct {
	ID, Name, State   string
	Caller, Connected struct{ Name, Number string }
	Dialplan          struct {
		Context, Exten string
		App            string `json:"app_name"`
	}
	Vars map[string]string `json:"channelvars"`
}

// stepper makes steps of frames.
type stepper struct {
	names *names
	ids   map[string]string // channel id to name
}

func (p *stepper) name(c *simChannel) string {
	p.ids[c.ID] = p.names.of(c.Name)
	return p.ids[c.ID]
}

// step returns false for frames that the recordings leave out.
func (p *stepper) step(raw []byte) (step, bool, error) {
	var f simFrame
	if err := json.Unmarshal(raw, &f); err != nil {
		return step{}, false, err
	}
	s := step{event: f.Type, status: f.DialStatus, cause: f.Cause, tech: f.TechCause, soft: f.Soft}
	if at, err := time.Parse("2006-01-02T15:04:05.000-0700", f.Timestamp); err == nil {
		s.at = float64(at.UnixMilli()) / 1000
	}
	linked := func() string { return p.ids[f.Channel.Vars["CHANNEL(linkedid)"]] }
	switch {
	case f.Type == "BridgeAttendedTransfer":
		s.subject = p.name(f.First)
		s.text = fmt.Sprintf("%s and %s of %s hand %s to %s of %s: %s", s.subject, p.name(f.Second), p.bridge(f.InFirst, ""),
			p.name(f.Transferee), p.name(f.Target), p.bridge(f.InSecond, ""), f.Result)
	case f.Channel == nil && f.Bridge == nil && f.Peer == nil, f.Type == "ChannelDialplan", f.Type == "PeerStatusChange":
		return step{}, false, nil
	case f.Type == "Dial":
		var peer simChannel
		if err := json.Unmarshal(f.Peer, &peer); err != nil {
			return step{}, false, err
		}
		caller := ""
		if f.Caller != nil {
			caller = p.name(f.Caller)
		}
		s.subject, s.text = dialOf(p.name(&peer)), dialText(caller, f.DialString)
		if f.Forwarded != nil {
			s.text += " forwarded to " + f.Forward + " by " + p.name(f.Forwarded)
		}
	case f.Bridge != nil:
		s.subject = f.Type
		l := ""
		if f.Channel != nil {
			s.subject, l = p.name(f.Channel), linked()
		}
		s.text = p.bridge(f.Bridge, l)
		if f.From != nil {
			s.text += " from " + p.bridge(f.From, "")
		}
		if f.Transferee != nil {
			s.text += fmt.Sprintf(" hands %s to %s,%s: %s, external %v", p.name(f.Transferee), f.Context, f.Exten, f.Result, f.External)
		}
	case f.Type == "ChannelHangupRequest":
		s.subject = p.name(f.Channel)
	default:
		c := f.Channel
		s.subject, s.state = p.name(c), c.State
		s.text = fmt.Sprintf("clid=%s<%s> conn=%s<%s> %s,%s,%s L=%s", c.Caller.Name, c.Caller.Number,
			c.Connected.Name, c.Connected.Number, c.Dialplan.Context, c.Dialplan.Exten, c.Dialplan.App, linked())
		if f.Digit+f.Music != "" {
			s.text += " " + f.Digit + f.Music
		}
	}
	return s, true, nil
}

func (p *stepper) bridge(b *simBridge, linked string) string {
	members := make([]string, len(b.Channels))
	for i, id := range b.Channels {
		members[i] = p.ids[id]
	}
	return bridgeText(b.Class, members, linked)
}

func (s step) String() string {
	return fmt.Sprintf("%-22s %-8s [%s] %q cause=%d tech=%d soft=%v %s", s.event, s.subject, s.state, s.status, s.cause, s.tech, s.soft, s.text)
}

// engineEvent is the step as the engine sees it; false if ari gives it no event.
func (s step) engineEvent() (string, bool) {
	kind, ok := map[string]cti.EventKind{
		"ChannelCreated": cti.ChannelCreated, "ChannelStateChange": cti.ChannelChanged, "ChannelCallerId": cti.ChannelChanged,
		"ChannelConnectedLine": cti.ChannelChanged, "ChannelHangupRequest": cti.ChannelHangup, "ChannelDestroyed": cti.ChannelGone,
		"Dial": cti.Dialed, "ChannelEnteredBridge": cti.BridgeEntered, "ChannelLeftBridge": cti.BridgeLeft,
	}[s.event]
	return s.kindText(kind), ok
}

func (s step) kindText(k cti.EventKind) string {
	return fmt.Sprintf("%d %s [%s] %q %d/%d %v", k, s.subject, s.state, s.status, s.cause, s.tech, s.soft)
}

// burst is the gap in seconds that separates what Asterisk does in one go.
// Within a burst its threads race: only the order of each channel's own events
// is fixed.
const burst = 0.005

// compare reports where got differs from the recording.
func compare[T any](recorded []step, burst float64, want, got []T, subject func(T) string, text func(T) string) error {
	for from := 0; from < len(recorded); {
		to := from + 1
		for to < len(recorded) && recorded[to].at-recorded[to-1].at <= burst {
			to++
		}
		if to > len(got) {
			return fmt.Errorf("%d events, want %d; the next is\n%s", len(got), len(want), text(want[len(got)]))
		}
		order := func(x []T) []T {
			x = slices.Clone(x)
			slices.SortStableFunc(x, func(a, b T) int { return cmp.Compare(subject(a), subject(b)) })
			return x
		}
		w, g := order(want[from:to]), order(got[from:to])
		for i := range w {
			if text(w[i]) != text(g[i]) {
				return fmt.Errorf("events %d to %d:\n got %s\nwant %s", from+1, to, text(g[i]), text(w[i]))
			}
		}
		from = to
	}
	if len(got) > len(want) {
		return fmt.Errorf("%d events, want %d; too many:\n%s", len(got), len(want), text(got[len(want)]))
	}
	return nil
}
