package recording

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Encodings of a WAV file (RFC 2361, registry of WAVE_FORMAT).
const (
	wavePCM        = 1
	waveALaw       = 6
	waveMuLaw      = 7
	waveExtensible = 0xFFFE
)

const (
	riffHeader = 12
	maxFmt     = 1 << 10  // bytes of a fmt chunk we read
	maxSkipped = 64 << 20 // bytes of other chunks before the sound
)

// unknownLength is what a writer puts that cannot go back to the header; 0 is
// left by one that was to go back and could not.
const unknownLength = 0xFFFFFFFF

// ErrWAV tells that the stream is no WAV file.
var ErrWAV = errors.New("not a WAV file")

// sound is the fmt chunk of a WAV file.
type sound struct {
	encoding   int
	channels   int
	rate       int // frames a second
	bits       int // of a sample
	frameBytes int // of one sample of each channel
	byteRate   int
}

// drawable tells whether we understand the samples.
func (s sound) drawable() bool {
	switch s.encoding {
	case wavePCM:
		return s.bits == 16 && s.frameBytes == 2*s.channels
	case waveALaw, waveMuLaw:
		return s.bits == 8 && s.frameBytes == s.channels
	}
	return false
}

// duration of so many bytes of sound, in milliseconds.
func (s sound) duration(bytes int64) int64 { return bytes * 1000 / int64(s.byteRate) }

// readHead reads a WAV file up to its sound and returns the header as it was,
// the format, and the length of the sound as the header says it: 0 or
// 0xFFFFFFFF where the writer did not know (it was cut off).
func readHead(r io.Reader) (head []byte, s sound, length uint32, err error) {
	head = make([]byte, riffHeader)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, s, 0, cutOff(err)
	}
	if string(head[:4]) != "RIFF" || string(head[8:12]) != "WAVE" {
		return nil, s, 0, fmt.Errorf("%w: it begins with %q", ErrWAV, head[:4])
	}
	for skipped := 0; ; {
		chunk := make([]byte, 8)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return nil, s, 0, cutOff(err)
		}
		head = append(head, chunk...)
		id, size := string(chunk[:4]), binary.LittleEndian.Uint32(chunk[4:])
		if id == "data" {
			if s.rate == 0 {
				return nil, s, 0, fmt.Errorf("%w: sound before its format", ErrWAV)
			}
			return head, s, size, nil
		}
		padded := int64(size) + int64(size&1)
		if skipped += int(padded); id == "fmt " && size > maxFmt || skipped > maxSkipped {
			return nil, s, 0, fmt.Errorf("%w: a chunk of %d bytes before the sound", ErrWAV, size)
		}
		body, err := io.ReadAll(io.LimitReader(r, padded))
		if err != nil {
			return nil, s, 0, err
		}
		if int64(len(body)) < padded {
			return nil, s, 0, cutOff(io.ErrUnexpectedEOF)
		}
		head = append(head, body...)
		if id == "fmt " {
			if s, err = parseFormat(body[:size]); err != nil {
				return nil, s, 0, err
			}
		}
	}
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends within its header", ErrWAV)
	}
	return err
}

func parseFormat(b []byte) (sound, error) {
	if len(b) < 16 {
		return sound{}, fmt.Errorf("%w: format of %d bytes", ErrWAV, len(b))
	}
	s := sound{
		encoding: int(binary.LittleEndian.Uint16(b)), channels: int(binary.LittleEndian.Uint16(b[2:])),
		rate: int(binary.LittleEndian.Uint32(b[4:])), byteRate: int(binary.LittleEndian.Uint32(b[8:])),
		frameBytes: int(binary.LittleEndian.Uint16(b[12:])), bits: int(binary.LittleEndian.Uint16(b[14:])),
	}
	if s.encoding == waveExtensible && len(b) >= 26 {
		s.encoding = int(binary.LittleEndian.Uint16(b[24:])) // the GUID begins with the encoding
	}
	if s.channels < 1 || s.channels > 8 || s.rate < 1 || s.rate > 192000 || s.frameBytes < 1 || s.byteRate < 1 {
		return sound{}, fmt.Errorf("%w: %d channels, %d frames a second, %d bytes a frame", ErrWAV, s.channels, s.rate, s.frameBytes)
	}
	return s, nil
}

// writeHead makes the header of a WAV file with so many bytes of sound.
func writeHead(s sound, length int64) []byte {
	if length > 0xFFFFFFFF-36 {
		length = 0xFFFFFFFF - 36 // longer than the format can say: players read to the end
	}
	b := make([]byte, 0, 44)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(36+length))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	for _, v := range []int{s.encoding, s.channels} {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(s.rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(s.byteRate))
	b = binary.LittleEndian.AppendUint16(b, uint16(s.frameBytes))
	b = binary.LittleEndian.AppendUint16(b, uint16(s.bits))
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, uint32(length))
}

// scan reads a WAV file to its end and tells what it is. Its length is what is
// there: a file cut off by a crash says less or nothing in its header.
func scan(r io.Reader) (Scanned, error) {
	_, s, length, err := readHead(r)
	if err != nil {
		return Scanned{}, err
	}
	out := Scanned{sound: s, Channels: s.channels}
	peaks := newPeaks(s)
	buffer := make([]byte, 32<<10/s.frameBytes*s.frameBytes+s.frameBytes)
	for left := declared(length); left > 0; {
		n, err := io.ReadFull(r, buffer[:min(left, int64(len(buffer)))])
		peaks.add(buffer[:n])
		out.soundBytes += int64(n)
		left -= int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return Scanned{}, err
		}
	}
	if length != unknownLength {
		out.Cut = int64(length) > out.soundBytes || length == 0 && out.soundBytes > 0
	}
	// What follows the sound is kept with the file and of no use here.
	if _, err := io.Copy(io.Discard, r); err != nil {
		return Scanned{}, err
	}
	out.DurationMS = s.duration(out.soundBytes)
	out.Waveform = peaks.waveform(out.DurationMS)
	return out, nil
}

// declared is how much sound to read: all there is where the header does not
// know.
func declared(length uint32) int64 {
	if length == 0 || length == unknownLength {
		return 1<<63 - 1
	}
	return int64(length)
}

// Scanned is what is known of a WAV file after it was read.
type Scanned struct {
	DurationMS int64
	Channels   int
	Waveform   Waveform
	// Cut: its writer never came to the end, as of a PBX that was killed or
	// whose disk was full.
	Cut bool

	sound      sound
	soundBytes int64
}

// join returns the WAV file that plays the parts one after the other. All must
// have the format of the first; each stands at its beginning.
func join(parts []io.Reader, scans []Scanned) (io.Reader, error) {
	var total int64
	readers := make([]io.Reader, 1, len(parts)+1)
	for i, s := range scans {
		if s.sound != scans[0].sound {
			return nil, fmt.Errorf("part %d is of another format", i+1)
		}
		if _, _, _, err := readHead(parts[i]); err != nil {
			return nil, fmt.Errorf("part %d: %w", i+1, err)
		}
		whole := s.soundBytes / int64(s.sound.frameBytes) * int64(s.sound.frameBytes)
		readers = append(readers, io.LimitReader(parts[i], whole))
		total += whole
	}
	readers[0] = byteReader(writeHead(scans[0].sound, total))
	return io.MultiReader(readers...), nil
}
