package push_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	"ringcard/push"
	"ringcard/push/pushtest"
)

func TestPingFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pushtest.NewServer(t, push.NewHub(push.Options{}), noSnapshot)
		c := s.Dial(user(7), nil)
		c.Next()
		for _, ping := range []string{`{"type":"ping"}`, ` {"type":"ping","at":17} `} {
			if err := c.Conn.WriteMessage(websocket.TextMessage, []byte(ping)); err != nil {
				t.Fatal(err)
			}
			if _, raw, err := c.Conn.ReadMessage(); err != nil || string(raw) != `{"type":"pong"}` {
				t.Errorf("answer %q, %v", raw, err)
			}
		}
	})
}

func TestMalformedFrames(t *testing.T) {
	for name, frame := range map[string]struct {
		kind int
		data string
	}{
		"not JSON":     {websocket.TextMessage, "ping"},
		"empty":        {websocket.TextMessage, ""},
		"half":         {websocket.TextMessage, `{"type":"ping"`},
		"two":          {websocket.TextMessage, `{"type":"ping"}{"type":"ping"}`},
		"no type":      {websocket.TextMessage, `{}`},
		"unknown type": {websocket.TextMessage, `{"type":"subscribe","user_id":101}`},
		"other shape":  {websocket.TextMessage, `{"type":["ping"]}`},
		"binary":       {websocket.BinaryMessage, `{"type":"ping"}`},
		"too long":     {websocket.TextMessage, `{"type":"ping","pad":"` + strings.Repeat("x", 1<<20) + `"}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := push.NewHub(push.Options{})
				s := pushtest.NewServer(t, hub, noSnapshot)
				c, other := s.Dial(user(7), nil), s.Dial(user(8), nil)
				c.Next()
				other.Next()
				synctest.Wait()
				sent := make(chan error, 1)
				go func() { sent <- c.Conn.WriteMessage(frame.kind, []byte(frame.data)) }()
				if code, frames := c.CloseCode(); code != push.BadFrame || len(frames) > 0 {
					t.Errorf("code %d, frames %v", code, frames)
				}
				<-sent //nolint:errcheck // the rest of a long frame may be refused
				hub.Publish([]int64{7, 8}, ring("c", 1, "ringing"))
				if f := other.Next(); f.Type != "call" {
					t.Errorf("other socket got %+v", f)
				}
			})
		})
	}
}

// A flood of pings costs the flooder's own socket at most.
func TestPingFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{QueueSize: 1})
		s := pushtest.NewServer(t, hub, noSnapshot)
		c := s.Dial(user(7), nil)
		c.Next()
		for range 1000 { // answers are not read meanwhile
			if err := c.Conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		hub.Publish([]int64{7}, ring("c", 1, "ringing"))
		for f := c.Next(); f.Type != "call"; f = c.Next() {
			if f.Type != "pong" {
				t.Fatalf("got %+v", f)
			}
		}
	})
}

func FuzzClientFrame(f *testing.F) {
	for _, seed := range []string{`{"type":"ping"}`, `{"TYPE":"ping"}`, `[]`, `null`, `"ping"`, "\x00", `{"type":"ping"}x`} {
		f.Add(websocket.TextMessage, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, kind int, data []byte) {
		if push.ParseClientFrame(kind, bytes.NewReader(data)) != nil {
			return
		}
		var frame struct{ Type string }
		if kind != websocket.TextMessage || len(data) > 1<<10 || json.Unmarshal(data, &frame) != nil || frame.Type != "ping" {
			t.Errorf("accepted kind %d %q", kind, data)
		}
	})
}

// Whatever an event holds, its frame is one JSON object with that content.
func FuzzServerFrame(f *testing.F) {
	f.Add("call", "text")
	f.Add("a\"b\\c\x00", "\u2028</script>\xff")
	f.Fuzz(func(t *testing.T, typ, text string) {
		raw := push.AppendFrame(nil, typ, text)
		var got struct {
			Type  string
			Epoch string
			Seq   int64
			Data  string
		}
		var wantType, wantText string
		recode(t, typ, &wantType)
		recode(t, text, &wantText)
		if err := json.Unmarshal(raw, &got); err != nil || got.Type != wantType || got.Data != wantText || got.Seq != 7 || got.Epoch != "E" {
			t.Errorf("frame %q, %v", raw, err)
		}
	})
}

// recode takes invalid UTF-8 the way encoding/json does.
func recode(t *testing.T, in string, out *string) {
	t.Helper()
	raw, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		t.Fatal(err)
	}
}
