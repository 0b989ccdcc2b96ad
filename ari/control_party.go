package ari

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"ringcard/cti"
)

// party is somebody who joins a talk from outside its bridge: his channel is
// in a bridge of ours with a snoop on one leg of the talk. The talk itself is
// not touched, so it outlasts Ringcard.
//
//	client ══ bridge of the dialplan ══ leg ┈ snoop ══ our bridge ══ party
//
// What the snoop hears (spy) and to whom it speaks (whisper) makes it a
// consultation (in, out), a conference or barge-in (both, both), a whisper
// (both, out) or listening (both, none).
type party struct {
	channel, bridge, leg string

	mu           sync.Mutex
	spy, whisper string
	snoop        *arrival // nil until the party has answered
	released     bool     // the channel goes on without us
	changed      chan struct{}
}

// consult puts the other side on hold and calls the third party.
func (c *Client) consult(ctx context.Context, o cti.Order) error {
	if !o.Other.Held {
		if err := c.hold(ctx, o); err != nil {
			return err
		}
	}
	p := &party{channel: o.NewID, leg: o.Own.ID, spy: "in", whisper: "out"}
	if err := c.invite(ctx, p, c.thirdParty(o)); err != nil {
		return errors.Join(err, c.resume(context.WithoutCancel(ctx), o))
	}
	return nil
}

// conference lets a consulted party talk with both, or calls one in.
func (c *Client) conference(ctx context.Context, o cti.Order) error {
	if o.Third == "" {
		p := &party{channel: o.NewID, leg: o.Own.ID, spy: "both", whisper: "both"}
		return c.invite(ctx, p, c.thirdParty(o))
	}
	p := c.ctl.party(o.Third)
	if p == nil {
		return cti.Errorf(cti.CodeNoConsultation, "the consultation is over")
	}
	err := c.remix(ctx, p, "both", "both")
	if err == nil {
		err = c.resume(ctx, o)
	}
	if err != nil { // the consultation goes on
		return errors.Join(err, c.remix(context.WithoutCancel(ctx), p, "in", "out"))
	}
	return nil
}

// complete bridges the other side with the third party; the user's leg ends
// with the bridge it is left in.
func (c *Client) complete(ctx context.Context, o cti.Order) error {
	var third channel
	if _, err := c.rest.do(ctx, http.MethodGet, "/channels/"+url.PathEscape(o.Third), nil, nil, &third); err != nil {
		return err
	}
	p := c.ctl.party(o.Third)
	if p != nil {
		p.release(true)
	}
	began := now()
	err := c.withoutHold(ctx, o, func() error {
		met := c.ctl.sight("ChannelEnteredBridge", o.Third, func(bridge string) bool { return !strings.HasPrefix(bridge, cti.ServicePrefix) })
		return c.proved(ctx, met, func() error {
			_, err := c.ctl.do(ctx, "Bridge", "Channel1", o.Other.Name, "Channel2", third.Name)
			return err
		})
	})
	if err != nil {
		if p != nil {
			p.release(false)
		}
		return err
	}
	c.tell(o, began, cti.Handover{Kind: cti.Attended, Transferee: channelOf(o.Other), Target: cti.Channel{ID: o.Third, Name: third.Name}})
	return nil
}

// supervise lets a supervisor into a call, or changes what he may do there.
func (c *Client) supervise(ctx context.Context, o cti.Order) error {
	id := cti.ServicePrefix + "sup-" + o.Own.ID + "-" + strconv.FormatInt(o.User, 10)
	whisper := map[cti.Action]string{cti.ActListen: "none", cti.ActWhisper: "out", cti.ActBarge: "both"}[o.Action]
	if p := c.ctl.party(id); p != nil {
		return c.remix(ctx, p, "both", whisper)
	}
	p := &party{channel: id, leg: o.Own.ID, spy: "both", whisper: whisper}
	return c.invite(ctx, p, url.Values{"endpoint": {o.Device}, "timeout": {seconds(o.Timeout)}})
}

// thirdParty is how the party of an order is called: an office telephone
// itself, anything else through the dialplan.
func (c *Client) thirdParty(o cti.Order) url.Values {
	q := url.Values{"endpoint": {o.Target.Endpoint}, "timeout": {seconds(o.Timeout)}}
	if o.Target.Endpoint == "" {
		q.Set("endpoint", "Local/"+o.Target.Exten+"@"+o.Target.Context+"/n")
	}
	if o.Target.FromNumber != "" {
		name := strings.Map(func(r rune) rune {
			if r == '"' || r == '\\' || r < ' ' {
				return -1
			}
			return r
		}, o.Target.From.Name)
		q.Set("callerId", `"`+name+`" <`+o.Target.FromNumber+`>`)
	}
	return q
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// invite calls a party. It returns when the PBX has the order; the rest goes
// on beside it until the party or the leg is gone.
func (c *Client) invite(ctx context.Context, p *party, call url.Values) error {
	p.bridge, p.changed = c.ctl.id("mix"), make(chan struct{}, 1)
	here := c.ctl.expect(p.channel)
	call.Set("app", c.cfg.App)
	call.Set("channelId", p.channel)
	if _, err := c.rest.do(ctx, http.MethodPost, "/channels", call, nil, nil); err != nil {
		c.ctl.forget(p.channel)
		return refusal(err, cti.Originate{Endpoint: call.Get("endpoint")})
	}
	c.ctl.add(p)
	started := c.ctl.run(func(ctx context.Context) {
		defer c.ctl.remove(p)
		defer c.ctl.forget(p.channel)
		if err := c.attend(ctx, p, here); err != nil && ctx.Err() == nil {
			c.log.Warn("a party could not be joined to the talk", "channel", p.channel, "leg", p.leg, "err", err)
		}
	})
	if !started {
		return errors.Join(cti.Errorf(cti.CodeUnreachable, "the server is stopping"), c.Hangup(ctx, p.channel))
	}
	return nil
}

// attend joins a party when it has answered, and cleans up when it or the leg
// is gone.
func (c *Client) attend(ctx context.Context, p *party, here *arrival) error {
	select {
	case <-here.here:
	case <-here.gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	err := c.join(ctx, p)
	for err == nil {
		p.mu.Lock()
		snoop := p.snoop
		p.mu.Unlock()
		select {
		case <-p.changed:
			continue
		case <-here.gone:
		case <-snoop.gone:
			if p.current() != snoop {
				continue
			}
		case <-ctx.Done():
			return ctx.Err() // the talk goes on without us
		}
		break
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restTimeout)
	defer cancel()
	p.mu.Lock()
	snoop, released := p.snoop, p.released
	p.mu.Unlock()
	if !released {
		err = errors.Join(err, c.Hangup(ctx, p.channel))
	}
	if snoop != nil {
		err = errors.Join(err, c.Hangup(ctx, snoop.id))
		c.ctl.forget(snoop.id)
	}
	_, derr := c.rest.do(ctx, http.MethodDelete, "/bridges/"+url.PathEscape(p.bridge), nil, nil, nil)
	return errors.Join(err, ignoreGone(derr))
}

// join puts the party and a snoop into one bridge.
func (c *Client) join(ctx context.Context, p *party) error {
	q := url.Values{"type": {"mixing"}, "bridgeId": {p.bridge}}
	if _, err := c.rest.do(ctx, http.MethodPost, "/bridges", q, nil, nil); err != nil {
		return err
	}
	if err := c.enter(ctx, p.bridge, p.channel); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return c.listenIn(ctx, p)
}

// listenIn replaces the party's snoop. p.mu is held.
func (c *Client) listenIn(ctx context.Context, p *party) error {
	id := c.ctl.id("snoop")
	here := c.ctl.expect(id)
	if err := c.snoop(ctx, p.leg, id, p.spy, p.whisper); err != nil {
		c.ctl.forget(id)
		return err
	}
	old := p.snoop
	p.snoop = here
	select {
	case p.changed <- struct{}{}:
	default:
	}
	err := here.wait(ctx)
	if err == nil {
		err = c.enter(ctx, p.bridge, id)
	}
	if old != nil {
		err = errors.Join(err, c.Hangup(ctx, old.id))
		c.ctl.forget(old.id)
	}
	return err
}

func (c *Client) enter(ctx context.Context, bridge, channel string) error {
	_, err := c.rest.do(ctx, http.MethodPost, "/bridges/"+url.PathEscape(bridge)+"/addChannel", url.Values{"channel": {channel}}, nil, nil)
	return err
}

// remix changes what a party hears and who hears it. One that has not answered
// yet begins with it.
func (c *Client) remix(ctx context.Context, p *party, spy, whisper string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spy == spy && p.whisper == whisper {
		return nil
	}
	p.spy, p.whisper = spy, whisper
	if p.snoop == nil {
		return nil
	}
	return c.listenIn(ctx, p)
}

func (p *party) current() *arrival {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.snoop
}

// release says whether the channel is to live on when the snoop ends.
func (p *party) release(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.released = on
}
