package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ringcard/cti"
	"ringcard/test/scenario"
)

// page is a browser's view of the calls, as the stream builds it.
type page struct {
	op    *operator
	epoch string
	seq   int64
	calls map[string]cti.Call
	// over tells whether a call had ended when the page connected last: such
	// a call must not be offered any more.
	over      map[string]bool
	snapshots int
}

// open connects, where it broke off if it was connected before.
func (g *page) open() *websocket.Conn {
	t := g.op.p.t
	t.Helper()
	q := url.Values{}
	if g.epoch != "" {
		q.Set("epoch", g.epoch)
		q.Set("after", fmt.Sprint(g.seq))
	}
	d := websocket.Dialer{Jar: g.op.http.Jar, HandshakeTimeout: patience}
	ws, res, err := d.DialContext(t.Context(), strings.Replace(g.op.p.url, "http", "ws", 1)+"/api/v1/stream?"+q.Encode(),
		http.Header{"Origin": {g.op.p.url}})
	must(t, "stream", err)
	res.Body.Close()
	return ws
}

// read takes one frame; false when the socket ends or d is over.
func (g *page) read(ws *websocket.Conn, d time.Duration) bool {
	t := g.op.p.t
	var m struct {
		Type  string
		Epoch string
		Seq   int64
		Data  json.RawMessage
	}
	must(t, "deadline", ws.SetReadDeadline(time.Now().Add(d)))
	if err := ws.ReadJSON(&m); err != nil {
		return false
	}
	switch {
	case m.Type == "snapshot":
		var s struct{ Calls []cti.Call }
		must(t, "snapshot", json.Unmarshal(m.Data, &s))
		g.snapshots++
		g.epoch, g.seq = m.Epoch, m.Seq
		for _, c := range s.Calls {
			g.calls[c.ID] = c
		}
		return true
	case m.Seq != g.seq+1:
		t.Errorf("message %d (%s) after %d", m.Seq, m.Type, g.seq)
	}
	g.seq = m.Seq
	if m.Type == "call" {
		var c cti.Call
		must(t, "call", json.Unmarshal(m.Data, &c))
		if old := g.calls[c.ID]; c.Version <= old.Version {
			t.Errorf("version %d of a call after %d", c.Version, old.Version)
		}
		if len(c.Ringing) > 0 && g.over[c.ID] {
			t.Errorf("a call that is over is offered: version %d", c.Version)
		}
		g.calls[c.ID] = c
	}
	return true
}

// A hundred random cuts of the socket while calls come and go: the page ends
// with what an uncut one has, no message is lost or repeated, and no call
// that ended meanwhile rings.
func TestHundredCutsDuringCalls_PU_04(t *testing.T) {
	t.Parallel()
	o := simulated(t)
	p := start(t, o)
	whole := p.login("u102").connect()
	must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{Answer: 20 * time.Millisecond}))
	stop := make(chan struct{})
	var calls sync.WaitGroup
	for n := range 3 {
		calls.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				line, err := o.Call(t.Context(), scenario.Outside{From: fmt.Sprintf("7916%d%06d", n, i), DID: "4951000102"})
				if err != nil {
					t.Errorf("call: %v", err)
					return
				}
				select {
				case <-line.Answered():
				case <-time.After(rand.N(60 * time.Millisecond)): // gives up
				}
				if err := line.Hangup(t.Context()); err != nil {
					t.Errorf("hang up: %v", err)
				}
				<-line.Ended()
			}
		})
	}
	g := &page{op: p.login("u102"), calls: make(map[string]cti.Call)}
	first := g.open()
	g.read(first, patience)
	first.NetConn().Close()
	p.eventually("the uncut one has read what the snapshot has", func() bool { return whole.at(g.seq) })
	old := endedCalls(whole) // the page has never heard of some of them
	for range 100 {
		g.over = endedCalls(whole)
		ws := g.open()
		for until := time.Now().Add(rand.N(30 * time.Millisecond)); g.read(ws, max(time.Until(until), time.Millisecond)) && time.Now().Before(until); {
		}
		ws.NetConn().Close() // as a cable does
	}
	close(stop)
	calls.Wait()
	p.eventually("every call has ended", func() bool {
		seen := make(map[string]bool)
		for _, c := range whole.received() {
			seen[c.ID] = seen[c.ID] || c.State == cti.Ended
		}
		for _, over := range seen {
			if !over {
				return false
			}
		}
		return len(seen) > 0
	})
	want := make(map[string]cti.Call)
	for _, c := range whole.received() {
		if _, known := g.calls[c.ID]; known || !old[c.ID] {
			want[c.ID] = c
		}
	}
	g.over = endedCalls(whole)
	ws := g.open()
	defer ws.Close()
	for !g.has(want) {
		if !g.read(ws, patience) {
			break
		}
	}
	for id, c := range want {
		if got := g.calls[id]; got.Version < c.Version || got.State != cti.Ended {
			t.Errorf("call %s: the page has version %d (%s), the uncut one %d", id, got.Version, got.State, c.Version)
		}
	}
	p.eventually("the uncut one has no less than the page", func() bool { // a late lookup writes an ended call again
		for _, c := range whole.received() {
			if g.calls[c.ID].Version <= c.Version {
				delete(want, c.ID)
			}
		}
		return len(want) == 0
	})
	if g.snapshots != 1 {
		t.Errorf("%d snapshots: the stream was not resumed", g.snapshots)
	}
	t.Logf("%d calls, %d messages", len(g.calls), g.seq)
}

func (g *page) has(want map[string]cti.Call) bool {
	for id, c := range want {
		if g.calls[id].Version < c.Version {
			return false
		}
	}
	return true
}

func endedCalls(op *operator) map[string]bool {
	over := make(map[string]bool)
	for _, c := range op.received() {
		if c.State == cti.Ended {
			over[c.ID] = true
		}
	}
	return over
}
