package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/employee"
	"ringcard/cti"
)

func (s *server) registerWhy() {
	handle(s, operation{
		id: "getCallWhy", method: http.MethodGet, path: "/calls/{id}/why", tag: tagCalls, needs: crm.CallsRead,
		summary: "Why a call popped up, and on whose screens",
		detail:  "Kept for 30 days after the call; later 404 `call_not_found`.",
	}, s.callWhy)
	handle(s, operation{
		id: "listWhy", method: http.MethodGet, path: "/why", tag: tagCalls, needs: crm.CallsReadAll,
		summary: "Why calls at a time did or did not pop up for a user",
		detail:  "The calls that began from ten minutes before to two minutes after the time, newest first.",
	}, s.listWhy)
}

func (s *server) callWhy(ctx context.Context, c *caller, in *CallPath) (*bodyOf[cti.Why], error) {
	if _, err := s.record(ctx, c, in.ID); err != nil {
		return nil, err
	}
	why, ok := s.deps.Calls.Why(in.ID)
	if !ok {
		kept, err := s.deps.CallLog.Why(ctx, c.actor, in.ID)
		if crm.CodeOf(err) == crm.CodeNotFound {
			return nil, cti.Errorf(cti.CodeNotFound, "the decisions about this call are no longer kept")
		}
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(kept, &why); err != nil {
			return nil, fmt.Errorf("trace of call %s: %w", in.ID, err)
		}
		why = why.Told()
	}
	why.Steps, why.Recipients = notNil(why.Steps), notNil(why.Recipients)
	return body(why), nil
}

// UserWhy tells whether a call popped up for a user, and why.
type UserWhy struct {
	Call   calllog.Record    `json:"call"`
	Got    bool              `json:"got"`
	Code   string            `json:"code" doc:"stable: a code of WhyRecipient, or no_device, device_not_rung, device_was_of_nobody, not_kept"`
	Params map[string]string `json:"params,omitempty"`
	Reason string            `json:"reason" doc:"English"`
}

func (s *server) listWhy(ctx context.Context, c *caller, in *struct {
	UserID int64     `query:"user_id" required:"true" minimum:"1"`
	At     time.Time `query:"at" required:"true" doc:"about when the call came"`
}) (*bodyOf[items[UserWhy]], error) {
	staff, err := s.deps.Employees.Staff(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(staff, func(u employee.User) bool { return u.ID == in.UserID })
	if i < 0 {
		return nil, invalidField("query.user_id", "there is no such active user", "choose one of /users/names")
	}
	calls, err := s.deps.CallLog.Around(ctx, c.actor, in.At)
	if err != nil {
		return nil, err
	}
	out := make([]UserWhy, len(calls))
	for j, call := range calls {
		why, kept := s.deps.Calls.Why(call.ID)
		if !kept && len(call.Trace) > 0 {
			if err := json.Unmarshal(call.Trace, &why); err != nil {
				return nil, fmt.Errorf("trace of call %s: %w", call.ID, err)
			}
			why, kept = why.Told(), true
		}
		out[j] = whyFor(staff[i], call.Record, why, kept)
		out[j].Call.Legs = nil // as in lists
	}
	return listOf(out), nil
}

// whyFor says why one call did or did not pop up for a user. What is left out
// is judged by the devices he has now.
func whyFor(u employee.User, call calllog.Record, why cti.Why, kept bool) UserWhy {
	w := UserWhy{Call: call}
	for _, r := range why.Recipients {
		if r.UserID == u.ID {
			w.Got, w.Code, w.Params, w.Reason = r.Got, r.Code, r.Params, r.Reason
			return w
		}
	}
	var devices []string
	for _, d := range u.Devices {
		if d.PBX == call.PBX {
			devices = append(devices, d.Endpoint)
		}
	}
	names := strings.Join(devices, ", ")
	switch {
	case len(devices) == 0:
		w.Code, w.Params = "no_device", map[string]string{"pbx": call.PBX}
		w.Reason = "the user has no telephone at the PBX " + call.PBX
	case !kept:
		w.Code, w.Reason = "not_kept", "the decisions about this call are not kept"
	default:
		w.Code, w.Params = "device_not_rung", map[string]string{"devices": names}
		w.Reason = names + " did not ring in this call"
		for _, r := range why.Recipients {
			if slices.Contains(devices, r.Params["device"]) && !r.Got {
				w.Code, w.Params = "device_was_of_nobody", map[string]string{"device": r.Params["device"]}
				w.Reason = r.Params["device"] + " rang, but belonged to no user then"
			}
		}
	}
	return w
}
