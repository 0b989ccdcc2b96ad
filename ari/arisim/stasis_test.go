package arisim_test

import (
	"encoding/binary"
	"net/url"
	"strings"
	"testing"

	"ringcard/ari/arisim"
	"ringcard/cti"
)

// TestApplicationAnswers: the resources of an application's own channels and
// bridges, in Asterisk's words.
func TestApplicationAnswers(t *testing.T) {
	s := start(t, arisim.Options{})
	raw := frames(t, s, "app")
	call := inTalk(t, s)
	snoop := "/channels/" + url.PathEscape(call.ID()) + "/snoop/"
	for _, c := range []struct {
		method, path string
		status       int
		want         string // the start of the body
	}{
		{"POST", "/channels/none/snoop/x?app=app", 404, `{"message":"Channel not found"}`},
		{"POST", snoop + "ear", 400, `{"message":"Invalid application"}`},
		{"POST", snoop + "ear?app=app&spy=both", 200, `{"id":"ear","name":"Snoop/`},
		{"POST", snoop + "ear?app=app", 409, `{"message":"Channel with given unique ID already exists"}`},
		{"POST", "/channels/" + call.ID() + "/record?name=x&format=wav", 409, `{"message":"Channel not in Stasis application"}`},
		{"POST", "/bridges?bridgeId=mix&type=mixing", 200, `{"id":"mix"`},
		{"POST", "/bridges/none/addChannel?channel=ear", 404, `{"message":"Bridge not found"}`},
		{"POST", "/bridges/mix/addChannel?channel=none", 400, `{"message":"Channel not found"}`},
		{"POST", "/bridges/mix/addChannel?channel=" + call.ID(), 422, `{"message":"Channel not in Stasis application"}`},
		{"DELETE", "/bridges/none", 404, `{"message":"Bridge not found"}`},
		{"POST", "/recordings/live/none/stop", 404, `{"message":"Recording not found"}`},
		{"GET", "/recordings/live/none", 404, `{"message":"Recording not found"}`},
		{"GET", "/recordings/stored/none/file", 404, `{"message":"Recording not found"}`},
		{"DELETE", "/recordings/stored/none", 404, `{"message":"Recording not found"}`},
		{"GET", "/recordings/stored", 200, `[]`},
	} {
		status, body := request(t, s, c.method, c.path, "")
		if status != c.status || !strings.HasPrefix(body, c.want) {
			t.Errorf("%s %s: %d %s\nwant %d %s", c.method, c.path, status, body, c.status, c.want)
		}
	}
	has := func(event string) {
		t.Helper()
		if _, ok := raw.wait(within(t), func(all [][]byte) bool {
			for _, b := range all {
				if strings.Contains(string(b), `"type":"`+event+`"`) && strings.Contains(string(b), `"ear"`) {
					return true
				}
			}
			return false
		}); !ok {
			t.Errorf("no %s", event)
		}
	}
	has("StasisStart")
	if status, body := request(t, s, "POST", "/bridges/mix/addChannel?channel=ear", ""); status != 204 {
		t.Errorf("%d %s", status, body)
	}
	has("ChannelEnteredBridge")
	if status, _ := request(t, s, "DELETE", "/bridges/mix", ""); status != 204 {
		t.Errorf("the bridge does not end: %d", status)
	}
	has("ChannelLeftBridge")
	call.Hangup()
	has("ChannelDestroyed") // what listened ends with it
}

// TestRecordingIsSound: the product's client records a channel, and gets a file
// as long as the talk.
func TestRecordingIsSound(t *testing.T) {
	s := start(t, arisim.Options{})
	c, events := client(t, s, "app")
	call := inTalk(t, s)
	if err := c.StartRecording(within(t), call.ID(), "talk"); err != nil {
		t.Fatal(err)
	}
	stage := func(want cti.RecordingStage) {
		t.Helper()
		if got, err := c.Recording(within(t), "talk"); err != nil || got != want {
			t.Errorf("stage %v, %v, want %v", got, err, want)
		}
	}
	stage(cti.StageRuns)
	if err := c.PauseRecording(within(t), "talk"); err != nil {
		t.Error(err)
	}
	stage(cti.StagePaused)
	if err := c.ResumeRecording(within(t), "talk"); err != nil {
		t.Error(err)
	}
	stage(cti.StageRuns)
	call.Hangup()
	if _, ok := events.wait(within(t), kind(cti.RecordingOver, 1)); !ok {
		t.Fatal("the recording does not end with the call")
	}
	status, body := request(t, s, "GET", "/recordings/stored/talk/file", "")
	if status != 200 || len(body) < 44 || body[:4] != "RIFF" || body[8:16] != "WAVEfmt " {
		t.Fatalf("%d, %d bytes", status, len(body))
	}
	if rate := binary.LittleEndian.Uint32([]byte(body[24:28])); rate != 8000 {
		t.Errorf("%d samples a second", rate)
	}
	stored, err := c.StoredRecordings(within(t))
	if err != nil || len(stored) != 1 || stored[0].Name != "talk" {
		t.Errorf("%v %v", stored, err)
	}
	if err := c.DeleteRecording(within(t), "talk"); err != nil {
		t.Error(err)
	}
	if _, ok, err := c.FetchRecording(within(t), "talk"); ok || err != nil {
		t.Errorf("still there: %v", err)
	}
}
