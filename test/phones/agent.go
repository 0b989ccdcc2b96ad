package phones

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// maxWaiting bounds the calls that come in and are not yet taken by WaitIncoming.
const maxWaiting = 256

// lastPackets is how long a request that was read takes to come to its handler;
// longer on a busy machine, see Strays.
const lastPackets = 50 * time.Millisecond

// Strays is the goroutine of a socket that sipgo opened for a request whose own
// socket was closed between its reading and its handling: nothing ends it. Tests
// that look for goroutines left behind pass it over.
const Strays = "github.com/emiago/sipgo/sip.(*TransportUDP).readUDPConnection"

// allow is what the agent understands (RFC 3261 section 20.5).
const allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, UPDATE"

// agent is a SIP user agent on one UDP socket: what a phone and a trunk share.
type agent struct {
	log    *slog.Logger
	ip     string
	rtp    bool
	auth   sipgo.DigestAuth
	socket net.PacketConn
	sink   net.PacketConn // named in SDP when rtp is off
	ua     *sipgo.UserAgent
	client *sipgo.Client
	server *sipgo.Server

	contact sip.ContactHeader
	waiting chan *Call
	served  chan struct{} // closed when the socket's reader has ended
	work    sync.WaitGroup
	// ctx ends when the agent closes: whatever it does on its own is bound to it.
	ctx  context.Context
	stop context.CancelFunc

	mu        sync.Mutex
	calls     map[string]*Call // by Call-ID
	behaviour func(*Call) Behaviour
	closed    bool
}

type agentConfig struct {
	ip, user, password string
	rtp                bool
	log                *slog.Logger
}

func newAgent(c agentConfig) (*agent, error) {
	a := &agent{
		log:     c.log,
		ip:      c.ip,
		rtp:     c.rtp,
		auth:    sipgo.DigestAuth{Username: c.user, Password: c.password},
		waiting: make(chan *Call, maxWaiting),
		served:  make(chan struct{}),
		calls:   make(map[string]*Call),
	}
	a.ctx, a.stop = context.WithCancel(context.Background())
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if err := a.listen(c.user); err != nil {
		a.stop()
		a.release()
		return nil, err
	}
	return a, nil
}

// listen opens the sockets and returns when the transport reads them: a request
// sent earlier would leave from a socket of its own.
func (a *agent) listen(user string) error {
	var err error
	if a.socket, err = net.ListenPacket("udp4", net.JoinHostPort(a.ip, "0")); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if udp, ok := a.socket.(*net.UDPConn); ok {
		// A burst of calls must not be lost in the kernel.
		if err := udp.SetReadBuffer(4 << 20); err != nil {
			return fmt.Errorf("set read buffer: %w", err)
		}
	}
	if a.sink, err = net.ListenPacket("udp4", net.JoinHostPort(a.ip, "0")); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	a.ua, err = sipgo.NewUA(
		sipgo.WithUserAgent("ringcard-test"),
		sipgo.WithUserAgentHostname(a.ip),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(a.log)),
		sipgo.WithUserAgentTransactionLayerOptions(
			sip.WithTransactionLayerLogger(a.log),
			// Late retransmissions of an answer: nothing is left to be done.
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {}),
		),
	)
	if err != nil {
		return fmt.Errorf("make user agent: %w", err)
	}
	addr := a.socket.LocalAddr().String()
	a.client, err = sipgo.NewClient(a.ua, sipgo.WithClientConnectionAddr(addr), sipgo.WithClientLogger(a.log))
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	a.server, err = sipgo.NewServer(a.ua, sipgo.WithServerLogger(a.log))
	if err != nil {
		return fmt.Errorf("make server: %w", err)
	}
	a.server.OnInvite(a.onInvite)
	a.server.OnAck(a.onAck)
	a.server.OnBye(a.onBye)
	a.server.OnUpdate(a.onUpdate)
	a.server.OnNotify(a.onNotify)
	a.server.OnOptions(a.onOptions)
	a.contact = sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: user, Host: a.ip, Port: portOf(a.socket)}}

	reader := &reader{PacketConn: a.socket, closing: a.ctx, reading: make(chan struct{})}
	go func() {
		defer close(a.served)
		if err := a.server.ServeUDP(reader); err != nil {
			a.log.Error("serve sip", "err", err)
		}
	}()
	<-reader.reading
	return nil
}

// reader is the agent's socket as the transport reads it. It tells when the
// transport begins, and lets nothing through once the agent is closing: sipgo would
// open a socket of its own for a request that finds its transport half closed.
type reader struct {
	net.PacketConn
	closing context.Context
	once    sync.Once
	reading chan struct{}
}

func (r *reader) ReadFrom(b []byte) (int, net.Addr, error) {
	r.once.Do(func() { close(r.reading) })
	for {
		n, addr, err := r.PacketConn.ReadFrom(b)
		if err != nil || r.closing.Err() == nil {
			return n, addr, err
		}
	}
}

// close ends calls that are still up and waits for everything the agent started.
func (a *agent) close() {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return
	}
	a.closed = true
	live := make([]*Call, 0, len(a.calls))
	for _, c := range a.calls {
		live = append(live, c)
	}
	a.mu.Unlock()

	// The PBX may be gone: no longer than this.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var hangups sync.WaitGroup
	for _, c := range live {
		hangups.Go(func() {
			if err := c.Hangup(ctx); err != nil {
				a.log.Info("hang up at close", "call", c.ID, "err", err)
			}
			c.finish(End{Local: true, Text: "agent closed"})
		})
	}
	hangups.Wait()
	a.stop()
	// Work that ends after the transport would open a socket of its own.
	a.work.Wait()
	// A request read a moment ago may not have come to its handler yet. sipgo would
	// open a socket of its own for it, which nobody closes.
	<-time.After(lastPackets)
	a.release()
}

// release gives back the sockets and all that hangs on them. The socket goes first:
// see reader.
func (a *agent) release() {
	for _, c := range []net.PacketConn{a.socket, a.sink} {
		if c != nil {
			_ = c.Close() // a UDP socket has nothing to flush
		}
	}
	if a.server != nil {
		<-a.served
	}
	if a.ua != nil {
		if err := a.ua.Close(); err != nil {
			a.log.Info("close user agent", "err", err)
		}
	}
}

// begin counts a goroutine that close waits for. It reports false when the agent
// is closing and nothing must begin.
func (a *agent) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	a.work.Add(1)
	return true
}

func (a *agent) call(m interface{ CallID() *sip.CallIDHeader }) *Call {
	id := m.CallID()
	if id == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls[id.Value()]
}

func (a *agent) add(c *Call) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return errors.New("the phone is closed")
	}
	a.calls[c.ID] = c
	return nil
}

func (a *agent) remove(c *Call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.calls, c.ID)
}

// waitIncoming returns the next call that came in and was not taken yet.
func (a *agent) waitIncoming(ctx context.Context) (*Call, error) {
	select {
	case c := <-a.waiting:
		return c, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("no call came in: %w", ctx.Err())
	case <-a.ctx.Done():
		return nil, errors.New("no call came in: the phone is closed")
	}
}

// onInvite takes a new call or a re-INVITE. For a new call it lives until the
// final answer: sipgo ends the transaction when its handler returns.
func (a *agent) onInvite(req *sip.Request, tx sip.ServerTransaction) {
	if !a.begin() {
		a.respond(req, tx, sip.StatusTemporarilyUnavailable, "Closed")
		return
	}
	defer a.work.Done()
	if _, within := req.To().Params.Get("tag"); within {
		if c := a.call(req); c != nil {
			c.onReinvite(req, tx)
			return
		}
		a.respond(req, tx, sip.StatusCallTransactionDoesNotExists, "No Such Call")
		return
	}
	c, err := newIncoming(a, req, tx)
	if err != nil {
		a.log.Warn("refuse invite", "err", err)
		a.respond(req, tx, sip.StatusBadRequest, "Bad Request")
		return
	}
	if err := a.add(c); err != nil {
		a.respond(req, tx, sip.StatusTemporarilyUnavailable, "Closed")
		return
	}
	a.mu.Lock()
	choose := a.behaviour
	a.mu.Unlock()
	behaviour := choose(c)
	select {
	case a.waiting <- c:
	default:
		// With a behaviour nobody need take the call; without one it is lost.
		if behaviour == nil {
			_ = c.Reject(sip.StatusTemporarilyUnavailable)
			return
		}
	}
	if behaviour == nil {
		behaviour = Ring()
	}
	a.work.Go(func() { behaviour(c) })
	select {
	case <-c.final.ch:
	case <-tx.Done():
		c.finish(End{Code: sip.StatusRequestTerminated, Text: "transaction ended"})
	case <-a.ctx.Done():
	}
}

func (a *agent) onAck(req *sip.Request, _ sip.ServerTransaction) {
	if c := a.call(req); c != nil {
		c.acknowledged(req.CSeq().SeqNo)
	}
}

func (a *agent) onBye(req *sip.Request, tx sip.ServerTransaction) {
	c := a.call(req)
	if c == nil {
		a.respond(req, tx, sip.StatusCallTransactionDoesNotExists, "No Such Call")
		return
	}
	a.respond(req, tx, sip.StatusOK, "OK")
	cause, text := parseReason(req)
	ctx, cancel := context.WithTimeout(a.ctx, ownPatience)
	defer cancel()
	_ = c.established(ctx) // an answer that is being noted comes before the end
	c.finish(End{Code: sip.StatusOK, Cause: cause, Text: text})
}

func (a *agent) onUpdate(req *sip.Request, tx sip.ServerTransaction) {
	c := a.call(req)
	if c == nil {
		a.respond(req, tx, sip.StatusCallTransactionDoesNotExists, "No Such Call")
		return
	}
	c.onUpdate(req, tx)
}

func (a *agent) onNotify(req *sip.Request, tx sip.ServerTransaction) {
	a.respond(req, tx, sip.StatusOK, "OK")
	if c := a.call(req); c != nil && a.begin() {
		defer a.work.Done()
		c.onNotify(req)
	}
}

func (a *agent) onOptions(req *sip.Request, tx sip.ServerTransaction) {
	a.respond(req, tx, sip.StatusOK, "OK", sip.NewHeader("Allow", allow))
}

func (a *agent) respond(req *sip.Request, tx sip.ServerTransaction, code int, reason string, headers ...sip.Header) {
	res := sip.NewResponseFromRequest(req, code, reason, nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	if err := tx.Respond(res); err != nil {
		a.log.Info("respond", "method", req.Method, "code", code, "err", err)
	}
}

// do sends a request other than INVITE and returns its final response.
func (a *agent) do(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	res, err := a.client.Do(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.Method, err)
	}
	return res, nil
}

func challenged(res *sip.Response) bool {
	return res.StatusCode == sip.StatusUnauthorized || res.StatusCode == sip.StatusProxyAuthRequired
}

// parseReason reads the Reason header (RFC 3326): the Q.850 cause, 0 when there is
// none, and the header's text.
func parseReason(m interface{ GetHeaders(string) []sip.Header }) (cause int, text string) {
	for _, h := range m.GetHeaders("Reason") {
		fields := strings.Split(h.Value(), ";")
		isQ850 := strings.EqualFold(strings.TrimSpace(fields[0]), "Q.850")
		for _, field := range fields[1:] {
			key, value, _ := strings.Cut(strings.TrimSpace(field), "=")
			switch {
			case key == "cause" && isQ850:
				cause, _ = strconv.Atoi(value) // 0 says that it is not known
			case key == "text":
				text = strings.Trim(value, `"`)
			}
		}
	}
	return cause, text
}

func portOf(c net.PacketConn) int { return c.LocalAddr().(*net.UDPAddr).Port }

// sipURI makes sip:user@host:port of a host:port.
func sipURI(user, addr string) (sip.Uri, error) {
	host, port, err := sip.ParseAddr(addr)
	if err != nil {
		return sip.Uri{}, fmt.Errorf("address %q: %w", addr, err)
	}
	return sip.Uri{Scheme: "sip", User: user, Host: host, Port: port}, nil
}
