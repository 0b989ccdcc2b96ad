package employee

import (
	"context"

	"ringcard/crm"
)

// PopMode is when an inbound call comes to an employee's screen (PU-07).
type PopMode string

// Modes. Never keeps inbound calls off the screen altogether; presence and the
// journal stay as they are. Calls he places himself are always shown.
const (
	PopOnRing   PopMode = "ring"
	PopOnAnswer PopMode = "answer"
	PopNever    PopMode = "never"
)

// PopSettings is how an employee wants to be told of calls.
type PopSettings struct {
	Mode     PopMode `json:"mode" enum:"ring,answer,never" doc:"when an inbound call comes to the screen; the server keeps to it"`
	Notify   bool    `json:"notify" doc:"desktop notification"`
	Sound    bool    `json:"sound"`
	OpenCard PopMode `json:"open_card" enum:"ring,answer,never" doc:"when the client's card opens by itself"`
	Link     string  `json:"link" maxLength:"2000" doc:"template of a page to open with the pop (PU-10); empty: the installation's"`
}

// DefaultPop is what holds until an employee has chosen.
func DefaultPop() PopSettings {
	return PopSettings{Mode: PopOnRing, Notify: true, Sound: true, OpenCard: PopNever}
}

// Pops keeps the pop settings of employees, and the installation's link.
type Pops interface {
	// Pop returns nil where the employee has chosen nothing.
	Pop(ctx context.Context, userID int64) (*PopSettings, error)
	// AllPops are the settings of those who have chosen some.
	AllPops(ctx context.Context) (map[int64]PopSettings, error)
	// SavePop is crm.NotFound for an employee that does not exist.
	SavePop(ctx context.Context, actor crm.Actor, p PopSettings) error
	// PopLink returns nil while none was set.
	PopLink(ctx context.Context) (*PopLink, error)
	SavePopLink(ctx context.Context, actor crm.Actor, l PopLink) error
}

// Pop returns the actor's own settings.
func (s *Service) Pop(ctx context.Context, actor crm.Actor) (PopSettings, error) {
	if actor.UserID == 0 {
		return PopSettings{}, crm.Errorf(crm.CodeUnauthorized, "sign in first")
	}
	p, err := s.stores.Pops.Pop(ctx, actor.UserID)
	if p == nil || err != nil {
		return DefaultPop(), err
	}
	return *p, nil
}

// SetPop replaces the actor's own settings.
func (s *Service) SetPop(ctx context.Context, actor crm.Actor, p PopSettings) error {
	if actor.UserID == 0 {
		return crm.Errorf(crm.CodeUnauthorized, "sign in first")
	}
	if !p.Mode.valid() {
		return crm.Invalid("mode", "unknown mode %q", p.Mode)
	}
	if !p.OpenCard.valid() {
		return crm.Invalid("open_card", "unknown mode %q", p.OpenCard)
	}
	if p.Link != "" {
		if _, err := ParseLink("link", p.Link); err != nil {
			return err
		}
	}
	return s.stores.Pops.SavePop(ctx, actor, p)
}

func (m PopMode) valid() bool { return m == PopOnRing || m == PopOnAnswer || m == PopNever }

// AllPops are the settings of everybody who has chosen some, for the screens.
func (s *Service) AllPops(ctx context.Context) (map[int64]PopSettings, error) {
	return s.stores.Pops.AllPops(ctx)
}

// PopLink is the installation's link, off until set. Anybody may read it.
func (s *Service) PopLink(ctx context.Context) (PopLink, error) {
	l, err := s.stores.Pops.PopLink(ctx)
	if l == nil || err != nil {
		return PopLink{Mode: LinkOff, Events: []LinkEvent{}}, err
	}
	return *l, nil
}

// SetPopLink replaces it.
func (s *Service) SetPopLink(ctx context.Context, actor crm.Actor, l PopLink) error {
	if err := actor.Require(crm.SettingsManage); err != nil {
		return err
	}
	if err := s.checkLink(&l); err != nil {
		return err
	}
	return s.stores.Pops.SavePopLink(ctx, actor, l)
}
