package arisim

import (
	"encoding/binary"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// recording is what record makes of a channel: tones instead of voices.
type recording struct {
	name   string
	ch     *channel // nil: finished
	began  time.Time
	length time.Duration // before began
	paused bool
}

type recordingJSON struct {
	Name     string `json:"name"`
	Format   string `json:"format"`
	State    string `json:"state"`
	Target   string `json:"target_uri"`
	Duration int    `json:"duration"`
}

func (k *recording) json(state string) *recordingJSON {
	j := &recordingJSON{Name: k.name, Format: "wav", State: state, Duration: int(k.length.Seconds())}
	if k.ch != nil {
		j.Target = "channel:" + k.ch.id
	}
	return j
}

func (s *Sim) recorded(name string) *recording {
	if i := slices.IndexFunc(s.recordings, func(k *recording) bool { return k.name == name }); i >= 0 {
		return s.recordings[i]
	}
	return nil
}

// postRecord starts a recording of a channel that is in an application.
func (s *Sim) postRecord(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(r.PathValue("id"))
	switch {
	case c == nil:
		fail(w, http.StatusNotFound, "Channel not found")
		return
	case c.app == "" || s.recorded(name) != nil:
		fail(w, http.StatusConflict, "Channel not in Stasis application")
		return
	case name == "" || r.URL.Query().Get("format") != "wav":
		fail(w, http.StatusUnprocessableEntity, "specified format is unknown on this system")
		return
	}
	k := &recording{name: name, ch: c, began: time.Now()}
	s.recordings = append(s.recordings, k)
	s.emit(frame{Type: "RecordingStarted", Recording: k.json("recording")})
	answer(w, http.StatusCreated, k.json("recording"))
}

// withLive does something to a recording under way; 204.
func (s *Sim) withLive(f func(*recording)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		k := s.recorded(r.PathValue("name"))
		live := k != nil && k.ch != nil
		if live {
			f(k)
		}
		s.mu.Unlock()
		if !live {
			fail(w, http.StatusNotFound, "Recording not found")
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Sim) getLive(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	k := s.recorded(r.PathValue("name"))
	var out *recordingJSON
	if k != nil && k.ch != nil {
		out = k.json(map[bool]string{false: "recording", true: "paused"}[k.paused])
	}
	s.mu.Unlock()
	if out == nil {
		fail(w, http.StatusNotFound, "Recording not found")
		return
	}
	answer(w, http.StatusOK, out)
}

func (s *Sim) pause(k *recording) {
	if !k.paused {
		k.paused = true
		k.length += time.Since(k.began)
	}
}

func (s *Sim) unpause(k *recording) {
	if k.paused {
		k.paused, k.began = false, time.Now()
	}
}

// finish ends a recording: its file is there.
func (s *Sim) finishRecording(k *recording) {
	s.pause(k)
	done := k.json("done")
	k.ch = nil
	s.emit(frame{Type: "RecordingFinished", Recording: done})
}

func (s *Sim) finishRecordings(c *channel) {
	for _, k := range s.recordings {
		if k.ch == c {
			s.finishRecording(k)
		}
	}
}

func (s *Sim) getStored(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	out := []map[string]string{}
	for _, k := range s.recordings {
		if k.ch == nil {
			out = append(out, map[string]string{"name": k.name, "format": "wav"})
		}
	}
	s.mu.Unlock()
	answer(w, http.StatusOK, out)
}

// stored finds a finished recording by the path below /recordings/stored.
func (s *Sim) stored(name string) *recording {
	if k := s.recorded(name); k != nil && k.ch == nil {
		return k
	}
	return nil
}

func (s *Sim) getStoredFile(w http.ResponseWriter, r *http.Request) {
	name, file := strings.CutSuffix(r.PathValue("name"), "/file")
	s.mu.Lock()
	k := s.stored(name)
	var length time.Duration
	if k != nil {
		length = k.length
	}
	s.mu.Unlock()
	if k == nil || !file {
		fail(w, http.StatusNotFound, "Recording not found")
		return
	}
	w.Header().Set("Content-Type", "audio/x-wav")
	_, _ = w.Write(tones(length)) // the client has gone if this fails
}

func (s *Sim) deleteStored(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	k := s.stored(r.PathValue("name"))
	s.recordings = slices.DeleteFunc(s.recordings, func(x *recording) bool { return x == k })
	s.mu.Unlock()
	if k == nil {
		fail(w, http.StatusNotFound, "Recording not found")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Form of the file: PCM of 16 bits, mono, as format=wav of Asterisk.
const (
	sampleRate = 8000
	maxTones   = 10 * time.Minute
	volume     = 6000 // of 32767
)

// tones is a WAV file of two voices that take turns each two seconds, a low one
// and a high one, with a breath between.
func tones(length time.Duration) []byte {
	n := int(min(length, maxTones).Seconds() * sampleRate)
	out := make([]byte, 0, 44+2*n)
	out = append(out, "RIFF"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(36+2*n)) //nolint:gosec // bounded by maxTones
	out = append(out, "WAVEfmt "...)
	for _, v := range []uint32{16, 1 | 1<<16, sampleRate, 2 * sampleRate, 2 | 16<<16} {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	out = append(out, "data"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(2*n)) //nolint:gosec // bounded by maxTones
	for i := range n {
		at := float64(i) / sampleRate
		turn, within := int(at)/2, math.Mod(at, 2)
		pitch := 220.0
		if turn%2 == 1 {
			pitch = 330
		}
		loud := math.Max(0, math.Sin(math.Pi*within/1.8)) * (0.6 + 0.4*math.Sin(2*math.Pi*4*at))
		v := int16(volume * loud * math.Sin(2*math.Pi*pitch*at))
		out = binary.LittleEndian.AppendUint16(out, uint16(v)) //nolint:gosec // the bits of a sample
	}
	return out
}
