package sip

import (
	"net"
	"time"
)

// Config says how to reach one PBX.
type Config struct {
	Name       string // of the PBX, unique in an installation
	Address    string // host:port
	Transport  string // udp, tcp, tls
	User       string // technical user
	Password   string
	Domain     string        // of From; empty: the host of Address
	Extensions []string      // watched besides those of Watch
	Expires    time.Duration // of a subscription, whole seconds
	QueueGap   time.Duration // longest pause between two tries of a queue
	Listen     string        // own host:port, empty: found by itself
	CAFile     string        // PEM, empty: the system's
}

func (c Config) domain() string {
	if c.Domain != "" {
		return c.Domain
	}
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return c.Address
	}
	return host
}
