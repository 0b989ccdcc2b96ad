package configs

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// SIP is the access to a PBX that has no ARI (PB-07): a technical user that
// may subscribe to the states of extensions and call them. It is used when
// ari.url is empty.
type SIP struct {
	Address    string   `yaml:"address" env:"ADDRESS"`     // host:port of the PBX
	Transport  string   `yaml:"transport" env:"TRANSPORT"` // udp, tcp, tls
	User       string   `yaml:"user" env:"USER"`
	Password   Secret   `yaml:"password" env:"PASSWORD"`
	Domain     string   `yaml:"domain" env:"DOMAIN"`         // of the SIP addresses; empty: the host of Address
	Extensions []string `yaml:"extensions" env:"EXTENSIONS"` // to watch besides those of users
	Expires    int      `yaml:"expires" env:"EXPIRES"`       // seconds a subscription lasts
	QueueGap   int      `yaml:"queue_gap" env:"QUEUE_GAP"`   // seconds, longest pause between two tries of a queue
	Listen     string   `yaml:"listen" env:"LISTEN"`         // own host:port; empty: the address that leads to the PBX, any port
	CAFile     string   `yaml:"ca_file" env:"CA_FILE"`       // PEM, for tls; empty: the system's
}

// Defaults of the sip section of a PBX entry.
const (
	DefaultSIPTransport = "udp"
	DefaultSIPUser      = "ringcard"
	DefaultSIPExpires   = 120
	DefaultSIPQueueGap  = 6 // Asterisk's queues retry after 5
)

const (
	minSIPExpires = 60 // Asterisk's least
	maxSIPExpires = 3600
	maxQueueGap   = 60
)

// OverSIP tells whether the entry is a PBX without ARI.
func (p PBX) OverSIP() bool { return p.ARI.URL == "" && p.SIP.Address != "" }

func (s *SIP) setDefaults() {
	if s.Transport == "" {
		s.Transport = DefaultSIPTransport
	}
	if s.User == "" {
		s.User = DefaultSIPUser
	}
	if s.Expires == 0 {
		s.Expires = DefaultSIPExpires
	}
	if s.QueueGap == 0 {
		s.QueueGap = DefaultSIPQueueGap
	}
}

var sipExtension = regexp.MustCompile(`^[A-Za-z0-9*#_.+-]{1,32}$`)

func (v *validator) sip(at string, s SIP) {
	host, port, err := net.SplitHostPort(s.Address)
	if err == nil {
		var n uint64
		if n, err = strconv.ParseUint(port, 10, 16); err == nil && n == 0 {
			err = strconv.ErrRange
		}
	}
	v.check(err == nil && host != "", at+"address", "%q is no address; write HOST:PORT of the PBX, as 192.0.2.10:5060", s.Address)
	v.oneOf(at+"transport", s.Transport, "udp", "tcp", "tls")
	v.check(s.User != "" && !strings.ContainsAny(s.User, " @:<>\""), at+"user", "%q is no SIP user; use the name of the endpoint made for Ringcard", s.User)
	v.check(s.Password != "", at+"password", "is missing; use the password of the user at the PBX")
	v.check(!strings.ContainsAny(s.Domain, " @:<>\"/"), at+"domain", "%q is no domain; leave it empty to use the host of %saddress", s.Domain, at)
	v.check(s.Expires >= minSIPExpires && s.Expires <= maxSIPExpires, at+"expires", "%d is out of range; use %d to %d seconds", s.Expires, minSIPExpires, maxSIPExpires)
	v.check(s.QueueGap >= 1 && s.QueueGap <= maxQueueGap, at+"queue_gap", "%d is out of range; use 1 to %d seconds", s.QueueGap, maxQueueGap)
	for i, e := range s.Extensions {
		v.check(sipExtension.MatchString(e), fmt.Sprintf("%sextensions[%d]", at, i), "%q is no extension; write it as it is dialled, as 101", e)
	}
	if s.Listen != "" {
		_, _, err := net.SplitHostPort(s.Listen)
		v.check(err == nil, at+"listen", "%q is no address; write HOST:PORT of this machine as the PBX sees it, or leave it empty", s.Listen)
	}
}
