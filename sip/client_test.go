package sip

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ringcard/cti"
)

// collector keeps events as lines.
type collector struct {
	mu    sync.Mutex
	lines []string
}

func (c *collector) Post(ev cti.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, line(ev))
}

func (c *collector) has(prefix string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.lines, func(s string) bool { return strings.HasPrefix(s, prefix) })
}

func (c *collector) all() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.lines, "\n")
}

// line says what matters of an event.
func line(ev cti.Event) string {
	s := ev.Kind.String()
	switch ev.Kind {
	case cti.Resync:
		var names []string
		for _, ch := range ev.Snapshot.Channels {
			names = append(names, cti.Endpoint(ch.Name)+" "+ch.State)
		}
		slices.Sort(names)
		return fmt.Sprintf("%s %d devices %v", s, len(ev.Snapshot.Devices), names)
	case cti.DeviceChanged:
		return fmt.Sprintf("%s %s online %v unknown %v", s, ev.Device.Endpoint, ev.Device.Online, ev.Device.Unknown)
	case cti.Disconnected:
		return s
	}
	s += " " + cti.Endpoint(ev.Channel.Name)
	if ev.Peer.ID != "" {
		s += " to " + cti.Endpoint(ev.Peer.Name) + " " + ev.Dial
	}
	switch ev.Kind {
	case cti.ChannelCreated:
		s += " " + ev.Channel.State + " " + ev.Channel.CallerNumber
	case cti.ChannelChanged:
		s += " " + ev.Channel.State
	case cti.ChannelGone:
		s += fmt.Sprintf(" %d", ev.Cause)
		if ev.TechCause != 0 {
			s += fmt.Sprintf("/%d", ev.TechCause)
		}
	}
	return strings.TrimSpace(s)
}

func devices(exts ...string) []cti.Device {
	out := make([]cti.Device, len(exts))
	for i, e := range exts {
		out[i] = cti.Device{PBX: "office", Endpoint: "PJSIP/" + e}
	}
	return out
}

func fakeConfig(p *fakePBX) Config {
	return Config{Name: "office", Address: p.addr(), Transport: "udp", User: fakeUser, Password: fakePassword,
		Expires: time.Minute, QueueGap: time.Second}
}

// startClient connects to the fake PBX, watching the extensions.
func startClient(t *testing.T, cfg Config, exts ...string) (*Client, *collector) {
	t.Helper()
	sink := &collector{}
	c := New(cfg, Options{Sink: sink})
	c.tuned = timings{watch: 200 * time.Millisecond, settle: time.Second, retryRefused: 100 * time.Millisecond}
	c.Watch(devices(exts...))
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return c, sink
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not in %s: %s", patience, what)
		}
	}
}

func connected(t *testing.T, c *Client) {
	t.Helper()
	eventually(t, "connected", func() bool { ok, _ := c.Connected(); return ok })
}

func TestStatesBecomeCalls_PB_07(t *testing.T) {
	p := newFakePBX(t)
	c, sink := startClient(t, fakeConfig(p), "101", "102")
	connected(t, c)
	for _, state := range []string{"early 79161234567", "confirmed", "terminated"} {
		if code := p.state("102", state, 0); code != 200 {
			t.Fatalf("%s answered with %d", state, code)
		}
	}
	eventually(t, "the end of the call", func() bool { return sink.has("channel_gone SIP/outside") })
	want := strings.Join([]string{
		"resync 2 devices []",
		rings("102", "79161234567"),
		talks("102"),
		over("102", 16),
	}, "\n")
	if got := sink.all(); got != want {
		t.Errorf("events are\n%s\nwant\n%s", got, want)
	}
}

// A certificate that nobody vouches for is refused, and the status says what to
// do about it.
func TestStrangeCertificate_PB_07(t *testing.T) {
	pbx := httptest.NewTLSServer(nil) // only its handshake is of interest
	defer pbx.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, file := range map[string]string{"put the one that signed it into pbx[].sip.ca_file": "", "no certificate in": ca} {
		c, _ := startClient(t, Config{Name: "office", Address: pbx.Listener.Addr().String(), Transport: "tls", User: fakeUser, CAFile: file}, "101")
		eventually(t, want, func() bool { return strings.Contains(c.Status().LastError, want) })
	}
}

// Each message has a goroutine of its own in sipgo: the order is that of CSeq.
func TestNotifiesAreSortedByCSeq_PB_07(t *testing.T) {
	p := newFakePBX(t)
	c, sink := startClient(t, fakeConfig(p), "102")
	connected(t, c)
	p.mu.Lock()
	sub := p.subs["102"]
	seq := sub.seq
	p.mu.Unlock()
	for _, n := range []struct {
		seq   uint32
		state string
	}{{seq + 2, "confirmed"}, {seq + 1, "early 79161234567"}, {seq + 1, "early 70000000000"}, {seq + 3, "terminated"}} {
		if code := p.wait(p.notify(sub, n.seq, "active", dialogInfoType, document("102", int(n.seq), n.state), "dialog")); code != 200 {
			t.Fatalf("%s answered with %d", n.state, code)
		}
	}
	eventually(t, "the end of the call", func() bool { return sink.has("channel_gone SIP/outside") })
	if got := sink.all(); strings.Count(got, "channel_created") != 1 || !strings.Contains(got, "channel_changed PJSIP/102 Up") {
		t.Errorf("events are\n%s", got)
	}
	// A NOTIFY that never comes holds the next ones back only for a moment.
	p.state("102", "early 79161234567", 5)
	eventually(t, "the call after the gap", func() bool { return strings.Count(sink.all(), "channel_created") == 2 })
}

// A partial document after a missed one asks for the full state (RFC 4235
// section 4.3).
func TestPartialStateAfterAGapIsAskedAnew_PB_07(t *testing.T) {
	p := newFakePBX(t)
	c, sink := startClient(t, fakeConfig(p), "102")
	connected(t, c)
	partial := func(version int, state string) string {
		return strings.Replace(document("102", version, state), `state="full"`, `state="partial"`, 1)
	}
	p.state("102", partial(2, "early 79161234567"), 0)
	eventually(t, "the partial state", func() bool { return sink.has("dialed SIP/outside to PJSIP/102") })
	before := p.count("SUBSCRIBE")
	p.state("102", partial(9, "confirmed"), 0)
	eventually(t, "a new SUBSCRIBE", func() bool { return p.count("SUBSCRIBE") > before })
	if sink.has("channel_changed PJSIP/102 Up") {
		t.Error("a partial document out of order was believed")
	}
}

func TestRefusedExtensionsAreNamed_PB_07(t *testing.T) {
	tests := []struct {
		status int
		advice string
	}{
		{403, "allow_subscribe = yes"},
		{404, "exten => 102,hint,PJSIP/102"},
		{489, "res_pjsip_exten_state"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			p := newFakePBX(t)
			p.refuses("102", tt.status)
			c, sink := startClient(t, fakeConfig(p), "101", "102")
			connected(t, c)
			if s := c.Status(); !strings.Contains(s.LastError, tt.advice) {
				t.Errorf("advice is %q, want %q in it", s.LastError, tt.advice)
			}
			if err := c.Originate(t.Context(), cti.Originate{ChannelID: "x", Endpoint: "PJSIP/102", Extension: "1"}); codeOf(err) != cti.CodeRefused {
				t.Errorf("a call from an extension that is not watched: %v", err)
			}
			p.refuses("102", 0)
			eventually(t, "watched after all", func() bool { return c.Status().LastError == "" })
			if !sink.has("device_changed PJSIP/102 online true unknown false") {
				t.Errorf("events are\n%s", sink.all())
			}
		})
	}
}

func codeOf(err error) cti.Code {
	var e *cti.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestNothingWatchedIsNotConnected_PB_07(t *testing.T) {
	p := newFakePBX(t)
	p.refuses("101", 404)
	c, _ := startClient(t, fakeConfig(p), "101")
	eventually(t, "the reason", func() bool { return strings.Contains(c.Status().LastError, "exten => 101,hint") })
	if ok, _ := c.Connected(); ok {
		t.Error("connected without any state")
	}
}

func TestWrongPassword_PB_07(t *testing.T) {
	p := newFakePBX(t)
	cfg := fakeConfig(p)
	cfg.Password = "wrong"
	c, _ := startClient(t, cfg, "101")
	eventually(t, "the reason", func() bool { return strings.Contains(c.Status().LastError, "pbx[].sip.user and .password") })
}

func TestNobodyListens_PB_07(t *testing.T) {
	p := newFakePBX(t)
	cfg := fakeConfig(p)
	p.conn.Close()
	<-p.done
	c, _ := startClient(t, cfg, "101")
	eventually(t, "the reason", func() bool { return strings.Contains(c.Status().LastError, "pbx[].sip.address") })
}

// A PBX that has restarted knows no subscription: 481 makes a new one, in a
// new dialog.
func TestLostSubscriptionIsMadeAnew_PB_07(t *testing.T) {
	p := newFakePBX(t)
	cfg := fakeConfig(p)
	cfg.Expires = time.Second // renewed after half of it
	c, sink := startClient(t, cfg, "101")
	connected(t, c)
	p.mu.Lock()
	first := p.subs["101"]
	delete(p.subs, "101")
	p.mu.Unlock()
	eventually(t, "a new subscription", func() bool { sub := p.subscription("101"); return sub != nil && sub != first })
	p.state("101", "early 79161234567", 0)
	eventually(t, "a call in the new subscription", func() bool { return sink.has("dialed SIP/outside to PJSIP/101") })
	if code := p.wait(p.notify(first, 5000, "active", dialogInfoType, document("101", 9, "terminated"), "dialog")); code != 481 {
		t.Errorf("a NOTIFY of the lost subscription is answered with %d", code)
	}
}

func TestTerminatedByThePBXIsMadeAnew_PB_07(t *testing.T) {
	p := newFakePBX(t)
	c, _ := startClient(t, fakeConfig(p), "101")
	connected(t, c)
	first := p.subscription("101")
	p.wait(p.send("101", first, "terminated", "terminated;reason=deactivated", 0))
	eventually(t, "a new subscription", func() bool { return p.subscription("101") != first })
}

// What ended while the PBX was away is not in the snapshot of the next
// session, what goes on keeps its channels, what began is told after it.
func TestOutageAndResync_PB_07_PB_03(t *testing.T) {
	p := newFakePBX(t)
	c, sink := startClient(t, fakeConfig(p), "101", "102", "103")
	connected(t, c)
	p.state("101", "early 79160000001", 0)
	p.state("101", "confirmed", 0)
	p.state("102", "early 79160000002", 0)
	eventually(t, "two calls", func() bool { return strings.Count(sink.all(), "dialed ") == 2 })
	p.mu.Lock()
	p.silent = true
	p.mu.Unlock()
	eventually(t, "the loss is noticed", func() bool { return sink.has("disconnected") })
	if s := c.Status(); s.Connected || !strings.Contains(s.LastError, "does not answer") {
		t.Errorf("status is %+v", s)
	}
	p.mu.Lock()
	p.silent, p.initial = false, "confirmed"
	p.mu.Unlock()
	connected(t, c)
	eventually(t, "a snapshot", func() bool { return strings.Count(sink.all(), "resync") == 2 })
	_, after, _ := strings.Cut(sink.all(), "disconnected\n")
	// 101 talks on; 102 was picked up or rings no more: not known; 103 is in use.
	if first, _, _ := strings.Cut(after, "\n"); first != "resync 3 devices [PJSIP/101 Up SIP/outside Up]" {
		t.Errorf("the snapshot is %q", first)
	}
	eventually(t, "103 is in use", func() bool { return strings.Contains(sink.all(), "channel_changed PJSIP/103 Up") })
}

// Users come and go: their extensions are watched and let go.
func TestWatchFollowsTheUsers_PB_07(t *testing.T) {
	p := newFakePBX(t)
	c, sink := startClient(t, fakeConfig(p), "101")
	connected(t, c)
	c.Watch(devices("102"))
	eventually(t, "101 is let go", func() bool { return p.count("SUBSCRIBE 101 0")+p.count("SUBSCRIBE  0") > 0 })
	eventually(t, "102 is watched", func() bool { return sink.has("device_changed PJSIP/102 online true") })
}

func TestOddMessagesAreSkipped_PB_07_PB_06(t *testing.T) {
	p := newFakePBX(t)
	c, sink := startClient(t, fakeConfig(p), "101")
	connected(t, c)
	for _, body := range []string{"<", "<dialog-info version='x' state='full'/>", "<a/>", "<!DOCTYPE x [<!ENTITY a 'b'>]><dialog-info version='5' state='full'>&a;</dialog-info>"} {
		p.state("101", body, 0)
	}
	p.state("101", "early 79161234567", 0)
	eventually(t, "the call after them", func() bool { return sink.has("dialed SIP/outside to PJSIP/101") })
}

func TestWhatSIPCannot_PB_07_CO_09(t *testing.T) {
	c := New(Config{Name: "office"}, Options{})
	for _, a := range cti.Actions() {
		if err := c.Can(a); (err == nil) != (a == cti.ActHangup) || err != nil && err.Code != cti.CodeNotPossible {
			t.Errorf("%s: %v", a, err)
		}
		if _, err := c.Control(t.Context(), cti.Order{Action: a}); codeOf(err) != cti.CodeNotPossible {
			t.Errorf("%s is answered with %v", a, err)
		}
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// The doctor's look: each extension with what is wrong with it.
func TestExamine_PB_07_PB_08(t *testing.T) {
	p := newFakePBX(t)
	p.refuses("102", 404)
	found, err := Examine(t.Context(), fakeConfig(p), devices("103", "102", "101"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 3 || found[0] != (Finding{Extension: "101", Endpoint: "PJSIP/101", State: Watched}) || found[1].Extension != "102" || found[1].State != NoHint ||
		!strings.Contains(found[1].Advice, "exten => 102,hint") || found[2].Advice != "" {
		t.Errorf("found %+v", found)
	}
	cfg := fakeConfig(p)
	cfg.Password = "wrong"
	if _, err := Examine(t.Context(), cfg, devices("101")); err == nil || !strings.Contains(err.Error(), "pbx[].sip.user") {
		t.Errorf("a wrong password is %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	p.mu.Lock()
	p.silent = true
	p.mu.Unlock()
	if _, err := Examine(ctx, fakeConfig(p), devices("101")); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("a silent PBX is %v", err)
	}
}
