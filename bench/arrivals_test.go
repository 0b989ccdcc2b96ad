package main

import (
	"testing"
	"time"
)

func TestArrivalsAreReadBackByChannel(t *testing.T) {
	dir := t.TempDir()
	a, err := newArrivals(arrivalsFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer a.stop()
	at := time.Unix(1795364206, 123456789)
	for i, frame := range []string{
		`{"type":"ChannelStateChange","channel":{"id":"1.1","state":"Ring"}}`,
		`{"type":"ChannelStateChange","channel":{"id":"1.2","state":"Ringing"}}`,
		`{"type":"Dial","dialstatus":"RINGING","peer":{"id":"1.2"}}`, // known already
		`{"type":"Dial","dialstatus":"RINGING","peer":{"id":"1.3"}}`,
		`{"type":"Dial","dialstatus":"ANSWER","peer":{"id":"1.4","name":"\"RINGING\""}}`,
	} {
		a.frame([]byte(frame), at.Add(time.Duration(i)*time.Millisecond))
	}
	got, err := readRings(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !got["1.2"].Equal(at.Add(time.Millisecond)) || !got["1.3"].Equal(at.Add(3*time.Millisecond)) {
		t.Errorf("%v", got)
	}
}

func TestArrivalsThatWereNotWrittenAreAnError(t *testing.T) {
	if _, err := readRings(t.Context(), t.TempDir()); err == nil {
		t.Error("no file, and no error")
	}
}
