package phones

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// asteriskOffer is an offer of Asterisk 22.10.
const asteriskOffer = "v=0\r\no=- 1795315897 1795315897 IN IP4 127.0.0.1\r\ns=Asterisk\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" +
	"m=audio 12034 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n" +
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:140\r\na=sendrecv\r\n"

var compareSession = []cmp.Option{
	cmp.AllowUnexported(session{}),
	cmpopts.EquateComparable(netip.AddrPort{}),
}

func TestParseSDP(t *testing.T) {
	tests := map[string]struct {
		sdp  string
		want session
	}{
		"asterisk": {asteriskOffer, session{
			addr: netip.MustParseAddrPort("127.0.0.1:12034"), codecs: []int{8, 0}, events: 101, dir: sendRecv,
		}},
		"own address of the stream, hold, other codecs": {
			"v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 111 0\nc=IN IP4 10.0.0.2\na=sendonly\n", session{
				addr: netip.MustParseAddrPort("10.0.0.2:4000"), codecs: []int{0}, events: -1, dir: sendOnly,
			}},
		"direction of the whole session, video after audio": {
			"v=0\nc=IN IP4 10.0.0.1\na=inactive\nm=audio 4000 RTP/AVP 8\nm=video 5000 RTP/AVP 96\nc=IN IP4 10.0.0.9\na=sendonly\n",
			session{addr: netip.MustParseAddrPort("10.0.0.1:4000"), codecs: []int{8}, events: -1, dir: inactive},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseSDP([]byte(test.sdp))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, compareSession...); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseSDPRefusesWhatItCannotPlay(t *testing.T) {
	for _, sdp := range []string{
		"", "v=0", "m=audio x RTP/AVP 8", "c=IN IP4 nowhere", "m=audio 70000 RTP/AVP 8\nc=IN IP4 10.0.0.1",
		"c=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 111", "m=audio 4000 RTP/AVP 8",
	} {
		if s, err := parseSDP([]byte(sdp)); err == nil {
			t.Errorf("%q gives %+v", sdp, s)
		}
	}
}

func TestWrittenSDPIsReadBack(t *testing.T) {
	want := session{addr: netip.MustParseAddrPort("127.0.0.2:40000"), codecs: []int{8, 0}, events: 101, dir: recvOnly}
	got, err := parseSDP(writeSDP(want.addr, 7, 1, want.codecs, want.events, want.dir))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, compareSession...); diff != "" {
		t.Error(diff)
	}
}

func TestAnswerTurnsTheDirectionRound(t *testing.T) {
	for offered, want := range map[direction]direction{
		sendRecv: sendRecv, sendOnly: recvOnly, recvOnly: sendOnly, inactive: inactive,
	} {
		if got := answerTo(offered); got != want {
			t.Errorf("%s is answered with %s, want %s", offered, got, want)
		}
	}
}

func FuzzParseSDP(f *testing.F) {
	f.Add(asteriskOffer)
	f.Add("v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 111 0\nc=IN IP4 10.0.0.2\na=sendonly\n")
	f.Add("m=audio\nc=\na=rtpmap:x telephone-event/8000")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSDP([]byte(text))
		if err != nil {
			return
		}
		again, err := parseSDP(writeSDP(s.addr, 1, 1, s.codecs, s.events, s.dir))
		if err != nil {
			t.Fatalf("%+v is not read back: %v", s, err)
		}
		if diff := cmp.Diff(s, again, compareSession...); diff != "" {
			t.Error(diff)
		}
	})
}
