package arisim

import (
	"encoding/json"
	"time"
)

// timeFormat is the one of Asterisk's JSON.
const timeFormat = "2006-01-02T15:04:05.000-0700"

func stamp(t time.Time) string { return t.UTC().Format(timeFormat) }

// party is a caller id or a connected line.
type party struct {
	Name   string `json:"name"`
	Number string `json:"number"`
}

type dialplanJSON struct {
	Context  string `json:"context"`
	Exten    string `json:"exten"`
	Priority int    `json:"priority"`
	AppName  string `json:"app_name"`
	AppData  string `json:"app_data"`
}

type channelJSON struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	State        string            `json:"state"`
	ProtocolID   string            `json:"protocol_id"`
	Caller       party             `json:"caller"`
	Connected    party             `json:"connected"`
	AccountCode  string            `json:"accountcode"`
	Dialplan     dialplanJSON      `json:"dialplan"`
	CreationTime string            `json:"creationtime"`
	Language     string            `json:"language"`
	ChannelVars  map[string]string `json:"channelvars,omitempty"`
}

type bridgeJSON struct {
	ID           string   `json:"id"`
	Technology   string   `json:"technology"`
	Type         string   `json:"bridge_type"`
	Class        string   `json:"bridge_class"`
	Creator      string   `json:"creator"`
	Name         string   `json:"name"`
	Channels     []string `json:"channels"`
	CreationTime string   `json:"creationtime"`
	VideoMode    string   `json:"video_mode"`
}

type deviceJSON struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

type endpointJSON struct {
	Technology string   `json:"technology"`
	Resource   string   `json:"resource"`
	State      string   `json:"state"`
	ChannelIDs []string `json:"channel_ids"`
}

// frame is one event. Pointers are fields that some events have even when
// they are empty and others never.
type frame struct {
	Type        string       `json:"type"`
	Timestamp   string       `json:"timestamp"`
	Cause       *int         `json:"cause,omitempty"`
	CauseTxt    string       `json:"cause_txt,omitempty"`
	TechCause   int          `json:"tech_cause,omitempty"`
	Soft        bool         `json:"soft,omitempty"`
	CallerPres  *int         `json:"caller_presentation,omitempty"`
	PresText    string       `json:"caller_presentation_txt,omitempty"`
	DialStatus  *string      `json:"dialstatus,omitempty"`
	Forward     *string      `json:"forward,omitempty"`
	DialString  *string      `json:"dialstring,omitempty"`
	DialplanApp *string      `json:"dialplan_app,omitempty"`
	DialplanArg *string      `json:"dialplan_app_data,omitempty"`
	Bridge      *bridgeJSON  `json:"bridge,omitempty"`
	Channel     *channelJSON `json:"channel,omitempty"`
	Caller      *channelJSON `json:"caller,omitempty"`
	Peer        any          `json:"peer,omitempty"` // a channel in Dial, a status in PeerStatusChange
	Forwarded   *channelJSON `json:"forwarded,omitempty"`
	MusicClass  string       `json:"musicclass,omitempty"`
	Digit       string       `json:"digit,omitempty"`
	DurationMS  int          `json:"duration_ms,omitempty"`
	Exten       string       `json:"exten,omitempty"`
	Context     string       `json:"context,omitempty"`
	Result      string       `json:"result,omitempty"`
	External    *bool        `json:"is_external,omitempty"`
	Transferee  *channelJSON `json:"transferee,omitempty"`
	Target      *channelJSON `json:"transfer_target,omitempty"`
	From        *bridgeJSON  `json:"bridge_from,omitempty"`
	handover
	Args        *[]string      `json:"args,omitempty"`
	Recording   *recordingJSON `json:"recording,omitempty"`
	Endpoint    *endpointJSON  `json:"endpoint,omitempty"`
	Contact     *contactJSON   `json:"contact_info,omitempty"`
	DeviceState *deviceJSON    `json:"device_state,omitempty"`
	AsteriskID  string         `json:"asterisk_id"`
	Application string         `json:"application"`
}

// handover is what only a BridgeAttendedTransfer has.
type handover struct {
	First         *channelJSON `json:"transferer_first_leg,omitempty"`         //nolint:misspell // Asterisk's word
	Second        *channelJSON `json:"transferer_second_leg,omitempty"`        //nolint:misspell // Asterisk's word
	FirstBridge   *bridgeJSON  `json:"transferer_first_leg_bridge,omitempty"`  //nolint:misspell // Asterisk's word
	SecondBridge  *bridgeJSON  `json:"transferer_second_leg_bridge,omitempty"` //nolint:misspell // Asterisk's word
	Destination   string       `json:"destination_type,omitempty"`
	DestinationID string       `json:"destination_bridge,omitempty"`
}

type contactJSON struct {
	URI       string `json:"uri"`
	Status    string `json:"contact_status"`
	AOR       string `json:"aor"`
	RoundTrip string `json:"roundtrip_usec"`
}

type peerStatusJSON struct {
	Status string `json:"peer_status"`
}

// emit sends a frame to every socket that subscribed to it; mu is held.
func (s *Sim) emit(f frame) {
	f.Timestamp, f.AsteriskID = stamp(time.Now()), entityID
	for k := range s.sockets {
		if !k.wants(f.Type) {
			continue
		}
		f.Application = k.app
		raw, err := json.Marshal(f)
		if err != nil {
			s.log.Error("arisim: marshal", "type", f.Type, "err", err)
			continue
		}
		s.queue(k, raw)
	}
}

// emitChannel sends an event that has nothing but its channel.
func (s *Sim) emitChannel(event string, c *channel) {
	s.emit(frame{Type: event, Channel: s.snapshot(c)})
	s.updateDevice(c.endpoint)
}

// emitCallerID sends a ChannelCallerId; a number that we dial is not hidden.
func (s *Sim) emitCallerID(c *channel) {
	s.emit(frame{Type: "ChannelCallerId", CallerPres: new(0), PresText: "Presentation Allowed, Not Screened", Channel: s.snapshot(c)})
}

// emitDial sends a Dial; caller is nil for an originated channel.
func (s *Sim) emitDial(caller *channel, l *leg, status, dialString string) {
	forward := ""
	f := frame{Type: "Dial", DialStatus: &status, Forward: &forward, DialString: &dialString, Peer: s.snapshot(l.ch)}
	if caller != nil {
		f.Caller = s.snapshot(caller)
	}
	s.emit(f)
}

// emitForward sends the Dial of a leg that sends its call on to another.
func (s *Sim) emitForward(caller *channel, l *leg, to string, on *channel) {
	status, dialString := "CANCEL", ""
	s.emit(frame{Type: "Dial", DialStatus: &status, Forward: &to, DialString: &dialString, Peer: s.snapshot(l.ch),
		Caller: s.snapshot(caller), Forwarded: s.snapshot(on)})
}

// emitHangup sends a ChannelHangupRequest. Asterisk leaves a cause of 0 out.
func (s *Sim) emitHangup(c *channel, cause, tech int, soft bool) {
	f := frame{Type: "ChannelHangupRequest", Channel: s.snapshot(c), TechCause: tech, Soft: soft}
	if cause != 0 {
		f.Cause = &cause
	}
	s.emit(f)
}

// emitBridge sends an event of a bridge, and of a channel if c is not nil.
func (s *Sim) emitBridge(event string, b *bridge, c *channel) {
	f := frame{Type: event, Bridge: b.snapshot()}
	if c != nil {
		f.Channel = s.snapshot(c)
	}
	s.emit(f)
}

// causeTexts are Asterisk's words for Q.850 causes (main/channel.c).
var causeTexts = map[int]string{
	0: "Unknown", 1: "Unallocated (unassigned) number", 3: "No route to destination", 16: "Normal Clearing",
	17: "User busy", 18: "No user responding", 19: "User alerting, no answer", 20: "Subscriber absent",
	21: "Call Rejected", 23: "Redirected to new destination", 26: "Answered elsewhere", 27: "Destination out of order", 32: "Unknown",
	34: "Circuit/channel congestion", 38: "Network out of order", 127: "Interworking, unspecified",
}
