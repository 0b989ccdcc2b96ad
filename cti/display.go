package cti

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	displayWorkers = 4
	displayQueue   = 256             // names waiting for a worker
	displayTimeout = 2 * time.Second // then the telephone was answered or has stopped ringing
)

// DisplayPBX is a PBX that can change the display of a telephone while it
// rings (LU-06). It is an optional part of a PBX, found by type assertion.
type DisplayPBX interface {
	// ShowName puts a name in the place of the caller's on the telephone behind
	// a channel that rings; the number stays. nil: the PBX took the order. Safe
	// for concurrent use; errors are *Error: CodeNeedsAMI where the PBX has no
	// way, CodeNotFound where the channel has ended.
	ShowName(ctx context.Context, channelID, name string) error
}

// displays sends names to telephones, beside the engine and never in its way.
type displays struct {
	pbx    DisplayPBX
	name   func(Match) string
	log    *slog.Logger
	asks   chan displayAsk
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

type displayAsk struct{ callID, channelID, name string }

// newDisplays returns nil where names are not to be shown, or cannot be.
func newDisplays(pbx PBX, name func(Match) string, log *slog.Logger) *displays {
	shows, ok := pbx.(DisplayPBX)
	if !ok || name == nil {
		return nil
	}
	d := &displays{pbx: shows, name: name, log: log, asks: make(chan displayAsk, displayQueue)}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

func (d *displays) start() {
	if d == nil {
		return
	}
	for range displayWorkers {
		d.wg.Go(d.work)
	}
}

func (d *displays) stop() {
	if d == nil {
		return
	}
	d.cancel()
	d.wg.Wait()
}

func (d *displays) work() {
	for {
		select {
		case a := <-d.asks:
			d.show(a)
		case <-d.ctx.Done():
			return
		}
	}
}

func (d *displays) show(a displayAsk) {
	ctx, cancel := context.WithTimeout(d.ctx, displayTimeout)
	defer cancel()
	err := d.pbx.ShowName(ctx, a.channelID, a.name)
	var known *Error
	if err == nil || errors.As(err, &known) && known.Code == CodeNotFound {
		return
	}
	d.log.Warn("the name is not on the telephone's display", "call", a.callID, "channel", a.channelID, "err", err)
}

// nameDisplays orders the client's name for each telephone that rings and has
// not got it: now, in the next round of a queue, after a transfer.
func (e *Engine) nameDisplays(lv *live, now time.Time) {
	c := &lv.call
	if e.displays == nil || c.Direction != Inbound || len(c.Matches) == 0 {
		return
	}
	name := e.displays.name(c.Matches[0])
	for i := range c.Legs {
		l := &c.Legs[i]
		if name == "" || l.Role != OfficeLeg || l.State != LegRinging || lv.named[l.ID] == name {
			continue
		}
		if lv.named == nil {
			lv.named = make(map[string]string)
		}
		lv.named[l.ID] = name
		select {
		case e.displays.asks <- displayAsk{c.ID, l.ID, name}:
			lv.trace.add(now, "name_sent", "name", name, "device", l.Endpoint)
		default:
			e.log.Warn("too many names wait for the PBX; this one is not shown", "call", c.ID)
		}
	}
}
