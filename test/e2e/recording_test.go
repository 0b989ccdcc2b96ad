package e2e

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringcard/configs"
	"ringcard/crm/recording"
	"ringcard/cti"
	"ringcard/test/pbx"
	"ringcard/test/phones"
	"ringcard/test/scenario"
)

// Tones of the parties, in Hz.
const (
	clientVoice = 440.0
	deskVoice   = 1000.0
	secondVoice = 1500.0
	secretVoice = 700.0
	cardVoice   = 2000.0
)

// speech is how long a tone is sent where it has to be in a recording.
const speech = 600 * time.Millisecond

// withSound runs a test on each Asterisk with telephones that have sound.
func withSound(t *testing.T, o pbx.Options, change func(*configs.Config), f func(t *testing.T, p *product, office *phones.Office)) {
	t.Helper()
	for _, version := range []string{"22", "16"} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			options := o // of this release only
			options.Version = version
			office := phones.StartOffice(t, options, true)
			o := &scenario.Real{PBX: office.PBX, Trunk: office.Trunk}
			p := &product{t: t, office: o, cfg: config(t, o)}
			if change != nil {
				change(&p.cfg)
			}
			p.run(p.seed)
			f(t, p, office)
		})
	}
}

// speak lets time pass in which the parties talk.
func speak(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

// talking calls the telephone 102 from outside and returns the two ends once
// each hears the other.
func talking(t *testing.T, office *phones.Office, phone *phones.Phone) (caller, desk *phones.Call) {
	t.Helper()
	caller, err := office.Trunk.Call(within(t), phones.Outgoing{From: "79161234567", To: "4951000102"})
	must(t, "call", err)
	desk, err = phone.WaitIncoming(within(t))
	must(t, "incoming", err)
	must(t, "answered", caller.WaitAnswered(within(t)))
	must(t, "tone", caller.SendTone(clientVoice))
	must(t, "tone", desk.SendTone(deskVoice))
	must(t, "the client is heard", desk.WaitTone(within(t), clientVoice))
	must(t, "the desk is heard", caller.WaitTone(within(t), deskVoice))
	return caller, desk
}

func (op *operator) recordCommand(t *testing.T, callID, command string) {
	t.Helper()
	var out struct{ State, Code, Detail string }
	if status := op.post("/calls/"+callID+"/record", map[string]string{"command": command}, nil, &out); status != http.StatusOK {
		t.Fatalf("%s: %d %s %s", command, status, out.Code, out.Detail)
	}
}

func (op *operator) recordings(callID string) []recording.Recording {
	var list struct{ Items []recording.Recording }
	op.get("/calls/"+callID+"/recordings", &list)
	return list.Items
}

// ready waits until the call has its one recording, whole.
func (op *operator) ready(t *testing.T, callID string) recording.Recording {
	t.Helper()
	var list []recording.Recording
	op.p.eventually("the recording is ready", func() bool {
		list = op.recordings(callID)
		return len(list) > 0 && list[0].State == recording.Ready
	})
	if len(list) != 1 {
		t.Fatalf("%d recordings of one conversation: %+v", len(list), list)
	}
	return list[0]
}

// sound downloads a recording and returns its samples.
func (op *operator) sound(t *testing.T, id string) []int16 {
	t.Helper()
	res, err := op.http.Get(op.p.url + "/api/v1/recordings/" + id + "/audio")
	must(t, "audio", err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, "audio", err)
	if res.StatusCode != http.StatusOK || len(b) < 44 || string(b[:4]) != "RIFF" {
		t.Fatalf("audio: %d, %d bytes", res.StatusCode, len(b))
	}
	samples := make([]int16, (len(b)-44)/2)
	must(t, "samples", binary.Read(bytes.NewReader(b[44:]), binary.LittleEndian, samples))
	return samples
}

// heard tells how many stretches of 50 ms have the tone in them (Goertzel).
func heard(samples []int16, freq float64) int {
	const window = 400
	n := 0
	for at := 0; at+window <= len(samples); at += window {
		var s1, s2, energy float64
		k := 2 * math.Cos(2*math.Pi*freq/8000)
		for _, v := range samples[at : at+window] {
			x := float64(v)
			s1, s2 = x+k*s1-s2, s1
			energy += x * x
		}
		power := (s1*s1 + s2*s2 - k*s1*s2) / (window / 2)
		if energy > window*100*100 && power/energy > 0.2 {
			n++
		}
	}
	return n
}

// A recording is one file of the whole conversation: both sides are heard, a
// pause is left out, and a transfer changes nothing.
func TestRecordingOfAConversation_CO_08(t *testing.T) {
	t.Parallel()
	withSound(t, pbx.Options{}, nil, func(t *testing.T, p *product, office *phones.Office) {
		op := p.login("u102").connect()
		second := office.Phone("103", phones.AnswerAfter(0))
		phone := office.Phone("102", phones.AnswerAfter(0))
		caller, desk := talking(t, office, phone)
		call := op.until("the talk", func(c cti.Call) bool { return c.State == cti.Talking })
		op.recordCommand(t, call.ID, "start")
		speak(t, speech)
		op.until("the call is marked as recorded", func(c cti.Call) bool { return c.ID == call.ID && c.Recorded })

		op.recordCommand(t, call.ID, "pause")
		must(t, "card number", caller.SendTone(secretVoice))
		must(t, "it is said", desk.WaitTone(within(t), secretVoice))
		speak(t, speech)
		must(t, "tone", caller.SendTone(clientVoice))
		must(t, "the client is heard", desk.WaitTone(within(t), clientVoice))
		op.recordCommand(t, call.ID, "resume")
		speak(t, speech)

		must(t, "transfer", desk.Refer(within(t), "103"))
		other, err := second.WaitIncoming(within(t))
		must(t, "second desk", err)
		must(t, "tone", other.SendTone(secondVoice))
		must(t, "the second desk is heard", caller.WaitTone(within(t), secondVoice))
		speak(t, speech)
		must(t, "hang up", caller.Hangup(within(t)))

		r := op.ready(t, call.ID)
		if r.Origin != recording.ByUser || r.StartedBy == nil || r.StartedBy.Name != "User 102" || r.Reason != "" || r.EndedAt == nil {
			t.Errorf("%+v", r)
		}
		samples := op.sound(t, r.ID)
		least := int(speech / (50 * time.Millisecond) / 2)
		for name, freq := range map[string]float64{"client": clientVoice, "first desk": deskVoice, "second desk": secondVoice} {
			if n := heard(samples, freq); n < least {
				t.Errorf("the %s is heard in %d stretches of %d, want %d", name, n, len(samples)/400, least)
			}
		}
		if n := heard(samples, secretVoice); n > 2 {
			t.Errorf("what was said in the pause is heard in %d stretches", n)
		}
		if record := op.record(call.ID); !record.Recorded {
			t.Error("the record does not say that there is a recording")
		}
		p.eventually("the PBX has no copy left", func() bool { return len(storedAt(t, office)) == 0 })
		if status := op.recorded(); !slices.Contains(status, "recording") || !slices.Contains(status, "paused") || !slices.Contains(status, "ready") {
			t.Errorf("the stream told %v", status)
		}
	})
}

// storedAt lists the recordings that the PBX has.
func storedAt(t *testing.T, office *phones.Office) []string {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), http.MethodGet, office.PBX.ARIURL+"/recordings/stored", nil)
	must(t, "stored", err)
	req.SetBasicAuth(office.PBX.ARIUser, office.PBX.ARIPassword)
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	must(t, "stored", err)
	defer res.Body.Close()
	var list []struct{ Name string }
	must(t, "stored", json.NewDecoder(res.Body).Decode(&list))
	names := []string{}
	for _, r := range list {
		names = append(names, r.Name)
	}
	return names
}

// Ringcard may die in the middle of a recording: it goes on at the PBX, and the
// next run takes it up. What began before and ended while nobody looked is
// fetched too.
func TestRecordingOutlivesARestart_CO_08_PB_03(t *testing.T) {
	t.Parallel()
	withSound(t, pbx.Options{}, func(c *configs.Config) { c.Recordings.Auto = "inbound" }, func(t *testing.T, p *product, office *phones.Office) {
		op := p.login("u102").connect()
		phone := office.Phone("102", phones.AnswerAfter(0))
		caller, desk := talking(t, office, phone)
		call := op.until("the talk is recorded", func(c cti.Call) bool { return c.State == cti.Talking && c.Recorded })
		speak(t, speech)
		p.stop()
		must(t, "tone", caller.SendTone(secretVoice))
		must(t, "the client is heard", desk.WaitTone(within(t), secretVoice))
		speak(t, speech)
		p.run(nil)
		op = p.login("u102").connect()
		must(t, "tone", caller.SendTone(secondVoice))
		must(t, "the client is heard", desk.WaitTone(within(t), secondVoice))
		speak(t, speech)

		// A pause lasts over a restart: what is said meanwhile is not kept.
		op.recordCommand(t, call.ID, "pause")
		p.stop()
		must(t, "card number", caller.SendTone(cardVoice))
		must(t, "it is said", desk.WaitTone(within(t), cardVoice))
		p.run(nil)
		op = p.login("u102").connect()
		if list := op.recordings(call.ID); len(list) != 1 || list[0].State != recording.Paused {
			t.Errorf("after the restart: %+v", list)
		}
		speak(t, speech)
		must(t, "tone", caller.SendTone(clientVoice))
		must(t, "the client is heard", desk.WaitTone(within(t), clientVoice))
		op.recordCommand(t, call.ID, "resume")
		speak(t, speech)

		op.recordCommand(t, call.ID, "stop")
		samples := op.sound(t, op.ready(t, call.ID).ID)
		least := int(speech / (50 * time.Millisecond) / 2)
		if n := heard(samples, cardVoice); n > 2 {
			t.Errorf("what was said in the pause is heard in %d stretches", n)
		}
		for when, freq := range map[string]float64{"before": clientVoice, "while it was down": secretVoice, "after": secondVoice} {
			if n := heard(samples, freq); n < least {
				t.Errorf("%s: heard in %d stretches, want %d", when, n, least)
			}
		}
		must(t, "hang up", caller.Hangup(within(t)))
		op.record(call.ID)

		// The next one ends while nobody looks.
		caller, _ = talking(t, office, phone)
		call = op.until("the second talk is recorded", func(c cti.Call) bool { return c.ID != call.ID && c.State == cti.Talking && c.Recorded })
		speak(t, speech)
		p.stop()
		must(t, "hang up", caller.Hangup(within(t)))
		p.run(nil)
		op = p.login("u102")
		if n := heard(op.sound(t, op.ready(t, call.ID).ID), clientVoice); n < least {
			t.Errorf("ended unseen: heard in %d stretches, want %d", n, least)
		}
	})
}

// recorded returns the states of the recordings, and their reasons after a
// colon, in the order of the stream.
func (op *operator) recorded() []string {
	op.mu.Lock()
	defer op.mu.Unlock()
	var states []string
	for _, data := range op.rest["recording"] {
		var r struct{ State, Reason string }
		if err := json.Unmarshal(data, &r); err != nil {
			op.err = err
		}
		if r.Reason != "" {
			r.State += ":" + r.Reason
		}
		states = append(states, r.State)
	}
	return states
}

// What the dialplan of the PBX records by itself is taken up: from a folder of
// MixMonitor, and from the PBX's own recording folder.
func TestRecordingsOfTheDialplan_CO_08(t *testing.T) {
	t.Parallel()
	dialplan := map[string]string{"extensions.conf": `
[from-trunk](+)
exten => 4951000120,1,MixMonitor(${STRFTIME(,,%Y%m%d)}-${CALLERID(num)}-${UNIQUEID}.wav)
 same => n,Dial(PJSIP/102,20)
exten => 4951000121,1,MixMonitor(../recording/own-${CHANNEL(linkedid)}.wav)
 same => n,Dial(PJSIP/102,20)
`}
	for _, version := range []string{"22", "16"} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			office := phones.StartOffice(t, pbx.Options{Version: version, Append: dialplan}, true)
			o := &scenario.Real{PBX: office.PBX, Trunk: office.Trunk}
			p := &product{t: t, office: o, cfg: config(t, o)}
			p.cfg.PBX[0].RecordingsDir = filepath.Join(office.PBX.SpoolDir(), "monitor")
			p.cfg.PBX[0].RecordingsFromARI = true
			must(t, "monitor", os.MkdirAll(p.cfg.PBX[0].RecordingsDir, 0o755))
			p.run(p.seed)
			op := p.login("u102").connect()
			phone := office.Phone("102", phones.AnswerAfter(0))
			var calls []string
			for _, did := range []string{"4951000120", "4951000121"} {
				caller, err := office.Trunk.Call(within(t), phones.Outgoing{From: "79161234567", To: did})
				must(t, "call", err)
				desk, err := phone.WaitIncoming(within(t))
				must(t, "incoming", err)
				must(t, "tone", caller.SendTone(clientVoice))
				must(t, "heard", desk.WaitTone(within(t), clientVoice))
				speak(t, speech)
				must(t, "hang up", caller.Hangup(within(t)))
				call := op.until("the end", func(c cti.Call) bool { return c.DID == did && c.State == cti.Ended })
				calls = append(calls, call.ID)
			}
			for _, id := range calls {
				r := op.ready(t, id)
				if diff := cmp.Diff([]any{recording.FromPBX, 1}, []any{r.Origin, r.Channels}); diff != "" {
					t.Error(diff)
				}
				if n := heard(op.sound(t, r.ID), clientVoice); n < 6 {
					t.Errorf("the client is heard in %d stretches", n)
				}
				if record := op.record(id); !record.Recorded {
					t.Error("the record does not say that there is a recording")
				}
			}
		})
	}
}
