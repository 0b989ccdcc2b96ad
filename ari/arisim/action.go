package arisim

import (
	"errors"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// Asterisk's words for what an action of AMI cannot do.
var (
	errNoChannel = errors.New("No such channel")                                 //nolint:staticcheck // Asterisk's words
	errTransfer  = errors.New("Transfer failed")                                 //nolint:staticcheck // as above
	errParking   = errors.New("Failed to park")                                  //nolint:staticcheck // as above
	errOriginate = errors.New("Originate failed")                                //nolint:staticcheck // as above
	errBridge    = errors.New("Bridge failed")                                   //nolint:staticcheck // as above
	errInterface = errors.New("Unable to find interface in queue")               //nolint:staticcheck // as above
	errNoQueue   = errors.New("Unable to add interface to queue: No such queue") //nolint:staticcheck // as above
	errThere     = errors.New("Unable to add interface: Already there")          //nolint:staticcheck // as above
)

// amiActions are the actions of AMI that are simulated. Each returns the events
// of a list. mu is held.
var amiActions = map[string]func(*Sim, textproto.MIMEHeader) ([][]string, error){
	"ping":          func(*Sim, textproto.MIMEHeader) ([][]string, error) { return nil, nil },
	"setvar":        onChannel("Channel", (*Sim).setVariable),
	"playdtmf":      onChannel("Channel", func(*Sim, *channel, textproto.MIMEHeader) error { return nil }),
	"blindtransfer": onChannel("Channel", (*Sim).transferAction),
	"redirect":      onChannel("Channel", (*Sim).redirectAction),
	"park":          onChannel("Channel", (*Sim).parkAction),
	"bridge":        onChannel("Channel1", (*Sim).bridgeAction),
	"originate":     (*Sim).pickupAction,
	"queuestatus":   (*Sim).queueStatus,
	"queueadd":      (*Sim).queueAdd,
	"queueremove":   (*Sim).queueRemove,
	"queuepause":    (*Sim).queuePause,
}

func onChannel(field string, f func(*Sim, *channel, textproto.MIMEHeader) error) func(*Sim, textproto.MIMEHeader) ([][]string, error) {
	return func(s *Sim, fields textproto.MIMEHeader) ([][]string, error) {
		c := s.named(fields.Get(field))
		if c == nil {
			return nil, errNoChannel
		}
		return nil, f(s, c, fields)
	}
}

// setVariable is also what a call is put on hold and muted by: who is dealt with
// stays on the line.
func (s *Sim) setVariable(c *channel, fields textproto.MIMEHeader) error {
	if c.vars == nil {
		c.vars = make(map[string]string)
	}
	c.vars[fields.Get("Variable")] = fields.Get("Value")
	if c.bridge != nil {
		s.talks(c)
	}
	return nil
}

func (s *Sim) transferAction(c *channel, fields textproto.MIMEHeader) error {
	if s.blindTransfer(c, fields.Get("Context"), fields.Get("Exten"), true) != nil {
		return errTransfer
	}
	return nil
}

// redirectAction takes a channel from whatever it does to another place of the
// dialplan. Whom it leaves behind in a bridge of two ends.
func (s *Sim) redirectAction(c *channel, fields textproto.MIMEHeader) error {
	for slot, p := range s.lot {
		if p.ch == c {
			s.unpark(slot)
		}
	}
	s.detach(c)
	if r := c.run; r != nil {
		r.cancelLegs(false)
		r.endLegs(16, 0, "NO ANSWER")
	}
	s.restart(c, fields.Get("Context"), fields.Get("Exten"))
	return nil
}

// detach takes a channel out of its bridge and ends the one it leaves behind.
func (s *Sim) detach(c *channel) {
	if c.bridge == nil {
		return
	}
	b, peer := c.bridge, c.peer()
	if peer != nil {
		s.writeTalk(c, peer)
	}
	s.leave(c)
	if peer != nil {
		s.quit(peer)
	} else {
		s.dissolve(b)
	}
}

func (s *Sim) parkAction(c *channel, fields textproto.MIMEHeader) error {
	by := s.named(fields.Get("TimeoutChannel"))
	if by == nil || c.bridge == nil {
		return errParking
	}
	if p := c.peer(); p != nil {
		s.writeTalk(c, p)
	}
	if s.park(c, by) == 0 {
		return errParking
	}
	return nil
}

// bridgeAction makes two channels talk, wherever they are.
func (s *Sim) bridgeAction(c *channel, fields textproto.MIMEHeader) error {
	other := s.named(fields.Get("Channel2"))
	if other == nil || c.state != "Up" || other.state != "Up" {
		return errBridge
	}
	s.detach(c)
	s.detach(other)
	b := s.newBridge(bridge{})
	for _, x := range []*channel{c, other} {
		if x.app != "" {
			s.leaveApp(x)
		}
		s.enter(b, x)
	}
	s.connect(c, other.caller)
	s.connect(other, c.caller)
	s.began(c)
	s.began(other)
	s.talks(c)
	s.talks(other)
	return nil
}

// pickupAction is Originate with the application PickupChan: a telephone rings,
// and when it is answered it takes the place of a channel that rings.
func (s *Sim) pickupAction(fields textproto.MIMEHeader) ([][]string, error) {
	p := s.phones[strings.TrimPrefix(fields.Get("Channel"), "PJSIP/")]
	ms, err := strconv.Atoi(fields.Get("Timeout"))
	if p == nil || !p.registered || err != nil || fields.Get("Application") != "PickupChan" || s.channel(fields.Get("ChannelId")) != nil {
		return nil, errOriginate
	}
	target := fields.Get("Data")
	o := s.originate(p, fields.Get("ChannelId"), nil)
	o.leg.behaviour.AnswerAfter = o.leg.answerOwn()
	o.begin(time.Duration(ms)*time.Millisecond, func(c *channel) {
		s.start(c, func(r *run) {
			r.pickUp(func(*channel) *leg {
				if rings := s.named(target); rings != nil && s.dialledBy(rings) != nil {
					return rings.leg
				}
				return nil
			})
		})
	})
	return nil, nil
}
