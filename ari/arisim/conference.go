package arisim

import "time"

// admitAfter is from the PBX's answer to the room.
const admitAfter = 20 * time.Millisecond

// confer puts the caller into a conference, which is there from its first
// member to its last.
func (r *run) confer(number string) {
	s, up := r.sim, r.caller.state == "Up"
	s.execute(r.caller, "ConfBridge", number)
	r.answer()
	enter := func() { s.enter(s.room(number), r.caller) }
	if up {
		enter()
		return
	}
	r.timeout = s.after(admitAfter, enter)
}

// room finds or makes the bridge of a conference.
func (s *Sim) room(number string) *bridge {
	for _, b := range s.bridges {
		if b.class == base && b.name == number {
			return b
		}
	}
	return s.newBridge(bridge{kind: "mixing", class: base, technology: "softmix", creator: "ConfBridge", name: number})
}
