// Package employee holds the people of the office: their logins, roles,
// telephones, sessions and the tokens of their integrations.
package employee

import (
	"encoding/json"
	"time"

	"ringcard/crm"
)

// User is an employee.
type User struct {
	ID        int64           `json:"id"`
	Version   int64           `json:"version"`
	Login     string          `json:"login"`
	Name      string          `json:"name"`
	Role      crm.Role        `json:"role" enum:"admin,supervisor,manager,operator,agent"`
	Extension string          `json:"extension"`
	Devices   []Device        `json:"devices"`
	Locale    string          `json:"locale"`
	Theme     string          `json:"theme"`
	Status    Status          `json:"status" enum:"free,break,wrap_up"`
	StatusAt  time.Time       `json:"status_at"`
	Settings  json.RawMessage `json:"settings" doc:"free JSON object of the web application"`
	Active    bool            `json:"active" doc:"false: dismissed, cannot sign in"`
	CreatedAt time.Time       `json:"created_at"`
}

// Device is a telephone of an employee at a PBX.
type Device struct {
	PBX      string `json:"pbx"`
	Endpoint string `json:"endpoint" doc:"technology/resource, as PJSIP/101"`
	Context  string `json:"context,omitempty" doc:"dialplan context for its calls; empty: the PBX's default"`
	// AutoAnswer makes it answer click-to-call by itself (CO-05).
	AutoAnswer string `json:"auto_answer,omitempty" enum:"yealink,grandstream,snom,cisco,fanvil,panasonic" doc:"vendor by whose header it answers click-to-call itself; empty: it rings"`
}

// Status is what an employee says of himself (CO-11).
type Status string

// Statuses.
const (
	Free   Status = "free"
	Break  Status = "break"
	WrapUp Status = "wrap_up"
)

// Name is an employee in a choice list.
type Name struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Extension string `json:"extension,omitempty"`
}

// Session is a sign-in of the web application.
type Session struct {
	UserID    int64
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time // it ends then, or earlier when unused
	Address   string
	Agent     string
}

// Token lets an integration act for an employee within its scopes.
type Token struct {
	ID        int64            `json:"id"`
	UserID    int64            `json:"user_id"`
	Name      string           `json:"name"`
	Scopes    []crm.Permission `json:"scopes"`
	CreatedAt time.Time        `json:"created_at"`
	UsedAt    *time.Time       `json:"used_at"`
	ExpiresAt *time.Time       `json:"expires_at"`
	RevokedAt *time.Time       `json:"revoked_at"`
}

// NewUser is the input of Create.
type NewUser struct {
	Login     string
	Name      string
	Role      crm.Role
	Password  string
	Extension string
	Devices   []Device
}

// Patch changes the fields that are set.
type Patch struct {
	Name      *string
	Role      *crm.Role
	Extension *string
	Devices   *[]Device
	Active    *bool
	Password  *string
}

// MePatch changes what an employee may change of himself. Settings are merged
// by their top-level keys; a null removes one.
type MePatch struct {
	Locale   *string
	Theme    *string
	Settings json.RawMessage
}
