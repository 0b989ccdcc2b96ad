package ari

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v6"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ringcard/cti"
)

// lenient takes frames as Asterisk writes them: bytes of caller names may be
// in any encoding. Not looking for duplicate names saves time.
var lenient = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

// errReplaced: another client registered our application name.
var errReplaced = errors.New("another client took the ARI application name")

// unknownEvent is an event type this package has no use for and never saw.
type unknownEvent string

func (e unknownEvent) Error() string { return "unknown ARI event " + string(e) }

// kinds maps ARI events to the kinds of the engine.
var kinds = map[string]cti.EventKind{
	"ChannelCreated":       cti.ChannelCreated,
	"ChannelStateChange":   cti.ChannelChanged,
	"ChannelCallerId":      cti.ChannelChanged,
	"ChannelConnectedLine": cti.ChannelChanged,
	"ChannelDialplan":      cti.ChannelChanged,
	"ChannelHold":          cti.ChannelHeld,
	"ChannelUnhold":        cti.ChannelUnheld,
	"ChannelHangupRequest": cti.ChannelHangup,
	"ChannelDestroyed":     cti.ChannelGone,
	"Dial":                 cti.Dialed,
	"ChannelEnteredBridge": cti.BridgeEntered,
	"ChannelLeftBridge":    cti.BridgeLeft,
	"ContactStatusChange":  cti.DeviceChanged,
	"PeerStatusChange":     cti.DeviceChanged,
	"EndpointStateChange":  cti.DeviceChanged,

	"BridgeBlindTransfer":    cti.Transferred,
	"BridgeAttendedTransfer": cti.Transferred,

	"RecordingFinished": cti.RecordingOver,
	"RecordingFailed":   cti.RecordingOver,
}

// ignored are events that carry nothing for a call beyond the events above.
var ignored = map[string]bool{
	"ApplicationMoveFailed": true, "ApplicationRegistered": true, "ApplicationUnregistered": true,
	"BridgeCreated": true, "BridgeDestroyed": true, "BridgeMerged": true, "BridgeVideoSourceChanged": true,
	"ChannelDtmfReceived": true, "ChannelTalkingStarted": true, "ChannelTalkingFinished": true,
	"ChannelToneDetected": true, "ChannelTransfer": true, "ChannelUserevent": true, "ChannelVarset": true,
	"ContactInfo": true, "DeviceStateChanged": true, "Peer": true,
	"PlaybackStarted": true, "PlaybackContinuing": true, "PlaybackFinished": true,
	"RecordingStarted": true,
	"StasisStart":      true, "StasisEnd": true, "TextMessageReceived": true, "RESTResponse": true,
}

// Translate makes a cti.Event of one frame. ok is false for events of no use;
// the error is errReplaced, an unknownEvent, or tells what is malformed.
// received is when the frame was read; a zero received takes the time that
// Asterisk wrote, which recorded streams need.
func Translate(raw []byte, received time.Time) (cti.Event, bool, error) {
	return translate(raw, func(stamp time.Time) time.Time {
		if received.IsZero() {
			return stamp
		}
		return received
	})
}

// translate is Translate with a way to tell when the frame was written, given
// the time in it.
func translate(raw []byte, at func(stamp time.Time) time.Time) (ev cti.Event, ok bool, err error) {
	var f frame
	if err := json.Unmarshal(raw, &f, lenient); err != nil {
		return ev, false, fmt.Errorf("malformed ARI frame: %w", err)
	}
	kind, known := kinds[f.Type]
	switch {
	case f.Type == "ApplicationReplaced":
		return ev, false, errReplaced
	case !known && ignored[f.Type]:
		return ev, false, nil
	case !known:
		return ev, false, unknownEvent(f.Type)
	}
	ev = cti.Event{Kind: kind, At: at(parseTime(f.Timestamp)), Dial: f.DialStatus, DialTo: f.DialString,
		Cause: int(f.Cause), TechCause: int(f.TechCause), Soft: f.Soft}
	if f.Channel != nil {
		ev.Channel = f.Channel.snapshot()
	}
	if f.Bridge != nil {
		ev.Bridge = bridgeOf(f.Bridge)
	}
	switch kind {
	case cti.Dialed:
		if err := dial(&ev, &f); err != nil {
			return ev, false, err
		}
	case cti.Transferred:
		if f.Result != "Success" {
			return ev, false, nil // nothing changed
		}
		f.handover(&ev)
	case cti.DeviceChanged:
		if f.Endpoint == nil {
			return ev, false, fmt.Errorf("malformed ARI frame: %s without an endpoint", f.Type)
		}
		ev.Device = cti.DeviceState{Endpoint: f.Endpoint.Technology + "/" + f.Endpoint.Resource, Online: online(&f)}
		return ev, true, nil
	case cti.RecordingOver:
		if f.Recording.Name == "" {
			return ev, false, fmt.Errorf("malformed ARI frame: %s without a recording", f.Type)
		}
		ev.Recording = f.Recording.report(f.Type == "RecordingFailed")
		return ev, true, nil
	}
	if snooping(ev.Channel.Name) {
		return ev, false, nil
	}
	if ev.Channel.ID == "" && ev.Peer.ID == "" {
		return ev, false, fmt.Errorf("malformed ARI frame: %s without a channel", f.Type)
	}
	return ev, true, nil
}

// snooping tells a channel that only listens: it has no part in a call.
func snooping(name string) bool { return strings.HasPrefix(name, "Snoop/") }

// report is the end of a recording in the words of the domain.
func (r *liveRecording) report(failed bool) cti.RecordingReport {
	rep := cti.RecordingReport{Name: r.Name}
	if failed {
		if rep.Failed = r.Cause; rep.Failed == "" {
			rep.Failed = "the PBX gives no cause"
		}
	}
	return rep
}

// online reads whether an endpoint can be called. The contact's or peer's own
// status is newer than the endpoint's snapshot in the same event.
func online(f *frame) bool {
	status := f.Contact.Status
	if status == "" && f.Peer != nil {
		status = f.Peer.Status
	}
	switch status {
	case "Reachable", "Registered", "NonQualified", "Created", "Updated":
		return true
	case "Unreachable", "Unregistered", "Removed":
		return false
	}
	return f.Endpoint.State == "online"
}

func dial(ev *cti.Event, f *frame) error {
	if f.Peer == nil {
		return errors.New("malformed ARI frame: Dial without a peer")
	}
	ev.Peer = f.Peer.snapshot()
	if f.Caller != nil {
		ev.Channel = f.Caller.snapshot()
	}
	if f.Forwarded != nil {
		ev.Forwarded, ev.DialOn = f.Forwarded.snapshot(), f.Forward
	}
	return nil
}

func (c *channel) snapshot() cti.Channel {
	return cti.Channel{
		ID: c.ID, Name: c.Name, State: c.State, LinkedID: c.Vars.LinkedID,
		CallerNumber: c.Caller.Number, CallerName: c.Caller.Name,
		ConnectedNumber: c.Connected.Number, ConnectedName: c.Connected.Name,
		Context: c.Dialplan.Context, Exten: c.Dialplan.Exten,
		App: c.Dialplan.AppName, AppData: c.Dialplan.AppData,
	}
}

// handover reads who hands a call on:
// https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/Asterisk_REST_Interface/Asterisk_REST_Data_Models/#bridgeattendedtransfer
func (f *frame) handover(ev *cti.Event) {
	id := func(c *channel) (ch cti.Channel) {
		if c != nil {
			ch.ID, ch.Name = c.ID, c.Name
		}
		return ch
	}
	ev.Handover = cti.Handover{Kind: cti.Blind, Transferee: id(f.Transferee), Number: f.Exten}
	ev.Bridge = cti.Bridge{}
	if f.Type == "BridgeAttendedTransfer" {
		ev.Handover.Kind, ev.Handover.Consult, ev.Handover.Target = cti.Attended, id(f.SecondLeg), id(f.Target)
		ev.Channel = id(f.FirstLeg)
		return
	}
	ev.Channel = id(f.Channel)
}

// bridgeOf reads a bridge. A waiting room (BridgeWait) has the class of a
// conference and another technology.
func bridgeOf(b *ari.BridgeData) cti.Bridge {
	class := b.Class
	if b.Technology == "holding_bridge" && class != "parking" {
		class = "holding"
	}
	return cti.Bridge{ID: b.ID, Class: class, Channels: b.ChannelIDs}
}
