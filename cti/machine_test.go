package cti

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"
)

func anyNumber(raw string) Number {
	n := Number{Raw: raw, Display: raw, Kind: External, E164: "+" + raw}
	if len(raw) < 5 {
		n.Kind, n.E164 = Extension, ""
	}
	return n
}

// fuzzChannels are the channels of a small office: two clients, three
// telephones and a Local channel.
var fuzzChannels = []Channel{
	{ID: "1", Name: "PJSIP/trunk-01", LinkedID: "1", CallerNumber: "79161234567", Exten: "4951000102"},
	{ID: "2", Name: "PJSIP/101-02", LinkedID: "1", CallerNumber: "101", Exten: "104"},
	{ID: "3", Name: "PJSIP/102-03", LinkedID: "1", CallerNumber: "102", Exten: "79161234567"},
	{ID: "4", Name: "Local/104@office-04;1", LinkedID: "1"},
	{ID: "5", Name: "Local/104@office-04;2", LinkedID: "1"},
	{ID: "6", Name: "PJSIP/104-06", LinkedID: "6", CallerNumber: "104", Exten: "*8"},
	{ID: "7", Name: "PJSIP/trunk-07", LinkedID: "6", CallerNumber: "79161112233"},
}

// fuzzEvent makes an event of four bytes: any kind, about any channels.
func fuzzEvent(b [4]byte, at time.Time) Event {
	pick := func(n byte) Channel { return fuzzChannels[int(n)%len(fuzzChannels)] }
	ev := Event{Kind: EventKind(b[0]%16 + 1), At: at, Channel: pick(b[1]), Soft: b[3]&1 == 1}
	if ev.Kind == Resync || ev.Kind == Disconnected || ev.Kind == DeviceChanged {
		ev.Kind = ChannelChanged
	}
	ev.Channel.State = []string{"Down", "Ring", "Ringing", "Up"}[b[3]>>1&3]
	ev.Channel.App = []string{"", "Queue", "VoiceMail", "Dial"}[b[3]>>3&3]
	switch ev.Kind {
	case ChannelHangup, ChannelGone:
		ev.Cause = []int{0, 16, 17, 26, 127}[b[2]%5]
	case Dialed:
		ev.Peer = pick(b[2])
		ev.Dial = []string{"", "RINGING", "PROGRESS", "ANSWER", "BUSY", "CANCEL", "NOANSWER", "CONGESTION"}[b[3]>>5]
		if b[3]&0x1f == 0x1f {
			ev.Forwarded, ev.DialOn = pick(b[2]+1), "104"
		}
	case BridgeEntered, BridgeLeft:
		ev.Bridge = Bridge{ID: string('a' + rune(b[2]%3)), Class: []string{"basic", "base", "parking", "holding"}[b[3]>>6]}
	case Transferred:
		ev.Handover = Handover{Kind: []TransferKind{Blind, Attended}[b[3]&1], Consult: pick(b[2]), Target: pick(b[2] + 1), Number: "700"}
	}
	return ev
}

func form(t *testing.T, c Call) string {
	t.Helper()
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// FuzzMachine_CK_01_CK_03: whatever events come in whatever order, also with a
// clock that runs back, a call never panics, never changes without a new
// version, keeps its times in order and never changes after its end.
func FuzzMachine_CK_01_CK_03(f *testing.F) {
	office, err := NewOffice(OfficeConfig{PBX: "office", Parse: anyNumber})
	if err != nil {
		f.Fatal(err)
	}
	office.SetUsers([]User{{ID: 101, Name: "A", Devices: []Device{{PBX: "office", Endpoint: "PJSIP/101"}}}})
	// In comes a call, 101 rings and answers, they talk, he hands it on to 104.
	f.Add([]byte{0, 0, 0, 2, 0, 1, 0, 0, 6, 0, 1, 0, 1, 1, 0, 4, 1, 1, 0, 6, 6, 0, 1, 0x60, 7, 1, 0, 6, 7, 0, 0, 6,
		15, 1, 1, 0, 8, 1, 0, 6, 5, 1, 1, 6, 0, 5, 0, 0, 6, 0, 5, 0, 1, 5, 0, 4, 1, 5, 0, 6, 7, 5, 1, 6, 7, 0, 1, 6, 4, 0, 1, 6, 5, 0, 1, 6, 5, 5, 1, 6})
	f.Add([]byte{0, 0, 0, 2, 7, 0, 2, 0x86, 2, 0, 0, 6, 7, 5, 0, 6, 7, 0, 0, 6, 3, 0, 0, 6})
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		raw := make([]byte, 400)
		for i := range raw {
			raw[i] = byte(rnd.Uint32())
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := Machine{Office: office}
		at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		c := Call{ID: "c", PBX: "office"}
		for ; len(raw) >= 4; raw = raw[4:] {
			at = at.Add(time.Duration(int8(raw[2]^raw[3])) * time.Millisecond)
			before := form(t, c)
			next, effects := m.Apply(c, fuzzEvent([4]byte(raw), at), at)
			if after := form(t, c); after != before {
				t.Fatalf("the argument changed from\n%s\nto\n%s", before, after)
			}
			check(t, c, next, effects)
			c = next
		}
	})
}

func check(t *testing.T, before, c Call, effects Effect) {
	t.Helper()
	switch {
	case before.State == Ended && (form(t, before) != form(t, c) || effects != 0):
		t.Fatalf("an ended call changed to %s", form(t, c))
	case effects != 0 && c.Version != before.Version+1, effects == 0 && c.Version != before.Version:
		t.Fatalf("version %d after %d with effects %b", c.Version, before.Version, effects)
	case before.AnsweredAt != nil && (c.AnsweredAt == nil || !c.AnsweredAt.Equal(*before.AnsweredAt)):
		t.Fatalf("answered at %v, was %v", c.AnsweredAt, before.AnsweredAt)
	case before.AnsweredAt != nil && before.AnsweredBy != nil && *c.AnsweredBy != *before.AnsweredBy:
		t.Fatalf("answered by %v, was %v", c.AnsweredBy, before.AnsweredBy)
	case len(c.Legs) < len(before.Legs) || len(c.Transfers) < len(before.Transfers):
		t.Fatal("a leg or a transfer was lost")
	case c.HoldMS < before.HoldMS || c.WaitMS < 0 || c.TalkMS < 0:
		t.Fatalf("hold %d, wait %d, talk %d ms", c.HoldMS, c.WaitMS, c.TalkMS)
	case c.AnsweredAt != nil && c.AnsweredAt.Before(c.StartedAt):
		t.Fatal("answered before the start")
	}
	for _, l := range c.Legs {
		if l.EndedAt != nil && (l.EndedAt.Before(l.StartedAt) || c.EndedAt != nil && c.EndedAt.Before(*l.EndedAt)) {
			t.Fatalf("leg %s from %v to %v, call to %v", l.Name, l.StartedAt, l.EndedAt, c.EndedAt)
		}
		if c.State == Ended && l.Role != ServiceLeg && l.State != LegEnded {
			t.Fatalf("the call ended with %s still %s", l.Name, l.State)
		}
	}
	if c.State == Ended && c.Direction != "" && (c.EndedAt == nil || c.Disposition == "" || len(c.Ringing) > 0) {
		t.Fatalf("ended as %s", form(t, c))
	}
}
