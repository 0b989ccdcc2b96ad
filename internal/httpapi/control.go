package httpapi

import (
	"context"
	"net/http"
	"slices"

	"ringcard/crm"
	"ringcard/cti"
)

// controlPlain are the actions that take no more than the call, with the
// operation's name and summary.
var controlPlain = []struct {
	action      cti.Action
	id, summary string
}{
	{cti.ActHold, "hold", "Put the other party on hold, with music"},
	{cti.ActResume, "resume", "Take the other party off hold"},
	{cti.ActMute, "mute", "Switch the own microphone off"},
	{cti.ActUnmute, "unmute", "Switch the own microphone on"},
	{cti.ActComplete, "completeTransfer", "Connect the two others and leave the call"},
	{cti.ActCancel, "cancelTransfer", "Drop the consulted party and go on with the first"},
	{cti.ActPark, "park", "Park the call; anybody can fetch it by its slot or with pickup"},
}

func (s *server) registerControl() {
	handle(s, operation{
		id: "listCallActions", method: http.MethodGet, path: "/calls/{id}/actions", tag: tagCalls, needs: crm.CallsRead,
		summary: "What the caller can do with a live call now, and why not the rest",
		detail:  "A refused action has the code with which its POST would be refused. Ask again when a `call` message comes.",
	}, s.callActions)
	for _, a := range controlPlain {
		handle(s, control(a.action, a.id, a.summary), func(ctx context.Context, c *caller, in *CallPath) (*bodyOf[ControlOutput], error) {
			return s.control(ctx, c, cti.ControlRequest{CallID: in.ID, Action: a.action})
		})
	}
	leave := control(cti.ActLeave, "leaveCall", "Stop listening to a colleague's call; the talk goes on")
	leave.needs = crm.CallsSupervise
	handle(s, leave, func(ctx context.Context, c *caller, in *CallPath) (*bodyOf[ControlOutput], error) {
		return s.control(ctx, c, cti.ControlRequest{CallID: in.ID, Action: cti.ActLeave})
	})
	handle(s, control(cti.ActDTMF, "sendDTMF", "Send digits to the other party"), s.sendDTMF)
	s.targeted(cti.ActTransfer, "transfer", "Send the other party on and leave the call (blind transfer)")
	s.targeted(cti.ActConsult, "consult", "Put the other party on hold and call a third one (attended transfer)")
	s.targeted(cti.ActRedirect, "redirect", "Send a call that rings at the caller to somebody else")
	handle(s, control(cti.ActConference, "conference", "Talk to three: join the consulted party, or call one in"),
		func(ctx context.Context, c *caller, in *struct {
			CallPath
			Body *TargetInput `required:"false"`
		}) (*bodyOf[ControlOutput], error) {
			r := cti.ControlRequest{CallID: in.ID, Action: cti.ActConference}
			if in.Body != nil {
				r.To, r.ToUser = in.Body.To, in.Body.UserID
			}
			return s.control(ctx, c, r)
		})
	s.withDevice(cti.ActPickup, "pickup", "Take a call that rings at a colleague, or one that is parked", crm.CallsDial)
	s.withDevice(cti.ActListen, "listen", "Listen to a colleague's call unheard", crm.CallsSupervise)
	s.withDevice(cti.ActWhisper, "whisper", "Speak to the colleague in a call, unheard by the other party", crm.CallsSupervise)
	s.withDevice(cti.ActBarge, "barge", "Speak to both parties of a colleague's call", crm.CallsSupervise)
}

// control is the operation of an action. Refusals are 409 with the codes of
// GET /calls/{id}/actions.
func control(a cti.Action, id, summary string) operation {
	return operation{
		id: id, method: http.MethodPost, path: "/calls/{id}/" + string(a), tag: tagCalls, needs: crm.CallsDial, summary: summary,
		detail: "Answered when the PBX has shown the effect; 409 with a stable `code` when the call or the PBX does not allow it, " +
			"502 `no_effect` when the PBX confirmed it and nothing changed.",
	}
}

// TargetInput says where a call goes: a number, an extension, or a colleague.
type TargetInput struct {
	To     string `json:"to,omitempty" maxLength:"64" doc:"a number or an extension"`
	UserID int64  `json:"user_id,omitempty" minimum:"1" doc:"or a colleague"`
}

// ControlOutput is what a command came to.
type ControlOutput struct {
	CallID string `json:"call_id" doc:"the call; of consult and conference: the call to the third party"`
	Slot   string `json:"slot,omitempty" doc:"of park: the number to dial to fetch the call, where the PBX tells it"`
}

// RingInput chooses which of the own telephones rings.
type RingInput struct {
	Device string `json:"device,omitempty" maxLength:"100" doc:"as PJSIP/101; default: the first"`
}

func (s *server) targeted(a cti.Action, id, summary string) {
	handle(s, control(a, id, summary), func(ctx context.Context, c *caller, in *struct {
		CallPath
		Body TargetInput
	}) (*bodyOf[ControlOutput], error) {
		return s.control(ctx, c, cti.ControlRequest{CallID: in.ID, Action: a, To: in.Body.To, ToUser: in.Body.UserID})
	})
}

func (s *server) withDevice(a cti.Action, id, summary string, needs crm.Permission) {
	op := control(a, id, summary)
	op.needs = needs
	handle(s, op, func(ctx context.Context, c *caller, in *struct {
		CallPath
		Body *RingInput `required:"false"`
	}) (*bodyOf[ControlOutput], error) {
		r := cti.ControlRequest{CallID: in.ID, Action: a}
		if in.Body != nil {
			r.Device = in.Body.Device
		}
		return s.control(ctx, c, r)
	})
}

func (s *server) sendDTMF(ctx context.Context, c *caller, in *struct {
	CallPath
	Body struct {
		Digits string `json:"digits" minLength:"1" maxLength:"32" pattern:"^[0-9*#A-D]+$"`
	}
}) (*bodyOf[ControlOutput], error) {
	return s.control(ctx, c, cti.ControlRequest{CallID: in.ID, Action: cti.ActDTMF, Digits: in.Body.Digits})
}

// control checks that the call is the caller's to control and has it done.
// Supervision is noted before it begins: what is not noted does not happen.
func (s *server) control(ctx context.Context, c *caller, r cti.ControlRequest) (*bodyOf[ControlOutput], error) {
	r.UserID, r.Role, r.All = c.actor.UserID, string(c.actor.Role), c.actor.Can(crm.CallsControlAll)
	if !s.mayTouch(c, r.CallID, r.Action) {
		return nil, cti.Errorf(cti.CodeNotFound, "there is no such call now")
	}
	if r.Action.Supervises() {
		if err := s.deps.Audit(ctx, c.actor, "call."+string(r.Action), "call", r.CallID); err != nil {
			return nil, err
		}
	}
	result, err := s.deps.Calls.Control(ctx, r)
	if err != nil {
		return nil, err
	}
	return body(ControlOutput{CallID: result.CallID, Slot: result.Slot}), nil
}

// mayTouch: one's own calls; what rings at a colleague may be picked up by
// everybody; all calls for those who control or supervise all.
func (s *server) mayTouch(c *caller, callID string, a cti.Action) bool {
	if a == cti.ActPickup || c.actor.Can(crm.CallsControlAll) || supervision(a) && c.actor.Can(crm.CallsSupervise) {
		return true
	}
	return slices.ContainsFunc(s.deps.Calls.Live(c.actor.UserID), func(call cti.Call) bool { return call.ID == callID })
}

// supervision tells whether an action takes the right to supervise: also to
// leave, which is nothing to audit.
func supervision(a cti.Action) bool { return a.Supervises() || a == cti.ActLeave }

// ActionOutput is one action of a call.
type ActionOutput struct {
	Action  cti.Action `json:"action" enum:"hangup,hold,resume,mute,unmute,dtmf,transfer,consult,complete,cancel,conference,park,pickup,redirect,listen,whisper,barge,leave"`
	Allowed bool       `json:"allowed"`
	Code    string     `json:"code,omitempty" doc:"why not: stable, as needs_ami"`
	Text    string     `json:"text,omitempty" doc:"why not, in English"`
}

func (s *server) callActions(_ context.Context, c *caller, in *CallPath) (*bodyOf[items[ActionOutput]], error) {
	states, err := s.deps.Calls.Actions(c.actor.UserID, in.ID, c.actor.Can(crm.CallsControlAll))
	if err != nil {
		return nil, err
	}
	out := make([]ActionOutput, 0, len(states))
	for _, a := range states {
		o := ActionOutput{Action: a.Action, Code: string(a.Code), Text: a.Reason}
		switch {
		case !s.mayTouch(c, in.ID, a.Action):
			o.Code, o.Text = codeForbidden, "you have no part in this call"
		case supervision(a.Action) && !c.actor.Can(crm.CallsSupervise):
			o.Code, o.Text = codeForbidden, "permission "+string(crm.CallsSupervise)+" is needed"
		case !supervision(a.Action) && !c.actor.Can(crm.CallsDial):
			o.Code, o.Text = codeForbidden, "permission "+string(crm.CallsDial)+" is needed"
		}
		o.Allowed = o.Code == ""
		out = append(out, o)
	}
	return listOf(out), nil
}
