package arisim

import (
	"strconv"
	"time"
)

const (
	// announcement is how long who parks a call is told the slot.
	announcement = 1500 * time.Millisecond
	// parkLimit is when a call nobody fetches returns to who parked it.
	parkLimit = 45 * time.Second
	// fetchAfter is from the PBX's answer to the bridge with the parked call.
	fetchAfter = 20 * time.Millisecond
)

// parked is a call in the parking lot.
type parked struct {
	ch *channel
	by *Phone // nil: not an office telephone
	up *timer
}

// park takes a channel from its bridge into the parking lot and returns the
// slot; 0 if all are taken.
func (s *Sim) park(c, by *channel) int {
	slot := firstSlot
	for s.lot[slot] != nil {
		slot++
	}
	if slot > lastSlot {
		return 0
	}
	if s.parking == nil {
		s.parking = s.newBridge(bridge{kind: "holding", class: parking, technology: "holding_bridge", creator: "Parking", name: "default"})
	}
	p := &parked{ch: c, by: by.phone}
	s.lot[slot] = p
	s.leave(c)
	s.enter(s.parking, c)
	s.cancel(c.will)
	s.event("ParkedCall", "ParkeeChannel", c.name, "ParkeeUniqueid", c.id, "ParkerDialString", by.endpoint,
		"Parkinglot", "default", "ParkingSpace", strconv.Itoa(slot))
	p.up = s.after(parkLimit, func() { s.comeBack(slot) })
	return slot
}

// announce tells who parked a call its slot and then ends his part of it.
func (s *Sim) announce(c *channel) {
	s.cancel(c.will)
	c.will = s.after(announcement, func() { s.quit(c) })
}

// unpark takes what is in a slot out of the parking lot; nil if nothing is.
func (s *Sim) unpark(slot int) *parked {
	p := s.lot[slot]
	if p == nil || p.ch.bridge != s.parking {
		delete(s.lot, slot) // it has hung up
		return nil
	}
	delete(s.lot, slot)
	s.cancel(p.up)
	return p
}

// comeBack sends a parked call to who parked it.
func (s *Sim) comeBack(slot int) {
	p := s.unpark(slot)
	if p == nil {
		return
	}
	s.leave(p.ch)
	exten := ""
	if p.by != nil {
		exten = p.by.Number
	}
	s.restart(p.ch, officeContext, exten)
}

// fetch connects a caller with a parked call.
func (r *run) fetch(exten string) {
	s := r.sim
	s.execute(r.caller, "ParkedCall", "default,"+exten)
	r.answer()
	r.timeout = s.after(fetchAfter, func() {
		slot, err := strconv.Atoi(exten)
		p := s.unpark(slot)
		if err != nil || p == nil {
			r.over(16, 0)
			return
		}
		b := s.newBridge(bridge{})
		s.leave(p.ch)
		s.enter(b, p.ch)
		s.enter(b, r.caller)
		s.connect(p.ch, r.caller.caller)
		s.connect(r.caller, p.ch.caller)
		s.began(p.ch)
		s.talks(p.ch)
	})
}
