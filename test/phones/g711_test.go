package phones

import (
	"math"
	"testing"
)

func TestG711KeepsSoundWithinItsError(t *testing.T) {
	codecs := map[string]struct {
		encode func(int16) byte
		decode func(byte) int16
	}{"a-law": {encodeALaw, decodeALaw}, "mu-law": {encodeMuLaw, decodeMuLaw}}
	for name, codec := range codecs {
		t.Run(name, func(t *testing.T) {
			for pcm := math.MinInt16; pcm <= math.MaxInt16; pcm++ {
				got := int(codec.decode(codec.encode(int16(pcm))))
				// Half a step: 1/32 of the value with its bias. The top is clipped.
				if allowed := max(16, (abs(pcm)+muBias)/32); abs(got-pcm) > allowed && abs(pcm) < 32636 {
					t.Fatalf("%d comes back as %d", pcm, got)
				}
			}
			for code := range 256 {
				if again := codec.encode(codec.decode(byte(code))); codec.decode(again) != codec.decode(byte(code)) {
					t.Fatalf("code %#x becomes %#x", code, again)
				}
			}
		})
	}
}

// Values of ITU-T G.711 (tables 1a and 2a).
func TestG711KnownCodes(t *testing.T) {
	if got := encodeALaw(0); got != 0xd5 {
		t.Errorf("a-law of silence: %#x", got)
	}
	if got := encodeMuLaw(0); got != 0xff {
		t.Errorf("mu-law of silence: %#x", got)
	}
	if got := encodeALaw(math.MaxInt16); got != 0xaa {
		t.Errorf("a-law of the loudest: %#x", got)
	}
	if got := encodeMuLaw(math.MaxInt16); got != 0x80 {
		t.Errorf("mu-law of the loudest: %#x", got)
	}
}

func TestToneShareTellsTonesApart(t *testing.T) {
	tone := make([]int16, heardSamples)
	for i := range tone {
		tone[i] = int16(8000 * math.Sin(2*math.Pi*440*float64(i)/sampleRate))
	}
	if got := toneShare(tone, 440); got < 0.99 {
		t.Errorf("the tone itself: %g", got)
	}
	for _, other := range []float64{400, 480, 1000} {
		if got := toneShare(tone, other); got > 0.05 {
			t.Errorf("%g Hz in a tone of 440 Hz: %g", other, got)
		}
	}
	if got := toneShare(make([]int16, heardSamples), 440); got != 0 {
		t.Errorf("a tone in silence: %g", got)
	}
	if got := toneShare(nil, 440); got != 0 {
		t.Errorf("a tone in nothing: %g", got)
	}
}

func abs(n int) int { return max(n, -n) }
