package arisim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// channel is one leg of a call as the PBX has it.
type channel struct {
	id, name   string
	endpoint   string // PJSIP/101
	protocolID string
	state      string // Down, Ring, Ringing, Up
	caller     party
	connected  party
	dialplan   dialplanJSON
	linkedID   string
	vars       map[string]string
	created    time.Time
	answered   time.Time
	phone      *Phone // nil: the trunk
	leg        *leg   // set when the channel was dialled
	run        *run   // set when the channel runs the dialplan
	originated bool
}

// newChannel adds a channel and announces it. id and linkedID may be empty: a
// new one, its own. mu is held.
func (s *Sim) newChannel(c channel, id, linkedID string) *channel {
	s.sequence++
	s.unique++
	if id == "" {
		id = fmt.Sprintf("sim-%d.%d", s.started.Unix(), s.unique)
	}
	if linkedID == "" {
		linkedID = id
	}
	c.id, c.linkedID = id, linkedID
	c.name = fmt.Sprintf("%s-%08x", c.endpoint, s.sequence)
	c.protocolID, c.created = uuid.NewString(), time.Now()
	c.dialplan.Priority = 1
	ch := &c
	s.channels = append(s.channels, ch)
	if c.phone != nil {
		c.phone.line = ch
	}
	s.emitChannel("ChannelCreated", ch)
	return ch
}

func (s *Sim) channel(id string) *channel {
	for _, c := range s.channels {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (s *Sim) snapshot(c *channel) *channelJSON {
	j := &channelJSON{
		ID: c.id, Name: c.name, State: c.state, ProtocolID: c.protocolID,
		Caller: c.caller, Connected: c.connected, Dialplan: c.dialplan,
		CreationTime: stamp(c.created), Language: "en",
	}
	if !s.opt.NoChannelVars {
		j.ChannelVars = map[string]string{"CHANNEL(linkedid)": c.linkedID}
	}
	return j
}

func (s *Sim) setState(c *channel, state string) {
	c.state = state
	if state == "Up" {
		c.answered = time.Now()
	}
	s.emitChannel("ChannelStateChange", c)
}

// connect tells a channel whom it is connected to.
func (s *Sim) connect(c *channel, to party) {
	if c.connected != to {
		c.connected = to
		s.emitChannel("ChannelConnectedLine", c)
	}
}

// execute moves a channel to an application of the dialplan.
func (s *Sim) execute(c *channel, app, data string) {
	c.dialplan.AppName, c.dialplan.AppData = app, data
	s.emit(frame{Type: "ChannelDialplan", DialplanApp: &app, DialplanArg: &data, Channel: s.snapshot(c)})
}

// destroy removes a channel and says why it ended.
func (s *Sim) destroy(c *channel, cause, tech int) {
	if c.run != nil { // it has left the dialplan
		c.dialplan.AppName, c.dialplan.AppData = "", ""
		if c.originated {
			c.dialplan.AppName, c.dialplan.AppData = "AppDial2", outgoingLine
		}
	}
	s.channels = slices.DeleteFunc(s.channels, func(x *channel) bool { return x == c })
	if c.phone != nil && c.phone.line == c {
		c.phone.line = nil
	}
	s.emit(frame{Type: "ChannelDestroyed", Cause: &cause, CauseTxt: causeTexts[cause], TechCause: tech, Channel: s.snapshot(c)})
	s.updateDevice(c.endpoint)
}

// bridge is a two-party mixing bridge.
type bridge struct {
	id         string
	technology string
	created    time.Time
	members    []*channel
}

func (b *bridge) snapshot() *bridgeJSON {
	ids := make([]string, len(b.members))
	for i, c := range b.members {
		ids[i] = c.id
	}
	return &bridgeJSON{ID: b.id, Technology: b.technology, Type: "mixing", Class: "basic",
		Channels: ids, CreationTime: stamp(b.created), VideoMode: "none"}
}

// join makes a bridge of the dialled and the calling channel.
func (s *Sim) join(peer, caller *channel) *bridge {
	b := &bridge{id: uuid.NewString(), technology: "simple_bridge", created: time.Now()}
	s.bridges = append(s.bridges, b)
	s.emitBridge("BridgeCreated", b, nil)
	for _, c := range []*channel{peer, caller} {
		if c.dialplan.AppName == "AppDial" {
			c.dialplan.Exten = ""
		}
		b.members = append([]*channel{c}, b.members...)
		s.emitBridge("ChannelEnteredBridge", b, c)
	}
	b.technology = "native_rtp" // the media goes past Asterisk from now on
	return b
}

func (s *Sim) leave(b *bridge, c *channel) {
	b.members = slices.DeleteFunc(b.members, func(x *channel) bool { return x == c })
	s.emitBridge("ChannelLeftBridge", b, c)
}

func (s *Sim) dissolve(b *bridge) {
	s.bridges = slices.DeleteFunc(s.bridges, func(x *bridge) bool { return x == b })
	s.emitBridge("BridgeDestroyed", b, nil)
}

// deviceState is what Asterisk derives from the channels of an endpoint.
func (s *Sim) deviceState(endpoint string) string {
	number := strings.TrimPrefix(endpoint, "PJSIP/")
	p := s.phones[number]
	if p == nil && (endpoint != s.trunk() || s.opt.Office.Trunk == "") {
		return "INVALID"
	}
	if p != nil && !p.registered {
		return "UNAVAILABLE"
	}
	var ringing, inUse bool
	for _, c := range s.channels {
		if c.endpoint == endpoint {
			ringing = ringing || c.state == "Ringing"
			inUse = inUse || c.state == "Ring" || c.state == "Up"
		}
	}
	switch {
	case ringing && inUse:
		return "RINGINUSE"
	case ringing:
		return "RINGING"
	case inUse:
		return "INUSE"
	}
	return "NOT_INUSE"
}

// updateDevice sends the endpoint's device state if it changed.
func (s *Sim) updateDevice(endpoint string) {
	state := s.deviceState(endpoint)
	if s.devices[endpoint] == state {
		return
	}
	s.devices[endpoint] = state
	s.emit(frame{Type: "DeviceStateChanged", DeviceState: &deviceJSON{Name: endpoint, State: state}})
}

// endpoints lists the trunk and the phones as GET /endpoints does.
func (s *Sim) endpoints() []*endpointJSON {
	var out []*endpointJSON
	if s.opt.Office.Trunk != "" {
		out = append(out, s.endpoint(s.trunk()))
	}
	for _, p := range s.order {
		out = append(out, s.endpoint(p.endpoint()))
	}
	return out
}

func (s *Sim) endpoint(name string) *endpointJSON {
	tech, resource, _ := strings.Cut(name, "/")
	e := &endpointJSON{Technology: tech, Resource: resource, State: "online", ChannelIDs: []string{}}
	if s.deviceState(name) == "UNAVAILABLE" {
		e.State = "offline"
	}
	for _, c := range s.channels {
		if c.endpoint == name {
			e.ChannelIDs = append(e.ChannelIDs, c.id)
		}
	}
	return e
}
