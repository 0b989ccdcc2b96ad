package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/recording"
	"ringcard/cti"
)

const patience = 60 * time.Second

// page is a signed-in browser.
type page struct {
	t      *testing.T
	url    string
	cookie *http.Cookie
	header http.Header
}

// with is the same page sending one more header.
func (p *page) with(key, value string) *page {
	other := *p
	other.header = http.Header{key: {value}}
	return &other
}

func signIn(t *testing.T, url, login, password string) *page {
	t.Helper()
	p := &page{t: t, url: url}
	res := p.send(http.MethodPost, "/api/v1/login", map[string]string{"login": login, "password": password}, nil)
	for _, c := range res.Cookies() {
		p.cookie = c
	}
	if p.cookie == nil {
		t.Fatalf("login: %s", res.Status)
	}
	return p
}

// send makes a request and decodes the answer into out unless it is nil.
func (p *page) send(method, path string, in, out any) *http.Response {
	p.t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, bytes.NewReader(raw))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for key, values := range p.header {
		req.Header[key] = values
	}
	if p.cookie != nil {
		req.AddCookie(p.cookie)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if out != nil {
		if err := json.NewDecoder(res.Body).Decode(out); err != nil {
			p.t.Fatalf("%s %s: %s: %v", method, path, res.Status, err)
		}
	}
	return res
}

type streamFrame struct {
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// stream opens the page's socket.
func (p *page) stream() *websocket.Conn {
	p.t.Helper()
	conn, _, err := websocket.DefaultDialer.DialContext(p.t.Context(), "ws"+strings.TrimPrefix(p.url, "http")+"/api/v1/stream",
		http.Header{"Cookie": {p.cookie.String()}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// call reads the stream until a call fits.
func (p *page) call(conn *websocket.Conn, what string, fits func(cti.Call) bool) cti.Call {
	p.t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	for {
		var f streamFrame
		if err := conn.ReadJSON(&f); err != nil {
			p.t.Fatalf("no call that is %s: %v", what, err)
		}
		if f.Type != messageCall {
			continue
		}
		var c cti.Call
		if err := json.Unmarshal(f.Data, &c); err != nil {
			p.t.Fatal(err)
		}
		if fits(c) {
			return c
		}
	}
}

// free tells whether the first login's telephone has nothing more to do with
// the call.
func free(c cti.Call) bool {
	const own = "PJSIP/101"
	rings := slices.ContainsFunc(c.Ringing, func(p cti.Party) bool { return p.Device == own })
	talks := c.AnsweredBy != nil && c.AnsweredBy.Device == own
	return c.State == cti.Ended || !rings && !talks
}

// controls presses buttons in a talk, which the simulated PBX obeys.
func (p *page) controls(conn *websocket.Conn, id string) {
	p.t.Helper()
	held := func(c cti.Call) bool { return slices.ContainsFunc(c.Legs, func(l cti.Leg) bool { return l.Held }) }
	for _, step := range []struct {
		action string
		shows  bool
	}{{"hold", true}, {"resume", false}} {
		var answer struct{ Code, Detail string }
		if res := p.send(http.MethodPost, "/api/v1/calls/"+id+"/"+step.action, nil, &answer); res.StatusCode != http.StatusOK {
			p.t.Fatalf("%s: %s %+v", step.action, res.Status, answer)
		}
		p.call(conn, step.action, func(c cti.Call) bool { return c.ID == id && held(c) == step.shows })
	}
}

// recording waits until the recording of a call, which begins by itself, is in
// a state.
func (p *page) recording(id string, state recording.State) recording.Recording {
	p.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var list crm.Page[recording.Recording]
	for limit := time.After(patience); len(list.Items) == 0 || list.Items[0].State != state; {
		select {
		case <-tick.C:
			p.send(http.MethodGet, "/api/v1/calls/"+id+"/recordings", nil, &list)
		case <-limit:
			p.t.Fatalf("no recording of %s is %s: %+v", id, state, list.Items)
		}
	}
	return list.Items[0]
}

// answering picks a number at which somebody answers (arisim.OutsideByDigit).
func answering(numbers []string) string {
	i := slices.IndexFunc(numbers, func(n string) bool { return !strings.ContainsAny(n[len(n)-1:], "0789") })
	return numbers[i]
}

func TestDemoPopsCallsAndDials_OP_01(t *testing.T) {
	var log syncBuffer
	demo, err := StartDemo(t.Context(), DemoOptions{
		Listen: "127.0.0.1:0", Locale: "en", Version: "test", Speed: 4, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- demo.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(demo.dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("its folder is left behind: %v", err)
		}
		if t.Failed() {
			t.Log(log.String())
		}
	}()

	anna := signIn(t, demo.URL(), "anna", DemoPassword)
	conn := anna.stream()
	rang := anna.call(conn, "ringing with its client", func(c cti.Call) bool {
		return c.Direction == cti.Inbound && c.State == cti.Ringing && len(c.Ringing) > 0 && c.Client != nil
	})
	anna.call(conn, "over or taken by another", func(c cti.Call) bool { return c.ID == rang.ID && free(c) })

	var placed struct{ ID, Code string }
	for try := 0; placed.ID == ""; try++ {
		res := anna.with("Idempotency-Key", fmt.Sprintf("click-%04d", try)).
			send(http.MethodPost, "/api/v1/calls", map[string]any{"to": answering(demo.sample.Known)}, &placed)
		if placed.Code == string(cti.CodeDeviceBusy) {
			anna.call(conn, "over or taken by another", free)
		} else if res.StatusCode != http.StatusAccepted {
			t.Fatalf("%s %+v", res.Status, placed)
		}
	}
	dialled := anna.call(conn, "the one we placed, talking", func(c cti.Call) bool { return c.ID == placed.ID && c.State == cti.Talking })
	if dialled.Direction != cti.Outbound || dialled.Client == nil || dialled.PlacedBy == nil || dialled.PlacedBy.Device != "PJSIP/101" {
		t.Errorf("%+v", dialled)
	}
	anna.recording(placed.ID, recording.Active)
	anna.controls(conn, placed.ID)
	anna.send(http.MethodPost, "/api/v1/calls/"+placed.ID+"/hangup", nil, nil)
	anna.call(conn, "ended", func(c cti.Call) bool { return c.ID == placed.ID && c.State == cti.Ended })
	recorded := anna.recording(placed.ID, recording.Ready)
	if res := anna.send(http.MethodGet, "/api/v1/recordings/"+recorded.ID+"/audio", nil, nil); res.StatusCode != http.StatusOK || recorded.DurationMS == 0 {
		t.Errorf("audio: %s, %+v", res.Status, recorded)
	}

	admin := signIn(t, demo.URL(), "admin", DemoPassword)
	asWritten := "8" + strings.TrimPrefix(answering(demo.sample.Known), "+7") // read by the rules of the office
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		var journal crm.Page[calllog.Record]
		admin.send(http.MethodGet, "/api/v1/calls?number="+asWritten, nil, &journal)
		for _, r := range journal.Items {
			if r.ID == placed.ID && r.State == calllog.Ended && r.Disposition == calllog.Answered && r.ClientID != 0 {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the call is not in the journal: %+v", journal.Items)
		}
	}
}
