package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"ringcard/cti"
	"ringcard/push"
)

// open dials the stream; the caller reads from it.
func (b *browser) open(query string) *websocket.Conn {
	b.s.t.Helper()
	header := http.Header{}
	if b.cookie != nil {
		header.Set("Cookie", b.cookie.String())
	}
	for key, values := range b.header {
		header[key] = values
	}
	conn, _, err := websocket.DefaultDialer.DialContext(b.s.t.Context(), "ws"+strings.TrimPrefix(b.s.URL, "http")+"/api/v1/stream"+query, header)
	if err != nil {
		b.s.t.Fatal(err)
	}
	b.s.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		b.s.t.Fatal(err)
	}
	return conn
}

// closedWith reads until the server closes and checks the code.
func closedWith(t *testing.T, conn *websocket.Conn, code push.CloseCode) {
	t.Helper()
	for {
		_, _, err := conn.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			if closed.Code != int(code) {
				t.Errorf("closed with %d, want %d", closed.Code, code)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

type snapshotFrame struct {
	Type  string         `json:"type"`
	Epoch string         `json:"epoch"`
	Data  StreamSnapshot `json:"data"`
}

func readSnapshot(t *testing.T, conn *websocket.Conn) (snapshotFrame, string) {
	t.Helper()
	_, raw, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	var f snapshotFrame
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	return f, string(raw)
}

func TestStreamBeginsWithAllThatIsLive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.userID("anna")
	s.calls.live = map[int64][]cti.Call{
		anna:              {{ID: uuid.NewString(), State: cti.Ringing}},
		s.userID("boris"): {{ID: uuid.NewString(), State: cti.Talking, CallerName: "не для Анны"}},
	}
	f, raw := readSnapshot(t, s.login("anna").open(""))
	if f.Type != "snapshot" || f.Epoch == "" || f.Data.Me.Login != "anna" || len(f.Data.Calls) != 1 || len(f.Data.Presence) != 4 || len(f.Data.PBX) != 1 {
		t.Errorf("%s", raw)
	}
	for _, forbidden := range []string{"не для Анны", "10.0.0.5", "argon2"} {
		if strings.Contains(raw, forbidden) {
			t.Errorf("the snapshot shows %q", forbidden)
		}
	}
}

func TestStreamIsRefusedWithACodeTheBrowserCanRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	closedWith(t, s.anonymous().open(""), push.SessionEnded)
	closedWith(t, s.anonymous().open("?ticket=made-up"), push.SessionEnded)
}

func TestTicketOpensOneStream(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ticket := want[Ticket](t, s.login("anna").post("/api/v1/stream-ticket", nil), http.StatusOK).Ticket
	f, _ := readSnapshot(t, s.anonymous().open("?ticket="+ticket))
	if f.Data.Me.Login != "anna" {
		t.Errorf("%+v", f.Data.Me)
	}
	closedWith(t, s.anonymous().open("?ticket="+ticket), push.SessionEnded)
	if strings.Contains(s.log.String(), ticket) {
		t.Error("the ticket is in the log")
	}
}

func TestLogoutClosesTheStreamsOfThatSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, second := s.login("anna"), s.login("anna")
	ended, stays := first.open(""), second.open("")
	readSnapshot(t, ended)
	readSnapshot(t, stays)
	want[none](t, first.post("/api/v1/logout", nil), http.StatusNoContent)
	closedWith(t, ended, push.SessionEnded)
	if err := stays.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	if _, raw, err := stays.ReadMessage(); err != nil || !strings.Contains(string(raw), "pong") {
		t.Errorf("%s %v", raw, err)
	}
}

func TestNewRoleClosesTheUsersStreams(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	conn := s.login("boris").open("")
	readSnapshot(t, conn)
	path := fmt.Sprintf("/api/v1/users/%d", s.userID("boris"))
	want[User](t, s.login("admin").send(http.MethodPatch, path, map[string]any{"role": "operator"}), http.StatusOK)
	closedWith(t, conn, push.SessionEnded)
}

func TestStreamOfAnotherSiteIsRefused_OP_05(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("anna")
	header := http.Header{"Cookie": {b.cookie.String()}, "Origin": {"https://evil.example"}}
	_, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/api/v1/stream", header)
	if err == nil {
		t.Fatal("the upgrade was allowed")
	}
	if res == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("%v %v", res, err)
	}
}
