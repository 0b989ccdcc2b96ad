package sip

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"ringcard/cti"
)

const (
	referTries   = 20 // while the PBX has not yet put both sides together
	referPause   = 100 * time.Millisecond
	referBegins  = 500 * time.Millisecond
	referLasts   = 4 * time.Minute // for the other side to be reached
	byePatience  = 2 * time.Second // for the PBX to end our dialog after the REFER
	allowed      = "INVITE, ACK, CANCEL, BYE, NOTIFY, OPTIONS"
	maxFragments = 64
)

// dialling is a click-to-call under way: a call to the own telephone that,
// once picked up, is transferred to the number. Media there is none: the
// telephone hears silence for the moment between.
type dialling struct {
	s      *session
	o      *order
	callID string
	invite *sipmsg.Request
	dialog *dialog
	media  net.PacketConn

	order     sequencer // of the NOTIFYs in our dialog
	fragments chan notice
	ended     chan struct{} // the PBX hung up our dialog

	mu        sync.Mutex
	cancelled chan struct{}
	gaveUp    bool
	handed    bool // the PBX calls the number; out of our hands
	gone      bool
}

// dial sends the INVITE and returns when the PBX has taken it.
func (s *session) dial(ctx context.Context, e *extension, o cti.Originate) error {
	media, err := net.ListenPacket("udp", net.JoinHostPort(s.agent.contact.Address.Host, "0"))
	if err != nil {
		return &cti.Error{Code: cti.CodeRefused, Message: "this server has no port left for the call", Err: err}
	}
	d := &dialling{s: s, o: &order{id: o.ChannelID, ext: e, number: o.Extension}, media: media,
		fragments: make(chan notice, maxFragments), ended: make(chan struct{}), cancelled: make(chan struct{})}
	d.invite = s.agent.invitation(e.number, o, media.LocalAddr().(*net.UDPAddr).Port)
	d.callID = d.invite.CallID().Value()
	taken := make(chan error, 1)
	if !s.begin(func() { defer media.Close(); d.run(o.Timeout, taken) }) {
		_ = media.Close()
		return cti.Errorf(cti.CodeUnreachable, "the PBX %s is out of reach", s.c.cfg.Name)
	}
	select {
	case err := <-taken:
		return err
	case <-ctx.Done():
		d.cancel()
		return ctx.Err()
	}
}

// cancel gives the call up. It reports false when it is too late.
func (d *dialling) cancel() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.handed {
		return false
	}
	if !d.gaveUp {
		d.gaveUp = true
		close(d.cancelled)
	}
	return true
}

// handOver marks the call as out of our hands, unless it was cancelled.
func (d *dialling) handOver() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handed = !d.gaveUp
	return d.handed
}

// takeBack undoes handOver when the PBX refuses.
func (d *dialling) takeBack() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handed = false
}

// hungUp: the PBX has sent a BYE. It runs on the goroutine of Client.run.
func (d *dialling) hungUp() {
	if !d.gone {
		d.gone = true
		close(d.ended)
	}
}

// track has the tracker do something about the call.
func (d *dialling) track(f func(t *tracker, at time.Time)) {
	at := time.Now().UTC()
	d.s.c.do(func() { f(d.s.c.tracker, at) })
}

// run carries the call from INVITE to the end of our part in it.
func (d *dialling) run(timeout time.Duration, taken chan<- error) {
	defer d.s.c.do(func() { delete(d.s.dials, d.o.id) })
	tell := sync.OnceFunc(func() {
		d.track(func(t *tracker, at time.Time) { t.ordered(d.o, at); d.s.dials[d.o.id] = d })
		taken <- nil
	})
	d.track(func(t *tracker, _ time.Time) { t.expecting(d.o) })
	status, err := d.ring(timeout, tell)
	if err != nil {
		select {
		case taken <- err: // not even taken by the PBX
		default:
		}
		d.track(func(t *tracker, at time.Time) { t.failed(d.o, 503, at) })
		return
	}
	if status >= 300 {
		d.track(func(t *tracker, at time.Time) { t.failed(d.o, status, at) })
		return
	}
	d.track(func(t *tracker, at time.Time) { t.ownState(d.o, "Up", at) })
	d.refer()
}

// ring follows the INVITE to its final answer. The error is one for the user.
func (d *dialling) ring(timeout time.Duration, tell func()) (int, error) {
	a := d.s.agent
	tx, err := a.transaction(d.s.ctx, d.invite)
	if err != nil {
		return 0, &cti.Error{Code: cti.CodeUnreachable, Message: "the PBX did not answer", Err: err}
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	authenticated, provisional := false, false
	cancelled, timedOut, withdrawn := d.cancelled, false, false
	withdraw := func() {
		// Not before the first answer (RFC 3261 section 9.1).
		if provisional && !withdrawn && (timedOut || cancelled == nil) {
			withdrawn = true
			cancel := cancelOf(d.invite)
			d.s.begin(func() { _, _ = a.do(d.s.ctx, cancel) }) // the INVITE's own answer tells
		}
	}
	for {
		select {
		case <-cancelled:
			cancelled = nil
			withdraw()
		case <-timer.C:
			timedOut = true
			withdraw()
		case <-tx.Done():
			return 0, &cti.Error{Code: cti.CodeUnreachable, Message: "the PBX did not answer", Err: tx.Err()}
		case <-d.s.ctx.Done():
			return 0, &cti.Error{Code: cti.CodeUnreachable, Message: "the connection to the PBX was lost", Err: d.s.ctx.Err()}
		case res := <-tx.Responses():
			switch {
			case res.IsProvisional():
				provisional = true
				tell()
				if res.StatusCode == sipmsg.StatusRinging || res.StatusCode == sipmsg.StatusSessionInProgress {
					d.track(func(t *tracker, at time.Time) { t.ownState(d.o, "Ringing", at) })
				}
				withdraw()
			case challenged(res) && !authenticated:
				authenticated = true
				if tx, err = a.authenticated(d.s.ctx, d.invite, res); err != nil {
					return 0, &cti.Error{Code: cti.CodeUnreachable, Message: "the PBX did not answer", Err: err}
				}
			case res.IsSuccess():
				tell()
				d.confirm(res, tx)
				return res.StatusCode, nil
			case !provisional && !ofTelephone(res.StatusCode):
				return 0, d.refusal(res)
			case timedOut:
				return sipmsg.StatusTemporarilyUnavailable, nil
			default:
				tell()
				return res.StatusCode, nil
			}
		}
	}
}

// ofTelephone tells an answer of the person at the telephone from one of the
// PBX. It may overtake the 100.
func ofTelephone(status int) bool {
	switch status {
	case sipmsg.StatusBusyHere, sipmsg.StatusGlobalBusyEverywhere, sipmsg.StatusGlobalDecline, sipmsg.StatusRequestTerminated:
		return true
	}
	return false
}

// refusal puts an immediate refusal into the words of the domain.
func (d *dialling) refusal(res *sipmsg.Response) error {
	number := d.o.ext.number
	switch {
	case challenged(res), res.StatusCode == sipmsg.StatusForbidden:
		return cti.Errorf(cti.CodeDenied, "the PBX does not let us call %s (%d): check the context of our SIP user", number, res.StatusCode)
	case res.StatusCode == sipmsg.StatusNotFound:
		return cti.Errorf(cti.CodeRefused, "the PBX has no extension %s for us to call: check the context of our SIP user", number)
	case res.StatusCode == sipmsg.StatusTemporarilyUnavailable:
		return cti.Errorf(cti.CodeUnregistered, "the telephone %s is not registered at the PBX", number)
	}
	return cti.Errorf(cti.CodeRefused, "the PBX refused: %d %s", res.StatusCode, clip(res.Reason))
}

// confirm takes the 200: the dialog begins and the ACK goes out.
func (d *dialling) confirm(res *sipmsg.Response, tx sipmsg.ClientTransaction) {
	d.dialog = begun(d.invite, res)
	ack := d.dialog.numbered(sipmsg.ACK, d.invite.CSeq().SeqNo)
	send := func() {
		if err := d.s.agent.send(ack.Clone()); err != nil {
			d.s.c.log.Info("ACK not sent", "call", d.o.id, "error", err)
		}
	}
	send()
	tx.OnRetransmission(func(*sipmsg.Response) { send() })
}

// refer has the PBX transfer the telephone to the number, and follows what
// becomes of it. Asterisk says 400, as an answer or in the first report, as
// long as it has not put both sides together.
func (d *dialling) refer() {
	d.s.expect(d.callID, func(n notice) {
		select {
		case d.fragments <- n:
		default:
			d.s.bad("sipfrag", fmt.Errorf("more than %d NOTIFYs wait", maxFragments))
		}
	})
	defer d.s.expectNoMore(d.callID)
	status := sipmsg.StatusBadRequest
	for try := 1; status == sipmsg.StatusBadRequest && try <= referTries; try++ {
		if try > 1 && !d.pause(referPause) {
			break
		}
		if !d.handOver() {
			status = sipmsg.StatusRequestTerminated
			break
		}
		if status = d.transfer(); status < 300 {
			status = d.follow()
		}
		if status >= 300 {
			d.takeBack()
		}
	}
	if status >= 300 {
		d.hangUp()
		d.track(func(t *tracker, at time.Time) { t.failed(d.o, status, at) })
		return
	}
	if d.pause(byePatience) {
		d.hangUp()
	}
}

// pause reports false when the PBX has hung up or the session has ended meanwhile.
func (d *dialling) pause(long time.Duration) bool {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.ended:
	case <-d.s.ctx.Done():
	}
	return false
}

// transfer sends the REFER and returns the status of its answer.
func (d *dialling) transfer() int {
	req := d.dialog.request(sipmsg.REFER)
	req.AppendHeader(sipmsg.HeaderClone(&d.s.agent.contact))
	to := d.s.agent.extension(d.o.number)
	req.AppendHeader(sipmsg.NewHeader("Refer-To", "<"+to.String()+">"))
	req.AppendHeader(sipmsg.NewHeader("Referred-By", "<"+d.dialog.local.Address.String()+">"))
	res, err := d.s.agent.do(d.s.ctx, req)
	d.dialog.sent(req)
	if err != nil {
		d.s.c.log.Warn("REFER not answered", "call", d.o.id, "error", err)
		return sipmsg.StatusServiceUnavailable
	}
	return res.StatusCode
}

// follow reads the NOTIFYs about the REFER up to the last, and returns its
// status where the PBX has not begun to call the number, else 200: what became
// of it is told to the tracker.
func (d *dialling) follow() int {
	limit := time.NewTimer(referLasts)
	defer limit.Stop()
	begun := time.NewTimer(referBegins)
	defer begun.Stop()
	gap := make(<-chan time.Time)
	called := false
	call := func() {
		called = true
		d.track(func(t *tracker, at time.Time) { t.accepted(d.o, at) })
	}
	for {
		var ready []notice
		select {
		case n := <-d.fragments:
			var waits bool
			if ready, waits = d.order.put(n); waits {
				gap = time.After(gapWait)
			}
		case <-gap:
			ready = d.order.skip()
		case <-begun.C:
			if !called {
				call()
			}
		case <-limit.C:
			return sipmsg.StatusOK
		case <-d.s.ctx.Done():
			return sipmsg.StatusOK
		}
		for _, n := range ready {
			f, err := parseFragment(n.body)
			if err != nil {
				d.s.bad("sipfrag", err)
				continue
			}
			d.s.c.log.Debug("progress of the REFER", "call", d.o.id, "status", f.Status, "last", n.terminated)
			if !called && f.Status == sipmsg.StatusBadRequest {
				return f.Status
			}
			if !called && f.Status > 100 {
				call()
			}
			d.track(func(t *tracker, _ time.Time) { t.progress(d.o, f, n.at) })
			if n.terminated || f.Status >= 200 {
				return sipmsg.StatusOK
			}
		}
	}
}

// hangUp ends our dialog.
func (d *dialling) hangUp() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.s.ctx), closeTimeout)
	defer cancel()
	if _, err := d.s.agent.do(ctx, d.dialog.request(sipmsg.BYE)); err != nil {
		d.s.c.log.Info("BYE not answered", "call", d.o.id, "error", err)
	}
}

// invitation is the INVITE to the own telephone. It shows the client's name
// and number: as display name, and asserted for PBXs that trust us.
func (a *agent) invitation(number string, o cti.Originate, rtp int) *sipmsg.Request {
	req := a.newRequest(sipmsg.INVITE, a.extension(number))
	shown := quoted(o.Name)
	if shown == "" {
		shown = quoted(o.Number)
	}
	req.From().DisplayName = shown
	req.AppendHeader(sipmsg.HeaderClone(&a.contact))
	req.AppendHeader(sipmsg.NewHeader("P-Asserted-Identity", fmt.Sprintf("%q <sip:%s@%s>", shown, o.Extension, a.cfg.domain())))
	req.AppendHeader(sipmsg.NewHeader("Allow", allowed))
	req.AppendHeader(sipmsg.NewHeader("Content-Type", "application/sdp"))
	host := a.contact.Address.Host
	family := "IP4"
	if strings.Contains(host, ":") {
		family = "IP6"
	}
	// recvonly and not inactive: a PBX takes inactive for hold, with music.
	req.SetBody(fmt.Appendf(nil, "v=0\r\no=- 1 1 IN %[1]s %[2]s\r\ns=-\r\nc=IN %[1]s %[2]s\r\nt=0 0\r\nm=audio %[3]d RTP/AVP 8 0\r\n"+
		"a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=recvonly\r\n", family, host, rtp))
	return req
}

// quoted keeps a name fit for a quoted string (RFC 3261 section 25.1) and
// within what fits a datagram.
func quoted(name string) string {
	const longest = 60
	var b strings.Builder
	for _, r := range name {
		if r < ' ' || r == 0x7f || r == '"' || r == '\\' {
			continue
		}
		if b.Len()+len(string(r)) > longest {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// cancelOf is the CANCEL of an INVITE: the same Via and number (RFC 3261
// section 9.1).
func cancelOf(invite *sipmsg.Request) *sipmsg.Request {
	req := sipmsg.NewRequest(sipmsg.CANCEL, *invite.Recipient.Clone())
	hops := sipmsg.MaxForwardsHeader(70)
	req.AppendHeader(sipmsg.HeaderClone(invite.Via()))
	req.AppendHeader(sipmsg.HeaderClone(invite.From()))
	req.AppendHeader(sipmsg.HeaderClone(invite.To()))
	req.AppendHeader(sipmsg.HeaderClone(invite.CallID()))
	req.AppendHeader(&sipmsg.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sipmsg.CANCEL})
	req.AppendHeader(&hops)
	return req
}
