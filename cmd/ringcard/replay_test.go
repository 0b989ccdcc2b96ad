package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const captureText = `{"format":"ringcard-capture","version":1,"pbx":"office","trunks":["PJSIP/trunk-1"],"extensions":"^(\\d{2,6}|tel-\\d+)$","context":"office","region":"RU","users":[{"id":1,"name":"Name 1","devices":[{"pbx":"office","endpoint":"PJSIP/101"}]}]}
{"at":"2026-11-22T09:00:00Z","kind":"resync","snapshot":{"Channels":null,"Bridges":null,"Devices":null}}
{"at":"2026-11-22T09:00:01Z","kind":"frame","frame":{"type":"ChannelCreated","channel":{"id":"1.1","name":"PJSIP/trunk-1-00000001","state":"Ring","caller":{"name":"","number":"79162345678"},"connected":{"name":"","number":""},"dialplan":{"context":"from-trunk","exten":"101"},"channelvars":{"CHANNEL(linkedid)":"1.1"}}}}
{"at":"2026-11-22T09:00:01.5Z","kind":"lookup","lookup":{"e164":"+79162345678"}}
{"at":"2026-11-22T09:00:02Z","kind":"frame","frame":{"type":"Dial","dialstatus":"RINGING","caller":{"id":"1.1","name":"PJSIP/trunk-1-00000001","state":"Ring","caller":{"name":"","number":"79162345678"},"channelvars":{"CHANNEL(linkedid)":"1.1"}},"peer":{"id":"1.2","name":"PJSIP/101-00000002","state":"Ringing","channelvars":{"CHANNEL(linkedid)":"1.1"}}}}
{"at":"2026-11-22T09:00:05Z","kind":"frame","frame":{"type":"ChannelDestroyed","cause":16,"channel":{"id":"1.2","name":"PJSIP/101-00000002","state":"Ringing","channelvars":{"CHANNEL(linkedid)":"1.1"}}}}
{"at":"2026-11-22T09:00:05Z","kind":"frame","frame":{"type":"ChannelDestroyed","cause":16,"channel":{"id":"1.1","name":"PJSIP/trunk-1-00000001","state":"Ring","channelvars":{"CHANNEL(linkedid)":"1.1"}}}}
`

func TestReplayPrintsTheTimeline_PB_13(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "day.capture")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(captureText)
	r := command(t, "", nil, "replay", file)
	for _, want := range []string{"4 frames, 1 calls", "in +7 (916) 234-56-78, missed", "nobody has the number +79162345678", "Name 1 rings at PJSIP/101", "Name 1 was told: the device rings", "+1.000 s", "0 came out differently"} {
		if r.status != exitDone || !strings.Contains(r.out, want) {
			t.Errorf("status %d, %q is not in\n%s%s", r.status, want, r.out, r.errOut)
		}
	}
	var out struct {
		Calls []struct {
			Disposition string
			Why         struct{ Events []struct{ Code string } }
		}
	}
	r = command(t, "", nil, "replay", "--json", file)
	if err := json.Unmarshal([]byte(r.out), &out); err != nil || len(out.Calls) != 1 || out.Calls[0].Disposition != "missed" || len(out.Calls[0].Why.Events) < 3 {
		t.Errorf("%v %+v", err, out)
	}
	write(captureText + `{"at":"2026-11-22T09:00:06Z","kind":"ended","call":{"id":"x","state":"ended","disposition":"answered"}}` + "\n")
	if r := command(t, "", nil, "replay", file); r.status != exitFailed || !strings.Contains(r.out, "DIFFERS") || r.errOut != "" {
		t.Errorf("%+v", r)
	}
	write("hello\n")
	for _, args := range [][]string{{"replay", file}, {"replay", file + ".gone"}} {
		if r := command(t, "", nil, args...); r.status != exitFailed || strings.Count(r.errOut, "\n") != 1 || !strings.Contains(r.errOut, "day.capture") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if r := command(t, "", nil, "replay"); r.status != exitUsage {
		t.Errorf("%+v", r)
	}
}

func TestSnippetAndDoctorForOnePBX_PB_08_PB_09(t *testing.T) {
	t.Parallel()
	environ := []string{"RINGCARD_PBX_ARI_URL=http://127.0.0.1:1/ari", "RINGCARD_PBX_ARI_PASSWORD=s3cr3t", "RINGCARD_DATA_DIR=" + t.TempDir(),
		"RINGCARD_LISTEN=127.0.0.1:0"}
	r := command(t, "", environ, "config", "snippet", "--pbx", "pbx")
	if r.status != exitDone || !strings.Contains(r.out, "bindport = 1") || strings.Contains(r.out, "s3cr3t") {
		t.Errorf("%+v", r)
	}
	for _, args := range [][]string{{"config", "snippet", "--pbx", "other"}, {"doctor", "--pbx", "other"}} {
		if r := command(t, "", environ, args...); r.status != exitFailed || !strings.Contains(r.errOut, `no PBX "other"`) {
			t.Errorf("%v: %+v", args, r)
		}
	}
	r = command(t, "", environ, "doctor", "--json")
	var report struct {
		Failed   bool
		Findings []struct{ ID, Level, Change, Row string }
	}
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.status != exitFailed || !report.Failed {
		t.Fatalf("%v %+v", err, r)
	}
	for _, f := range report.Findings {
		if f.ID == "ari.refused" && f.Level == "fail" && f.Change != "" && f.Row == "PB-01" {
			return
		}
	}
	t.Errorf("no line about the PBX: %+v", report)
}
