package sip

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

const (
	fakeUser     = "ringcard"
	fakePassword = "secret"
	patience     = 10 * time.Second
)

// fakePBX is a PBX of one socket: it answers each packet in the order of
// arrival, so that a test decides what the client sees.
type fakePBX struct {
	t      *testing.T
	conn   net.PacketConn
	parser *sipmsg.Parser
	done   chan struct{}

	mu        sync.Mutex
	silent    bool                      // answers nothing
	refuse    map[string]int            // by extension: status of SUBSCRIBE
	subs      map[string]*fakeSub       // by extension: the newest
	seen      []string                  // methods that came, with what matters
	answers   map[string]chan int       // to our NOTIFYs, by Call-ID and CSeq
	onInvite  func(*fakeCall)           // a call came
	onRequest func(*sipmsg.Request) int // status of REFER, BYE, CANCEL; 0: 200
	initial   string                    // dialog-info state sent at first
}

// fakeSub is a subscription that was accepted.
type fakeSub struct {
	request *sipmsg.Request
	from    net.Addr
	tag     string
	seq     uint32
	version int
}

// fakeCall is an INVITE that came.
type fakeCall struct {
	p      *fakePBX
	invite *sipmsg.Request
	from   net.Addr
	tag    string
	seq    uint32
}

func newFakePBX(t *testing.T) *fakePBX {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return newFakePBXOn(t, conn)
}

func newFakePBXOn(t *testing.T, conn net.PacketConn) *fakePBX {
	p := &fakePBX{t: t, conn: conn, parser: sipmsg.NewParser(), done: make(chan struct{}), refuse: make(map[string]int),
		subs: make(map[string]*fakeSub), answers: make(map[string]chan int), initial: "terminated"}
	go p.serve()
	t.Cleanup(func() { conn.Close(); <-p.done })
	return p
}

// refuses sets the status that SUBSCRIBE and INVITE to an extension get; 0:
// none.
func (p *fakePBX) refuses(ext string, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse[ext] = status
}

// behave sets what becomes of calls, and of requests other than SUBSCRIBE and
// INVITE; onRequest may be nil.
func (p *fakePBX) behave(onInvite func(*fakeCall), onRequest func(*sipmsg.Request) int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onInvite, p.onRequest = onInvite, onRequest
}

func (p *fakePBX) addr() string { return p.conn.LocalAddr().String() }

func (p *fakePBX) serve() {
	defer close(p.done)
	buf := make([]byte, 64<<10)
	for {
		n, from, err := p.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		m, err := p.parser.ParseSIP(slices.Clone(buf[:n]))
		if err != nil {
			p.t.Errorf("the client sent %q: %v", buf[:n], err)
			continue
		}
		switch m := m.(type) {
		case *sipmsg.Response:
			p.mu.Lock()
			ch := p.answers[key(m.CallID().Value(), m.CSeq().SeqNo)]
			p.mu.Unlock()
			if ch != nil && !m.IsProvisional() {
				select {
				case ch <- m.StatusCode:
				default:
				}
			}
		case *sipmsg.Request:
			p.request(m, from)
		}
	}
}

func key(callID string, seq uint32) string { return fmt.Sprintf("%s/%d", callID, seq) }

func (p *fakePBX) request(req *sipmsg.Request, from net.Addr) {
	p.mu.Lock()
	silent, status := p.silent, p.refuse[req.Recipient.User]
	onInvite, onRequest := p.onInvite, p.onRequest
	p.mu.Unlock()
	if silent {
		return
	}
	switch req.Method {
	case sipmsg.OPTIONS:
		p.respond(req, from, 200)
		return
	case sipmsg.SUBSCRIBE, sipmsg.INVITE:
		if !authorized(req) {
			p.respond(req, from, 401, sipmsg.NewHeader("WWW-Authenticate", `Digest realm="fake",nonce="abc",algorithm=MD5`))
			return
		}
	}
	p.note(req)
	switch req.Method {
	case sipmsg.SUBSCRIBE:
		p.subscribe(req, from, status)
	case sipmsg.INVITE:
		if status != 0 {
			p.respond(req, from, status)
			return
		}
		onInvite(&fakeCall{p: p, invite: req, from: from, tag: "fakecall", seq: 100})
	case sipmsg.ACK:
	default:
		status := 0
		if onRequest != nil {
			status = onRequest(req)
		}
		p.respond(req, from, max(status, 200))
	}
}

func (p *fakePBX) note(req *sipmsg.Request) {
	line := string(req.Method) + " " + req.Recipient.User
	if h := req.GetHeader("Expires"); h != nil {
		line += " " + h.Value()
	}
	p.mu.Lock()
	p.seen = append(p.seen, line)
	p.mu.Unlock()
}

// count tells how many requests began so.
func (p *fakePBX) count(prefix string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.seen {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

func (p *fakePBX) subscribe(req *sipmsg.Request, from net.Addr, status int) {
	ext := req.To().Address.User
	tag, within := req.To().Params.Get("tag")
	p.mu.Lock()
	if s := p.refuse[ext]; s != 0 {
		status = s
	}
	sub := p.subs[ext]
	if within && (sub == nil || sub.tag != tag) {
		status = 481
	}
	if status == 0 && !within {
		sub = &fakeSub{request: req, from: from, tag: "t" + req.CallID().Value(), seq: 1000}
		req.To().Params.Add("tag", sub.tag)
		p.subs[ext] = sub
	}
	initial := p.initial
	p.mu.Unlock()
	if status != 0 {
		p.respond(req, from, status)
		return
	}
	expires := req.GetHeader("Expires").Value()
	p.respond(req, from, 200, sipmsg.NewHeader("Expires", expires))
	if expires == "0" {
		p.send(ext, sub, "terminated", "terminated;reason=timeout", 0)
		return
	}
	p.send(ext, sub, initial, "active", 0)
}

func (p *fakePBX) respond(req *sipmsg.Request, to net.Addr, status int, headers ...sipmsg.Header) {
	res := sipmsg.NewResponseFromRequest(req, status, "Fake", nil)
	res.AppendHeader(sipmsg.NewHeader("Contact", "<sip:"+p.addr()+">"))
	for _, h := range headers {
		res.AppendHeader(h)
	}
	p.write(res.String(), to)
}

func (p *fakePBX) write(text string, to net.Addr) {
	if _, err := p.conn.WriteTo([]byte(text), to); err != nil {
		p.t.Logf("fake pbx: %v", err)
	}
}

// state notifies of an extension's state and returns the client's answer.
// skip leaves CSeqs out before it.
func (p *fakePBX) state(ext, state string, skip uint32) int {
	p.t.Helper()
	sub := p.subscription(ext)
	if sub == nil {
		p.t.Fatalf("no subscription to %s", ext)
	}
	return p.wait(p.send(ext, sub, state, "active", skip))
}

func (p *fakePBX) wait(ch chan int) int {
	p.t.Helper()
	select {
	case code := <-ch:
		return code
	case <-time.After(patience):
		p.t.Fatal("a NOTIFY is not answered")
		return 0
	}
}

// send writes a NOTIFY. state is one of RFC 4235, "early NUMBER", or a whole
// document.
func (p *fakePBX) send(ext string, sub *fakeSub, state, subscription string, skip uint32) chan int {
	p.mu.Lock()
	sub.seq += 1 + skip
	seq := sub.seq
	sub.version++
	version := sub.version
	p.mu.Unlock()
	return p.notify(sub, seq, subscription, dialogInfoType, document(ext, version, state), "dialog")
}

func (p *fakePBX) notify(sub *fakeSub, seq uint32, subscription, kind, body, event string) chan int {
	contact := sub.request.Contact().Address
	req := sipmsg.NewRequest(sipmsg.NOTIFY, contact)
	from := sub.request.To().AsFrom()
	from.Params.Add("tag", sub.tag)
	to := sub.request.From().AsTo()
	id := *sub.request.CallID()
	req.AppendHeader(sipmsg.NewHeader("Via", fmt.Sprintf("SIP/2.0/"+strings.ToUpper(p.conn.LocalAddr().Network())+" %s;branch=z9hG4bK-%s-%d", p.addr(), id.Value(), seq)))
	req.AppendHeader(&from)
	req.AppendHeader(&to)
	req.AppendHeader(&id)
	req.AppendHeader(&sipmsg.CSeqHeader{SeqNo: seq, MethodName: sipmsg.NOTIFY})
	req.AppendHeader(sipmsg.NewHeader("Event", event))
	req.AppendHeader(sipmsg.NewHeader("Subscription-State", subscription))
	req.AppendHeader(sipmsg.NewHeader("Content-Type", kind))
	req.SetBody([]byte(body))
	ch := make(chan int, 4)
	p.mu.Lock()
	p.answers[key(id.Value(), seq)] = ch
	p.mu.Unlock()
	p.write(req.String(), sub.from)
	return ch
}

// document is a dialog-info document as Asterisk writes it.
func document(ext string, version int, state string) string {
	if strings.HasPrefix(state, "<") {
		return state
	}
	state, number, _ := strings.Cut(state, " ")
	party := ""
	if number != "" {
		party = fmt.Sprintf(`<remote><identity display="Name of %[1]s">sip:%[1]s@127.0.0.1</identity></remote>`, number)
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="%d" state="full" entity="sip:%s@127.0.0.1">`+
		`<dialog id="%s" direction="recipient">%s<state>%s</state></dialog></dialog-info>`, version, ext, ext, party, state)
}

// rings are the lines of a call from outside that rings at an extension, talks
// of one that is answered there, over of one that ends with the cause.
func rings(ext, number string) string {
	return "channel_created SIP/outside Ring " + number + "\ndialed SIP/outside to PJSIP/" + ext + " RINGING"
}

func talks(ext string) string {
	return fmt.Sprintf("channel_changed PJSIP/%[1]s Up\nchannel_changed SIP/outside Up\nbridge_entered SIP/outside\nbridge_entered PJSIP/%[1]s", ext)
}

func over(ext string, cause int) string {
	return fmt.Sprintf("channel_gone PJSIP/%[1]s %[2]d\nchannel_gone SIP/outside %[2]d", ext, cause)
}

// report sends a sipfrag in the dialog of the call.
func (c *fakeCall) report(status int, last bool) int {
	state := "active"
	if last {
		state = "terminated;reason=noresource"
	}
	c.seq++
	sub := &fakeSub{request: c.invite, from: c.from, tag: c.tag}
	return c.p.wait(c.p.notify(sub, c.seq, state, "message/sipfrag;version=2.0", fmt.Sprintf("SIP/2.0 %d Fake\r\n", status), "refer"))
}

// ringsUntilCancelled makes telephones ring until the client gives up.
func (p *fakePBX) ringsUntilCancelled() {
	calls := make(chan *fakeCall, 1)
	p.behave(func(call *fakeCall) { call.answer(100); call.answer(180); calls <- call }, func(req *sipmsg.Request) int {
		if req.Method == sipmsg.CANCEL {
			(<-calls).answer(487)
		}
		return 0
	})
}

// answersCalls makes telephones answer at once; refer is the status of a REFER.
func (p *fakePBX) answersCalls(refer func() int) <-chan *fakeCall {
	calls := make(chan *fakeCall, 1)
	p.behave(func(call *fakeCall) { call.answer(100); call.answer(200); calls <- call }, func(req *sipmsg.Request) int {
		if req.Method == sipmsg.REFER {
			return refer()
		}
		return 0
	})
	return calls
}

// subscription is the newest one to an extension; nil if there is none.
func (p *fakePBX) subscription(ext string) *fakeSub {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.subs[ext]
}

// answer answers the INVITE.
func (c *fakeCall) answer(status int) {
	if status > 100 && !c.invite.To().Params.Has("tag") {
		c.invite.To().Params.Add("tag", c.tag)
	}
	c.p.respond(c.invite, c.from, status)
}

var credential = regexp.MustCompile(`(\w+)="?([^",]*)"?`)

// authorized checks the digest (RFC 2617 without qop).
func authorized(req *sipmsg.Request) bool {
	h := req.GetHeader("Authorization")
	if h == nil {
		return false
	}
	got := make(map[string]string)
	for _, m := range credential.FindAllStringSubmatch(h.Value(), -1) {
		got[m[1]] = m[2]
	}
	sum := func(s string) string { x := md5.Sum([]byte(s)); return hex.EncodeToString(x[:]) }
	want := sum(sum(fakeUser+":fake:"+fakePassword) + ":abc:" + sum(string(req.Method)+":"+got["uri"]))
	return got["username"] == fakeUser && got["response"] == want
}
