package configs

import (
	"errors"
	"slices"
	"testing"
)

// Each fault of a sip section names its key.
func TestFaultsOfTheSIPSectionAreNamed_PB_07(t *testing.T) {
	const good = "address: 192.0.2.20:5060, password: p"
	tests := []struct{ name, yaml, path string }{
		{"complete", good, ""},
		{"tls with a domain", good + ", transport: tls, domain: pbx.example.org", ""},
		{"no port", "address: 192.0.2.20, password: p", "pbx[0].sip.address"},
		{"port zero", "address: '192.0.2.20:0', password: p", "pbx[0].sip.address"},
		{"no host", "address: ':5060', password: p", "pbx[0].sip.address"},
		{"no password", "address: 192.0.2.20:5060", "pbx[0].sip.password"},
		{"transport", good + ", transport: sctp", "pbx[0].sip.transport"},
		{"user", good + ", user: a b", "pbx[0].sip.user"},
		{"domain", good + ", domain: 'sip:x'", "pbx[0].sip.domain"},
		{"expires too short", good + ", expires: 5", "pbx[0].sip.expires"},
		{"queue gap", good + ", queue_gap: 600", "pbx[0].sip.queue_gap"},
		{"extension", good + ", extensions: ['101', '1 2']", "pbx[0].sip.extensions[1]"},
		{"listen", good + ", listen: 192.0.2.1", "pbx[0].sip.listen"},
		{"call records", good + "}, cdr: {csv: /var/log/cdr.csv", "pbx[0].cdr"},
		{"neither ari nor sip", "user: x", "pbx[0].ari.url"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := Parse([]byte("pbx: [{name: a, sip: {"+tt.yaml+"}}]"), nil)
			if tt.path == "" {
				if err != nil || !cfg.PBX[0].OverSIP() {
					t.Fatalf("over SIP: %v, %v", cfg.PBX, err)
				}
				return
			}
			var problems Problems
			if !errors.As(err, &problems) || !slices.ContainsFunc(problems, func(p Problem) bool { return p.Path == tt.path }) {
				t.Fatalf("no fault at %s in %v", tt.path, err)
			}
		})
	}
}
