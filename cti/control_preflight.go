package cti

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// DialRight says who may dial the numbers of a pattern (CO-02). The first
// right whose pattern matches decides; a number that matches none may be
// dialled by everybody.
type DialRight struct {
	Match string // regular expression on the number: E.164 with +, or the digits as typed
	// Emergency numbers are dialled by everybody at any hour, whatever is marked.
	Emergency bool
	Roles     []string // who may; empty: nobody
}

// Hours bounds the time of day in which clients may be called.
type Hours struct {
	From, To time.Duration // since midnight; both 0: at any time
	Location *time.Location
}

// Marks tells what people have said of numbers.
type Marks interface {
	// DoNotCall tells whether the owner of a number asked not to be called. It
	// honours the context's deadline; an error refuses nothing.
	DoNotCall(ctx context.Context, e164 string) (bool, error)
}

type compiledRight struct {
	DialRight
	match *regexp.Regexp
}

func compileRights(list []DialRight) ([]compiledRight, error) {
	out := make([]compiledRight, len(list))
	for i, r := range list {
		re, err := regexp.Compile(r.Match)
		if err != nil {
			return nil, fmt.Errorf("dial right %d: %w", i+1, err)
		}
		out[i] = compiledRight{DialRight: r, match: re}
	}
	return out, nil
}

const marksTimeout = time.Second

// allowed refuses a number that the user may not dial, that is not to be
// called, or not now. Extensions of the office need only the right.
func (s *Service) allowed(ctx context.Context, e *Engine, n Number, role string) error {
	for _, r := range e.office.rights {
		if (n.E164 == "" || !r.match.MatchString(n.E164)) && !r.match.MatchString(digits(n.Raw)) {
			continue
		}
		if r.Emergency {
			return nil
		}
		if !slices.Contains(r.Roles, role) {
			return &Error{Code: CodeNotAllowed, Field: "to", Message: "you have not the right to dial " + n.Display + "; ask a supervisor"}
		}
		break
	}
	if n.Kind != External {
		return nil
	}
	if h := e.office.cfg.Hours; h.From != h.To {
		now := s.opt.Now().In(h.Location)
		if at := time.Duration(now.Hour())*time.Hour + time.Duration(now.Minute())*time.Minute; at < h.From || at >= h.To {
			return &Error{Code: CodeOutsideHours, Field: "to", Message: fmt.Sprintf("clients are called from %s to %s only", clock(h.From), clock(h.To))}
		}
	}
	if s.opt.Marks == nil || n.E164 == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, marksTimeout)
	defer cancel()
	no, err := s.opt.Marks.DoNotCall(ctx, n.E164)
	if err != nil {
		s.opt.Log.Warn("marks of a number not read; it is dialled", "error", err)
		return nil
	}
	if no {
		return &Error{Code: CodeDoNotCall, Field: "to", Message: "the owner of " + n.Display + " asked not to be called"}
	}
	return nil
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// target understands a number, an extension or a colleague as the place a
// call is to go to.
func (s *Service) target(ctx context.Context, e *Engine, own string, r ControlRequest) (Target, Number, error) {
	to := r.To
	if r.ToUser != 0 {
		d, ok := s.deviceAt(r.ToUser, e)
		if !ok {
			return Target{}, Number{}, &Error{Code: CodeNoDevice, Field: "user_id", Message: "this colleague has no telephone at the PBX of the call"}
		}
		to = extensionOf(d.Endpoint)
	}
	n := e.office.cfg.Parse(to)
	exten, err := e.office.DialString(n)
	if err != nil {
		return Target{}, n, err
	}
	if err := s.allowed(ctx, e, n, r.Role); err != nil {
		return Target{}, n, err
	}
	t := Target{Exten: exten, Context: e.office.dialContext(own)}
	if n.Kind == Extension {
		t.Endpoint = e.office.endpointOf(exten)
	}
	if t.Endpoint == "" {
		return t, n, nil
	}
	if t.Endpoint == own {
		return t, n, &Error{Code: CodeInvalid, Field: "to", Message: "this is your own telephone"}
	}
	if s.opt.Team != nil && s.opt.Team.deviceState(e.office.cfg.PBX, t.Endpoint) == PresenceOffline {
		return t, n, &Error{Code: CodeTargetOffline, Field: "to", Message: "the telephone " + exten + " is not registered at the PBX"}
	}
	return t, n, nil
}

func (s *Service) user(id int64) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.users, func(u User) bool { return u.ID == id }); i >= 0 {
		return s.users[i]
	}
	return User{ID: id}
}

func (s *Service) deviceAt(userID int64, e *Engine) (Device, bool) {
	for _, d := range s.user(userID).Devices {
		if d.PBX == e.office.cfg.PBX {
			return d, true
		}
	}
	return Device{}, false
}

// extensionOf is the number of an endpoint of the office: PJSIP/101 is 101.
func extensionOf(endpoint string) string {
	_, ext, _ := strings.Cut(endpoint, "/")
	return ext
}

// endpointOf finds the device of a user by its extension.
func (o *Office) endpointOf(exten string) string {
	for endpoint := range *o.devices.Load() {
		if extensionOf(endpoint) == exten {
			return endpoint
		}
	}
	return ""
}
