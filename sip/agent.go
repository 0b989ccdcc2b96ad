package sip

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	sipmsg "github.com/emiago/sipgo/sip"
)

const (
	userAgent = "ringcard"
	// largestUDP is the largest request sent over UDP (RFC 3261 section 18.1.1).
	largestUDP = 1300
	// viaAndDigest is what a request grows by before it goes out.
	viaAndDigest   = 450
	requestTimeout = 8 * time.Second
	portTries      = 20
	// keptOpen is more than the references that sipgo may count off by mistake:
	// it closes a connection that it believes nobody uses.
	keptOpen    = 1 << 20
	lastPackets = 50 * time.Millisecond
)

// agent is a SIP user agent of one session with a PBX: one socket address, one
// technical user. It is thrown away with the session, so that a lost
// connection leaves nothing behind.
type agent struct {
	cfg     Config
	log     *slog.Logger
	network string // UDP, TCP, TLS
	server  sipmsg.Uri
	contact sipmsg.ContactHeader

	ua      *sipgo.UserAgent
	udp     *sipgo.Client // bound to the listener
	stream  *sipgo.Client // TCP and TLS
	packets net.PacketConn
	streams net.Listener
	served  sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	handlers sync.WaitGroup
	ctx      context.Context
	stop     context.CancelFunc

	notify func(*sipmsg.Request) int // takes a NOTIFY, returns the status to answer
	bye    func(*sipmsg.Request)
}

// newAgent opens the sockets; the listener reads before the first request is
// sent, since the PBX may notify before it answers.
func newAgent(ctx context.Context, cfg Config, log *slog.Logger, notify func(*sipmsg.Request) int, bye func(*sipmsg.Request)) (*agent, error) {
	a := &agent{cfg: cfg, log: log, network: strings.ToUpper(cfg.Transport), notify: notify, bye: bye}
	a.ctx, a.stop = context.WithCancel(context.Background())
	host, port, err := splitAddress(cfg.Address)
	if err != nil {
		return nil, err
	}
	a.server = sipmsg.Uri{Scheme: "sip", Host: host, Port: port}
	if a.network != "UDP" {
		a.server.UriParams.Add("transport", strings.ToLower(a.network))
	}
	if err := a.open(ctx); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func splitAddress(address string) (string, int, error) {
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("sip address %q: %w", address, err)
	}
	port, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("sip address %q: %w", address, err)
	}
	return host, int(port), nil
}

func (a *agent) open(ctx context.Context) error {
	local, err := localIP(ctx, a.cfg)
	if err != nil {
		return err
	}
	tlsConfig, err := a.tls()
	if err != nil {
		return err
	}
	a.ua, err = sipgo.NewUA(
		sipgo.WithUserAgent(userAgent),
		sipgo.WithUserAgentHostname(local.host),
		sipgo.WithUserAgenTLSConfig(tlsConfig),
		sipgo.WithUserAgentTransportLayerOptions(sipmsg.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(
			sipmsg.WithTransactionLayerLogger(quiet),
			sipmsg.WithTransactionLayerTerminateOnConnClose(),
			// Late retransmissions of an answer: nothing is left to be done.
			sipmsg.WithTransactionLayerUnhandledResponseHandler(func(*sipmsg.Response) {}),
		),
	)
	if err != nil {
		return fmt.Errorf("sip user agent: %w", err)
	}
	server, err := sipgo.NewServer(a.ua, sipgo.WithServerLogger(quiet))
	if err != nil {
		return fmt.Errorf("sip server: %w", err)
	}
	server.OnNotify(a.handle(a.onNotify))
	server.OnBye(a.handle(a.onBye))
	server.OnOptions(a.handle(func(*sipmsg.Request) (int, string) { return sipmsg.StatusOK, "OK" }))
	server.OnAck(func(*sipmsg.Request, sipmsg.ServerTransaction) {})
	refuse := a.handle(func(*sipmsg.Request) (int, string) { return sipmsg.StatusTemporarilyUnavailable, "Not A Telephone" })
	server.OnInvite(refuse)
	server.OnNoRoute(a.handle(func(*sipmsg.Request) (int, string) { return sipmsg.StatusMethodNotAllowed, "Method Not Allowed" }))
	if a.stream, err = sipgo.NewClient(a.ua, sipgo.WithClientLogger(quiet)); err != nil {
		return fmt.Errorf("sip client: %w", err)
	}
	if a.network != "UDP" {
		return a.dial(ctx)
	}
	if err := a.listen(local); err != nil {
		return err
	}
	addr := a.packets.LocalAddr().(*net.UDPAddr)
	a.contact = sipmsg.ContactHeader{Address: sipmsg.Uri{Scheme: "sip", User: a.cfg.User, Host: addr.IP.String(), Port: addr.Port}}
	if a.udp, err = sipgo.NewClient(a.ua, sipgo.WithClientConnectionAddr(addr.String()), sipgo.WithClientLogger(quiet)); err != nil {
		return fmt.Errorf("sip client: %w", err)
	}
	reading := &packetReader{PacketConn: a.packets, closing: a.ctx, reading: make(chan struct{})}
	a.served.Go(func() { _ = server.ServeUDP(reading) })
	a.served.Go(func() { _ = server.ServeTCP(a.streams) }) // NOTIFYs too large for UDP
	select {
	case <-reading.reading:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dial makes the connection over which everything goes both ways; the Contact
// is its own end, so the PBX needs no way of its own to us.
func (a *agent) dial(ctx context.Context) error {
	req := a.newRequest(sipmsg.OPTIONS, a.server)
	if _, err := a.do(ctx, req); err != nil {
		return err
	}
	via := req.Via()
	if via == nil || via.Port == 0 {
		return errors.New("sip: the connection has no local port")
	}
	// The PBX notifies over this connection, so it lives as long as the agent.
	conn := a.ua.TransportLayer().Pool(a.network).Get(net.JoinHostPort(via.Host, strconv.Itoa(via.Port)))
	if conn == nil {
		return errMoved
	}
	conn.Ref(keptOpen)
	uri := sipmsg.Uri{Scheme: "sip", User: a.cfg.User, Host: via.Host, Port: via.Port}
	uri.UriParams.Add("transport", strings.ToLower(a.network))
	a.contact = sipmsg.ContactHeader{Address: uri}
	return nil
}

type endpointAddr struct {
	host string
	port int
}

// localIP is the address from which packets to the PBX leave, or the
// configured one.
func localIP(ctx context.Context, cfg Config) (endpointAddr, error) {
	if cfg.Listen != "" {
		host, port, err := splitAddress(cfg.Listen)
		if err != nil {
			return endpointAddr{}, fmt.Errorf("listen: %w", err)
		}
		if host != "" {
			return endpointAddr{host, port}, nil
		}
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "udp", cfg.Address) // sends nothing
	if err != nil {
		return endpointAddr{}, fmt.Errorf("way to %s: %w", cfg.Address, err)
	}
	defer c.Close()
	return endpointAddr{host: c.LocalAddr().(*net.UDPAddr).IP.String()}, nil
}

// listen opens UDP and TCP at one port.
func (a *agent) listen(local endpointAddr) error {
	var err error
	for range portTries {
		if a.packets, err = net.ListenPacket("udp", net.JoinHostPort(local.host, strconv.Itoa(local.port))); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		port := a.packets.LocalAddr().(*net.UDPAddr).Port
		if a.streams, err = net.Listen("tcp", net.JoinHostPort(local.host, strconv.Itoa(port))); err == nil {
			return nil
		}
		_ = a.packets.Close() // nothing was sent on it
		a.packets = nil
		if local.port != 0 {
			break
		}
	}
	return fmt.Errorf("listen: %w", err)
}

func (a *agent) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.cfg.CAFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(a.cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("sip ca_file: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("sip ca_file: no certificate in %s", a.cfg.CAFile)
	}
	return c, nil
}

// packetReader is the socket as sipgo reads it. It tells when reading begins,
// and lets nothing through once the agent closes: sipgo would open a socket of
// its own for a request that finds its transport half closed.
type packetReader struct {
	net.PacketConn
	closing context.Context
	once    sync.Once
	reading chan struct{}
}

func (r *packetReader) ReadFrom(b []byte) (int, net.Addr, error) {
	r.once.Do(func() { close(r.reading) })
	for {
		n, addr, err := r.PacketConn.ReadFrom(b)
		if err != nil || r.closing.Err() == nil {
			return n, addr, err
		}
	}
}

// handle answers a request with what f says. sipgo runs it in a goroutine of
// its own; close waits for it.
func (a *agent) handle(f func(*sipmsg.Request) (int, string)) sipgo.RequestHandler {
	return func(req *sipmsg.Request, tx sipmsg.ServerTransaction) {
		a.mu.Lock()
		if a.closed {
			a.mu.Unlock()
			return
		}
		a.handlers.Add(1)
		a.mu.Unlock()
		defer a.handlers.Done()
		code, reason := f(req)
		if err := tx.Respond(sipmsg.NewResponseFromRequest(req, code, reason, nil)); err != nil {
			a.log.Info("sip answer not sent", "method", string(req.Method), "status", code, "error", err)
		}
	}
}

func (a *agent) onNotify(req *sipmsg.Request) (int, string) {
	switch code := a.notify(req); code {
	case sipmsg.StatusOK:
		return code, "OK"
	case sipmsg.StatusServiceUnavailable:
		return code, "Service Unavailable"
	default:
		return code, "Subscription Does Not Exist"
	}
}

func (a *agent) onBye(req *sipmsg.Request) (int, string) {
	a.bye(req)
	return sipmsg.StatusOK, "OK"
}

// newRequest builds a request outside a dialog, From the technical user.
func (a *agent) newRequest(method sipmsg.RequestMethod, to sipmsg.Uri) *sipmsg.Request {
	req := sipmsg.NewRequest(method, to)
	from := sipmsg.FromHeader{Address: sipmsg.Uri{Scheme: "sip", User: a.cfg.User, Host: a.cfg.domain()}}
	from.Params.Add("tag", sipmsg.GenerateTagN(16))
	bare := *to.Clone()
	bare.Port, bare.UriParams = 0, nil
	id := sipmsg.CallIDHeader(sipmsg.GenerateTagN(24))
	hops := sipmsg.MaxForwardsHeader(70)
	req.AppendHeader(&from)
	req.AppendHeader(&sipmsg.ToHeader{Address: bare})
	req.AppendHeader(&id)
	req.AppendHeader(&sipmsg.CSeqHeader{SeqNo: 1, MethodName: method})
	req.AppendHeader(&hops)
	req.AppendHeader(sipmsg.NewHeader("User-Agent", userAgent))
	return req
}

// extension is the address of an extension at the PBX.
func (a *agent) extension(number string) sipmsg.Uri {
	uri := *a.server.Clone()
	uri.User = number
	return uri
}

// prepare picks the transport: what is too large for UDP goes over TCP.
func (a *agent) prepare(req *sipmsg.Request) *sipgo.Client {
	if a.network != "UDP" {
		req.SetTransport(a.network)
		return a.stream
	}
	if len(req.String())+viaAndDigest > largestUDP {
		req.SetTransport("TCP")
		return a.stream
	}
	req.SetTransport("UDP")
	return a.udp
}

// transaction sends a request and returns what answers come.
func (a *agent) transaction(ctx context.Context, req *sipmsg.Request) (sipmsg.ClientTransaction, error) {
	tx, err := a.prepare(req).TransactionRequest(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.Method, err)
	}
	return a.stayed(req, tx)
}

// stayed is errMoved when a request went out over another connection than the
// one to which the PBX notifies: that one is gone, and sipgo made a new one.
func (a *agent) stayed(req *sipmsg.Request, tx sipmsg.ClientTransaction) (sipmsg.ClientTransaction, error) {
	if via := req.Via(); a.network != "UDP" && a.contact.Address.Port != 0 && via != nil && via.Port != a.contact.Address.Port {
		tx.Terminate()
		return nil, fmt.Errorf("%s: %w", req.Method, errMoved)
	}
	return tx, nil
}

// authenticated sends the request again with the digest that res asks for; its
// CSeq grows by one.
func (a *agent) authenticated(ctx context.Context, req *sipmsg.Request, res *sipmsg.Response) (sipmsg.ClientTransaction, error) {
	auth := sipgo.DigestAuth{Username: a.cfg.User, Password: a.cfg.Password}
	tx, err := a.prepare(req).TransactionDigestAuth(ctx, req, res, auth)
	if err != nil {
		return nil, fmt.Errorf("%s: digest: %w", req.Method, err)
	}
	return a.stayed(req, tx)
}

// do sends a request other than INVITE, with a digest where one is asked for,
// and returns the final answer. A second challenge is errPassword.
func (a *agent) do(ctx context.Context, req *sipmsg.Request) (*sipmsg.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	tx, err := a.transaction(ctx, req)
	if err != nil {
		return nil, err
	}
	res, err := final(ctx, tx)
	if err != nil || !challenged(res) || req.Method == sipmsg.OPTIONS {
		return res, wrapRequest(req, err)
	}
	if tx, err = a.authenticated(ctx, req, res); err != nil {
		return nil, err
	}
	if res, err = final(ctx, tx); err != nil {
		return nil, wrapRequest(req, err)
	}
	if challenged(res) {
		return nil, errPassword
	}
	return res, nil
}

func wrapRequest(req *sipmsg.Request, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", req.Method, err)
}

func final(ctx context.Context, tx sipmsg.ClientTransaction) (*sipmsg.Response, error) {
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			if err := tx.Err(); err != nil {
				return nil, err
			}
			return nil, errors.New("no answer")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func challenged(res *sipmsg.Response) bool {
	return res.StatusCode == sipmsg.StatusUnauthorized || res.StatusCode == sipmsg.StatusProxyAuthRequired
}

// send writes a request that has no answer (ACK).
func (a *agent) send(req *sipmsg.Request) error {
	return a.prepare(req).WriteRequest(req)
}

// close gives back the sockets and waits for everything the agent started.
func (a *agent) close() {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return
	}
	a.closed = true
	a.mu.Unlock()
	a.stop()
	a.handlers.Wait()
	if a.packets != nil {
		// A request read a moment ago may not have come to its handler yet.
		// sipgo would open a socket of its own for it, which nobody closes.
		<-time.After(lastPackets)
		_ = a.packets.Close() // a UDP socket has nothing to flush
	}
	if a.streams != nil {
		_ = a.streams.Close()
	}
	a.served.Wait()
	if a.ua != nil {
		_ = a.ua.Close() // its sockets are closed already
	}
}

// quiet keeps sipgo from logging: its lines carry whole messages, digests
// among them. What matters comes back as an error.
var quiet = slog.New(slog.DiscardHandler)
