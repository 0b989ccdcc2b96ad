package arisim

import (
	"net/textproto"
	"slices"
	"strconv"
	"time"
)

// member is a telephone in a queue.
type member struct {
	phone   *Phone
	name    string
	dynamic bool // came by an action
	paused  bool
	reason  string
	since   time.Time // of the pause
}

// memberList is a queue of the office as the PBX keeps it.
type memberList struct {
	name    string
	members []*member
}

func (q *memberList) find(device string) *member {
	if i := slices.IndexFunc(q.members, func(m *member) bool { return m.phone.endpoint() == device }); i >= 0 {
		return q.members[i]
	}
	return nil
}

// addQueues reads the queues of a route. A queue of several routes has the
// members of the first.
func (s *Sim) addQueues(route *Route) {
	for ; route != nil; route = route.Then {
		if route.Queue == "" || s.queueNamed(route.Queue) != nil {
			continue
		}
		q := &memberList{name: route.Queue}
		for _, number := range route.Dial {
			if p := s.phones[number]; p != nil {
				q.members = append(q.members, &member{phone: p, name: p.Name})
			}
		}
		s.queues = append(s.queues, q)
	}
}

func (s *Sim) queueNamed(name string) *memberList {
	if i := slices.IndexFunc(s.queues, func(q *memberList) bool { return q.name == name }); i >= 0 {
		return s.queues[i]
	}
	return nil
}

// queueStatus lists the queues with their members and who waits.
func (s *Sim) queueStatus(textproto.MIMEHeader) ([][]string, error) {
	var out [][]string
	for _, q := range s.queues {
		out = append(out, []string{"QueueParams", "Queue", q.name})
		for _, m := range q.members {
			row := []string{"QueueMember", "Queue", q.name, "Name", m.name, "Location", m.phone.endpoint(), "StateInterface", m.phone.endpoint(),
				"Membership", "static", "Paused", "0"}
			if m.dynamic {
				row[len(row)-3] = "dynamic"
			}
			if m.paused {
				row[len(row)-1] = "1"
				row = append(row, "PausedReason", m.reason, "LastPause", strconv.FormatInt(m.since.Unix(), 10))
			}
			out = append(out, row)
		}
		for _, c := range s.channels {
			if r := c.run; r != nil && r.queue != nil && r.queue.name == q.name && c.bridge == nil {
				wait := strconv.Itoa(int(time.Since(r.queue.since).Seconds()))
				out = append(out, []string{"QueueEntry", "Queue", q.name, "Uniqueid", c.id, "Channel", c.name, "Wait", wait})
			}
		}
	}
	return append(out, []string{"QueueStatusComplete"}), nil
}

func (s *Sim) queueAdd(fields textproto.MIMEHeader) ([][]string, error) {
	q, device := s.queueNamed(fields.Get("Queue")), fields.Get("Interface")
	i := slices.IndexFunc(s.order, func(p *Phone) bool { return p.endpoint() == device })
	switch {
	case q == nil || i < 0:
		return nil, errNoQueue
	case q.find(device) != nil:
		return nil, errThere
	}
	q.members = append(q.members, &member{phone: s.order[i], name: fields.Get("MemberName"), dynamic: true})
	s.event("QueueMemberAdded", "Queue", q.name, "Interface", device)
	return nil, nil
}

func (s *Sim) queueRemove(fields textproto.MIMEHeader) ([][]string, error) {
	q, device := s.queueNamed(fields.Get("Queue")), fields.Get("Interface")
	if q == nil || q.find(device) == nil {
		return nil, errInterface
	}
	q.members = slices.DeleteFunc(q.members, func(m *member) bool { return m.phone.endpoint() == device })
	s.event("QueueMemberRemoved", "Queue", q.name, "Interface", device)
	return nil, nil
}

// queuePause pauses a member in one queue, or in all without a name.
func (s *Sim) queuePause(fields textproto.MIMEHeader) ([][]string, error) {
	found := false
	for _, q := range s.queues {
		m := q.find(fields.Get("Interface"))
		if name := fields.Get("Queue"); m == nil || name != "" && name != q.name {
			continue
		}
		found = true
		m.paused, m.reason, m.since = fields.Get("Paused") == "true", fields.Get("Reason"), time.Now()
		s.event("QueueMemberPause", "Queue", q.name, "Interface", m.phone.endpoint())
	}
	if !found {
		return nil, errInterface
	}
	return nil, nil
}
