package push

import (
	"slices"
	"sync"
	"time"
)

// stream is what one node knows of one user's stream in the current epoch:
// the last number, the recent messages for replay, and the user's sockets.
type stream struct {
	mu     sync.Mutex
	seq    int64
	recent history
	conns  []*conn
}

// deliver stores the message and queues it on the user's sockets. It reports
// how many sockets took it and which are to be cut, with the code.
func (s *stream) deliver(seq int64, msg *Message) (sent int, cut []*conn, code CloseCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq != s.seq+1 {
		// The bus broke its promise. Better a new snapshot than a wrong page.
		cut = s.restart(seq)
		return 0, cut, Gap
	}
	s.seq = seq
	s.recent.push(numbered{seq: seq, msg: msg})
	keep := s.conns[:0]
	for _, c := range s.conns {
		if c.offer(numbered{seq: seq, msg: msg}) {
			keep = append(keep, c)
		} else {
			cut = append(cut, c)
		}
	}
	sent = len(keep)
	clear(s.conns[sent:])
	s.conns = keep
	return sent, cut, TooSlow
}

// restart forgets the messages, sets the last number and returns the sockets
// there were. Called with s.mu held.
func (s *stream) restart(seq int64) []*conn {
	cut := s.conns
	s.conns, s.seq = nil, seq
	s.recent.clear()
	return cut
}

// last returns the number of the latest message.
func (s *stream) last() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seq
}

// attach connects c behind the message numbered after and returns the
// messages c has missed. It is false when they are no longer known.
func (s *stream) attach(c *conn, after int64) ([]numbered, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	missed, ok := s.recent.since(after, s.seq)
	if !ok {
		return nil, false
	}
	s.conns = append(s.conns, c)
	return missed, true
}

func (s *stream) detach(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.conns, c); i >= 0 {
		s.conns = slices.Delete(s.conns, i, i+1)
	}
}

// history keeps the newest messages of a stream, at most size and none older
// than age. What is dropped leaves the memory with the next push.
type history struct {
	size int
	age  time.Duration
	list []numbered // oldest first, numbers without gaps
}

func (h *history) push(n numbered) {
	drop := max(0, len(h.list)+1-h.size)
	for drop < len(h.list) && n.msg.At.Sub(h.list[drop].msg.At) > h.age {
		drop++
	}
	clear(h.list[:drop]) // append moves the list in time; until then let go of the data
	h.list = append(h.list[drop:], n)
}

func (h *history) clear() { h.list = nil }

// since returns what came after the number given, up to last, with superseded
// messages turned into skips. It is false when a part is gone or too old.
func (h *history) since(after, last int64) ([]numbered, bool) {
	missing := last - after
	if missing < 0 || missing > int64(len(h.list)) {
		return nil, false
	}
	if missing == 0 {
		return nil, true
	}
	missed := slices.Clone(h.list[int64(len(h.list))-missing:])
	if time.Since(missed[0].msg.At) > h.age {
		return nil, false
	}
	type content struct{ typ, key string }
	newer := make(map[content]bool)
	for i := len(missed) - 1; i >= 0; i-- {
		m := missed[i].msg
		if m.Key == "" {
			continue
		}
		of := content{m.Type, m.Key}
		missed[i].skip = newer[of]
		newer[of] = true
	}
	return missed, true
}
