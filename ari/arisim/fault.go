package arisim

import "fmt"

// DropSockets closes every WebSocket without a closing handshake. Clients may
// connect again at once; calls go on.
func (s *Sim) DropSockets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropSockets()
}

// Replace does what happens when another client takes the application name:
// every socket gets ApplicationReplaced, then stays open and silent.
func (s *Sim) Replace() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.sockets {
		s.replace(k)
	}
}

// Emit sends a frame as it is to every socket; it need not be JSON.
func (s *Sim) Emit(raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.sockets {
		s.queue(k, raw)
	}
}

// Outage makes ARI unreachable: sockets are closed and connections refused
// until it is over. Calls go on unseen. The port can be lost to another program
// meanwhile, which is the error.
func (s *Sim) Outage(on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped || on == (s.server == nil):
		return nil
	case on:
		s.cut()
		return nil
	}
	if err := s.listen(s.addr); err != nil {
		return fmt.Errorf("end of the outage: %w", err)
	}
	return nil
}

// Crash is an Outage in which all calls are lost, as when Asterisk dies: no
// frame tells of their end. Outage(false) brings the PBX back.
func (s *Sim) Crash() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut()
	s.vanish()
}
