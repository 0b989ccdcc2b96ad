package push

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// maxClientFrame is more than the largest frame a browser has to send.
const maxClientFrame = 1 << 10 // bytes

var pongFrame = []byte(`{"type":"pong"}`)

// conn is one socket. The goroutine of Serve writes, a second one reads.
type conn struct {
	hub     *Hub
	ws      *websocket.Conn // nil until upgraded; set under hub.mu
	session Session
	epoch   string // of the stream it is attached to; a reset cuts it
	counted bool   // against MaxPerUser; guarded by hub.mu

	ctx    context.Context // ends when the browser leaves or the socket is cut
	cancel context.CancelFunc

	queue chan numbered // bounded: full means TooSlow
	pong  chan struct{} // room for one: it answers every ping before it
	gone  chan struct{} // closed when the reader has ended
	frame []byte        // scratch of the writer

	cutOnce sync.Once
	code    CloseCode
	over    chan struct{} // closed by cut, after code is set
}

func newConn(ctx context.Context, h *Hub, s Session) *conn {
	ctx, cancel := context.WithCancel(ctx)
	return &conn{
		ctx:     ctx,
		cancel:  cancel,
		hub:     h,
		session: s,
		queue:   make(chan numbered, h.opt.QueueSize),
		pong:    make(chan struct{}, 1),
		gone:    make(chan struct{}),
		over:    make(chan struct{}),
	}
}

// offer queues a message without waiting; false means the queue is full.
func (c *conn) offer(n numbered) bool {
	select {
	case c.queue <- n:
		return true
	default:
		return false
	}
}

// cut asks the socket to end with the code. It returns at once; what is still
// queued is not sent. Only the first call counts.
func (c *conn) cut(code CloseCode) {
	c.cutOnce.Do(func() {
		c.code = code
		close(c.over)
		c.cancel()
	})
}

func (c *conn) isCut() bool { return isClosed(c.over) }

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// abort drops the connection without a closing handshake. Called with hub.mu
// held.
func (c *conn) abort() {
	c.cancel()
	if c.ws != nil {
		c.ws.Close()
	}
}

// serve runs the socket until it ends, and closes it.
func (c *conn) serve(from resume, snapshot Snapshot) {
	if !c.session.Expires.IsZero() {
		expiry := time.AfterFunc(time.Until(c.session.Expires), func() { c.cut(SessionEnded) })
		defer expiry.Stop()
	}
	// A writer stuck in a full socket must not hold up the close for long.
	unblock := context.AfterFunc(c.ctx, func() {
		_ = c.ws.NetConn().SetWriteDeadline(time.Now().Add(c.hub.opt.CloseTimeout))
	})
	defer unblock()
	go c.read()
	if err := c.write(from, snapshot); err != nil {
		c.hub.opt.Log.Debug("socket ended", "user", c.session.UserID, "err", err)
	}
	c.finish()
}

// write sends the snapshot or the missed messages, then whatever is queued,
// until the socket is cut (nil), the browser leaves (nil) or a write fails.
func (c *conn) write(from resume, snapshot Snapshot) error {
	missed, err := c.open(from, snapshot)
	if err != nil {
		return err
	}
	for _, n := range missed {
		if c.isCut() {
			return nil
		}
		if err := c.send(n); err != nil {
			return err
		}
	}
	ping := time.NewTicker(c.hub.opt.PingEvery)
	defer ping.Stop()
	for !c.isCut() {
		var err error
		select {
		case n := <-c.queue:
			err = c.send(n)
		case <-c.pong:
			err = c.sendFrame(pongFrame)
		case <-ping.C:
			err = c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.hub.opt.WriteTimeout))
		case <-c.gone:
			return nil
		case <-c.over:
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// open attaches the socket to its stream: where the browser left off, or
// behind a snapshot. The number of a snapshot is taken before it is made, so
// a change in between is sent again rather than lost.
func (c *conn) open(from resume, snapshot Snapshot) ([]numbered, error) {
	if c.isCut() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(c.ctx, c.hub.opt.SnapshotTimeout)
	defer cancel()
	if err := c.hub.opt.Bus.Join(ctx, c.session.UserID); err != nil {
		return nil, c.fail("join bus", err)
	}
	if from.asked {
		if missed, ok := c.hub.attach(c, from.epoch, from.after); ok {
			c.hub.stats.resumed.Add(1)
			return missed, nil
		}
	}
	epoch, seq := c.hub.position(c.session.UserID)
	if c.isCut() { // by the reset that began this epoch: the browser would come twice
		return nil, nil
	}
	data, err := snapshot(ctx)
	if err != nil {
		return nil, c.fail("snapshot", err)
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, c.fail("marshal snapshot", err)
	}
	c.hub.stats.snapshots.Add(1)
	c.epoch = epoch
	msg := &Message{Type: typeSnapshot, At: time.Now().UTC(), Data: raw}
	if err := c.send(numbered{seq: seq, msg: msg}); err != nil {
		return nil, err
	}
	missed, ok := c.hub.attach(c, epoch, seq)
	if !ok { // so much happened during the snapshot that it is of no use
		c.cut(Gap)
	}
	return missed, nil
}

// fail ends a socket whose stream can't be opened, unless it has ended itself.
func (c *conn) fail(step string, err error) error {
	if c.ctx.Err() == nil {
		c.hub.opt.Log.Error("stream not opened", "user", c.session.UserID, "step", step, "err", err)
		c.cut(InternalError)
	}
	return fmt.Errorf("%s: %w", step, err)
}

func (c *conn) send(n numbered) error {
	if c.session.Masked && !n.skip {
		data, err := c.hub.opt.Mask(n.msg.Data)
		if err != nil {
			return c.fail("mask", err)
		}
		masked := *n.msg
		masked.Data = data
		n.msg = &masked
	}
	c.frame = appendFrame(c.frame[:0], c.epoch, n)
	return c.sendFrame(c.frame)
}

func (c *conn) sendFrame(frame []byte) error {
	if err := c.ws.SetWriteDeadline(time.Now().Add(c.hub.opt.WriteTimeout)); err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.TextMessage, frame)
}

// finish sends the close code, if there is one, gives the browser a moment to
// answer so that the code is not lost in a reset, and waits for the reader.
func (c *conn) finish() {
	if c.isCut() {
		c.hub.stats.closed(c.code)
		wait := time.NewTimer(c.hub.opt.CloseTimeout)
		defer wait.Stop()
		reason := websocket.FormatCloseMessage(int(c.code), c.code.String())
		err := c.ws.WriteControl(websocket.CloseMessage, reason, time.Now().Add(c.hub.opt.CloseTimeout))
		if err == nil {
			select {
			case <-c.gone:
			case <-wait.C:
			}
		}
	}
	c.ws.Close()
	<-c.gone
}

// read takes the browser's frames until the connection ends. The only one
// there is asks for a pong; the contract knows no other.
func (c *conn) read() {
	defer c.cancel()
	defer close(c.gone)
	c.ws.SetPongHandler(func(string) error { c.alive(); return nil })
	c.alive()
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			return
		}
		if c.isCut() {
			continue // until the closing handshake
		}
		if err := parseClientFrame(kind, r); err != nil {
			c.hub.opt.Log.Warn("bad frame from browser", "user", c.session.UserID, "err", err)
			c.cut(BadFrame)
			continue
		}
		c.alive()
		select {
		case c.pong <- struct{}{}:
		default:
		}
	}
}

// alive grants the browser another two and a half pings of silence.
func (c *conn) alive() {
	if !c.isCut() {
		_ = c.ws.SetReadDeadline(time.Now().Add(c.hub.opt.PingEvery * 5 / 2)) // fails on a closed socket only
	}
}

// parseClientFrame accepts {"type":"ping"}, with any other fields.
func parseClientFrame(kind int, r io.Reader) error {
	if kind != websocket.TextMessage {
		return fmt.Errorf("frame kind %d is not text", kind)
	}
	raw, err := io.ReadAll(io.LimitReader(r, maxClientFrame+1))
	if err != nil {
		return fmt.Errorf("read frame: %w", err)
	}
	if len(raw) > maxClientFrame {
		return fmt.Errorf("frame longer than %d bytes", maxClientFrame)
	}
	var frame struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &frame); err != nil {
		return fmt.Errorf("decode frame: %w", err)
	}
	if frame.Type != "ping" {
		return fmt.Errorf("unknown frame type %.20q", frame.Type)
	}
	return nil
}
