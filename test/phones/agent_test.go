package phones

import (
	"testing"

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
