package recording

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
)

// buckets is the most pairs a waveform has for a channel.
const buckets = 400

// Waveform is how loud a recording is over its time, for a player to draw
// before it has the sound.
type Waveform struct {
	DurationMS int64    `json:"duration_ms"`
	BucketMS   float64  `json:"bucket_ms" doc:"time that one pair stands for"`
	Channels   []Bounds `json:"channels" doc:"empty where the encoding is not PCM of 16 bits, A-law or µ-law"`
}

// Bounds are the lowest and the highest sample of each stretch of time, at
// most 400 of them.
type Bounds struct {
	Min []float64 `json:"min" doc:"-1 to 0"`
	Max []float64 `json:"max" doc:"0 to 1"`
}

// peaks collects the bounds of a stream whose length is not known before its
// end: when it has twice the buckets, two become one.
type peaks struct {
	sound  sound
	decode func([]byte) int16
	width  int // bytes of a sample
	stride int // frames that one bucket stands for
	filled int // frames in the last bucket
	low    [][]int16
	high   [][]int16
	rest   []byte // of a frame that was cut
}

func newPeaks(s sound) *peaks {
	p := &peaks{sound: s, stride: 1}
	switch {
	case !s.drawable():
		return p
	case s.encoding == wavePCM:
		p.decode, p.width = func(b []byte) int16 { return int16(binary.LittleEndian.Uint16(b)) }, 2
	case s.encoding == waveALaw:
		p.decode, p.width = func(b []byte) int16 { return aLaw[b[0]] }, 1
	default:
		p.decode, p.width = func(b []byte) int16 { return muLaw[b[0]] }, 1
	}
	p.low, p.high = make([][]int16, s.channels), make([][]int16, s.channels)
	return p
}

func (p *peaks) add(b []byte) {
	if p.decode == nil {
		return
	}
	if len(p.rest) > 0 {
		need := min(p.sound.frameBytes-len(p.rest), len(b))
		p.rest = append(p.rest, b[:need]...)
		b = b[need:]
		if len(p.rest) < p.sound.frameBytes {
			return
		}
		p.frame(p.rest)
		p.rest = p.rest[:0]
	}
	for ; len(b) >= p.sound.frameBytes; b = b[p.sound.frameBytes:] {
		p.frame(b)
	}
	p.rest = append(p.rest, b...)
}

func (p *peaks) frame(b []byte) {
	if p.filled == p.stride {
		p.filled = 0
		if len(p.low[0]) == 2*buckets {
			p.halve()
		}
	}
	for c := range p.low {
		v := p.decode(b[c*p.width:])
		if p.filled == 0 {
			p.low[c], p.high[c] = append(p.low[c], min(v, 0)), append(p.high[c], max(v, 0))
			continue
		}
		last := len(p.low[c]) - 1
		p.low[c][last], p.high[c][last] = min(p.low[c][last], v), max(p.high[c][last], v)
	}
	p.filled++
}

// halve makes one bucket of each two.
func (p *peaks) halve() {
	for c := range p.low {
		n := 0
		for i := 0; i < len(p.low[c]); i += 2 {
			j := min(i+1, len(p.low[c])-1)
			p.low[c][n], p.high[c][n] = min(p.low[c][i], p.low[c][j]), max(p.high[c][i], p.high[c][j])
			n++
		}
		p.low[c], p.high[c] = p.low[c][:n], p.high[c][:n]
	}
	p.stride *= 2
}

func (p *peaks) waveform(durationMS int64) Waveform {
	w := Waveform{DurationMS: durationMS, Channels: []Bounds{}}
	if len(p.low) == 0 {
		return w
	}
	if len(p.low[0]) > buckets {
		p.halve()
	}
	w.BucketMS = float64(p.stride) * 1000 / float64(p.sound.rate)
	for c := range p.low {
		b := Bounds{Min: make([]float64, len(p.low[c])), Max: make([]float64, len(p.low[c]))}
		for i := range p.low[c] {
			b.Min[i], b.Max[i] = fraction(p.low[c][i]), fraction(p.high[c][i])
		}
		w.Channels = append(w.Channels, b)
	}
	return w
}

// fraction of full scale, to three digits: what a screen can show.
func fraction(v int16) float64 { return math.Round(float64(v)/32.768) / 1000 }

// aLaw and muLaw decode G.711 (ITU-T G.711, tables 1 and 2).
var aLaw, muLaw = func() (a, mu [256]int16) {
	for i := range 256 {
		x := byte(i) ^ 0x55
		v := int(x&0x0F)<<4 + 8
		if segment := int(x>>4) & 7; segment > 0 {
			v = (v + 0x100) << (segment - 1)
		}
		if x&0x80 == 0 {
			v = -v
		}
		a[i] = int16(v)

		y := ^byte(i)
		w := (int(y&0x0F)<<3+0x84)<<(int(y>>4)&7) - 0x84
		if y&0x80 != 0 {
			w = -w
		}
		mu[i] = int16(w)
	}
	return a, mu
}()

func byteReader(b []byte) io.Reader { return bytes.NewReader(b) }
