package cti

import (
	"context"
	"strings"
	"time"
)

// Supervision is a supervisor's part in a colleague's talk (CO-09), from the
// ringing of his telephone until he leaves or the talk ends.
type Supervision struct {
	CallID string    `json:"call_id" doc:"the colleague's call"`
	UserID int64     `json:"user_id,omitempty" doc:"the colleague"`
	Name   string    `json:"name" doc:"of the colleague"`
	Mode   Action    `json:"mode" enum:"listen,whisper,barge"`
	Since  time.Time `json:"since"`

	device deviceKey // the supervisor's telephone
}

// For is presence as one user may know it. With whom somebody talks and who
// listens to whom is for those who may see all calls. A supervisor knows of
// himself, and the colleague to whom he can be heard knows of him.
func (p Presence) For(viewer int64, seesAll bool) Presence {
	if seesAll {
		return p
	}
	p.With = ""
	if s := p.Supervises; s != nil && viewer != p.UserID && (viewer != s.UserID || s.Mode == ActListen) {
		p.Supervises = nil
	}
	return p
}

// supervises notes whom a user supervises from now on, or undoes it with nil.
// It returns what was so far. It shows while his telephone has a channel of
// Ringcard's own.
func (t *Team) supervises(user int64, s *Supervision) *Supervision {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.supervised[user]
	if s == nil {
		delete(t.supervised, user)
	} else {
		t.supervised[user] = s
	}
	t.refresh(t.users)
	return before
}

// supervisionOf is whom a user supervises now, with the channels by which he
// does it; nil: nobody.
func (t *Team) supervisionOf(user int64) (*Supervision, []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.supervised[user]
	if s == nil {
		return nil, nil
	}
	channels := t.devices[s.device].service()
	if len(channels) == 0 {
		return nil, nil
	}
	return s, channels
}

// service are the channels of Ringcard's own at a telephone.
func (d *device) service() (channels []string) {
	if d == nil {
		return nil
	}
	for id := range d.legs {
		if strings.HasPrefix(id, ServicePrefix) {
			channels = append(channels, id)
		}
	}
	return channels
}

// begins notes a supervision before the PBX is told, so that it shows from the
// first ring on. It returns how to undo that.
func (c *command) begins() (undo func()) {
	team := c.s.opt.Team
	if team == nil || !c.req.Action.Supervises() {
		return func() {}
	}
	key := deviceKey{c.call.PBX, c.order.Device}
	s := &Supervision{CallID: c.call.ID, UserID: c.order.Own.UserID, Name: c.order.Own.UserName, Mode: c.req.Action,
		Since: c.s.opt.Now().UTC(), device: key}
	if s.Name == "" {
		s.Name = extensionOf(c.order.Own.Endpoint)
	}
	if now, _ := team.supervisionOf(c.req.UserID); now != nil && now.CallID == s.CallID {
		s.Since = now.Since
	}
	before := team.supervises(c.req.UserID, s)
	return func() { team.supervises(c.req.UserID, before) }
}

// leaving refuses to leave a call that the user does not supervise.
func (s *Service) leaving(userID int64, callID string) *Error {
	if s.opt.Team != nil {
		if now, _ := s.opt.Team.supervisionOf(userID); now != nil && now.CallID == callID {
			return nil
		}
	}
	return Errorf(CodeNotSupervising, "you do not listen to this call")
}

// leave ends a user's supervision: his telephone is hung up, the talk goes on.
func (c *command) leave(ctx context.Context) error {
	_, channels := c.s.opt.Team.supervisionOf(c.req.UserID)
	for _, id := range channels {
		if err := c.e.opt.PBX.Hangup(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
