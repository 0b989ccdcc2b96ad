package push

import (
	"context"
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
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.opt.Log.Debug("stream not opened", "user", s.UserID, "err", err) // the request is answered
		return
	}
	c := newConn(r.Context(), h, ws, s)
	if !h.admit(c) {
		c.abort()
		return
	}
	defer h.release(c)
	c.serve(parseResume(r), snapshot)
}

// Refuse upgrades the request only to close it with the code: a browser can't
// see the status of a refused upgrade, so it would not know what to do.
func (h *Hub) Refuse(w http.ResponseWriter, r *http.Request, code CloseCode) {
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.opt.Log.Debug("stream not refused", "code", int(code), "err", err)
		return
	}
	c := newConn(r.Context(), h, ws, Session{})
	c.cut(code)
	if !h.admit(c) {
		c.abort()
		return
	}
	defer h.release(c)
	c.serve(resume{}, nil)
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
	if status == http.StatusForbidden {
		code = "forbidden"
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
