package configs

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"time"
)

// AMI is the manager interface of a PBX. It is optional: without an address
// what needs it is refused with the reason (CO-07).
type AMI struct {
	Address  string `yaml:"address" env:"ADDRESS"` // host:port, 5038 by default in Asterisk
	User     string `yaml:"user" env:"USER"`
	Password Secret `yaml:"password" env:"PASSWORD"`
}

// DialRight says who may dial the numbers of a pattern (CO-02). The first
// whose expression matches decides; what matches none everybody may dial.
type DialRight struct {
	Match     string   `yaml:"match"`     // regular expression on the number, E.164 with + where it has one
	Emergency bool     `yaml:"emergency"` // everybody may, at any hour
	Roles     []string `yaml:"roles"`     // who may
}

// Queues are the call queues of a PBX (CO-10).
type Queues struct {
	// Names are needed where there is no AMI, which lists them itself.
	Names []string `yaml:"names" env:"NAMES"`
	// PauseOnBreak pauses a user's queue memberships while he is on a break or
	// in wrap-up.
	PauseOnBreak bool `yaml:"pause_on_break" env:"PAUSE_ON_BREAK"`
	// PauseReasons are the reasons to choose from; empty: any text.
	PauseReasons []string `yaml:"pause_reasons" env:"PAUSE_REASONS"`
}

// dialRoles are the roles of employees, as package crm names them.
var dialRoles = []string{"admin", "supervisor", "manager", "operator", "agent"}

// DialHours is the time of day in which clients may be called.
type DialHours struct {
	From string `yaml:"from" env:"FROM"` // 08:00; empty with To: at any time
	To   string `yaml:"to" env:"TO"`
}

// Span returns the hours as time since midnight; both zero for any time.
func (h DialHours) Span() (from, to time.Duration, err error) {
	if h.From == "" && h.To == "" {
		return 0, 0, nil
	}
	if from, err = clock(h.From); err == nil {
		to, err = clock(h.To)
	}
	if err == nil && from >= to {
		err = fmt.Errorf("%s is not before %s", h.From, h.To)
	}
	return from, to, err
}

func clock(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

func (v *validator) ami(at string, a AMI) {
	if a == (AMI{}) {
		return
	}
	host, port, err := net.SplitHostPort(a.Address)
	v.check(err == nil && host != "" && port != "", at+"address", "%q is no address; write host:port, as 192.0.2.10:5038", a.Address)
	v.check(a.User != "", at+"user", "is missing; use the section name in manager.conf")
	v.check(a.Password != "", at+"password", "is missing; use the secret of the user in manager.conf")
}

func (v *validator) dialRights(at string, rights []DialRight) {
	for j, r := range rights {
		where := fmt.Sprintf("%sdial_rights[%d].", at, j)
		_, err := regexp.Compile(r.Match)
		v.check(r.Match != "" && err == nil, where+"match", `%q is no regular expression; write it as ^\+7`, r.Match)
		v.check(!r.Emergency || len(r.Roles) == 0, where+"roles", "an emergency number is for everybody: leave roles out")
		for _, role := range r.Roles {
			v.check(slices.Contains(dialRoles, role), where+"roles", "%q is no role; use %v", role, dialRoles)
		}
	}
}

func (v *validator) dialHours(at string, h DialHours) {
	if _, _, err := h.Span(); err != nil {
		v.addf(at+"dial_hours", "%v; write from: 08:00 and to: 22:00", err)
	}
}
