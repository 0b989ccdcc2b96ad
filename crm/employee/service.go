package employee

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ringcard/crm"
)

const (
	minPassword  = 8
	maxPassword  = 256
	maxSettings  = 64 << 10 // bytes of JSON
	parallelHash = 4
)

var (
	loginForm     = regexp.MustCompile(`^[a-z0-9._@-]{1,64}$`)
	extensionForm = regexp.MustCompile(`^[0-9*#]{1,20}$`)
	endpointForm  = regexp.MustCompile(`^[A-Za-z0-9]+/[^\s/&,]{1,80}$`)
	localeForm    = regexp.MustCompile(`^[a-z]{2}(-[A-Z]{2})?$`)
)

// Stores are what a Service works on; one value may implement them all.
type Stores struct {
	Users    Users
	Sessions Sessions
	Tokens   Tokens
	Pops     Pops
}

// Options of a Service; the zero value is good for production.
type Options struct {
	Idle  time.Duration // a session unused so long ends; 0: 7 days
	Max   time.Duration // the longest session; 0: 30 days
	Cost  Cost          // of password hashes; zero: DefaultCost
	Clock crm.Clock     // nil: time.Now
	// LinkHosts are the hosts, with their ports if any, that the server may
	// post calls to (PU-10); in small letters.
	LinkHosts []string
}

// Service is the use cases of employees.
type Service struct {
	stores  Stores
	opts    Options
	hashing hashing
	decoy   string // hash compared for logins that do not exist
}

// NewService makes a Service.
func NewService(stores Stores, opts Options) *Service {
	if opts.Idle == 0 {
		opts.Idle = 7 * 24 * time.Hour
	}
	if opts.Max == 0 {
		opts.Max = 30 * 24 * time.Hour
	}
	if opts.Cost == (Cost{}) {
		opts.Cost = DefaultCost()
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	return &Service{
		stores: stores, opts: opts, hashing: make(hashing, parallelHash),
		decoy: hashPassword("decoy", opts.Cost),
	}
}

// List returns all employees, the dismissed last.
func (s *Service) List(ctx context.Context, actor crm.Actor) ([]User, error) {
	if err := actor.Require(crm.UsersManage); err != nil {
		return nil, err
	}
	return s.stores.Users.Users(ctx)
}

// Names lists the active employees for choices; anybody signed in may ask.
func (s *Service) Names(ctx context.Context, actor crm.Actor) ([]Name, error) {
	if actor.UserID == 0 && !actor.Can(crm.UsersManage) {
		return nil, crm.Errorf(crm.CodeUnauthorized, "sign in first")
	}
	users, err := s.stores.Users.Users(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]Name, 0, len(users))
	for _, u := range users {
		if u.Active {
			names = append(names, Name{ID: u.ID, Name: u.Name, Extension: u.Extension})
		}
	}
	return names, nil
}

// Staff returns the active employees with their devices, for the call engine.
func (s *Service) Staff(ctx context.Context) ([]User, error) {
	users, err := s.stores.Users.Users(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(users, func(u User) bool { return !u.Active }), nil
}

// Me returns the actor's own record.
func (s *Service) Me(ctx context.Context, actor crm.Actor) (User, error) {
	return s.stores.Users.User(ctx, actor.UserID)
}

// UpdateMe changes what an employee may change of himself.
func (s *Service) UpdateMe(ctx context.Context, actor crm.Actor, p MePatch) (User, error) {
	if p.Locale != nil && *p.Locale != "" && !localeForm.MatchString(*p.Locale) {
		return User{}, crm.Invalid("locale", "%q is not a language, as ru", *p.Locale)
	}
	if p.Theme != nil && !slices.Contains([]string{"", "light", "dark", "auto"}, *p.Theme) {
		return User{}, crm.Invalid("theme", "it is light, dark or auto")
	}
	if len(p.Settings) > 0 {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(p.Settings, &object); err != nil || object == nil {
			return User{}, crm.Invalid("settings", "it is a JSON object")
		}
		if len(p.Settings) > maxSettings || strings.Contains(string(p.Settings), `\u0000`) {
			return User{}, crm.Invalid("settings", "at most %d bytes of text", maxSettings)
		}
	}
	if err := s.stores.Users.ChangeMe(ctx, actor.UserID, p); err != nil {
		return User{}, err
	}
	return s.stores.Users.User(ctx, actor.UserID)
}

// SetStatus says whether the actor is at work.
func (s *Service) SetStatus(ctx context.Context, actor crm.Actor, status Status) error {
	switch status {
	case Free, Break, WrapUp:
		return s.stores.Users.SetStatus(ctx, actor.UserID, status, s.opts.Clock().UTC())
	}
	return crm.Invalid("status", "unknown status %q", status)
}

// Create makes an employee. Logins are kept in lower case.
func (s *Service) Create(ctx context.Context, actor crm.Actor, in NewUser) (User, error) {
	if err := actor.Require(crm.UsersManage); err != nil {
		return User{}, err
	}
	in.Login = strings.ToLower(strings.TrimSpace(in.Login))
	if !loginForm.MatchString(in.Login) {
		return User{}, crm.Invalid("login", "a login is 1 to 64 of a-z, 0-9, . _ @ -")
	}
	if err := checkUser(&in.Name, &in.Role, &in.Extension, in.Devices); err != nil {
		return User{}, err
	}
	hash, err := s.hash(ctx, in.Password)
	if err != nil {
		return User{}, err
	}
	id, err := s.stores.Users.Create(ctx, actor, in, hash)
	if err != nil {
		return User{}, err
	}
	return s.stores.Users.User(ctx, id)
}

// Update changes an employee. A dismissed one is signed out everywhere.
func (s *Service) Update(ctx context.Context, actor crm.Actor, id int64, p Patch) (User, error) {
	if err := actor.Require(crm.UsersManage); err != nil {
		return User{}, err
	}
	if id == actor.UserID && (p.Active != nil && !*p.Active || p.Role != nil && *p.Role != actor.Role) {
		return User{}, crm.Errorf(crm.CodeInvalid, "you cannot dismiss yourself or change your own role")
	}
	var devices []Device
	if p.Devices != nil {
		devices = *p.Devices
	}
	if err := checkUser(p.Name, p.Role, p.Extension, devices); err != nil {
		return User{}, err
	}
	var hash *string
	if p.Password != nil {
		text, err := s.hash(ctx, *p.Password)
		if err != nil {
			return User{}, err
		}
		hash = &text
	}
	if err := s.stores.Users.Change(ctx, actor, id, p, hash); err != nil {
		return User{}, err
	}
	return s.stores.Users.User(ctx, id)
}

func (s *Service) hash(ctx context.Context, password string) (string, error) {
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword {
		return "", crm.Invalid("password", "a password has %d to %d characters", minPassword, maxPassword)
	}
	var hash string
	err := s.hashing.do(ctx, func() { hash = hashPassword(password, s.opts.Cost) })
	return hash, err
}

// checkUser looks at the parts that are given.
func checkUser(name *string, role *crm.Role, extension *string, devices []Device) error {
	if name != nil {
		*name = strings.TrimSpace(*name)
		if n := utf8.RuneCountInString(*name); n == 0 || n > 200 || !utf8.ValidString(*name) || strings.ContainsRune(*name, 0) {
			return crm.Invalid("name", "a name has 1 to 200 characters")
		}
	}
	if role != nil && !role.Valid() {
		return crm.Invalid("role", "unknown role %q", *role)
	}
	if extension != nil && *extension != "" && !extensionForm.MatchString(*extension) {
		return crm.Invalid("extension", "an extension is 1 to 20 digits")
	}
	for _, d := range devices {
		if d.PBX == "" || len(d.PBX) > 64 {
			return crm.Invalid("devices", "a device names its PBX")
		}
		if !endpointForm.MatchString(d.Endpoint) {
			return crm.Invalid("devices", "%q is not an endpoint, as PJSIP/101", d.Endpoint)
		}
	}
	return nil
}
