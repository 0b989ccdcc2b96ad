package phones

import (
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestParseReason(t *testing.T) {
	tests := map[string]struct {
		headers []string
		cause   int
		text    string
	}{
		"none":          {},
		"q.850":         {[]string{"Q.850;cause=17"}, 17, ""},
		"sip and q.850": {[]string{`SIP;cause=200;text="Call completed elsewhere"`, `q.850; cause=26`}, 26, "Call completed elsewhere"},
		"sip only":      {[]string{`SIP;cause=200`}, 0, ""},
		"malformed":     {[]string{`Q.850;cause=x;text`, ";;="}, 0, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			req := sip.NewRequest(sip.BYE, sip.Uri{Host: "127.0.0.1"})
			for _, value := range test.headers {
				req.AppendHeader(sip.NewHeader("Reason", value))
			}
			if cause, text := parseReason(req); cause != test.cause || text != test.text {
				t.Errorf("cause %d, text %q", cause, text)
			}
		})
	}
}

// The other side may act on an answer before this side has noted it.
func TestACallWhoseAnswerIsOnItsWayIsWaitedFor(t *testing.T) {
	c := &Call{answered: newGate(), ended: newGate()}
	if c.established(t.Context()) == nil {
		t.Fatal("a call that nobody answers is established")
	}
	c.decided = true
	got := make(chan error)
	go func() { got <- c.established(t.Context()) }()
	select {
	case err := <-got:
		t.Fatalf("not waited for: %v", err)
	case <-time.After(20 * time.Millisecond): // nothing is to happen
	}
	c.answered.open()
	if err := <-got; err != nil {
		t.Error(err)
	}
}
