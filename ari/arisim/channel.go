package arisim

import (
	"fmt"
	"slices"
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
	originated bool

	phone  *Phone    // nil: the trunk, or the PBX itself
	call   *Call     // as the party behind it sees it; nil: nobody asks
	leg    *leg      // set when the channel was dialled
	run    *run      // set when the channel runs the dialplan
	half   *channel  // the other half of a Local channel
	late   *party    // of a half: a caller id that it has not read yet
	app    string    // of ARI, while it has the channel
	snoop  *snoop    // set when it listens to another channel
	keys   *feature  // what the party dials in a talk
	ask    *attended // a consultation by DTMF
	bridge *bridge   // where it is

	bridged  bool          // it was in a bridge
	held     bool          // by its telephone
	clearing int           // cause its party gives when it hangs up in a talk
	talkFor  time.Duration // its party hangs up after talking so long; 0: never
	will     *timer        // what its party does next
}

// newChannel adds a channel and announces it. id and linkedID may be empty: a
// new one, its own. mu is held.
func (s *Sim) newChannel(c channel, id, linkedID string) *channel {
	s.unique++
	if id == "" {
		id = fmt.Sprintf("sim-%d.%d", s.started.Unix(), s.unique)
	}
	if linkedID == "" {
		linkedID = id
	}
	if c.name == "" {
		s.sequence++
		c.name = fmt.Sprintf("%s-%08x", c.endpoint, s.sequence)
	}
	c.id, c.linkedID = id, linkedID
	c.protocolID, c.created = uuid.NewString(), time.Now()
	c.dialplan.Priority = 1
	ch := &c
	s.channels = append(s.channels, ch)
	s.emitChannel("ChannelCreated", ch)
	return ch
}

func (s *Sim) find(ok func(*channel) bool) *channel {
	if i := slices.IndexFunc(s.channels, ok); i >= 0 {
		return s.channels[i]
	}
	return nil
}

func (s *Sim) channel(id string) *channel {
	return s.find(func(c *channel) bool { return c.id == id })
}

func (s *Sim) named(name string) *channel {
	return s.find(func(c *channel) bool { return c.name == name })
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
		if c.call != nil {
			c.call.answer()
		}
	}
	s.emitChannel("ChannelStateChange", c)
}

// connect tells a channel whom it is connected to.
func (s *Sim) connect(c *channel, to party) {
	if c.connected != to {
		c.connected = to
		s.emitChannel("ChannelConnectedLine", c)
		s.relay(c)
	}
}

// link makes two who meet in a bridge one conversation: the id is that of the
// older.
func (s *Sim) link(a, b *channel) {
	if slices.Index(s.channels, a) > slices.Index(s.channels, b) {
		a, b = b, a
	}
	b.linkedID = a.linkedID
}

// execute moves a channel to an application of the dialplan.
func (s *Sim) execute(c *channel, app, data string) {
	c.dialplan.AppName, c.dialplan.AppData = app, data
	s.emit(frame{Type: "ChannelDialplan", DialplanApp: &app, DialplanArg: &data, Channel: s.snapshot(c)})
}

// destroy removes a channel and says why it ended. What listened to it ends
// with it.
func (s *Sim) destroy(c *channel, cause, tech int) {
	if c.run != nil { // it has left the dialplan
		c.dialplan.AppName, c.dialplan.AppData = "", ""
		if c.originated {
			c.dialplan.AppName, c.dialplan.AppData = "AppDial2", outgoingLine
		}
	}
	s.cancel(c.will)
	s.channels = slices.DeleteFunc(s.channels, func(x *channel) bool { return x == c })
	s.emit(frame{Type: "ChannelDestroyed", Cause: &cause, CauseTxt: causeTexts[cause], TechCause: tech, Channel: s.snapshot(c)})
	s.updateDevice(c.endpoint)
	if c.call != nil {
		s.finish(c.call, cause)
	}
	s.endSnoops(c)
}

// talks starts the time for which the party of a channel wants to talk.
func (s *Sim) talks(c *channel) {
	s.cancel(c.will)
	if c.talkFor > 0 {
		c.will = s.after(c.talkFor, func() { s.hangup(c, byParty) })
	}
}
