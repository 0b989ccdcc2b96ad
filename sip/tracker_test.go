package sip

import (
	"strings"
	"testing"
	"time"

	"ringcard/cti"
)

// scene plays states of extensions at given moments.
type scene struct {
	t     *testing.T
	track *tracker
	lines []string
	start time.Time
}

func newScene(t *testing.T, exts ...string) *scene {
	s := &scene{t: t, start: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	s.track = newTracker(func(ev cti.Event) { s.lines = append(s.lines, line(ev)) }, 6*time.Second)
	for _, e := range exts {
		s.track.extension(e, "PJSIP/"+e)
	}
	return s
}

// at plays what becomes due until then, and the state: "102 early 79161234567".
func (s *scene) at(ms int, state string) {
	s.t.Helper()
	now := s.start.Add(time.Duration(ms) * time.Millisecond)
	for due := s.track.next(); !due.IsZero() && !due.After(now); due = s.track.next() {
		s.track.tick(due)
	}
	if state == "" {
		return
	}
	ext, rest, _ := strings.Cut(state, " ")
	info, err := parseDialogInfo([]byte(document(ext, 1, rest)))
	if err != nil {
		s.t.Fatal(err)
	}
	s.track.apply(s.track.exts[ext], info, now)
}

func (s *scene) want(lines ...string) {
	s.t.Helper()
	if got, want := strings.Join(s.lines, "\n"), strings.Join(lines, "\n"); got != want {
		s.t.Errorf("events are\n%s\nwant\n%s", got, want)
	}
	if due := s.track.next(); !due.IsZero() {
		s.t.Errorf("something is still due")
	}
	if len(s.track.groups) != 0 {
		s.t.Errorf("%d calls are left", len(s.track.groups))
	}
}

func TestRingGroupIsOneCall_PB_07_CK_04(t *testing.T) {
	s := newScene(t, "101", "102", "103")
	s.at(0, "101 early 79161234567")
	s.at(5, "102 early 79161234567")
	s.at(9, "103 early 79161234567")
	s.at(900, "101 terminated") // told before the one that was picked up
	s.at(910, "102 confirmed")
	s.at(920, "103 terminated")
	s.at(5000, "102 terminated")
	s.at(20000, "")
	s.want(
		rings("101", "79161234567"),
		"dialed SIP/outside to PJSIP/102 RINGING",
		"dialed SIP/outside to PJSIP/103 RINGING",
		talks("102"),
		"channel_gone PJSIP/101 26",
		"channel_gone PJSIP/103 26",
		over("102", 16),
	)
}

// A queue that tries one after the other, and again, is one call; one that
// comes after the gap is another.
func TestQueueIsOneCall_PB_07(t *testing.T) {
	s := newScene(t, "101", "102")
	s.at(0, "101 early 79161234567")
	s.at(15000, "101 terminated")
	s.at(20000, "102 early 79161234567")
	s.at(35000, "102 terminated")
	s.at(42000, "101 early 79161234567")
	s.at(43000, "101 terminated")
	s.at(60000, "")
	s.want(
		rings("101", "79161234567"),
		"channel_gone PJSIP/101 0",
		"dialed SIP/outside to PJSIP/102 RINGING",
		over("102", 0),
		rings("101", "79161234567"),
		over("101", 0),
	)
}

// Two calls of one number at once: told apart by the time between them, or by
// the ringing that goes on after the answer.
func TestTwoCallsOfOneNumberStayTwo_PB_07(t *testing.T) {
	s := newScene(t, "101", "102", "103")
	s.at(0, "101 early 79161234567")
	s.at(3000, "102 early 79161234567")
	s.at(4000, "101 confirmed")
	s.at(5000, "102 confirmed")
	s.at(6000, "101 terminated")
	s.at(7000, "102 terminated")
	s.at(20000, "")
	if got := strings.Count(strings.Join(s.lines, "\n"), "channel_created SIP/outside"); got != 2 {
		t.Errorf("%d calls, want 2\n%s", got, strings.Join(s.lines, "\n"))
	}

	s = newScene(t, "101", "102", "103")
	s.at(0, "101 early 79161234567")
	s.at(100, "102 early 79161234567")
	s.at(1000, "101 confirmed")
	s.at(4000, "102 confirmed") // it rang on: another call
	s.at(5000, "102 terminated")
	s.at(6000, "101 terminated")
	s.at(20000, "")
	s.want(
		rings("101", "79161234567"),
		"dialed SIP/outside to PJSIP/102 RINGING",
		talks("101"),
		"channel_gone PJSIP/102 26",
		rings("102", "79161234567"),
		talks("102"),
		over("102", 16),
		over("101", 16),
	)

	s = newScene(t, "101", "102")
	s.at(0, "101 early 79161234567")
	s.at(100, "102 early 79161234567")
	s.at(500, "101 confirmed")
	s.at(900, "102 confirmed") // picked up just after the other
	s.at(2000, "101 terminated")
	s.at(3000, "102 terminated")
	s.at(20000, "")
	if got := strings.Count(strings.Join(s.lines, "\n"), "channel_created SIP/outside"); got != 2 {
		t.Errorf("%d calls, want 2\n%s", got, strings.Join(s.lines, "\n"))
	}
}

// A second call to a telephone in use, and the first goes on.
func TestSecondCallKnocks_PB_07(t *testing.T) {
	s := newScene(t, "101")
	s.at(0, "101 early 79160000001")
	s.at(1000, "101 confirmed")
	s.at(2000, "101 early 79160000002")
	s.at(3000, "101 confirmed")
	s.at(10000, "101 terminated")
	s.at(20000, "")
	s.want(
		rings("101", "79160000001"),
		talks("101"),
		rings("101", "79160000002"),
		over("101", 0),
		over("101", 16),
	)
}

// Both end while the second still knocks.
func TestAllEndsWhileASecondKnocks_PB_07(t *testing.T) {
	s := newScene(t, "101")
	s.at(0, "101 early 79160000001")
	s.at(1000, "101 confirmed")
	s.at(2000, "101 early 79160000002")
	s.at(3000, "101 terminated")
	s.at(20000, "")
	if got := strings.Count(strings.Join(s.lines, "\n"), "channel_gone"); got != 4 {
		t.Errorf("%d channels end, want 4\n%s", got, strings.Join(s.lines, "\n"))
	}
	s.want(s.lines...)
}

func TestInternalCall_PB_07_CK_05(t *testing.T) {
	for _, first := range []bool{true, false} { // whose state comes first is not said
		s := newScene(t, "101", "102")
		if first {
			s.at(0, "101 confirmed")
		}
		s.at(5, "102 early 101")
		if !first {
			s.at(6, "101 confirmed")
		}
		s.at(1000, "102 confirmed")
		s.at(3000, "101 terminated")
		s.at(3001, "102 terminated")
		s.at(20000, "")
		want := []string{
			"channel_created PJSIP/101 Ring 101",
			"dialed PJSIP/101 to PJSIP/102 RINGING",
			"channel_changed PJSIP/102 Up",
			"channel_changed PJSIP/101 Up",
			"bridge_entered PJSIP/101",
			"bridge_entered PJSIP/102",
			"channel_gone PJSIP/101 16",
			"channel_gone PJSIP/102 16",
		}
		if first {
			want = append([]string{"channel_created PJSIP/101 Down 101", "channel_changed PJSIP/101 Up", "channel_gone PJSIP/101 16"}, want...)
		}
		s.want(want...)
	}
}

// 101 talks with a client and asks 103: the consultation is a call of its own
// and its end leaves the client's alone.
func TestConsultation_PB_07(t *testing.T) {
	s := newScene(t, "101", "103")
	s.at(0, "101 early 79161234567")
	s.at(1000, "101 confirmed")
	s.at(5000, "103 early 101")
	s.at(6000, "103 confirmed")
	s.at(9000, "103 terminated")
	s.at(12000, "101 terminated")
	s.at(30000, "")
	s.want(
		rings("101", "79161234567"),
		talks("101"),
		"channel_created PJSIP/101 Ring 101",
		"dialed PJSIP/101 to PJSIP/103 RINGING",
		"channel_changed PJSIP/103 Up",
		"channel_changed PJSIP/101 Up",
		"bridge_entered PJSIP/101",
		"bridge_entered PJSIP/103",
		"channel_gone PJSIP/103 16",
		"channel_gone PJSIP/101 16",
		over("101", 16),
	)
}

// The telephone calls out: nothing is told but that it is in use.
func TestDeskCallIsPresenceOnly_PB_07(t *testing.T) {
	s := newScene(t, "101")
	s.at(0, "101 confirmed")
	s.at(5, "101 confirmed")
	s.at(5000, "101 terminated")
	s.at(6000, "101 terminated")
	s.want("channel_created PJSIP/101 Down 101", "channel_changed PJSIP/101 Up", "channel_gone PJSIP/101 16")
}

// PBXs that follow RFC 4235 to the letter tell whom an extension calls.
func TestOutgoingDialogTellsTheNumber_PB_07(t *testing.T) {
	s := newScene(t, "101")
	out := func(state string) string {
		return `101 <dialog-info version="1" state="full"><dialog id="a" direction="initiator"><state>` + state +
			`</state><remote><identity>sip:79161234567@x</identity></remote></dialog></dialog-info>`
	}
	s.at(0, out("trying"))
	s.at(100, out("early"))
	s.at(2000, out("confirmed"))
	s.at(5000, out("terminated"))
	s.at(20000, "")
	s.want(
		"channel_created PJSIP/101 Ring 101",
		"dialed PJSIP/101 to SIP/outside RINGING",
		talks("101"),
		over("101", 16),
	)
}

func TestNumberAfterTheFirstRing_PB_07(t *testing.T) {
	s := newScene(t, "101")
	s.at(0, "101 early")
	s.at(50, "101 early 79161234567")
	s.at(60, "101 early")
	s.at(1000, "101 terminated")
	s.at(20000, "")
	s.want(
		"channel_created SIP/outside Ring",
		"dialed SIP/outside to PJSIP/101 RINGING",
		"channel_changed SIP/outside Ring",
		over("101", 0),
	)
}

func TestHold_PB_07(t *testing.T) {
	s := newScene(t, "101")
	held := `101 <dialog-info version="1" state="full"><dialog id="101"><local><target uri="x"><param pname="+sip.rendering" pvalue="no"/></target></local>` +
		`<state>confirmed</state></dialog></dialog-info>`
	s.at(0, "101 early 79161234567")
	s.at(1000, "101 confirmed")
	s.at(2000, held)
	s.at(2500, held)
	s.at(3000, "101 confirmed")
	s.at(4000, "101 terminated")
	s.at(20000, "")
	got := strings.Join(s.lines[6:8], "\n")
	if got != "channel_held PJSIP/101\nchannel_unheld PJSIP/101" {
		t.Errorf("events are\n%s", got)
	}
}

// An extension that is no longer watched leaves no call behind.
func TestForgottenExtension_PB_07(t *testing.T) {
	s := newScene(t, "101", "102")
	s.at(0, "101 early 79161234567")
	s.at(100, "101 confirmed")
	s.track.forget("101", s.start.Add(time.Second))
	s.at(20000, "")
	s.want(
		rings("101", "79161234567"),
		talks("101"),
		over("101", 16),
	)
}

// Whatever states come in whatever order, each channel begins once and ends
// once, and nothing is left when all telephones are idle.
func FuzzTracker_PB_07(f *testing.F) {
	f.Add([]byte{0x01, 0x12, 0x23, 0x34, 0x45, 0x56, 0x67})
	f.Add([]byte{0x10, 0x21, 0x32, 0x03, 0x14, 0x25, 0x30, 0x41, 0x52})
	f.Add([]byte{0x10, 0xf1, 0x21, 0x32, 0xf3, 0x03, 0xf0, 0x14, 0x25, 0xf2, 0x30, 0x41, 0x52})
	f.Fuzz(func(t *testing.T, steps []byte) {
		if len(steps) > 200 {
			return
		}
		up := make(map[string]bool)
		track := newTracker(func(ev cti.Event) {
			if ev.Kind == cti.Resync {
				before := up
				up = make(map[string]bool)
				for _, ch := range ev.Snapshot.Channels {
					if !before[ch.ID] || up[ch.ID] {
						t.Fatalf("%s is in the snapshot", ch.Name)
					}
					up[ch.ID] = true
				}
				for id := range before {
					if _, still := up[id]; !still {
						up[id] = false // what is not in it has ended
					}
				}
				return
			}
			for _, ch := range []cti.Channel{ev.Channel, ev.Peer} {
				if ch.ID == "" {
					continue
				}
				if was, known := up[ch.ID]; known && !was {
					t.Fatalf("%s of a channel that has ended", line(ev))
				}
				up[ch.ID] = true
			}
			if ev.Kind == cti.ChannelGone {
				up[ev.Channel.ID] = false
			}
		}, 6*time.Second)
		exts := []string{"101", "102", "103"}
		states := []string{"terminated", "early 79161234567", "early 101", "confirmed", "early", "early 102"}
		for _, e := range exts {
			track.extension(e, "PJSIP/"+e)
		}
		now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		told := make(map[string]dialogInfo)
		play := func(ext, state string, later time.Duration) {
			now = now.Add(later)
			for due := track.next(); !due.IsZero() && !due.After(now); due = track.next() {
				track.tick(due)
			}
			info, err := parseDialogInfo([]byte(document(ext, 1, state)))
			if err != nil {
				t.Fatal(err)
			}
			told[ext] = info
			track.apply(track.exts[ext], info, now)
		}
		for _, b := range steps {
			if b >= 0xf0 { // away, and what 101 does meanwhile is not heard
				play("101", "early 79161234567", 0)
				told["101"] = dialogInfo{Full: true, Dialogs: []dialogState{{ID: "101", Phase: phase(b & 3)}}}
				track.resync(told, now)
				continue
			}
			play(exts[int(b>>4)%3], states[int(b&15)%6], time.Duration(b)*17*time.Millisecond)
		}
		for _, e := range exts {
			play(e, "terminated", time.Second)
		}
		for range 10 {
			play("101", "terminated", 10*time.Second)
		}
		for id, still := range up {
			if still {
				t.Fatalf("channel %s never ends", id)
			}
		}
		if len(track.groups) != 0 {
			t.Fatalf("%d calls are left", len(track.groups))
		}
	})
}
