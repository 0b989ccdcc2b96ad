package cti

import (
	"cmp"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// tellPickup keeps whose telephone rang among those who get the message that a
// colleague took the call: some versions of Asterisk end his channel before.
func (lv *live) tellPickup(before, after *Call) {
	for i := range after.Transfers {
		tr := &after.Transfers[i]
		known := i < len(before.Transfers) && before.Transfers[i].From != nil
		if tr.Kind == Pickup && tr.From != nil && tr.From.UserID != 0 && !known && !slices.Contains(lv.audience, tr.From.UserID) {
			lv.audience = append(slices.Clone(lv.audience), tr.From.UserID)
		}
	}
}

// note writes the decisions of a transition into the call's trace.
func (e *Engine) note(lv *live, before, after *Call, at time.Time) {
	if before.Direction == "" && after.Direction != "" {
		lv.trace.add(at, "call_started", "direction", string(after.Direction), "number", after.Number.Display, "kind", string(after.Number.Kind))
	}
	if len(after.Ringing) > len(before.Ringing) {
		p := after.Ringing[len(after.Ringing)-1]
		lv.trace.add(at, "device_rings", "name", p.Name, "device", p.Device)
		if p.UserID == 0 {
			lv.trace.told(Recipient{Name: p.Name, Code: "device_of_nobody", Params: map[string]string{"device": p.Device}})
		}
	}
	if before.AnsweredAt == nil && after.AnsweredAt != nil {
		if after.AnsweredBy != nil {
			lv.trace.add(at, "answered", "name", after.AnsweredBy.Name)
		} else {
			lv.trace.add(at, "answered_outside")
		}
	}
	for i := range after.Transfers {
		tr := &after.Transfers[i]
		if tr.To != nil && (i >= len(before.Transfers) || before.Transfers[i].ToLeg != tr.ToLeg) || tr.Kind == Conference && i >= len(before.Transfers) {
			lv.trace.add(at, "transferred", "kind", string(tr.Kind), "by", nameOf(tr.By), "from", nameOf(tr.From), "to", cmp.Or(nameOf(tr.To), tr.Number))
		}
	}
	if before.State != Ended && after.State == Ended {
		lv.trace.add(at, "ended", "disposition", string(after.Disposition), "cause", strconv.Itoa(after.Cause), "by", after.EndedBy)
	}
}

func nameOf(p *Party) string {
	if p == nil {
		return ""
	}
	return p.Name
}

// concerned are the users whose telephones ring or are in the call, and who
// placed it: nobody else ever gets it (PU-01).
func concerned(c *Call) []int64 {
	var ids []int64
	add := func(id int64) {
		if id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	placerGone := false
	for i := range c.Legs {
		l := &c.Legs[i]
		if l.Role == OfficeLeg && (l.State == LegRinging || l.State == LegUp) {
			add(l.UserID)
		}
		placerGone = placerGone || c.PlacedBy != nil && l.UserID == c.PlacedBy.UserID && l.State == LegEnded
	}
	if c.PlacedBy != nil && !placerGone {
		add(c.PlacedBy.UserID)
	}
	return ids
}

// show sends the call to everybody concerned and, once more, to those who no
// longer are: their pop closes.
func (e *Engine) show(lv *live, since time.Time) Call { return e.tell(lv, since, false) }

// showAndSave does it, and hands the call to the recorder.
func (e *Engine) showAndSave(lv *live, since time.Time) Call { return e.tell(lv, since, true) }

func (e *Engine) tell(lv *live, since time.Time, save bool) Call {
	if lv.call.Direction == "" {
		return wire(lv.call) // a channel alone: nothing is known yet to be told
	}
	now := concerned(&lv.call)
	lv.prefer(now)
	if between := lv.call.AnsweredAt != nil && len(lv.call.Talking) == 0; len(now) == 0 || between {
		now = union(now, lv.audience) // the last ones see how it ends, or who has it next
	}
	to := union(now, lv.audience)
	for _, id := range now {
		if !slices.Contains(lv.audience, id) {
			lv.trace.told(Recipient{UserID: id, Name: userName(&lv.call, id), Got: true, Code: reason(&lv.call, id)})
		}
	}
	lv.audience = now
	c := e.publish(lv) // before the screens, as save: a user may act on what he sees at once
	if save {
		e.save(c)
	}
	if len(to) > 0 {
		e.opt.Screens.ShowCall(to, c)
		runtime.Gosched() // what was shown goes out before what follows from it
		if f := e.opt.Metrics.Shown; f != nil {
			f(e.opt.Now().Sub(since))
		}
	}
	return c
}

func union(a, b []int64) []int64 {
	out := slices.Clone(a)
	for _, id := range b {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func userName(c *Call, id int64) string {
	for i := range c.Legs {
		if c.Legs[i].UserID == id {
			return c.Legs[i].UserName
		}
	}
	if c.PlacedBy != nil && c.PlacedBy.UserID == id {
		return c.PlacedBy.Name
	}
	return ""
}

func reason(c *Call, id int64) string {
	switch {
	case slices.ContainsFunc(c.Ringing, func(p Party) bool { return p.UserID == id }):
		return "device_rings"
	case c.PlacedBy != nil && c.PlacedBy.UserID == id:
		return "placed"
	}
	return "in_call"
}

// wire is the form that leaves the engine: lists are never null, and the
// channels of the PBX's own plumbing are left out of the tree of legs.
func wire(c Call) Call {
	legs := make([]Leg, 0, len(c.Legs))
	for _, l := range c.Legs {
		if l.Role != ServiceLeg {
			l.DialedBy = dialer(c.Legs, l.DialedBy)
			legs = append(legs, l)
		}
	}
	c.Legs = legs
	if c.Matches == nil {
		c.Matches = []Match{}
	}
	if c.Ringing == nil {
		c.Ringing = []Party{}
	}
	if c.Talking == nil {
		c.Talking = []Party{}
	}
	if c.Transfers == nil {
		c.Transfers = []Transfer{}
	}
	return c
}

// dialer finds the real leg behind the Local channels that dialled: who dials
// half ;1 is behind all that half ;2 dials. A Local channel that nobody dialled
// belongs to who talks through it: the feature of an attended transfer.
func dialer(legs []Leg, id string) string {
	for range legs {
		i := slices.IndexFunc(legs, func(l Leg) bool { return l.ID == id })
		if i < 0 || legs[i].Role != ServiceLeg {
			return id
		}
		id = legs[i].DialedBy
		base, local := localPair(legs[i].Name)
		if j := slices.IndexFunc(legs, func(l Leg) bool { return l.Name == base+";1" }); id == "" && local && j >= 0 {
			id = cmp.Or(legs[j].DialedBy, legs[j].Through)
		}
	}
	return ""
}

// publish replaces the copy that readers of other goroutines see, and returns
// it. What it shares with the trace is only ever appended to.
func (e *Engine) publish(lv *live) Call {
	p := published{call: wire(lv.call), audience: lv.audience, steps: lv.trace.why()}
	e.mu.Lock()
	e.view[lv.call.ID] = p
	e.mu.Unlock()
	e.observe(p.call)
	return p.call
}

// save hands a published call to the recorder.
func (e *Engine) save(c Call) {
	if c.Direction == "" {
		return
	}
	if c.State == Ended {
		if p, ok := e.get(c.ID); ok {
			c.Why = &p.steps
		}
	}
	e.opt.Recorder.Put(c)
}
