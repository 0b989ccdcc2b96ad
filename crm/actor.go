package crm

import "slices"

// Role is what an employee is in the office; it decides his permissions.
type Role string

// Roles.
const (
	RoleAdmin      Role = "admin"
	RoleSupervisor Role = "supervisor"
	RoleManager    Role = "manager"
	RoleOperator   Role = "operator"
	// RoleAgent works like an operator, as one of an outside call centre: he
	// sees numbers masked (PU-09).
	RoleAgent Role = "agent"
)

// Permission is one thing an actor may do.
type Permission string

// Permissions. ClientsRead alone shows the clients the actor is responsible
// for and those nobody is; CallsRead alone shows the actor's own calls.
const (
	ClientsRead     Permission = "clients.read"
	ClientsReadAll  Permission = "clients.read_all"
	ClientsWrite    Permission = "clients.write"
	ClientsDelete   Permission = "clients.delete"
	CallsRead       Permission = "calls.read"
	CallsReadAll    Permission = "calls.read_all"
	CallsDial       Permission = "calls.dial"
	CallsControlAll Permission = "calls.control_all"
	UsersManage     Permission = "users.manage"
	PBXManage       Permission = "pbx.manage"
	// CallsSupervise: listen, whisper, barge (CO-09). NumbersFull: without it
	// numbers are masked (PU-09).
	CallsSupervise   Permission = "calls.supervise"
	RecordingsListen Permission = "recordings.listen"
	RecordingsManage Permission = "recordings.manage"
	NumbersFull      Permission = "numbers.full"
	ReportsRead      Permission = "reports.read"
	QueuesManage     Permission = "queues.manage"
	SettingsManage   Permission = "settings.manage"
	// Hooks is the scope of tokens for dialplans: who calls, and where the call
	// should go (LU-06, LU-07).
	Hooks Permission = "hooks"
)

// Roles lists all roles, most powerful first.
func Roles() []Role { return []Role{RoleAdmin, RoleSupervisor, RoleManager, RoleOperator, RoleAgent} }

// Valid tells whether the role exists.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Permissions of the role, in a fixed order.
func (r Role) Permissions() []Permission {
	switch r {
	case RoleAdmin:
		return AllPermissions()
	case RoleSupervisor:
		return []Permission{ClientsRead, ClientsReadAll, ClientsWrite, ClientsDelete,
			CallsRead, CallsReadAll, CallsDial, CallsControlAll, CallsSupervise,
			RecordingsListen, RecordingsManage, NumbersFull, ReportsRead, QueuesManage}
	case RoleManager:
		return []Permission{ClientsRead, ClientsWrite, ClientsDelete, CallsRead, CallsDial,
			RecordingsListen, NumbersFull, ReportsRead}
	case RoleOperator:
		// An operator answers for the whole office, so he sees every caller.
		return []Permission{ClientsRead, ClientsReadAll, ClientsWrite, CallsRead, CallsDial, NumbersFull}
	case RoleAgent:
		return []Permission{ClientsRead, ClientsReadAll, ClientsWrite, CallsRead, CallsDial}
	}
	return nil
}

// AllPermissions lists every permission there is.
func AllPermissions() []Permission {
	return []Permission{ClientsRead, ClientsReadAll, ClientsWrite, ClientsDelete,
		CallsRead, CallsReadAll, CallsDial, CallsControlAll, CallsSupervise, RecordingsListen, RecordingsManage,
		NumbersFull, ReportsRead, QueuesManage, SettingsManage, UsersManage, PBXManage, Hooks}
}

// Actor is who does something: an employee, one of his tokens, or the system.
// The zero Actor may do nothing.
type Actor struct {
	UserID int64 // 0 for the system
	Login  string
	Name   string
	Role   Role
	perms  []Permission
}

// NewActor makes the actor of an employee with the permissions of his role.
func NewActor(userID int64, login, name string, role Role) Actor {
	return Actor{UserID: userID, Login: login, Name: name, Role: role, perms: role.Permissions()}
}

// System is the actor of the program itself: call records, samples, jobs.
func System() Actor {
	return Actor{Login: "system", Name: "system", perms: AllPermissions()}
}

// Limit returns the actor with no more than the given permissions, as the
// scopes of a token.
func (a Actor) Limit(scopes []Permission) Actor {
	a.perms = slices.DeleteFunc(slices.Clone(a.perms), func(p Permission) bool {
		return !slices.Contains(scopes, p)
	})
	return a
}

// Can tells whether the actor has the permission.
func (a Actor) Can(p Permission) bool { return slices.Contains(a.perms, p) }

// Permissions returns a copy of what the actor may do.
func (a Actor) Permissions() []Permission { return slices.Clone(a.perms) }

// Require returns a CodeForbidden error when the actor has not the permission.
func (a Actor) Require(p Permission) error {
	if a.Can(p) {
		return nil
	}
	return &Error{Code: CodeForbidden, Message: "permission " + string(p) + " is needed"}
}
