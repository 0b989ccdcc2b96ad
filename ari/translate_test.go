package ari

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringcard/cti"
)

func TestTranslate_PB_06(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	const ch = `{"id":"1.2","name":"PJSIP/101-02","state":"Ringing","caller":{"name":"Phone","number":"101"},` +
		`"connected":{"name":"Ivan","number":"79160000001"},"dialplan":{"context":"office","exten":"s","priority":1,` +
		`"app_name":"AppQueue","app_data":"(Outgoing Line)"},"creationtime":"2026-11-22T09:00:00.000+0000","channelvars":{"CHANNEL(linkedid)":"1.1"}}`
	channel := cti.Channel{ID: "1.2", Name: "PJSIP/101-02", State: "Ringing", LinkedID: "1.1", CallerName: "Phone", CallerNumber: "101",
		ConnectedName: "Ivan", ConnectedNumber: "79160000001", Context: "office", Exten: "s", App: "AppQueue", AppData: "(Outgoing Line)"}
	for name, c := range map[string]struct {
		frame string
		want  cti.Event
		ok    bool
	}{
		"state": {`{"type":"ChannelStateChange","channel":` + ch + `}`,
			cti.Event{Kind: cti.ChannelChanged, Channel: channel}, true},
		"end with causes": {`{"type":"ChannelDestroyed","cause":17,"tech_cause":486,"channel":` + ch + `}`,
			cti.Event{Kind: cti.ChannelGone, Cause: 17, TechCause: 486, Channel: channel}, true},
		"cause as a string": {`{"type":"ChannelHangupRequest","cause":"16","soft":true,"channel":` + ch + `}`,
			cti.Event{Kind: cti.ChannelHangup, Cause: 16, Soft: true, Channel: channel}, true},
		"dial without a caller": {`{"type":"Dial","peer":` + ch + `,"dialstatus":"ANSWER","dialstring":"PJSIP/101"}`,
			cti.Event{Kind: cti.Dialed, Dial: "ANSWER", DialTo: "PJSIP/101", Peer: channel}, true},
		"bridge": {`{"type":"ChannelEnteredBridge","bridge":{"id":"b","bridge_class":"basic","channels":["1.1","1.2"]},"channel":` + ch + `}`,
			cti.Event{Kind: cti.BridgeEntered, Bridge: cti.Bridge{ID: "b", Class: "basic", Channels: []string{"1.1", "1.2"}}, Channel: channel}, true},
		"contact is gone": {`{"type":"ContactStatusChange","endpoint":{"technology":"PJSIP","resource":"101","state":"online"},"contact_info":{"contact_status":"Removed"}}`,
			cti.Event{Kind: cti.DeviceChanged, Device: cti.DeviceState{Endpoint: "PJSIP/101"}}, true},
		"peer is there": {`{"type":"PeerStatusChange","endpoint":{"technology":"PJSIP","resource":"101","state":"offline"},"peer":{"peer_status":"Reachable"}}`,
			cti.Event{Kind: cti.DeviceChanged, Device: cti.DeviceState{Endpoint: "PJSIP/101", Online: true}}, true},
		"of no use": {`{"type":"ChannelVarset","variable":"X","value":"secret"}`, cti.Event{}, false},
	} {
		got, ok, err := Translate([]byte(c.frame), at)
		if c.ok {
			c.want.At = at
		}
		if err != nil || ok != c.ok {
			t.Errorf("%s: %v %v", name, ok, err)
		}
		if d := cmp.Diff(c.want, got); ok && d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestTranslateRefuses_PB_06(t *testing.T) {
	var unknown unknownEvent
	if _, ok, err := Translate([]byte(`{"type":"ChannelTeleported","channel":{"id":"1"}}`), time.Now()); ok || !errors.As(err, &unknown) || unknown != "ChannelTeleported" {
		t.Errorf("unknown event: %v %v", ok, err)
	}
	if _, ok, err := Translate([]byte(`{"type":"ApplicationReplaced","application":"x"}`), time.Now()); ok || !errors.Is(err, errReplaced) {
		t.Errorf("replaced: %v %v", ok, err)
	}
	for _, bad := range []string{
		``, `{`, `[]`, `null`, `"x"`, `{"type":7}`, `{"type":"Dial"}`, `{"type":"Dial","peer":[]}`, `{"type":"ChannelCreated"}`,
		`{"type":"ChannelDestroyed","cause":"many","channel":{"id":"1"}}`, `{"type":"ContactStatusChange"}`,
	} {
		if _, ok, err := Translate([]byte(bad), time.Now()); ok || err == nil {
			t.Errorf("%q: %v %v", bad, ok, err)
		}
	}
}

// A time that Asterisk writes is used where the time of arrival is not known.
func TestTimeOfRecordedFrame(t *testing.T) {
	ev, _, err := Translate([]byte(`{"type":"ChannelCreated","timestamp":"2026-11-22T03:00:00.123+0300","channel":{"id":"1"}}`), time.Time{})
	if want := time.Date(2026, 11, 22, 0, 0, 0, 123e6, time.UTC); err != nil || !ev.At.Equal(want) {
		t.Errorf("at %v %v, want %v", ev.At, err, want)
	}
}

// FuzzTranslate: whatever a frame holds, the answer is an event or an error.
func FuzzTranslate(f *testing.F) {
	for _, version := range []string{"16", "22"} {
		names, err := filepath.Glob(filepath.Join("testdata", version, "*.jsonl"))
		if err != nil || len(names) == 0 {
			f.Fatalf("no recordings: %v", err)
		}
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			lines := bufio.NewScanner(bytes.NewReader(raw))
			for lines.Scan() {
				f.Add(bytes.Clone(lines.Bytes()))
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		ev, ok, err := Translate(raw, time.Time{})
		if ok && err != nil {
			t.Errorf("event and error: %v", err)
		}
		if ok && ev.Kind != cti.DeviceChanged && ev.Channel.ID == "" && ev.Peer.ID == "" {
			t.Errorf("an event about nothing: %s", raw)
		}
	})
}

// The advice says what to change, in one line and without the password.
func TestAdvice_PB_02(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"password": {&StatusError{Status: 401, Message: "Authentication required"}, "ari.conf"},
		"rights":   {&StatusError{Status: 403, Message: "Forbidden"}, "read_only"},
		"path":     {&StatusError{Status: 404, Message: "Not Found"}, "pbx[].ari.url"},
		"replaced": {errReplaced, "pbx[].ari.app"},
		"other":    {errors.New("boom"), "boom"},
	} {
		if got := advice(c.err); !strings.Contains(got, c.says) || strings.Contains(got, "\n") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if advice(nil) != "" {
		t.Error("advice without an error")
	}
}
