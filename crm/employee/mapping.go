package employee

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"

	"ringcard/crm"
)

// MapRow says whose a telephone of a PBX is (PB-10). UserID or Login names the
// user; with neither the telephone becomes nobody's. A login nobody has makes
// a new user when Name is given.
type MapRow struct {
	Line      int // in the file, or number of the row, from 1
	Endpoint  string
	UserID    int64
	Login     string
	Name      string
	Role      crm.Role // of a new user; empty: operator
	Extension string   // of a new user, or a new one of an existing user; empty: as it is
	Context   string
}

// MapFault is one fault of a row.
type MapFault struct {
	Line                 int
	Field, Code, Message string
}

// What a MapChange does.
const (
	MapAssign = "assign"      // nobody's telephone becomes a user's
	MapMove   = "move"        // one user's becomes another's
	MapRemove = "remove"      // it becomes nobody's
	MapCreate = "create_user" // a new user gets it
	MapUpdate = "update"      // same user, other context or extension
)

// MapChange is one telephone whose user, context or extension changes.
type MapChange struct {
	Line     int
	Endpoint string
	Action   string
	From, To string // logins
	Password string // of a new user; told once
}

// MapPlan is what a mapping does, or why it cannot be done.
type MapPlan struct {
	Applied   bool
	Changes   []MapChange
	Unchanged int
	Faults    []MapFault
}

// Remap is a mapping as it is written, in one transaction.
type Remap struct {
	PBX      string
	Create   []RemapUser
	Devices  []RemapDevice
	Ext      map[int64]string // new extensions of existing users
	Released []string         // endpoints that become nobody's
}

// RemapUser is a user to be made; its devices are in Remap.Devices.
type RemapUser struct {
	NewUser
	Hash string
}

// RemapDevice gives an endpoint to a user: by id, or by the login of one that
// is made in the same transaction.
type RemapDevice struct {
	Endpoint, Context, Login string
	UserID                   int64
}

// maxMapRows bounds one mapping.
const maxMapRows = 5000

// MapDevices gives telephones of a PBX to users, all rows or none. Endpoints
// that known does not hold are faults; a nil known checks nothing. Faults of
// rows are in the plan and change nothing; the error is for all else.
func (s *Service) MapDevices(ctx context.Context, actor crm.Actor, pbx string, rows []MapRow, known map[string]bool, dryRun bool) (MapPlan, error) {
	if err := actor.Require(crm.UsersManage); err != nil {
		return MapPlan{}, err
	}
	if len(rows) == 0 || len(rows) > maxMapRows {
		return MapPlan{}, crm.Invalid("rows", "there are %d rows; a mapping has 1 to %d", len(rows), maxMapRows)
	}
	users, err := s.stores.Users.Users(ctx)
	if err != nil {
		return MapPlan{}, err
	}
	m := newMapper(pbx, users, known)
	for _, row := range rows {
		m.row(row)
	}
	if len(m.plan.Faults) > 0 || dryRun || len(m.plan.Changes) == 0 {
		m.plan.Applied = len(m.plan.Faults) == 0 && !dryRun
		return m.plan, nil
	}
	if err := s.passwords(ctx, &m.order, m.plan.Changes); err != nil {
		return MapPlan{}, err
	}
	if err := s.stores.Users.Remap(ctx, actor, m.order); err != nil {
		return MapPlan{}, err
	}
	m.plan.Applied = true
	return m.plan, nil
}

// passwords makes a password for each new user: 130 random bits.
func (s *Service) passwords(ctx context.Context, order *Remap, changes []MapChange) error {
	errs := make([]error, len(order.Create))
	var wg sync.WaitGroup
	for i := range order.Create {
		password := rand.Text()
		for j := range changes {
			if changes[j].Action == MapCreate && changes[j].To == order.Create[i].Login {
				changes[j].Password = password
				break
			}
		}
		wg.Go(func() { order.Create[i].Hash, errs[i] = s.hash(ctx, password) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// mapper turns rows into a plan.
type mapper struct {
	plan    MapPlan
	order   Remap
	known   map[string]bool
	byID    map[int64]*User
	byLogin map[string]*User
	owner   map[string]*User // by endpoint
	context map[string]string
	seen    map[string]int // endpoint → line
}

func newMapper(pbx string, users []User, known map[string]bool) *mapper {
	m := &mapper{known: known, byID: make(map[int64]*User), byLogin: make(map[string]*User),
		owner: make(map[string]*User), context: make(map[string]string), seen: make(map[string]int)}
	m.order = Remap{PBX: pbx, Ext: make(map[int64]string)}
	for i := range users {
		u := &users[i]
		m.byID[u.ID], m.byLogin[u.Login] = u, u
		for _, d := range u.Devices {
			if d.PBX == pbx {
				m.owner[d.Endpoint], m.context[d.Endpoint] = u, d.Context
			}
		}
	}
	return m
}

func (m *mapper) fault(r MapRow, field, code, format string, args ...any) {
	m.plan.Faults = append(m.plan.Faults, MapFault{Line: r.Line, Field: field, Code: code, Message: crm.Errorf("", format, args...).Message})
}

// Codes of faults.
const (
	FaultBadEndpoint     = "bad_endpoint"
	FaultUnknownEndpoint = "unknown_endpoint"
	FaultRepeated        = "repeated_endpoint"
	FaultUnknownUser     = "unknown_user"
	FaultDismissed       = "dismissed_user"
	FaultBadLogin        = "bad_login"
	FaultBadRole         = "bad_role"
	FaultBadName         = "bad_name"
	FaultBadExtension    = "bad_extension"
	FaultBadContext      = "bad_context"
)

func (m *mapper) row(r MapRow) {
	before := len(m.plan.Faults)
	r.Login = strings.ToLower(strings.TrimSpace(r.Login))
	first, repeated := m.seen[r.Endpoint]
	switch {
	case !endpointForm.MatchString(r.Endpoint):
		m.fault(r, "endpoint", FaultBadEndpoint, "%q is not an endpoint; write it as PJSIP/101", r.Endpoint)
	case repeated:
		m.fault(r, "endpoint", FaultRepeated, "%s is already in line %d; a telephone has one user", r.Endpoint, first)
	case m.known != nil && !m.known[r.Endpoint]:
		m.fault(r, "endpoint", FaultUnknownEndpoint, "the PBX has no endpoint %s; see the list of what it has", r.Endpoint)
	}
	m.seen[r.Endpoint] = r.Line
	if r.Extension != "" && !extensionForm.MatchString(r.Extension) {
		m.fault(r, "extension", FaultBadExtension, "%q is not an extension; it is 1 to 20 digits", r.Extension)
	}
	if len(r.Context) > 80 || strings.ContainsAny(r.Context, " ,@\x00") {
		m.fault(r, "context", FaultBadContext, "%q is not a dialplan context", r.Context)
	}
	user := m.user(r)
	if len(m.plan.Faults) > before {
		return
	}
	m.change(r, user)
}

// user finds or makes the user of a row; nil for nobody and for faults.
func (m *mapper) user(r MapRow) *User {
	if r.UserID == 0 && r.Login == "" {
		return nil
	}
	user := m.byLogin[r.Login]
	if r.UserID != 0 {
		user = m.byID[r.UserID]
	}
	switch {
	case user != nil && !user.Active:
		m.fault(r, "login", FaultDismissed, "%s is dismissed; make him active first", user.Login)
	case user != nil:
		return user
	case r.UserID != 0:
		m.fault(r, "user_id", FaultUnknownUser, "there is no user %d", r.UserID)
	case r.Name == "":
		m.fault(r, "login", FaultUnknownUser, "there is no user %q; give a name to make one", r.Login)
	default:
		return m.newUser(r)
	}
	return nil
}

func (m *mapper) newUser(r MapRow) *User {
	role := cmp.Or(r.Role, crm.RoleOperator)
	name, none := r.Name, ""
	switch {
	case !loginForm.MatchString(r.Login):
		m.fault(r, "login", FaultBadLogin, "%q is not a login; it is 1 to 64 of a-z, 0-9, . _ @ -", r.Login)
		return nil
	case !role.Valid():
		m.fault(r, "role", FaultBadRole, "%q is not a role; use admin, supervisor, manager or operator", role)
		return nil
	case checkUser(&name, nil, &none, nil) != nil:
		m.fault(r, "name", FaultBadName, "a name has 1 to 200 characters")
		return nil
	}
	m.order.Create = append(m.order.Create, RemapUser{NewUser: NewUser{Login: r.Login, Name: name, Role: role, Extension: r.Extension}})
	user := &User{Login: r.Login, Name: name, Extension: r.Extension, Active: true}
	m.byLogin[r.Login] = user
	return user
}

func (m *mapper) change(r MapRow, user *User) {
	c := MapChange{Line: r.Line, Endpoint: r.Endpoint}
	had := m.owner[r.Endpoint]
	if had != nil {
		c.From = had.Login
	}
	if user == nil {
		if had == nil {
			m.plan.Unchanged++
			return
		}
		c.Action = MapRemove
		m.order.Released = append(m.order.Released, r.Endpoint)
		m.plan.Changes = append(m.plan.Changes, c)
		return
	}
	c.To = user.Login
	newExt := r.Extension != "" && r.Extension != user.Extension
	isNew := user.ID == 0 && !slices.ContainsFunc(m.plan.Changes, func(o MapChange) bool { return o.Action == MapCreate && o.To == user.Login })
	switch {
	case isNew:
		c.Action = MapCreate
	case had == nil:
		c.Action = MapAssign
	case had != user:
		c.Action = MapMove
	case r.Context != m.context[r.Endpoint] || newExt:
		c.Action = MapUpdate
	default:
		m.plan.Unchanged++
		return
	}
	if newExt && user.ID != 0 {
		m.order.Ext[user.ID] = r.Extension
		user.Extension = r.Extension
	}
	m.order.Devices = append(m.order.Devices, RemapDevice{Endpoint: r.Endpoint, Context: r.Context, Login: user.Login, UserID: user.ID})
	m.plan.Changes = append(m.plan.Changes, c)
}
