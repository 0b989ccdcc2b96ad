package cti

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	dialExpiry  = 15 * time.Second // a click older than this does not dial (CO-03)
	keyLifetime = 10 * time.Minute // how long a repeated key gives the same call
	ownTimeout  = 30 * time.Second // for the own telephone to be picked up
)

// ServiceOptions are what the Service needs.
type ServiceOptions struct {
	Engines   []*Engine
	Team      *Team
	Directory Directory
	Marks     Marks // may be nil
	Log       *slog.Logger
	Now       func() time.Time
}

// Service takes the commands of users. Rights of roles are checked by the
// caller; that a user is concerned with a call is checked here.
type Service struct {
	opt ServiceOptions

	mu    sync.Mutex
	keys  map[dialKey]*dialled
	busy  map[string]bool // calls with a command under way
	users []User
}

type dialKey struct {
	user int64
	key  string
}

type dialled struct {
	at   time.Time
	done chan struct{}
	id   string
	err  error
}

// NewService makes the service over the engines of all PBXs.
func NewService(opt ServiceOptions) *Service {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{opt: opt, keys: make(map[dialKey]*dialled), busy: make(map[string]bool)}
}

// SetUsers replaces the users everywhere: engines, team and this service.
func (s *Service) SetUsers(users []User) {
	s.mu.Lock()
	s.users = slices.Clone(users)
	s.mu.Unlock()
	for _, e := range s.opt.Engines {
		e.SetUsers(users)
	}
	if s.opt.Team != nil {
		s.opt.Team.SetUsers(users)
	}
}

// DialRequest is a click on a number (CO-01).
type DialRequest struct {
	UserID      int64
	To          string
	Device      string    // endpoint to ring; empty: the user's first
	Key         string    // idempotency key, unique per user
	RequestedAt time.Time // when the user clicked; zero: now
	ClientID    int64     // the card from which he called, if any
	PersonID    int64
	Role        string // for the dial rights
}

// Dial rings the user's own telephone and then calls the number. It returns
// the call's id as soon as the PBX has the order. The same key gives the same
// id and dials once; a request older than 15 s is refused with CodeExpired.
func (s *Service) Dial(ctx context.Context, r DialRequest) (string, error) {
	if r.Key == "" {
		return "", &Error{Code: CodeInvalid, Field: "Idempotency-Key", Message: "an Idempotency-Key is needed, so that a repeated click does not dial twice"}
	}
	d, first := s.claim(dialKey{r.UserID, r.Key})
	if !first {
		select {
		case <-d.done:
			return d.id, d.err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	defer close(d.done)
	d.id, d.err = s.dial(ctx, r)
	return d.id, d.err
}

func (s *Service) claim(k dialKey) (*dialled, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opt.Now()
	for old, d := range s.keys {
		if now.Sub(d.at) > keyLifetime {
			delete(s.keys, old)
		}
	}
	if d, ok := s.keys[k]; ok {
		return d, false
	}
	d := &dialled{at: now, done: make(chan struct{})}
	s.keys[k] = d
	return d, true
}

func (s *Service) dial(ctx context.Context, r DialRequest) (string, error) {
	now := s.opt.Now()
	if !r.RequestedAt.IsZero() && now.Sub(r.RequestedAt) > dialExpiry {
		return "", Errorf(CodeExpired, "the click is older than %d seconds and was not dialled; click again", int(dialExpiry.Seconds()))
	}
	user, device, engine, err := s.device(r)
	if err != nil {
		return "", err
	}
	number := engine.office.cfg.Parse(r.To)
	extension, err := engine.office.DialString(number)
	if err != nil {
		return "", err
	}
	if err := s.allowed(ctx, engine, number, r.Role); err != nil {
		return "", err
	}
	offline := s.ready(engine, device)
	if refusal := (*Error)(nil); offline != nil && (!errors.As(offline, &refusal) || refusal.Code != CodeUnregistered) {
		return "", offline
	}
	call := Call{
		ID: uuid.NewString(), PBX: engine.office.cfg.PBX, Direction: Outbound, State: Ringing, Number: number,
		PlacedBy: &Party{UserID: user.ID, Name: user.Name, Device: device.Endpoint}, StartedAt: now,
	}
	if number.Kind == Extension {
		call.Direction = Internal
	}
	if r.ClientID != 0 && s.opt.Directory != nil {
		if call.Client, err = s.opt.Directory.Card(ctx, r.ClientID, r.PersonID); err == nil && call.Client != nil {
			call.Lookup = LookupFound
		}
	}
	if err := engine.do(func() { engine.place(call, now) }); err != nil {
		return "", err
	}
	if offline != nil { // an attempt that makes no channel is a record too (CK-07)
		_ = engine.do(func() { engine.refused(call.ID, offline.Error()) })
		return "", offline
	}
	order := Originate{ChannelID: call.ID, Endpoint: device.Endpoint, Extension: extension,
		Context: engine.office.dialContext(device.Endpoint), Number: number.Display, Timeout: ownTimeout, AutoAnswer: device.AutoAnswer}
	if call.Client != nil {
		order.Name = call.Client.Name
	}
	if err := engine.opt.PBX.Originate(ctx, order); err != nil {
		why := err.Error()
		_ = engine.do(func() { engine.refused(call.ID, why) })
		return "", err
	}
	if p, ok := engine.get(call.ID); ok && p.call.EndedBy == "office" && p.call.State != Ended {
		return call.ID, engine.opt.PBX.Hangup(ctx, call.ID) // cancelled before the channel was there
	}
	return call.ID, nil
}

// device finds the telephone to ring and the PBX it is at.
func (s *Service) device(r DialRequest) (User, Device, *Engine, error) {
	s.mu.Lock()
	i := slices.IndexFunc(s.users, func(u User) bool { return u.ID == r.UserID })
	var user User
	if i >= 0 {
		user = s.users[i]
	}
	s.mu.Unlock()
	for _, d := range user.Devices {
		if r.Device != "" && d.Endpoint != r.Device {
			continue
		}
		for _, e := range s.opt.Engines {
			if e.office.cfg.PBX == d.PBX {
				return user, d, e, nil
			}
		}
	}
	if r.Device != "" {
		return user, Device{}, nil, &Error{Code: CodeNoDevice, Field: "device", Message: "this telephone is not yours"}
	}
	return user, Device{}, nil, Errorf(CodeNoDevice, "you have no telephone; an administrator can assign one in the settings")
}

// ready refuses before the click does harm (CO-02).
func (s *Service) ready(e *Engine, d Device) error {
	if !e.Connected() {
		return Errorf(CodeUnreachable, "the PBX %s is out of reach", e.office.cfg.PBX)
	}
	if s.opt.Team == nil {
		return nil
	}
	switch s.opt.Team.deviceState(d.PBX, d.Endpoint) {
	case PresenceOffline:
		return Errorf(CodeUnregistered, "your telephone %s is not registered at the PBX", d.Endpoint)
	case PresenceTalking, PresenceRinging:
		return Errorf(CodeDeviceBusy, "your telephone %s is busy", d.Endpoint)
	}
	return nil
}

// Hangup ends a call, or cancels it at any stage. Users hang up only calls
// they are in, unless all is given. A ringing inbound call is not the user's
// to end: it would be taken from colleagues.
func (s *Service) Hangup(ctx context.Context, userID int64, callID string, all bool) error {
	e, p, err := s.find(userID, callID, all)
	if err != nil {
		return err
	}
	if p.call.State == Ended {
		return nil
	}
	if !p.call.heldBy(userID) && !all {
		return Errorf(CodeForbidden, "the call is not yours to end while it rings for others")
	}
	var channel string
	if err := e.do(func() { channel = e.hangupTarget(callID, userID, s.opt.Now()) }); err != nil {
		return err
	}
	if channel == "" {
		return nil
	}
	if err := e.opt.PBX.Hangup(ctx, channel); err != nil {
		// The channel goes on: it must not be taken for one that did not end.
		return errors.Join(err, e.do(func() { e.hangupFailed(callID, channel) }))
	}
	return nil
}

// heldBy tells whether the call is the user's: he talks, or, before anybody
// does, has placed it or taken it off the hook. Who handed it on has it no more.
func (c *Call) heldBy(userID int64) bool {
	if len(c.Talking) > 0 {
		return slices.ContainsFunc(c.Talking, func(p Party) bool { return p.UserID == userID })
	}
	return c.AnsweredBy != nil && c.AnsweredBy.UserID == userID || c.PlacedBy != nil && c.PlacedBy.UserID == userID
}

// ChooseClient sets which of the matches, or which newly made client, is the
// other party.
func (s *Service) ChooseClient(ctx context.Context, userID int64, callID string, clientID, personID int64) error {
	e, _, err := s.find(userID, callID, false)
	if err != nil {
		return err
	}
	card, err := s.opt.Directory.Card(ctx, clientID, personID)
	if err != nil {
		return err
	}
	return e.do(func() { e.choose(callID, card, s.opt.Now()) })
}

// Live returns the calls on a user's screens, oldest first within a PBX.
func (s *Service) Live(userID int64) []Call {
	out := []Call{}
	for _, e := range s.opt.Engines {
		out = append(out, e.liveFor(userID)...)
	}
	return out
}

// Get returns a call that is up or ended lately.
func (s *Service) Get(callID string) (Call, bool) {
	for _, e := range s.opt.Engines {
		if p, ok := e.get(callID); ok {
			return p.call, true
		}
	}
	return Call{}, false
}

// Why tells the decisions about a call that is up or ended lately.
func (s *Service) Why(callID string) (Why, bool) {
	for _, e := range s.opt.Engines {
		if p, ok := e.get(callID); ok {
			return p.steps.Told(), true
		}
	}
	return Why{}, false
}

func (s *Service) find(userID int64, callID string, all bool) (*Engine, published, error) {
	for _, e := range s.opt.Engines {
		if p, ok := e.get(callID); ok && (all || slices.Contains(p.audience, userID)) {
			return e, p, nil
		}
	}
	return nil, published{}, Errorf(CodeNotFound, "there is no such call now")
}
