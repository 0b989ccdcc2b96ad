package cti

import "time"

// The functions of this file are called with the engine's turn.

// place puts a call on the board before its channel exists: progress is shown
// from the click on.
func (e *Engine) place(c Call, now time.Time) {
	lv := e.board.open(c.ID)
	e.board.byChannel[c.ID] = lv
	c.Version = 1
	lv.call, lv.placedAt = c, now
	lv.trace.add(now, "dial", "name", c.PlacedBy.Name, "number", c.Number.Display, "device", c.PlacedBy.Device)
	if c.Client == nil && c.Number.Kind == External && c.Number.E164 != "" {
		lv.call.Lookup = LookupPending
	}
	placed := e.showAndSave(lv, now)
	e.placed(placed)
	if placed.Lookup == LookupPending {
		e.lookUp(c.ID, c.Number.E164)
	}
}

// placed tells of a call before its order goes out.
func (e *Engine) placed(c Call) {
	if f := e.opt.Placed; f != nil {
		f(c)
	}
}

// refused ends a placed call that the PBX did not accept (CK-07).
func (e *Engine) refused(callID, why string) {
	if lv := e.board.calls[callID]; lv != nil {
		e.fail(lv, e.opt.Now(), why)
	}
}

// hangupTarget picks the channel whose end ends the call: the user's own leg,
// or the client's for one who controls all calls.
func (e *Engine) hangupTarget(callID string, userID int64, now time.Time) string {
	lv := e.board.calls[callID]
	if lv == nil || lv.call.State == Ended {
		return ""
	}
	target := ""
	for i := range lv.call.Legs {
		l := &lv.call.Legs[i]
		if l.State == LegEnded || l.Role == ServiceLeg {
			continue
		}
		if l.UserID == userID && l.Role == OfficeLeg {
			target = l.ID
			break
		}
		if target == "" || l.Role == ClientLeg {
			target = l.ID
		}
	}
	if target == "" && !lv.placedAt.IsZero() {
		target = callID // the channel bears the id of the call
	}
	if lv.call.EndedBy == "" {
		lv.call.EndedBy = "office"
	}
	if lv.hangups == nil {
		lv.hangups = make(map[string]time.Time)
	}
	lv.hangups[target] = now
	lv.trace.add(now, "hangup")
	e.publish(lv)
	return target
}

// hangupFailed forgets a hang-up that the PBX did not take.
func (e *Engine) hangupFailed(callID, channel string) {
	if lv := e.board.calls[callID]; lv != nil {
		delete(lv.hangups, channel)
		if lv.call.State != Ended {
			lv.call.EndedBy = ""
		}
	}
}

// choose sets the client of a call and keeps the choice in its record.
func (e *Engine) choose(callID string, card *Client, now time.Time) {
	lv := e.board.calls[callID]
	if lv == nil || card == nil {
		return
	}
	lv.asGood = nil
	lv.call.Client, lv.call.Lookup, lv.call.LookupAsOf = card, LookupFound, nil
	lv.call.Version++
	lv.trace.add(now, "client_chosen", "name", card.Name)
	e.showAndSave(lv, now)
}
