package cti_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"ringcard/cti"
	"ringcard/cti/ctitest"
)

// The pop goes out with the number at once while the directory takes two
// seconds; it never holds the call.
func TestSlowDirectoryShowsNumberAtOnce_LU_03(t *testing.T) {
	d := newDesk(t, func(o *cti.EngineOptions) {
		o.Directory = ctitest.Directory{Clients: map[string]cti.Client{northWind: {ID: 7, Name: "Северный ветер"}}, Delay: 2 * time.Second}
		o.LookupBudget = 50 * time.Millisecond
	})
	d.ring("102")
	first := d.shown(102, "the ring", func(cti.Call) bool { return true })
	if first.Lookup != cti.LookupPending || first.Client != nil || first.Number.E164 != northWind {
		t.Errorf("first message: lookup %q, client %v, number %+v", first.Lookup, first.Client, first.Number)
	}
	d.shown(102, "that the card is late", func(c cti.Call) bool { return c.Lookup == cti.LookupLate })
	d.shown(102, "the card that came late", func(c cti.Call) bool { return c.Client != nil && c.State == cti.Ringing })
}

// asOf gives a stored answer first, and a new one on the second try once it
// is back.
type asOf struct {
	ctitest.Directory
	at    time.Time
	back  chan struct{}
	asked atomic.Int32
}

func (d *asOf) Lookup(ctx context.Context, e164 string) (cti.Found, error) {
	found, err := d.Directory.Lookup(ctx, e164)
	if d.asked.Add(1) > 1 {
		select {
		case <-d.back:
		case <-ctx.Done():
			return cti.Found{}, ctx.Err()
		}
	} else {
		old := *found.Client
		old.Name, found.Client, found.AsOf = "Старое имя", &old, d.at
	}
	return found, err
}

// A stored card is shown with its time, and gives way to the true one.
func TestStoredCardIsShownAsSuch_OP_03(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	back := make(chan struct{})
	d := newDesk(t, func(o *cti.EngineOptions) {
		o.Directory = &asOf{Directory: ctitest.Directory{Clients: map[string]cti.Client{northWind: {ID: 7, Name: "Северный ветер"}}}, at: at, back: back}
	})
	d.ring("102")
	d.answer("102")
	stored := d.shown(102, "the stored card", func(c cti.Call) bool { return c.LookupAsOf != nil })
	if !stored.LookupAsOf.Equal(at) || stored.Lookup != cti.LookupFound || stored.Client.Name != "Старое имя" {
		t.Errorf("as of %v, %s, %+v", stored.LookupAsOf, stored.Lookup, stored.Client)
	}
	close(back)
	fresh := d.shown(102, "the true card", func(c cti.Call) bool { return c.Client != nil && c.LookupAsOf == nil })
	if fresh.Client.Name != "Северный ветер" || fresh.Version <= stored.Version {
		t.Errorf("%+v", fresh.Client)
	}
	d.gone("1.102", 16)
	d.gone("1.1", 16)
	if c := d.ended(1)[0]; c.LookupAsOf != nil {
		t.Errorf("the record has an old card: %v", c.LookupAsOf)
	}
}

func TestCardFollowsNumber_PU_03_TL_03(t *testing.T) {
	d := newDesk(t)
	d.ring("102")
	c := d.shown(102, "the card", func(c cti.Call) bool { return c.Client != nil && len(c.Ringing) == 1 })
	if c.Client.Name != "Северный ветер" || len(c.Matches) != 1 || c.DID != "4951000102" {
		t.Errorf("pop %+v", c)
	}
}

// tied says that two clients have the number, each with a responsible.
type tied struct{ ctitest.Directory }

func (d tied) Lookup(context.Context, string) (cti.Found, error) {
	first, second := cti.Client{ID: 7, Name: "Петра", ResponsibleID: 103}, cti.Client{ID: 8, Name: "Анны", ResponsibleID: 102}
	match := func(c cti.Client) cti.Match {
		return cti.Match{ClientID: c.ID, Name: c.Name, Reason: "client_number", Rank: 2, ResponsibleID: c.ResponsibleID}
	}
	return cti.Found{Matches: []cti.Match{match(first), match(second), {Name: "Человек", PersonID: 1, Reason: "person", Rank: 3}},
		Client: &first, AsGood: []*cti.Client{&second}}, nil
}

// Of two clients who rank alike, the pop shows the one whose responsible has
// the call: whoever's telephone rings, then who answered.
func TestResponsibleBreaksTheTie_LU_02(t *testing.T) {
	d := newDesk(t, func(o *cti.EngineOptions) { o.Directory = tied{} })
	first := func(name string) func(cti.Call) bool {
		return func(c cti.Call) bool {
			return c.Client != nil && c.Client.Name == name && c.Matches[0].Name == name && len(c.Matches) == 3 && len(c.Ringing)+len(c.Talking) > 0
		}
	}
	d.ring("102")
	d.shown(102, "her own client first", first("Анны"))
	d.ring("103")
	d.answer("103")
	d.gone("1.102", 26)
	d.shown(103, "his, as he has answered", first("Петра"))
	d.gone("1.103", 16)
	d.gone("1.1", 16)
	if c := d.ended(1)[0]; c.Client.ID != 7 || c.Matches[1].Name != "Анны" {
		t.Errorf("the record has client %+v of %+v", c.Client, c.Matches)
	}
}

// Two withheld numbers in a row: no match, and nothing of the first in the second.
func TestAnonymousIsNeverMatched_CK_06(t *testing.T) {
	d := newDesk(t)
	for i, id := range []string{"9.1", "9.2"} {
		ch := cti.Channel{ID: id, Name: "PJSIP/trunk-0" + id, State: "Ring", LinkedID: id, CallerNumber: "anonymous", Exten: "4951000102"}
		d.post(cti.Event{Kind: cti.ChannelCreated, Channel: ch})
		d.gone(id, 16)
		d.ended(i + 1)
	}
	for _, c := range d.ended(2) {
		if c.Number.Kind != cti.Anonymous || c.Client != nil || len(c.Matches) != 0 || c.Lookup != cti.LookupOff {
			t.Errorf("anonymous call %+v", c)
		}
	}
}

// Direction comes from the endpoint, not from the length of the number.
func TestDirectionByEndpoint_CK_05(t *testing.T) {
	office, err := cti.NewOffice(cti.OfficeConfig{PBX: "office", Trunks: []string{"beeline*", "SIP/500"}, Parse: ctitest.Number})
	if err != nil {
		t.Fatal(err)
	}
	office.SetUsers([]cti.User{{ID: 1, Name: "A", Devices: []cti.Device{{PBX: "office", Endpoint: "PJSIP/79161112233"}, {PBX: "other", Endpoint: "PJSIP/beeline1"}}}})
	for endpoint, want := range map[string]cti.LegRole{
		"PJSIP/101":         cti.OfficeLeg,
		"PJSIP/79161112233": cti.OfficeLeg,  // a user's device
		"PJSIP/74951234567": cti.ClientLeg,  // a provider's login, eleven digits
		"PJSIP/beeline1":    cti.ClientLeg,  // a trunk by pattern; the device is at another PBX
		"SIP/500":           cti.ClientLeg,  // a trunk with the name of an extension
		"Local/101@office":  cti.ServiceLeg, // plumbing
		"Snoop/1.2":         cti.ServiceLeg,
	} {
		if got := office.Role(endpoint); got != want {
			t.Errorf("%s is %s, want %s", endpoint, got, want)
		}
	}
}

// A consultation that rings another telephone of the same number does not
// reach it: PJSIP/10 is not PJSIP/101.
func TestPopOnlyForTheDeviceThatRings_PU_01(t *testing.T) {
	d := newDesk(t)
	users := append(ctitest.Users("office"), cti.User{ID: 10, Name: "Ten", Devices: []cti.Device{{PBX: "office", Endpoint: "PJSIP/10"}}},
		cti.User{ID: 999, Name: "Other PBX", Devices: []cti.Device{{PBX: "branch", Endpoint: "PJSIP/101"}}})
	d.service.SetUsers(users)
	d.ring("101")
	d.shown(101, "the ring", isState(cti.Ringing))
	d.gone("1.101", 0)
	d.gone("1.1", 16)
	d.ended(1)
	for _, id := range []int64{10, 102, 999} {
		if got := d.screens.Of(id); len(got) > 0 {
			t.Errorf("user %d got %+v", id, got)
		}
	}
}

// What ended while the socket was down ends in memory, marked; what is up
// keeps its id; what is new appears.
func TestResyncMakesMemoryEqual_PB_03(t *testing.T) {
	d := newDesk(t)
	d.ring("102")
	d.answer("102")
	before := d.shown(102, "the talk", isState(cti.Talking))
	d.post(cti.Event{Kind: cti.Disconnected})
	trunk, phone := trunkChannel(), phoneChannel("102", "Up")
	trunk.State = "Up"
	fresh := cti.Channel{ID: "2.1", Name: "PJSIP/trunk-09", State: "Up", LinkedID: "2.1", CallerNumber: "74957654321", Exten: "4951000103"}
	freshPhone := cti.Channel{ID: "2.2", Name: "PJSIP/103-09", State: "Up", LinkedID: "2.1"}
	d.post(cti.Event{Kind: cti.Resync, Snapshot: &cti.Snapshot{
		Channels: []cti.Channel{trunk, phone, fresh, freshPhone},
		Bridges:  []cti.Bridge{{ID: "b1", Class: "basic", Channels: []string{"1.1", "1.102"}}, {ID: "b2", Class: "basic", Channels: []string{"2.1", "2.2"}}},
	}})
	d.shown(103, "the call that began meanwhile", isState(cti.Talking))
	if live := d.service.Live(102); len(live) != 1 || live[0].ID != before.ID || !live[0].AnsweredAt.Equal(*before.AnsweredAt) {
		t.Errorf("after the resync 102 has %+v", live)
	}
	d.post(cti.Event{Kind: cti.Resync, Snapshot: &cti.Snapshot{}})
	for _, c := range d.ended(2) {
		if !c.Recovered || c.Disposition != cti.Answered {
			t.Errorf("vanished call: recovered %v, %s", c.Recovered, c.Disposition)
		}
	}
}

// A call that rang before the gap ends while the PBX is asked what it has: the
// lists know half of it and the socket tells its end. It is answered if the
// lists say so, else unanswered with a mark, never without.
func TestEndDuringResync_PB_03_PB_04(t *testing.T) {
	trunk, phone := trunkChannel(), phoneChannel("102", "Up")
	trunk.State = "Up"
	bridge := []cti.Bridge{{ID: "b1", Class: "basic", Channels: []string{"1.1", "1.102"}}}
	rings := []cti.Channel{trunkChannel(), phoneChannel("102", "Ringing")}
	tests := []struct {
		name      string
		up        cti.Snapshot
		answer    bool // seen, after the gap
		want      cti.Disposition
		estimated string
	}{
		{"the caller's channel is ending", cti.Snapshot{Channels: []cti.Channel{phone}, Bridges: bridge, Ending: []string{"1.1"}}, false, cti.Answered, cti.FieldAnswered},
		{"the telephone's channel is ending", cti.Snapshot{Channels: []cti.Channel{trunk}, Bridges: bridge, Ending: []string{"1.102"}}, false, cti.Answered, cti.FieldAnswered},
		{"no bridge any more", cti.Snapshot{Channels: []cti.Channel{trunk, phone}}, false, cti.Abandoned, cti.FieldDisposition},
		{"no bridge, one channel", cti.Snapshot{Channels: []cti.Channel{phone}, Ending: []string{"1.1"}}, false, cti.Abandoned, cti.FieldDisposition},
		{"rings on", cti.Snapshot{Channels: rings}, false, cti.Abandoned, ""},
		{"answered after it", cti.Snapshot{Channels: []cti.Channel{trunk, rings[1]}}, true, cti.Answered, ""},
	}
	for _, restart := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s, restart %v", tt.name, restart), func(t *testing.T) {
				j, up := ctitest.NewJournal(), tt.up
				d := newDeskOn(t, j, t.TempDir(), withCDR)
				d.ring("102")
				d.shown(102, "the ring", isState(cti.Ringing))
				if restart {
					d.stop()
					d = newDeskAt(t, j, t.TempDir(), &up, withCDR)
				} else {
					d.post(cti.Event{Kind: cti.Disconnected})
					d.post(cti.Event{Kind: cti.Resync, Snapshot: &up})
				}
				if tt.answer {
					d.answer("102")
				}
				d.post(cti.Event{Kind: cti.ChannelHangup, Channel: trunk, Cause: 16})
				for _, ch := range []cti.Channel{trunk, phone} {
					d.post(cti.Event{Kind: cti.BridgeLeft, Channel: ch, Bridge: cti.Bridge{ID: "b1", Class: "basic"}})
				}
				d.gone("1.1", 16)
				d.gone("1.102", 16)
				c := d.ended(1)[0]
				want, estimated := tt.want, tt.estimated
				if restart && slices.Contains(tt.up.Ending, "1.102") {
					want, estimated = cti.Abandoned, cti.FieldDisposition // the kept record knows no telephone yet
				}
				if c.Disposition != want || c.EndedBy != "client" {
					t.Errorf("%s, ended by %s", c.Disposition, c.EndedBy)
				}
				for _, field := range []string{cti.FieldAnswered, cti.FieldDisposition} {
					if slices.Contains(c.Estimated, field) != (field == estimated) || field == estimated && c.CDR != cti.CDRAwaited {
						t.Errorf("estimated %v, CDR %q; want %q", c.Estimated, c.CDR, estimated)
					}
				}
			})
		}
	}
}

// The records of calls that ended while nobody looked are closed, marked.
func TestRestartClosesWhatEndedMeanwhile_PB_03_AF_01(t *testing.T) {
	j := ctitest.NewJournal()
	d := newDeskOn(t, j, t.TempDir())
	d.ring("102")
	d.answer("102")
	d.shown(102, "the talk", isState(cti.Talking))
	d.stop()
	again := newDeskOn(t, j, t.TempDir()) // its first Resync is empty
	if c := again.ended(1)[0]; !c.Recovered || c.Disposition != cti.Answered || len(c.Ringing) != 0 {
		t.Errorf("record %+v", c)
	}
}

// A new process takes up the calls of the old one under their ids.
func TestRestartTakesUpTalk_PB_03(t *testing.T) {
	j := ctitest.NewJournal()
	d := newDeskOn(t, j, t.TempDir())
	d.ring("102")
	d.answer("102")
	talk := d.shown(102, "the talk", isState(cti.Talking))
	if _, ok := j.Await(d.ctx(), func(cs []cti.Call) bool { return len(cs) == 1 && cs[0].AnsweredAt != nil }); !ok {
		t.Fatal("no open record of the talk")
	}
	d.stop()
	trunk := trunkChannel()
	trunk.State = "Up"
	up := &cti.Snapshot{
		Channels: []cti.Channel{trunk, phoneChannel("102", "Up")},
		Bridges:  []cti.Bridge{{ID: "b1", Class: "basic", Channels: []string{"1.1", "1.102"}}},
	}
	again := newDeskAt(t, j, t.TempDir(), up)
	got := again.shown(102, "the talk again", isState(cti.Talking))
	if got.ID != talk.ID || !got.AnsweredAt.Equal(*talk.AnsweredAt) || got.Version <= talk.Version {
		t.Errorf("taken up as %s answered %v version %d, was %s %v %d", got.ID, got.AnsweredAt, got.Version, talk.ID, talk.AnsweredAt, talk.Version)
	}
	again.gone("1.1", 16)
	again.gone("1.102", 16)
	if c := again.ended(1)[0]; c.Disposition != cti.Answered || c.Recovered {
		t.Errorf("record %+v", c)
	}
}

// A queue rings the same telephone again: the pop opens, closes and opens.
func TestQueueRetryClosesAndReopens_PU_02(t *testing.T) {
	d := newDesk(t)
	d.ring("102")
	d.gone("1.102", 0)
	d.shown(102, "that it stopped ringing", func(c cti.Call) bool { return len(c.Ringing) == 0 && c.State == cti.Ringing })
	second := phoneChannel("102", "Down")
	second.ID, second.Name = "1.102b", "PJSIP/102-03"
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: second})
	d.post(cti.Event{Kind: cti.Dialed, Channel: trunkChannel(), Peer: second})
	second.State = "Ringing"
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: second})
	d.shown(102, "that it rings again", func(c cti.Call) bool { return len(c.Ringing) == 1 && len(c.Legs) == 3 })
	d.gone("1.102b", 0)
	d.gone("1.1", 16)
	if c := d.ended(1)[0]; c.Disposition != cti.Missed {
		t.Errorf("disposition %s", c.Disposition)
	}
}

// Hold time is counted and the state shown.
func TestHold_CK_03(t *testing.T) {
	d := newDesk(t)
	d.ring("102")
	d.answer("102")
	at := time.Now().UTC()
	d.post(cti.Event{Kind: cti.ChannelHeld, Channel: phoneChannel("102", "Up"), At: at})
	d.shown(102, "hold", isState(cti.Held))
	d.post(cti.Event{Kind: cti.ChannelUnheld, Channel: phoneChannel("102", "Up"), At: at.Add(3 * time.Second)})
	d.post(cti.Event{Kind: cti.ChannelGone, Channel: cti.Channel{ID: "1.1"}, Cause: 16, At: at.Add(5 * time.Second)})
	d.post(cti.Event{Kind: cti.ChannelGone, Channel: cti.Channel{ID: "1.102"}, Cause: 16, At: at.Add(5 * time.Second)})
	if c := d.ended(1)[0]; c.HoldMS != 3000 || c.TalkMS < 5000 {
		t.Errorf("hold %d ms, talk %d ms", c.HoldMS, c.TalkMS)
	}
}

// Asterisk tells an Up channel that is no answer: a voicemail took the call.
func TestVoicemailIsNoAnswer_CK_03(t *testing.T) {
	d := newDesk(t)
	d.ring("102")
	d.gone("1.102", 0)
	vm := trunkChannel()
	vm.State, vm.App = "Up", "VoiceMail"
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: vm})
	d.gone("1.1", 16)
	if c := d.ended(1)[0]; c.Disposition != cti.Voicemail || c.AnsweredAt != nil || c.AnsweredBy != nil {
		t.Errorf("record %+v", c)
	}
}

// The decisions about a call can be read.
func TestWhy_PB_13(t *testing.T) {
	d := newDesk(t)
	d.service.SetUsers(ctitest.Users("office")[:1])
	d.ring("101", "103")
	c := d.shown(101, "the card", func(c cti.Call) bool { return c.Client != nil })
	d.gone("1.101", 0)
	d.gone("1.103", 0)
	d.gone("1.1", 16)
	d.ended(1)
	why, ok := d.service.Why(c.ID)
	if !ok || len(why.Steps) < 4 || len(why.Recipients) != 2 {
		t.Fatalf("why: %+v", why)
	}
	for _, r := range why.Recipients {
		if r.Got != (r.UserID == 101) {
			t.Errorf("recipient %+v", r)
		}
	}
}

func TestOfficeRefusesBadPatterns(t *testing.T) {
	for name, cfg := range map[string]cti.OfficeConfig{
		"extensions": {Extensions: "("},
		"trunk":      {Trunks: []string{"["}},
		"dial rule":  {DialRules: []cti.DialRule{{Match: "("}}},
	} {
		if _, err := cti.NewOffice(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := cti.NewEngine(cti.EngineOptions{}); err == nil || errors.Is(err, cti.Errorf("", "")) {
		t.Errorf("engine without ports: %v", err)
	}
}
