package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// arrivals writes down when the product read each frame that says that a
// telephone rings: a line of Unix nanoseconds and the frame. A record has the
// time of the PBX, which is no measure of the product.
type arrivals struct {
	mu   sync.Mutex
	file *os.File
	out  *bufio.Writer
	over chan struct{}
	done sync.WaitGroup
}

const (
	arrivalsBuffer = 1 << 20
	arrivalsFlush  = 200 * time.Millisecond
)

func arrivalsFile(dir string) string { return filepath.Join(dir, "arrivals") }

func newArrivals(name string) (*arrivals, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	a := &arrivals{file: file, out: bufio.NewWriterSize(file, arrivalsBuffer), over: make(chan struct{})}
	a.done.Go(a.flush)
	return a, nil
}

var ringWords = [][]byte{[]byte(`"Ringing"`), []byte(`"RINGING"`)}

func (a *arrivals) frame(raw []byte, received time.Time) {
	if !bytes.Contains(raw, ringWords[0]) && !bytes.Contains(raw, ringWords[1]) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.out.Write(strconv.AppendInt(a.out.AvailableBuffer(), received.UnixNano(), 10)) //nolint:errcheck // stays with the writer until Flush
	a.out.WriteByte(' ')                                                             //nolint:errcheck // the same
	a.out.Write(raw)                                                                 //nolint:errcheck // the same
	a.out.WriteByte('\n')                                                            //nolint:errcheck // the same
}

func (a *arrivals) flush() {
	tick := time.NewTicker(arrivalsFlush)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.mu.Lock()
			_ = a.out.Flush() // the reader misses the arrivals then, and says so
			a.mu.Unlock()
		case <-a.over:
			return
		}
	}
}

func (a *arrivals) stop() {
	close(a.over)
	a.done.Wait()
	_ = a.file.Close() // nobody reads it any more
}

// readRings returns by channel when the product first read that it rings.
func readRings(ctx context.Context, dir string) (map[string]time.Time, error) {
	select {
	case <-time.After(2 * arrivalsFlush): // the last lines
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	text, err := os.ReadFile(arrivalsFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the server wrote no arrivals")
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string]time.Time)
	for line := range bytes.Lines(text) {
		at, raw, ok := bytes.Cut(line, []byte(" "))
		if !ok {
			continue
		}
		nano, err := strconv.ParseInt(string(at), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("arrivals: %w", err)
		}
		var f plainFrame
		if err := json.Unmarshal(raw, &f); err != nil {
			return nil, fmt.Errorf("arrivals: %w", err)
		}
		if ch := f.rings(); ch != nil {
			if _, known := out[ch.ID]; !known {
				out[ch.ID] = time.Unix(0, nano)
			}
		}
	}
	return out, nil
}

// rings is the channel that the frame says is ringing, nil if it does not.
func (f *plainFrame) rings() *plainChannel {
	switch {
	case f.Type == "Dial" && f.DialStatus == "RINGING":
		return f.Peer
	case f.Channel != nil && f.Channel.State == "Ringing":
		return f.Channel
	}
	return nil
}
