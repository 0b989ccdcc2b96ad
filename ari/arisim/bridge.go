package arisim

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Classes of bridges.
const (
	basic   = "basic"   // two who talk
	parking = "parking" // the parking lot
	base    = "base"    // conferences
	ours    = "stasis"  // made by ARI
)

// bridge is where channels hear one another.
type bridge struct {
	id, name   string
	kind       string // mixing or holding
	class      string
	technology string
	creator    string
	created    time.Time
	members    []*channel
}

func (b *bridge) snapshot() *bridgeJSON {
	ids := make([]string, len(b.members))
	for i, c := range b.members {
		ids[i] = c.id
	}
	return &bridgeJSON{ID: b.id, Technology: b.technology, Type: b.kind, Class: b.class, Creator: b.creator, Name: b.name,
		Channels: ids, CreationTime: stamp(b.created), VideoMode: "none"}
}

// others are the members but for c.
func (b *bridge) others(c *channel) []*channel {
	return slices.DeleteFunc(slices.Clone(b.members), func(x *channel) bool { return x == c })
}

// peer is the one with whom c talks in a bridge of two; nil if there is none.
func (c *channel) peer() *channel {
	if c.bridge == nil || c.bridge.class != basic || len(c.bridge.members) != 2 {
		return nil
	}
	return c.bridge.others(c)[0]
}

// newBridge adds a bridge, of two by default, and announces it. mu is held.
func (s *Sim) newBridge(b bridge) *bridge {
	if b.class == "" {
		b.kind, b.class, b.technology = "mixing", basic, "simple_bridge"
	}
	if b.id == "" {
		b.id = uuid.NewString()
	}
	b.created = time.Now()
	s.bridges = append(s.bridges, &b)
	s.emitBridge("BridgeCreated", &b, nil)
	return &b
}

// join makes a bridge of the dialled and the calling channel.
func (s *Sim) join(peer, caller *channel) {
	b := s.newBridge(bridge{})
	for _, c := range []*channel{peer, caller} {
		if c.dialplan.AppName == "AppDial" {
			c.dialplan.Exten = ""
		}
		s.enter(b, c)
	}
	b.technology = "native_rtp" // the media goes past Asterisk from now on
}

func (s *Sim) enter(b *bridge, c *channel) {
	c.bridge, c.bridged = b, true
	b.members = append([]*channel{c}, b.members...)
	if p := c.peer(); p != nil {
		s.link(c, p)
	}
	s.emitBridge("ChannelEnteredBridge", b, c)
}

func (s *Sim) leave(c *channel) {
	b := c.bridge
	c.bridge = nil
	b.members = slices.DeleteFunc(b.members, func(x *channel) bool { return x == c })
	s.emitBridge("ChannelLeftBridge", b, c)
}

// dissolve ends a bridge that nobody is in any more. The parking lot stays, and
// so does what ARI made.
func (s *Sim) dissolve(b *bridge) {
	if len(b.members) > 0 || b.class == parking || b.class == ours {
		return
	}
	s.bridges = slices.DeleteFunc(s.bridges, func(x *bridge) bool { return x == b })
	s.emitBridge("BridgeDestroyed", b, nil)
}

// quit takes a channel out of its bridge and ends it. The other of two ends
// with it.
func (s *Sim) quit(c *channel) {
	b, rest := c.bridge, []*channel(nil)
	if b.class == basic {
		rest = b.others(c)
	}
	for _, x := range rest {
		s.writeTalk(c, x)
	}
	s.leave(c)
	s.leaveDialplan(c)
	for _, x := range rest {
		s.leave(x)
	}
	s.dissolve(b)
	for _, x := range rest {
		s.leaveDialplan(x)
	}
	for _, x := range append([]*channel{c}, rest...) {
		s.remove(x)
	}
}

// leaveDialplan is the frame of a channel whose part of the dialplan is over.
func (s *Sim) leaveDialplan(c *channel) {
	if c.run != nil {
		c.run.hangupSoft(0)
	}
}

// remove ends a channel that has talked.
func (s *Sim) remove(c *channel) {
	if c.app != "" {
		s.leaveApp(c)
	}
	if c.run != nil {
		c.run.destroy(16, 0)
	} else {
		s.destroy(c, 16, 0)
	}
	s.hangupHalf(c, 16)
}
