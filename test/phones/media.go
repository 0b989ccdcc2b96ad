package phones

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	sampleRate   = 8000
	frameSamples = 160 // 20 ms
	frameTime    = 20 * time.Millisecond
	// heardSamples is the window in which HeardTone looks: 100 ms.
	heardSamples = 800
)

// media is the sound of one call. Without RTP it only takes part in the offers
// and answers.
type media struct {
	agent *agent
	conn  *net.UDPConn // nil without RTP
	local netip.AddrPort
	id    uint64

	mu      sync.Mutex
	version int
	offered []int // codecs of our next offer
	codec   int
	events  int
	dir     direction
	remote  netip.AddrPort
	running bool
	closed  bool
	tone    float64 // Hz, 0 for silence
	digits  []byte  // to be sent
	sent    *gate   // opens when digits have been sent
	stop    chan struct{}

	packetsIn, packetsOut uint64
	heard                 []int16 // ring of the last samples
	heardAt               int
	news                  chan struct{} // signals a packet
	dtmf                  []byte        // received digits
	lastEvent             uint32        // RTP time of the last received digit
}

func newMedia(a *agent) (*media, error) {
	m := &media{
		agent:   a,
		id:      rand.Uint64() >> 16,
		offered: []int{payloadPCMA, payloadPCMU},
		codec:   payloadPCMA,
		events:  payloadEvents,
		dir:     sendRecv,
		stop:    make(chan struct{}),
		news:    make(chan struct{}, 1),
		heard:   make([]int16, 0, heardSamples),
	}
	if !a.rtp {
		m.local = a.sink.LocalAddr().(*net.UDPAddr).AddrPort()
		return m, nil
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(a.ip)})
	if err != nil {
		return nil, fmt.Errorf("open rtp socket: %w", err)
	}
	m.conn = conn
	m.local = conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return m, nil
}

// offer makes the SDP of an INVITE.
func (m *media) offer() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.version++
	return writeSDP(m.local, m.id, m.version, m.offered, m.events, m.dir)
}

// offerDirection is offer with a new direction: hold and resume.
func (m *media) offerDirection(dir direction) []byte {
	m.mu.Lock()
	m.dir = dir
	m.mu.Unlock()
	return m.offer()
}

// accept takes the other side's answer to our offer.
func (m *media) accept(sdp []byte) error {
	s, err := parseSDP(sdp)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.apply(s)
	return nil
}

// negotiate answers an offer; without one (RFC 3264 section 4) it offers.
func (m *media) negotiate(sdp []byte) ([]byte, error) {
	if len(sdp) == 0 {
		return m.offer(), nil
	}
	s, err := parseSDP(sdp)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.apply(s)
	m.version++
	return writeSDP(m.local, m.id, m.version, []int{m.codec}, m.events, answerTo(s.dir)), nil
}

// apply takes over a session; m.mu is held.
func (m *media) apply(s session) {
	m.codec, m.events, m.remote = s.codecs[0], s.events, s.addr
	if m.conn == nil || m.running || m.closed || !m.agent.begin() {
		return
	}
	m.running = true
	m.agent.work.Go(m.receive)
	go func() {
		defer m.agent.work.Done() // counted by begin
		m.send()
	}()
}

func (m *media) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	m.closed = true
	close(m.stop)
	if m.conn != nil {
		_ = m.conn.Close() // nothing to flush
	}
}

// send puts out a packet every 20 ms until the call ends.
func (m *media) send() {
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	out := &rtpWriter{ssrc: rand.Uint32(), seq: uint16(rand.Uint32()), time: rand.Uint32()}
	for {
		select {
		case <-m.stop:
			return
		case <-ticker.C:
		}
		m.mu.Lock()
		packet := m.nextPacket(out)
		remote := m.remote
		if packet != nil {
			m.packetsOut++
		}
		m.mu.Unlock()
		if packet == nil {
			continue
		}
		// A lost packet is a lost packet: the other side may have gone.
		_, _ = m.conn.WriteToUDPAddrPort(packet, remote)
	}
}

// rtpWriter numbers the packets of one stream (RFC 3550 section 5.1).
type rtpWriter struct {
	ssrc  uint32
	seq   uint16
	time  uint32
	phase float64
	// event is the number of packets sent of the digit in progress.
	event     int
	eventTime uint32
}

func (w *rtpWriter) packet(payload int, marker bool, timestamp uint32, body []byte) []byte {
	p := make([]byte, 12, 12+len(body))
	p[0] = 2 << 6
	p[1] = byte(payload)
	if marker {
		p[1] |= 0x80
	}
	binary.BigEndian.PutUint16(p[2:], w.seq)
	binary.BigEndian.PutUint32(p[4:], timestamp)
	binary.BigEndian.PutUint32(p[8:], w.ssrc)
	w.seq++
	return append(p, body...)
}

// nextPacket makes the packet of the next 20 ms; m.mu is held.
func (m *media) nextPacket(w *rtpWriter) []byte {
	w.time += frameSamples
	if m.dir == inactive || m.dir == recvOnly {
		return nil
	}
	if len(m.digits) > 0 {
		return m.nextEvent(w)
	}
	body := make([]byte, frameSamples)
	for i := range body {
		var sample int16
		if m.tone > 0 {
			sample = int16(8000 * math.Sin(w.phase))
			w.phase += 2 * math.Pi * m.tone / sampleRate
		}
		if m.codec == payloadPCMU {
			body[i] = encodeMuLaw(sample)
		} else {
			body[i] = encodeALaw(sample)
		}
	}
	return w.packet(m.codec, false, w.time, body)
}

// A digit is five packets of growing duration, three that say that it has ended
// and a pause of five, 20 ms each (RFC 4733 section 2.5).
const (
	digitPackets = 5
	digitEnds    = 3
	digitPause   = 5
)

func (m *media) nextEvent(w *rtpWriter) []byte {
	if w.event == 0 {
		w.eventTime = w.time
	}
	w.event++
	if w.event > digitPackets+digitEnds {
		if w.event == digitPackets+digitEnds+digitPause {
			w.event = 0
			m.digits = m.digits[1:]
			if len(m.digits) == 0 {
				m.sent.open()
			}
		}
		return nil
	}
	const volume = 10
	body := make([]byte, 4)
	body[0] = byte(slices.Index(dtmfDigits, m.digits[0]))
	body[1] = volume
	if w.event > digitPackets {
		body[1] |= 0x80
	}
	binary.BigEndian.PutUint16(body[2:], uint16(min(w.event, digitPackets)*frameSamples))
	return w.packet(m.events, w.event == 1, w.eventTime, body)
}

// dtmfDigits are the events 0..15 of RFC 4733 section 3.2.
var dtmfDigits = []byte("0123456789*#ABCD")

// receive reads packets until the socket is closed.
func (m *media) receive() {
	buf := make([]byte, 2048)
	for {
		n, err := m.conn.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n < 12 || buf[0]>>6 != 2 {
			continue // an ICMP error of an earlier packet, or not RTP
		}
		payload := int(buf[1] & 0x7f)
		timestamp := binary.BigEndian.Uint32(buf[4:])
		header := 12 + 4*int(buf[0]&0x0f)
		if n < header {
			continue
		}
		m.take(payload, timestamp, buf[header:n])
	}
}

func (m *media) take(payload int, timestamp uint32, body []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.packetsIn++
	switch {
	case payload == m.events && len(body) >= 4:
		ended := body[1]&0x80 != 0
		// The end is sent three times with one timestamp.
		if ended && timestamp != m.lastEvent && int(body[0]) < len(dtmfDigits) {
			m.lastEvent = timestamp
			m.dtmf = append(m.dtmf, dtmfDigits[body[0]])
		}
	case payload == payloadPCMA:
		m.hear(body, decodeALaw)
	case payload == payloadPCMU:
		m.hear(body, decodeMuLaw)
	}
	select {
	case m.news <- struct{}{}:
	default:
	}
}

func (m *media) hear(body []byte, decode func(byte) int16) {
	for _, code := range body {
		if len(m.heard) < heardSamples {
			m.heard = append(m.heard, decode(code))
			continue
		}
		m.heard[m.heardAt] = decode(code)
		m.heardAt = (m.heardAt + 1) % heardSamples
	}
}

// waitNews calls done after each packet until it reports true.
func (m *media) waitNews(ctx context.Context, what string, done func() bool) error {
	for !done() {
		select {
		case <-m.news:
		case <-m.stop:
			return fmt.Errorf("the call ended before %s", what)
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
	return nil
}
