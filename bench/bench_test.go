package main

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"
)

func TestQuantileIsTheNearestRank(t *testing.T) {
	var s samples
	for i := 100; i >= 1; i-- {
		s = append(s, time.Duration(i))
	}
	for q, want := range map[float64]time.Duration{0: 1, .5: 50, .99: 99, 1: 100} {
		if got := s.quantile(q); got != want {
			t.Errorf("quantile %v is %d, want %d", q, got, want)
		}
	}
	if got := samples(nil).quantile(.5); got != 0 {
		t.Errorf("without samples %d", got)
	}
}

func TestMedianOfRounds(t *testing.T) {
	if got := median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("odd: %v", got)
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("even: %v", got)
	}
}

// The relay sends a frame to the telephone it names, never by the trunk's name.
func TestTelephoneOfAFrame(t *testing.T) {
	for raw, want := range map[string]string{
		`{"channel":{"name":"PJSIP/301-0000002a"}}`:                                         "301",
		`{"caller":{"name":"PJSIP/trunk-0000002a"},"peer":{"name":"PJSIP/302-0000002b"}}`:   "302",
		`{"channel":{"name":"PJSIP/trunk-0000002a"}}`:                                       "",
		`{"type":"ContactStatusChange","endpoint":{"technology":"PJSIP","resource":"301"}}`: "",
	} {
		if got := telephone([]byte(raw)); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

// Every replay is a new call: no two share a channel.
func TestReplaysShareNoChannel(t *testing.T) {
	frames, err := replays(filepath.Join("..", "ari", "testdata", "22"), 30)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range frames {
		if channelID.Match(raw) {
			t.Fatalf("a recorded id is left in %s", raw)
		}
	}
	first, last := frames[0], frames[len(frames)-1]
	if !bytes.Contains(first, []byte(`"bench-0.`)) || !bytes.Contains(last, []byte(`"bench-29.`)) {
		t.Errorf("ids of %s and %s", first, last)
	}
}

// The engine ends every replayed call; that is what its rate counts.
func TestEngineEndsEveryReplayedCall(t *testing.T) {
	const calls = 24
	frames, err := replays(filepath.Join("..", "ari", "testdata", "22"), calls)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runEngine(t.Context(), frames, calls); err != nil {
		t.Error(err)
	}
}

func TestSippOutputKeepsItsEnd(t *testing.T) {
	if got := tail([]byte(" short \n")); got != "short" {
		t.Errorf("got %q", got)
	}
}
