package phones

import "math"

// G.711 (ITU-T): 8000 samples a second, 8 bits each, from 16-bit linear.

func encodeALaw(pcm int16) byte {
	sign := byte(0x80)
	magnitude := int(pcm)
	if magnitude < 0 {
		sign = 0
		magnitude = -magnitude - 1
	}
	magnitude >>= 3 // 13 bits
	exponent := 0
	for limit := 0x1f; magnitude > limit && exponent < 7; limit = limit<<1 | 1 {
		exponent++
	}
	var code int
	if exponent < 2 {
		code = exponent<<4 | (magnitude>>1)&0x0f
	} else {
		code = exponent<<4 | (magnitude>>exponent)&0x0f
	}
	return (sign | byte(code)) ^ 0x55
}

func decodeALaw(code byte) int16 {
	code ^= 0x55
	exponent := int(code>>4) & 7
	magnitude := (int(code&0x0f) << 4) + 8
	if exponent > 0 {
		magnitude = (magnitude + 0x100) << (exponent - 1)
	}
	if code&0x80 == 0 {
		return int16(-magnitude)
	}
	return int16(magnitude)
}

const muBias = 0x84

func encodeMuLaw(pcm int16) byte {
	sign := byte(0)
	magnitude := int(pcm)
	if magnitude < 0 {
		sign = 0x80
		magnitude = -magnitude
	}
	magnitude = min(magnitude, 32635) + muBias
	exponent := 7
	for mask := 0x4000; exponent > 0 && magnitude&mask == 0; mask >>= 1 {
		exponent--
	}
	return ^(sign | byte(exponent<<4) | byte(magnitude>>(exponent+3))&0x0f)
}

func decodeMuLaw(code byte) int16 {
	code = ^code
	magnitude := ((int(code&0x0f) << 3) + muBias) << (code >> 4 & 7)
	magnitude -= muBias
	if code&0x80 != 0 {
		return int16(-magnitude)
	}
	return int16(magnitude)
}

// toneShare is how much of the energy of samples (8000 a second) lies at freq, in
// Hz: 1 for a pure tone, near 0 for anything else (Goertzel's algorithm).
func toneShare(samples []int16, freq float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	coefficient := 2 * math.Cos(2*math.Pi*freq/sampleRate)
	var s1, s2, energy float64
	for _, sample := range samples {
		x := float64(sample)
		s1, s2 = x+coefficient*s1-s2, s1
		energy += x * x
	}
	// Less than the noise of quantization is silence.
	if energy < 100*100*float64(len(samples)) {
		return 0
	}
	power := s1*s1 + s2*s2 - coefficient*s1*s2
	return power / (energy * float64(len(samples)) / 2)
}
