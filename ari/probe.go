package ari

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"ringcard/cti"
)

// Probe reads functions of the dialplan, as DIALPLAN_EXISTS(office) or
// AST_CONFIG(cdr.conf,csv,loguniqueid), without a call: ARI evaluates them on
// channels only, so the probe makes a Local channel that is never dialled. It
// belongs to an application of the probe's own, so that a running server
// keeps its events; rings nobody; and ends with Close, or with its socket.
// Seen on 16.28 and 22.10.
type Probe struct {
	rest    *REST
	conn    *websocket.Conn
	done    chan struct{} // the reader has ended
	channel string
}

// ErrNoFunction tells that this Asterisk has no such function, or does not let ARI read
// it (live_dangerously in asterisk.conf).
var ErrNoFunction = errors.New("the PBX does not evaluate this function")

// OpenProbe connects with the user of cfg. The caller must Close it.
func OpenProbe(ctx context.Context, cfg Config) (*Probe, error) {
	cfg.App = "ringcard-probe-" + rand.Text()
	c := New(cfg, Options{})
	conn, err := c.dial(ctx)
	if err != nil {
		c.rest.Close()
		return nil, err
	}
	p := &Probe{rest: c.rest, conn: conn, done: make(chan struct{}), channel: cti.ServicePrefix + "probe-" + rand.Text()}
	go func() { // an unread socket would stop the PBX
		defer close(p.done)
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	q := url.Values{"endpoint": {"Local/ask@" + cti.CommandContext + "/n"}, "app": {cfg.App}, "channelId": {p.channel}}
	// Not cancelled half-way: Asterisk would make the channel, and nobody end it.
	if _, err := c.rest.do(context.WithoutCancel(ctx), http.MethodPost, "/channels/create", q, nil, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("probe channel: %w", err), p.Close(ctx))
	}
	return p, nil
}

// Read evaluates a function.
func (p *Probe) Read(ctx context.Context, function string) (string, error) {
	v, err := p.rest.Variable(ctx, p.channel, function)
	var status *StatusError
	if errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusInternalServerError) {
		return "", fmt.Errorf("%w: %s", ErrNoFunction, function)
	}
	return v, err
}

// Close removes the channel and the application.
func (p *Probe) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restTimeout)
	defer cancel()
	_, err := p.rest.do(ctx, http.MethodDelete, "/channels/"+url.PathEscape(p.channel), nil, nil, nil)
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		err = nil // it was never made
	}
	soon := time.Now().Add(closeTimeout)
	_ = p.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), soon)
	_ = p.conn.SetReadDeadline(soon)
	<-p.done
	_ = p.conn.Close() // it is closed on the other side
	p.rest.Close()
	return err
}
