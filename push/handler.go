package push

import (
	"context"
	"errors"
	"net/http"
	"strconv"
)

// Snapshot makes the data of a stream's first message: all the page needs to
// start. It is called after the stream's number was taken and must read state
// at least as new. It should honour ctx, which ends when the browser leaves.
type Snapshot func(ctx context.Context) (any, error)

// Serve upgrades the request to a WebSocket, sends the user's stream and
// returns when the socket has ended. The caller has authenticated s. With
// ?epoch=E&after=N the stream goes on behind message N if the messages since
// are still known, else with a new snapshot (PU-04).
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, s Session, snapshot Snapshot) {
	h.open(w, r, newConn(r.Context(), h, s), snapshot)
}

// open admits c before the upgrade, so that a session revoked from now on ends
// this socket too.
func (h *Hub) open(w http.ResponseWriter, r *http.Request, c *conn, snapshot Snapshot) {
	defer c.cancel()
	if !h.admit(c) {
		refuseUpgrade(w, r, http.StatusServiceUnavailable, errors.New("server is going away"))
		return
	}
	defer h.release(c)
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.opt.Log.Debug("stream not opened", "user", c.session.UserID, "err", err) // the request is answered
		return
	}
	h.mu.Lock()
	c.ws = ws
	h.mu.Unlock()
	c.serve(parseResume(r), snapshot)
}

// Refuse upgrades the request only to close it with the code: a browser can't
// see the status of a refused upgrade, so it would not know what to do.
func (h *Hub) Refuse(w http.ResponseWriter, r *http.Request, code CloseCode) {
	c := newConn(r.Context(), h, Session{})
	c.cut(code)
	h.open(w, r, c, nil)
}

// resume is where a returning browser left off.
type resume struct {
	asked bool
	epoch string
	after int64
}

// parseResume reads ?epoch=E&after=N; anything incomplete asks for a snapshot.
func parseResume(r *http.Request) resume {
	q := r.URL.Query()
	after, err := strconv.ParseInt(q.Get("after"), 10, 64)
	return resume{asked: err == nil && after >= 0 && q.Get("epoch") != "", epoch: q.Get("epoch"), after: after}
}

// refuseUpgrade answers a request that can't become a WebSocket (RFC 9457).
func refuseUpgrade(w http.ResponseWriter, _ *http.Request, status int, reason error) {
	code := "invalid"
	switch status {
	case http.StatusForbidden:
		code = "forbidden"
	case http.StatusServiceUnavailable:
		code = "unavailable"
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Sec-WebSocket-Version", "13") // RFC 6455 section 4.4
	w.WriteHeader(status)
	b := []byte(`{"type":"about:blank","title":`)
	b = appendString(b, http.StatusText(status))
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, `,"code":`...)
	b = appendString(b, code)
	b = append(b, `,"detail":`...)
	b = appendString(b, reason.Error())
	_, _ = w.Write(append(b, '}')) // the client left: nobody to tell
}
