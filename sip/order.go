package sip

import (
	"crypto/rand"
	"time"

	"ringcard/cti"
)

// order is a click-to-call as the tracker sees it: what our own call to the
// telephone and the REFER tell. The state of the extension only tells its end.
type order struct {
	id       string // of the call and of its own channel
	ext      *extension
	number   string // dialled
	own      cti.Channel
	client   cti.Channel
	inUse    bool // the state of the extension has shown our call
	referred bool
	met      bool
}

// expecting is told before the PBX is asked to call: the state of the telephone
// may be read before the answer to us.
func (t *tracker) expecting(o *order) {
	if o.ext.order == nil {
		o.ext.order = o
	}
}

// ordered opens the call's own leg.
func (t *tracker) ordered(o *order, at time.Time) {
	o.own = cti.Channel{ID: o.id, Name: o.ext.endpoint + "-" + rand.Text(), State: "Down", LinkedID: o.id,
		CallerNumber: o.ext.number, Exten: o.number, Created: at, Inferred: true}
	t.orders[o.id], o.ext.order = o, o
	t.post(cti.Event{Kind: cti.ChannelCreated, At: at, Channel: o.own})
}

// ownState: the own telephone rings ("Ringing") or is picked up ("Up").
func (t *tracker) ownState(o *order, state string, at time.Time) {
	if t.orders[o.id] != o || o.own.State == state {
		return
	}
	o.own.State = state
	t.post(cti.Event{Kind: cti.ChannelChanged, At: at, Channel: o.own})
}

// accepted: the PBX now calls the number.
func (t *tracker) accepted(o *order, at time.Time) {
	if t.orders[o.id] != o || o.referred {
		return
	}
	o.referred = true
	o.client = cti.Channel{ID: newID(), Name: OutsideEndpoint + "-" + rand.Text(), State: "Down", LinkedID: o.id,
		CallerNumber: o.number, Created: at, Inferred: true}
	if other := t.exts[o.number]; other != nil {
		o.client.Name = other.endpoint + "-" + rand.Text()
	}
	t.post(cti.Event{Kind: cti.Dialed, At: at, Channel: o.own, Peer: o.client})
}

// progress is what the PBX reports of the call to the number.
func (t *tracker) progress(o *order, f fragment, at time.Time) {
	if t.orders[o.id] != o || o.client.ID == "" || o.met {
		return
	}
	switch {
	case f.Status == 100:
	case f.Status < 200:
		o.client.State = "Ringing"
		t.post(cti.Event{Kind: cti.Dialed, At: at, Channel: o.own, Peer: o.client, Dial: "RINGING"})
	case f.Status < 300:
		o.met, o.client.State = true, "Up"
		bridge := cti.Bridge{ID: o.id, Class: "basic", Channels: []string{o.own.ID}}
		t.post(cti.Event{Kind: cti.BridgeEntered, At: at, Channel: o.own, Bridge: bridge})
		bridge.Channels = []string{o.own.ID, o.client.ID}
		t.post(cti.Event{Kind: cti.ChannelChanged, At: at, Channel: o.client})
		t.post(cti.Event{Kind: cti.BridgeEntered, At: at, Channel: o.client, Bridge: bridge})
	default:
		dial, cause, status := "CONGESTION", causeOf(f.Status), f.Status
		switch {
		case f.Status == 486 || f.Status == 600:
			dial = "BUSY"
		case f.Status == 503 && o.client.State == "Ringing":
			// Asterisk's word for whatever came after the ringing.
			dial, cause, status = "NOANSWER", 18, 0
		}
		t.post(cti.Event{Kind: cti.Dialed, At: at, Channel: o.own, Peer: o.client, Dial: dial})
		t.post(cti.Event{Kind: cti.ChannelGone, At: at, Channel: o.client, Cause: cause, TechCause: status})
		o.client = cti.Channel{}
	}
}

// failed ends the order: the own telephone did not take the call, or the PBX
// did not go on with it. status is the SIP status, 487 when we gave up.
func (t *tracker) failed(o *order, status int, at time.Time) { t.over(o, causeOf(status), status, at) }

func (t *tracker) over(o *order, cause, status int, at time.Time) {
	if o.ext.order == o {
		o.ext.order = nil
	}
	if t.orders[o.id] != o {
		return // the PBX did not take it
	}
	delete(t.orders, o.id)
	if o.client.ID != "" {
		t.post(cti.Event{Kind: cti.ChannelGone, At: at, Channel: o.client, Cause: cause})
	}
	t.post(cti.Event{Kind: cti.ChannelGone, At: at, Channel: o.own, Cause: cause, TechCause: status})
}

// orderStep takes a state of an extension that we have called, and reports
// whether it was about our call.
func (t *tracker) orderStep(e *extension, d dialogState, at time.Time) bool {
	o := e.order
	switch d.Phase {
	case confirmed, early, trying:
		o.inUse = true
		return true
	}
	if !o.inUse {
		return true // told before our call began
	}
	if o.own.State == "Up" {
		t.over(o, 16, 0, at)
		return true
	}
	return true // our own transaction tells how it ended
}
