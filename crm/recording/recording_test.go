package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"testing"
	"time"
)

func TestStatesOfARecording_CO_08(t *testing.T) {
	allowed := map[State]map[Step]State{
		Active:      {StepPause: Paused, StepEnd: StoredAtPBX, StepFail: Failed},
		Paused:      {StepResume: Active, StepEnd: StoredAtPBX, StepFail: Failed},
		StoredAtPBX: {StepFetch: Fetching, StepFail: Failed, StepDiscard: Deleted},
		Fetching:    {StepFetch: Fetching, StepRetry: StoredAtPBX, StepFail: Failed, StepArrive: Ready},
		Ready:       {StepLose: Missing, StepDiscard: Deleted},
		Failed:      {StepFetch: Fetching, StepDiscard: Deleted},
		Missing:     {StepFind: Ready, StepDiscard: Deleted},
		Deleted:     {},
	}
	all := []Step{StepPause, StepResume, StepEnd, StepFail, StepFetch, StepRetry, StepArrive, StepLose, StepFind, StepDiscard}
	for _, from := range States() {
		for _, step := range all {
			to, err := from.Next(step)
			want, ok := allowed[from][step]
			if ok != (err == nil) || ok && to != want || !ok && to != from {
				t.Errorf("%s, %s: %s %v", from, step, to, err)
			}
		}
	}
	if !Active.UnderWay() || !Paused.UnderWay() || StoredAtPBX.UnderWay() {
		t.Error("which states are under way")
	}
}

// wave is a mono WAV file of PCM 16 at 8 kHz.
func wave(samples ...int16) []byte {
	b := writeHead(sound{encoding: wavePCM, channels: 1, rate: 8000, bits: 16, frameBytes: 2, byteRate: 16000}, int64(2*len(samples)))
	for _, v := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func level(n int, v int16) []int16 { return slices.Repeat([]int16{v, -v}, n/2) }

func TestWaveform_CO_08(t *testing.T) {
	got, err := scan(bytes.NewReader(wave(append(level(80000, 1000), level(80000, 30000)...)...)))
	if err != nil {
		t.Fatal(err)
	}
	w := got.Waveform
	if got.DurationMS != 20000 || w.DurationMS != 20000 || len(w.Channels) != 1 {
		t.Fatalf("%+v", got)
	}
	n := len(w.Channels[0].Max)
	if n < buckets/2 || n > buckets || math.Abs(float64(n)*w.BucketMS-20000) > w.BucketMS {
		t.Errorf("%d buckets of %g ms", n, w.BucketMS)
	}
	quiet, loud := w.Channels[0].Max[n/4], w.Channels[0].Max[3*n/4]
	if math.Abs(quiet-0.031) > 0.001 || math.Abs(loud-0.916) > 0.001 || w.Channels[0].Min[3*n/4] > -0.9 {
		t.Errorf("quiet %g, loud %g", quiet, loud)
	}
}

func TestWaveformOfG711AndOfWhatIsNotUnderstood_CO_08(t *testing.T) {
	for name, test := range map[string]struct {
		encoding, loud int
		peak           float64
	}{"A-law": {waveALaw, 0xAA, 0.984}, "µ-law": {waveMuLaw, 0x80, 0.98}} {
		head := writeHead(sound{encoding: test.encoding, channels: 1, rate: 8000, bits: 8, frameBytes: 1, byteRate: 8000}, 8000)
		got, err := scan(bytes.NewReader(append(head, bytes.Repeat([]byte{byte(test.loud)}, 8000)...)))
		if err != nil || got.DurationMS != 1000 || math.Abs(got.Waveform.Channels[0].Max[0]-test.peak) > 0.002 {
			t.Errorf("%s: %+v %v", name, got.Waveform.Channels, err)
		}
	}
	gsm := writeHead(sound{encoding: 49, channels: 1, rate: 8000, bits: 0, frameBytes: 65, byteRate: 1625}, 3250)
	got, err := scan(bytes.NewReader(append(gsm, make([]byte, 3250)...)))
	if err != nil || got.DurationMS != 2000 || len(got.Waveform.Channels) != 0 {
		t.Errorf("GSM: %+v %v", got, err)
	}
}

// A file whose writer died says nothing, or too much, of its length.
func TestFileThatWasCutOff_CO_08(t *testing.T) {
	whole := wave(level(8000, 500)...)
	for name, length := range map[string]uint32{"none": 0, "unknown": 0xFFFFFFFF, "too much": 1 << 20} {
		cut := bytes.Clone(whole)
		binary.LittleEndian.PutUint32(cut[40:], length)
		if got, err := scan(bytes.NewReader(cut)); err != nil || got.DurationMS != 1000 {
			t.Errorf("%s: %+v %v", name, got.DurationMS, err)
		}
	}
	for _, bad := range [][]byte{nil, []byte("RIFF"), whole[:30], []byte("<html>this is no sound at all</html>"), whole[:20]} {
		if _, err := scan(bytes.NewReader(bad)); !errors.Is(err, ErrWAV) {
			t.Errorf("%q: %v", bad[:min(len(bad), 8)], err)
		}
	}
}

func TestPartsAreJoined_CO_08(t *testing.T) {
	one, two := wave(1, 2, 3), wave(4, 5)
	var scans []Scanned
	for _, b := range [][]byte{one, two} {
		s, err := scan(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		scans = append(scans, s)
	}
	joined, err := join([]io.Reader{bytes.NewReader(one), bytes.NewReader(two)}, scans)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(joined); err != nil || !bytes.Equal(got, wave(1, 2, 3, 4, 5)) {
		t.Errorf("%x %v", got, err)
	}
	scans[1].sound.rate = 16000
	if _, err := join([]io.Reader{bytes.NewReader(one), bytes.NewReader(two)}, scans); err == nil {
		t.Error("parts of different formats were joined")
	}
}

func FuzzScan(f *testing.F) {
	f.Add(wave(level(1000, 20000)...))
	f.Add(wave())
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00"))
	f.Add(append(writeHead(sound{encoding: waveMuLaw, channels: 2, rate: 8000, bits: 8, frameBytes: 2, byteRate: 16000}, 7), 1, 2, 3, 4, 5, 6, 7))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := scan(bytes.NewReader(b))
		if err != nil {
			return
		}
		if got.DurationMS < 0 || got.Channels < 1 || got.soundBytes > int64(len(b)) {
			t.Errorf("%+v", got)
		}
		for _, c := range got.Waveform.Channels {
			if len(c.Min) != len(c.Max) || len(c.Min) > buckets {
				t.Errorf("%d and %d buckets", len(c.Min), len(c.Max))
			}
			for i := range c.Min {
				if c.Min[i] < -1 || c.Min[i] > 0 || c.Max[i] < 0 || c.Max[i] > 1 {
					t.Errorf("bounds %g %g", c.Min[i], c.Max[i])
				}
			}
		}
	})
}

func TestWhenAFetchIsTriedAgain_CO_08(t *testing.T) {
	passing := errors.New("connection refused")
	for name, test := range map[string]struct {
		err      error
		attempts int
		want     verdict
	}{
		"first":       {passing, 1, verdict{StepRetry, ReasonUnreachable, 5 * time.Second}},
		"third":       {passing, 3, verdict{StepRetry, ReasonUnreachable, 20 * time.Second}},
		"late":        {passing, 20, verdict{StepRetry, ReasonUnreachable, lastRetry}},
		"at last":     {passing, giveUpAfter, verdict{StepFail, ReasonUnreachable, 0}},
		"full disk":   {ErrFull, 1, verdict{StepFail, ReasonDiskFull, fullRetry}},
		"still full":  {ErrFull, 1000, verdict{StepFail, ReasonDiskFull, fullRetry}},
		"not there":   {ErrNoFile, 1, verdict{StepFail, ReasonNotAtPBX, 0}},
		"no sound":    {errEmpty, 1, verdict{StepFail, ReasonEmpty, 0}},
		"no WAV file": {ErrWAV, 1, verdict{StepFail, ReasonDamaged, 0}},
		"source":      {errSource{passing}, 1, verdict{StepRetry, ReasonUnreachable, 5 * time.Second}},
	} {
		if got := judge(test.err, test.attempts); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestChannelsInTheNameOfAFile_CO_08(t *testing.T) {
	for name, want := range map[string][]string{
		"20251122-79161234567-1763791234.12.wav":    {"1763791234.12"},
		"in-pbx-1-1763791234.12.wav":                {"1763791234.12", "pbx-1-1763791234.12"},
		"out/9f0c7b0a-5d0e-4b0e-9a63-52494e474341x": {"9f0c7b0a-5d0e-4b0e-9a63-52494e474341"},
		"greeting.wav": nil,
	} {
		got, _, _ := channelIDs(name)
		for _, id := range want {
			if !slices.Contains(got, id) {
				t.Errorf("%s: %v lacks %s", name, got, id)
			}
		}
		if want == nil && len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, at, ok := channelIDs("1763791234.12"); !ok || !at.Equal(time.Unix(1763791234, 0)) {
		t.Errorf("%v %v", at, ok)
	}
}

func TestNightOfTheOffice(t *testing.T) {
	zone := time.FixedZone("office", 3*3600)
	at := time.Date(2026, 11, 22, 1, 0, 0, 0, zone)
	if got := untilNight(at, zone); got != 2*time.Hour+30*time.Minute {
		t.Error(got)
	}
	if got := untilNight(at.Add(5*time.Hour), zone); got != 21*time.Hour+30*time.Minute {
		t.Error(got)
	}
}
