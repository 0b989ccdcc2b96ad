package phones

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// direction is the media direction of RFC 4566 section 6.
type direction string

const (
	sendRecv direction = "sendrecv"
	sendOnly direction = "sendonly"
	recvOnly direction = "recvonly"
	inactive direction = "inactive"
)

// answerTo is the direction to answer an offered one with (RFC 3264 section 6.1).
func answerTo(offered direction) direction {
	switch offered {
	case sendOnly:
		return recvOnly
	case recvOnly:
		return sendOnly
	default:
		return offered
	}
}

// Payload types of RFC 3551, and the one we offer telephone-event with.
const (
	payloadPCMU   = 0
	payloadPCMA   = 8
	payloadEvents = 101
)

// session is what matters of an SDP: one audio stream.
type session struct {
	addr   netip.AddrPort
	codecs []int // payload types we know, in the order of preference
	events int   // payload type of telephone-event, -1 without
	dir    direction
}

// parseSDP reads the audio stream of an SDP (RFC 4566).
func parseSDP(text []byte) (session, error) {
	s := session{events: -1, dir: sendRecv}
	var host netip.Addr
	port, audio := uint64(0), false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		kind, value, found := strings.Cut(line, "=")
		if !found {
			continue
		}
		fields := strings.Fields(value)
		switch {
		case kind == "c" && len(fields) == 3 && (audio || !host.IsValid()):
			addr, err := netip.ParseAddr(fields[2])
			if err != nil {
				return s, fmt.Errorf("sdp: connection address: %w", err)
			}
			host = addr
		case kind == "m":
			audio = len(fields) > 3 && fields[0] == "audio"
			if !audio {
				continue
			}
			var err error
			if port, err = strconv.ParseUint(fields[1], 10, 16); err != nil {
				return s, fmt.Errorf("sdp: port: %w", err)
			}
			for _, f := range fields[3:] {
				if f == strconv.Itoa(payloadPCMA) || f == strconv.Itoa(payloadPCMU) {
					n, _ := strconv.Atoi(f) // it is one of the two
					s.codecs = append(s.codecs, n)
				}
			}
		case kind == "a" && (audio || port == 0):
			s.attribute(value)
		}
	}
	if !host.IsValid() || port == 0 || len(s.codecs) == 0 {
		return s, errors.New("sdp: no audio stream with G.711")
	}
	s.addr = netip.AddrPortFrom(host, uint16(port))
	return s, nil
}

func (s *session) attribute(value string) {
	switch dir := direction(value); dir {
	case sendRecv, sendOnly, recvOnly, inactive:
		s.dir = dir
		return
	}
	if payload, isMap := strings.CutPrefix(value, "rtpmap:"); isMap {
		number, name, _ := strings.Cut(payload, " ")
		if strings.HasPrefix(strings.ToLower(name), "telephone-event/8000") {
			if n, err := strconv.ParseUint(number, 10, 7); err == nil {
				s.events = int(n)
			}
		}
	}
}

// writeSDP makes an SDP of ours. version grows with each change of the session.
func writeSDP(local netip.AddrPort, id uint64, version int, codecs []int, events int, dir direction) []byte {
	names := map[int]string{payloadPCMA: "PCMA", payloadPCMU: "PCMU"}
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- %d %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %[3]s\r\nt=0 0\r\n", id, version, local.Addr())
	fmt.Fprintf(&b, "m=audio %d RTP/AVP", local.Port())
	for _, c := range codecs {
		fmt.Fprintf(&b, " %d", c)
	}
	if events >= 0 {
		fmt.Fprintf(&b, " %d", events)
	}
	b.WriteString("\r\n")
	for _, c := range codecs {
		fmt.Fprintf(&b, "a=rtpmap:%d %s/8000\r\n", c, names[c])
	}
	if events >= 0 {
		fmt.Fprintf(&b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%[1]d 0-16\r\n", events)
	}
	fmt.Fprintf(&b, "a=ptime:20\r\na=%s\r\n", dir)
	return []byte(b.String())
}
