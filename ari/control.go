package ari

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ringcard/ari/ami"
	"ringcard/cti"
)

var _ cti.Controller = (*Client)(nil)

// silent is the gain by which a leg's sound is muted: VOLUME divides by it. A
// muted leg goes on to send frames of silence, which MuteAudio and ARI's mute
// do not; without frames nobody could be heard by whisper on the other leg.
const silent = "-32768"

// Can implements cti.Controller. Eavesdropping needs nothing but ARI, since a
// snoop leaves the call where it is; moving a leg of the dialplan needs AMI or
// the generated context, and changing its sound needs AMI.
func (c *Client) Can(a cti.Action) *cti.Error {
	switch a {
	case cti.ActListen, cti.ActWhisper, cti.ActBarge, cti.ActConference:
		return nil
	case cti.ActTransfer, cti.ActRedirect, cti.ActPickup, cti.ActPark, cti.ActDTMF:
		if c.ctl.context.Load() || c.ctl.up() {
			return nil
		}
		if c.ctl.ami == nil {
			return cti.Errorf(cti.CodeNeedsContext, "the PBX is not set up for this: it needs an AMI user, or the dialplan context %s of the generated configuration", cti.CommandContext)
		}
	default:
		if c.ctl.ami == nil {
			return cti.Errorf(cti.CodeNeedsAMI, "the PBX is not set up for this: it needs an AMI user (pbx[].ami)")
		}
		if c.ctl.up() {
			return nil
		}
	}
	return cti.Errorf(cti.CodeUnreachable, "the manager interface of the PBX is out of reach")
}

// Control implements cti.Controller. An answer of AMI is not believed where an
// effect can be seen:
//
//	hold, resume, mute, unmute  the mark set beside the gain is read back by ARI
//	                            (the gain itself cannot be read: VOLUME only takes)
//	hold, resume                the music's channel enters Stasis, is gone
//	transfer, complete, park    BridgeBlindTransfer, ChannelLeftBridge and
//	                            ChannelEnteredBridge of the legs
//	redirect, pickup            by the engine: the legs of the call
//	queues                      by cti.Queues: the queue is read again
//	dtmf                        not at all: Asterisk tells nothing of digits it
//	                            sent, its answer is the only proof
//
// All else is ARI alone, whose objects are waited for or read.
func (c *Client) Control(ctx context.Context, o cti.Order) (cti.Outcome, error) {
	out, err := c.carryOut(ctx, o)
	return out, controlError(err)
}

func (c *Client) carryOut(ctx context.Context, o cti.Order) (out cti.Outcome, err error) {
	switch o.Action {
	case cti.ActHold:
		err = c.hold(ctx, o)
	case cti.ActResume:
		err = c.resume(ctx, o)
	case cti.ActMute:
		err = c.gain(ctx, o.Own, silent)
	case cti.ActUnmute:
		err = c.gain(ctx, o.Own, "0")
	case cti.ActDTMF:
		err = c.dtmf(ctx, o)
	case cti.ActTransfer:
		err = c.transfer(ctx, o)
	case cti.ActRedirect:
		err = c.redirect(ctx, o.Other.Name, o.Target.Context, o.Target.Exten)
	case cti.ActPark:
		out.Slot, err = c.park(ctx, o)
	case cti.ActPickup:
		err = c.pickup(ctx, o)
	case cti.ActConsult:
		err = c.consult(ctx, o)
	case cti.ActComplete:
		err = c.complete(ctx, o)
	case cti.ActCancel:
		if err = c.Hangup(ctx, o.Third); err == nil {
			err = c.resume(ctx, o)
		}
	case cti.ActConference:
		err = c.conference(ctx, o)
	case cti.ActListen, cti.ActWhisper, cti.ActBarge:
		err = c.supervise(ctx, o)
	default:
		err = cti.Errorf(cti.CodeUnsupported, "unknown action %q", o.Action)
	}
	return out, err
}

// controlError puts the errors of both interfaces into the words of the domain.
func controlError(err error) error {
	var known *cti.Error
	var refused *ami.Refused
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.As(err, &refused):
		return &cti.Error{Code: cti.CodeRefused, Message: "the PBX refused: " + refused.Message, Err: err}
	case errors.Is(err, ami.ErrDown):
		return &cti.Error{Code: cti.CodeUnreachable, Message: "the manager interface of the PBX is out of reach", Err: err}
	}
	return refusal(err, cti.Originate{})
}

// gainMark is the variable that holds the gain last set on a channel.
const gainMark = "RINGCARD_RX"

// gain sets what is heard of a leg: silent, or 0 for as it comes.
func (c *Client) gain(ctx context.Context, leg cti.Leg, value string) error {
	for _, variable := range []string{"VOLUME(RX)", gainMark} {
		if _, err := c.ctl.do(ctx, "Setvar", "Channel", leg.Name, "Variable", variable, "Value", value); err != nil {
			return err
		}
	}
	mark, err := c.rest.Variable(ctx, leg.ID, gainMark)
	if err == nil && mark != value || notFound(err) {
		return noEffect()
	}
	return err
}

func holdID(leg string) string { return cti.ServicePrefix + "hold-" + leg }

// hold mutes both sides and plays music to the other. The legs stay in their
// bridge: whatever becomes of Ringcard, the call lasts.
func (c *Client) hold(ctx context.Context, o cti.Order) error {
	err := c.gain(ctx, o.Own, silent)
	if err == nil {
		err = c.quiet(ctx, o.Other)
	}
	if err != nil {
		return errors.Join(err, c.resume(context.WithoutCancel(ctx), o))
	}
	return nil
}

// quiet puts a leg where it hears music and nobody hears it.
func (c *Client) quiet(ctx context.Context, leg cti.Leg) error {
	if err := c.gain(ctx, leg, silent); err != nil {
		return err
	}
	here := c.ctl.expect(holdID(leg.ID))
	defer c.ctl.forget(holdID(leg.ID))
	if err := c.snoop(ctx, leg.ID, holdID(leg.ID), "none", "out"); err != nil {
		return err
	}
	if err := here.wait(ctx); err != nil {
		return err
	}
	_, err := c.rest.do(ctx, http.MethodPost, "/channels/"+url.PathEscape(holdID(leg.ID))+"/moh", nil, nil, nil)
	return err
}

// loud undoes quiet.
func (c *Client) loud(ctx context.Context, leg cti.Leg) error {
	err := c.Hangup(ctx, holdID(leg.ID))
	if err == nil {
		err = c.awaitGone(ctx, holdID(leg.ID)) // the next music has the same id
	}
	return errors.Join(err, c.gain(ctx, leg, "0"))
}

func (c *Client) snoop(ctx context.Context, leg, id, spy, whisper string) error {
	q := url.Values{"spy": {spy}, "whisper": {whisper}, "app": {c.cfg.App}, "snoopId": {id}}
	_, err := c.rest.do(ctx, http.MethodPost, "/channels/"+url.PathEscape(leg)+"/snoop", q, nil, nil)
	return err
}

// resume undoes hold, also one of an earlier run of Ringcard.
func (c *Client) resume(ctx context.Context, o cti.Order) error {
	own := "0"
	if o.Own.Muted {
		own = silent
	}
	return errors.Join(c.loud(ctx, o.Other), c.gain(ctx, o.Own, own))
}

// withoutHold frees the other leg while it goes elsewhere, and holds it again
// when it does not get there.
func (c *Client) withoutHold(ctx context.Context, o cti.Order, move func() error) error {
	if !o.Other.Held || !c.ctl.up() {
		return move()
	}
	err := c.loud(ctx, o.Other)
	if err == nil {
		err = move()
	}
	if err != nil {
		return errors.Join(err, c.quiet(context.WithoutCancel(ctx), o.Other))
	}
	return nil
}

// digitPause is the silence between two digits, without which receivers take
// them for one (ITU-T Q.24).
const digitPause = 80 * time.Millisecond

// dtmf sends the digits one after the other; the answer to each comes when it
// has gone out. That it has cannot be seen otherwise.
func (c *Client) dtmf(ctx context.Context, o cti.Order) error {
	if !c.ctl.up() {
		return c.command(ctx, "dtmf", map[string]string{"CTI_CHANNEL": o.Other.Name, "CTI_DIGITS": o.Digits})
	}
	for i, d := range o.Digits {
		if i > 0 {
			select {
			case <-time.After(digitPause):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if _, err := c.ctl.do(ctx, "PlayDTMF", "Channel", o.Other.Name, "Digit", string(d), "Duration", "120"); err != nil {
			return err
		}
	}
	return nil
}

// transfer is the blind one. AMI tells the parties and the records that it is
// one; a redirected caller just dials anew.
func (c *Client) transfer(ctx context.Context, o cti.Order) error {
	return c.withoutHold(ctx, o, func() error {
		if c.ctl.up() {
			return c.proved(ctx, c.ctl.sight("BridgeBlindTransfer", o.Own.ID, nil), func() error {
				_, err := c.ctl.do(ctx, "BlindTransfer", "Channel", o.Own.Name, "Context", o.Target.Context, "Exten", o.Target.Exten)
				return err
			})
		}
		began := now()
		err := c.proved(ctx, c.ctl.sight("ChannelLeftBridge", o.Other.ID, nil), func() error {
			return c.redirect(ctx, o.Other.Name, o.Target.Context, o.Target.Exten)
		})
		if err == nil {
			c.tell(o, began, cti.Handover{Kind: cti.Blind, Transferee: channelOf(o.Other), Number: o.Target.Exten})
		}
		return err
	})
}

// proved gives a command and waits until its effect is seen.
func (c *Client) proved(ctx context.Context, effect *sighting, give func() error) error {
	defer c.ctl.unsee(effect)
	if err := give(); err != nil {
		return err
	}
	return effect.wait(ctx)
}

// redirect sends a channel to another place of the dialplan.
func (c *Client) redirect(ctx context.Context, channel, dialplan, exten string) error {
	if c.ctl.up() {
		_, err := c.ctl.do(ctx, "Redirect", "Channel", channel, "Context", dialplan, "Exten", exten, "Priority", "1")
		return err
	}
	return c.command(ctx, "redirect", map[string]string{"CTI_CHANNEL": channel, "CTI_CONTEXT": dialplan, "CTI_EXTEN": exten})
}

// park waits until the other leg is in the lot, and for the event that names
// the slot. The user's own leg is left alone in its bridge by Park, so it is
// ended.
func (c *Client) park(ctx context.Context, o cti.Order) (slot string, err error) {
	err = c.withoutHold(ctx, o, func() error {
		if !c.ctl.up() {
			return c.command(ctx, "redirect", map[string]string{"CTI_CHANNEL": o.Other.Name, "CTI_CONTEXT": cti.CommandContext, "CTI_EXTEN": "park"})
		}
		parked := c.ctl.listen(func(m ami.Message) bool {
			return m.Get("Event") == "ParkedCall" && m.Get("ParkeeUniqueid") == o.Other.ID
		})
		defer parked.stop()
		err := c.proved(ctx, c.ctl.sight("ChannelEnteredBridge", o.Other.ID, nil), func() error {
			_, err := c.ctl.do(ctx, "Park", "Channel", o.Other.Name, "TimeoutChannel", o.Own.Name)
			return err
		})
		if err != nil {
			return err
		}
		if m, err := within(ctx, parked.found, nil); err == nil {
			slot = m.Get("ParkingSpace")
		} else {
			c.log.Warn("the manager interface does not tell the slot of a parked call: its user needs read = call", "channel", o.Other.ID)
		}
		return c.Hangup(ctx, o.Own.ID)
	})
	return slot, err
}

// pickup rings the user's telephone; when it is answered it takes the call.
// What is parked is sent to his extension.
func (c *Client) pickup(ctx context.Context, o cti.Order) error {
	if o.Own.State != cti.LegRinging {
		return c.redirect(ctx, o.Other.Name, o.Target.Context, o.Target.Exten)
	}
	seconds := strconv.Itoa(int(o.Timeout.Seconds()))
	if !c.ctl.context.Load() {
		_, err := c.ctl.do(ctx, "Originate", "Channel", o.Device, "Application", "PickupChan", "Data", o.Own.Name,
			"Timeout", seconds+"000", "ChannelId", o.NewID, "Async", "true")
		return err
	}
	q := url.Values{"endpoint": {o.Device}, "context": {cti.CommandContext}, "extension": {"pickup"}, "priority": {"1"},
		"timeout": {seconds}, "channelId": {o.NewID}}
	body := map[string]map[string]string{"variables": {"CTI_CHANNEL": o.Own.Name}}
	_, err := c.rest.do(ctx, http.MethodPost, "/channels", q, body, nil)
	return refusal(err, cti.Originate{Endpoint: o.Device})
}

// command runs an extension of the generated context by a Local channel.
func (c *Client) command(ctx context.Context, exten string, vars map[string]string) error {
	id := c.ctl.id("cmd")
	q := url.Values{"endpoint": {"Local/" + exten + "@" + cti.CommandContext + "/n"}, "app": {c.cfg.App},
		"channelId": {id + "-1"}, "otherChannelId": {id + "-2"}, "timeout": {"5"}}
	_, err := c.rest.do(ctx, http.MethodPost, "/channels", q, map[string]map[string]string{"variables": vars}, nil)
	return err
}

// CommandDialplan is the context by which calls are controlled where there is
// no AMI: text for extensions.conf.
func CommandDialplan() string {
	return strings.ReplaceAll(`[cti-cmd]
; Ringcard sends calls on by these extensions. No telephone may include them.
exten => redirect,1,ChannelRedirect(${CTI_CHANNEL},${CTI_CONTEXT},${CTI_EXTEN},1)
 same => n,Hangup()
exten => park,1,Park(,s)
 same => n,Hangup()
exten => pickup,1,PickupChan(${CTI_CHANNEL})
 same => n,Hangup()
exten => login,1,AddQueueMember(${CTI_QUEUE},${CTI_DEVICE},,,${CTI_NAME})
 same => n,Hangup()
exten => logout,1,RemoveQueueMember(${CTI_QUEUE},${CTI_DEVICE})
 same => n,Hangup()
exten => dtmf,1,SendDTMF(${CTI_DIGITS},,,${CTI_CHANNEL})
 same => n,Hangup()
`, "[cti-cmd]", "["+cti.CommandContext+"]")
}

// tell gives the engine a transfer of which Asterisk has no event, and when it
// was ordered.
func (c *Client) tell(o cti.Order, at time.Time, h cti.Handover) {
	c.opt.Sink.Post(cti.Event{Kind: cti.Transferred, At: at, Channel: channelOf(o.Own), Handover: h})
}

func channelOf(l cti.Leg) cti.Channel { return cti.Channel{ID: l.ID, Name: l.Name} }
