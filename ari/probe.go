package ari

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
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
	client  *Client
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
	p := &Probe{client: c, rest: c.rest, conn: conn, done: make(chan struct{}), channel: cti.ServicePrefix + "probe-" + rand.Text()}
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

// silence is how long Record records.
const silence = 300 * time.Millisecond

// ErrNoRecording tells that Asterisk took the order to record and has no file:
// its log says why.
var ErrNoRecording = errors.New("the PBX has no file of what it was to record")

// Record records a moment of the silent channel in the way in which calls are
// recorded, and removes the file. It returns the bytes that the PBX wrote: a
// whole file has 44 at least, its header. A full disk shows only there.
func (p *Probe) Record(ctx context.Context) (int64, error) {
	name := "probe-" + rand.Text()
	if err := p.client.StartRecording(ctx, p.channel, name); err != nil {
		return 0, err
	}
	select {
	case <-time.After(silence):
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restTimeout)
	defer cancel()
	if err := p.endRecording(ctx, name); err != nil {
		return 0, err
	}
	n, err := p.written(ctx, name)
	return n, errors.Join(err, p.client.DeleteRecording(ctx, name))
}

// endRecording returns when the file is closed. The snoop channel of a silent
// channel takes a second to end by order; it ends at once with the channel.
func (p *Probe) endRecording(ctx context.Context, name string) error {
	if err := p.client.live(ctx, name, "/stop"); err != nil && !notFound(err) {
		return err
	}
	const pause = 20 * time.Millisecond
	for {
		stage, err := p.client.Recording(ctx, name)
		if err != nil || !stage.Live() {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *Probe) written(ctx context.Context, name string) (int64, error) {
	body, ok, err := p.client.FetchRecording(ctx, name)
	if err == nil && !ok {
		err = ErrNoRecording
	}
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, body)
	return n, errors.Join(err, body.Close())
}

// Contacts returns what the telephones that are registered at an endpoint of
// PJSIP say they are (User-Agent).
func (p *Probe) Contacts(ctx context.Context, endpoint string) ([]string, error) {
	aors, err := p.Read(ctx, "PJSIP_ENDPOINT("+endpoint+",aors)")
	if err != nil {
		return nil, err
	}
	var agents []string
	for _, aor := range fields(aors) {
		contacts, err := p.Read(ctx, "PJSIP_AOR("+aor+",contact)")
		if err != nil {
			return nil, err
		}
		for _, contact := range fields(contacts) {
			agent, err := p.Read(ctx, "PJSIP_CONTACT("+contact+",user_agent)")
			if err != nil {
				return nil, err
			}
			agents = append(agents, agent)
		}
	}
	return agents, nil
}

// fields splits a list of Asterisk's.
func fields(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
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
