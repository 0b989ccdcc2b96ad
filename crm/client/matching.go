package client

import (
	"context"
	"time"

	"ringcard/crm"
)

// Choice is what an operator chose among the matches of a number (LU-04). It
// holds until it is forgotten or another is made; while the client no longer
// has the number it has no effect.
type Choice struct {
	ClientID   int64     `json:"client_id"`
	ClientName string    `json:"client_name"`
	PersonID   int64     `json:"person_id,omitempty" doc:"absent: whoever of the client"`
	PersonName string    `json:"person_name,omitempty"`
	ChosenBy   string    `json:"chosen_by,omitempty" doc:"name of the user"`
	ChosenAt   time.Time `json:"chosen_at"`
}

// Unsorted is an outside number that belongs to nobody yet (LU-05).
type Unsorted struct {
	E164        string    `json:"e164"`
	Display     string    `json:"display"`
	CallerName  string    `json:"caller_name,omitempty" doc:"name the network sent with the last call"`
	Calls       int64     `json:"calls"`
	Answered    int64     `json:"answered" doc:"of them"`
	FirstAt     time.Time `json:"first_at"`
	LastAt      time.Time `json:"last_at"`
	LastCallID  string    `json:"last_call_id" doc:"for POST /clients from_call_id, link-call and /numbers/spam"`
	Direction   string    `json:"direction" enum:"in,out" doc:"of the last call"`
	Disposition string    `json:"disposition,omitempty" doc:"of the last call"`
}

// NumberRef names a number: as written, or as the other party's of a call.
// Who sees numbers masked can name them by their calls only.
type NumberRef struct {
	Raw    string
	CallID string
}

// Matching keeps what operators decided about numbers.
type Matching interface {
	// Choice returns nil where nothing was chosen.
	Choice(ctx context.Context, e164 int64) (*Choice, error)
	// Forget is crm.NotFound where nothing was chosen.
	Forget(ctx context.Context, actor crm.Actor, e164 int64) error
	// Unsorted lists the numbers of the actor's calls that match nobody and are
	// no spam, the last to call first.
	Unsorted(ctx context.Context, actor crm.Actor, search crm.Search, page crm.PageRequest) (crm.Page[Unsorted], error)
	// NumberOfCall is the outside number of a call the actor may see; 0 when
	// the call has none.
	NumberOfCall(ctx context.Context, actor crm.Actor, callID string) (int64, error)
	// PhoneOf returns a phone by its id, of a client or person the actor may
	// see.
	PhoneOf(ctx context.Context, actor crm.Actor, phoneID int64) (Phone, error)
}

// Unsorted lists the numbers nobody has been found for (LU-05); q is a number,
// its last digits or words of the name that came with the last call.
func (s *Service) Unsorted(ctx context.Context, actor crm.Actor, q string, page crm.PageRequest) (crm.Page[Unsorted], error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return crm.Page[Unsorted]{}, err
	}
	return s.stores.Matching.Unsorted(ctx, actor, crm.ParseSearch(q, s.rules), page)
}

// Examined is all there is to know of a number (LU-08).
type Examined struct {
	Reading crm.PhoneReading
	Found   Found
	Choice  *Choice
}

// Examine tells how a number is understood, whom it matches and why.
func (s *Service) Examine(ctx context.Context, actor crm.Actor, number string) (Examined, error) {
	_, found, err := s.Lookup(ctx, actor, number)
	if err != nil {
		return Examined{}, err
	}
	e := Examined{Reading: crm.ReadPhone(number, s.rules), Found: found}
	if e.Reading.E164 != 0 {
		e.Choice, err = s.Choice(ctx, actor, e.Reading.E164)
	}
	return e, err
}

// Choice returns what was chosen for a number, nil for nothing or where the
// actor may not see the client.
func (s *Service) Choice(ctx context.Context, actor crm.Actor, e164 int64) (*Choice, error) {
	if err := actor.Require(crm.ClientsRead); err != nil {
		return nil, err
	}
	choice, err := s.stores.Matching.Choice(ctx, e164)
	if choice == nil || err != nil || actor.Can(crm.ClientsReadAll) {
		return choice, err
	}
	visible, err := s.visible(ctx, actor, []Match{{ClientID: choice.ClientID}})
	if err != nil || len(visible) == 0 {
		return nil, err
	}
	return choice, nil
}

// Forget drops what was chosen for a number: its matches are ranked anew.
func (s *Service) Forget(ctx context.Context, actor crm.Actor, ref NumberRef) error {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return err
	}
	e164, err := s.number(ctx, actor, ref)
	if err != nil {
		return err
	}
	return s.stores.Matching.Forget(ctx, actor, e164)
}

// MarkSpam marks or unmarks a number: its calls are never matched.
func (s *Service) MarkSpam(ctx context.Context, actor crm.Actor, ref NumberRef, spam bool) error {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return err
	}
	e164, err := s.number(ctx, actor, ref)
	if err != nil {
		return err
	}
	return s.stores.Numbers.MarkSpam(ctx, actor, e164, spam)
}

// MarkDoNotCall marks or unmarks a number whose owner asked not to be called:
// it is not dialled (CO-02).
func (s *Service) MarkDoNotCall(ctx context.Context, actor crm.Actor, ref NumberRef, no bool) error {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return err
	}
	e164, err := s.number(ctx, actor, ref)
	if err != nil {
		return err
	}
	return s.stores.Numbers.MarkDoNotCall(ctx, actor, e164, no)
}

// DialText returns what to dial for a phone of a card: who sees numbers masked
// dials by the phone's id (PU-09).
func (s *Service) DialText(ctx context.Context, actor crm.Actor, phoneID int64) (string, error) {
	if err := actor.Require(crm.ClientsRead); err != nil {
		return "", err
	}
	phone, err := s.stores.Matching.PhoneOf(ctx, actor, phoneID)
	if err != nil {
		return "", err
	}
	if phone.E164 != "" {
		return phone.E164, nil
	}
	return phone.Raw, nil
}

// number finds the outside number that is meant.
func (s *Service) number(ctx context.Context, actor crm.Actor, ref NumberRef) (int64, error) {
	switch {
	case ref.Raw != "" && ref.CallID != "":
		return 0, crm.Invalid("number", "give number or call_id, not both")
	case ref.CallID != "":
		e164, err := s.stores.Matching.NumberOfCall(ctx, actor, ref.CallID)
		if err == nil && e164 == 0 {
			return 0, crm.Invalid("call_id", "this call has no outside number")
		}
		return e164, err
	case ref.Raw == "":
		return 0, crm.Invalid("number", "give number or call_id")
	}
	if crm.IsMasked(ref.Raw) {
		return 0, crm.Invalid("number", "the number is masked; name it by call_id")
	}
	p := crm.ParsePhone(ref.Raw, s.rules)
	if p.Kind != crm.PhoneExternal {
		return 0, crm.Invalid("number", "%q is not an external number", ref.Raw)
	}
	return p.E164, nil
}
