package cti

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"sync/atomic"
)

// NumberParser understands a number as the network or a user gave it.
type NumberParser func(raw string) Number

// DefaultExtensions is the pattern of endpoint names taken for the office's
// own telephones when the endpoint belongs to no user. It looks at the name
// of the endpoint, never at the number of the other party (CK-05).
const DefaultExtensions = `^\d{2,6}$`

// OfficeConfig describes one PBX: which endpoints are trunks, which are
// telephones, how numbers are dialled.
type OfficeConfig struct {
	PBX        string
	Trunks     []string // endpoint names or patterns of path.Match: "PJSIP/trunk", "beeline*"
	Extensions string   // regexp on the endpoint's resource; empty: DefaultExtensions
	Context    string   // dialplan context of the telephones, for originate
	DialRules  []DialRule
	DialRights []DialRight
	Hours      Hours
	Parse      NumberParser
}

// Office answers whose endpoint it is. Safe for concurrent use; users may be
// replaced while calls run.
type Office struct {
	cfg        OfficeConfig
	extensions *regexp.Regexp
	rules      []compiledRule
	rights     []compiledRight
	devices    atomic.Pointer[map[string]deviceOwner]
}

type deviceOwner struct {
	user    User
	context string
}

// NewOffice checks the configuration and compiles its patterns.
func NewOffice(cfg OfficeConfig) (*Office, error) {
	if cfg.Extensions == "" {
		cfg.Extensions = DefaultExtensions
	}
	re, err := regexp.Compile(cfg.Extensions)
	if err != nil {
		return nil, fmt.Errorf("extensions pattern: %w", err)
	}
	for _, t := range cfg.Trunks {
		if _, err := path.Match(t, ""); err != nil {
			return nil, fmt.Errorf("trunk pattern %q: %w", t, err)
		}
	}
	rules, err := compileRules(cfg.DialRules)
	if err != nil {
		return nil, err
	}
	rights, err := compileRights(cfg.DialRights)
	if err != nil {
		return nil, err
	}
	o := &Office{cfg: cfg, extensions: re, rules: rules, rights: rights}
	o.SetUsers(nil)
	return o, nil
}

// SetUsers replaces the mapping of devices to users.
func (o *Office) SetUsers(users []User) {
	m := make(map[string]deviceOwner)
	for _, u := range users {
		for _, d := range u.Devices {
			if d.PBX == o.cfg.PBX {
				m[d.Endpoint] = deviceOwner{user: u, context: d.Context}
			}
		}
	}
	o.devices.Store(&m)
}

// Role decides whose an endpoint is: a user's device is the office's, then a
// configured trunk is the client's side, then the name decides.
func (o *Office) Role(endpoint string) LegRole {
	tech, resource, _ := strings.Cut(endpoint, "/")
	switch tech {
	case "Local", "Snoop", "Recorder", "Announcer", "CBAnn", "CBRec", "UnicastRTP", "Surrogate", "Message", "":
		return ServiceLeg
	}
	if _, ok := (*o.devices.Load())[endpoint]; ok {
		return OfficeLeg
	}
	for _, t := range o.cfg.Trunks {
		if ok, _ := path.Match(t, endpoint); ok {
			return ClientLeg
		}
		if ok, _ := path.Match(t, resource); ok {
			return ClientLeg
		}
	}
	if o.extensions.MatchString(resource) {
		return OfficeLeg
	}
	return ClientLeg
}

// Owner returns the user of an endpoint.
func (o *Office) Owner(endpoint string) (User, bool) {
	d, ok := (*o.devices.Load())[endpoint]
	return d.user, ok
}

// party names the person at a device; a device of nobody shows its extension.
func (o *Office) party(endpoint string) Party {
	if u, ok := o.Owner(endpoint); ok {
		return Party{UserID: u.ID, Name: u.Name, Device: endpoint}
	}
	_, resource, _ := strings.Cut(endpoint, "/")
	return Party{Name: resource, Device: endpoint}
}

// dialContext is the dialplan context from which a device dials.
func (o *Office) dialContext(endpoint string) string {
	if d, ok := (*o.devices.Load())[endpoint]; ok && d.context != "" {
		return d.context
	}
	return o.cfg.Context
}

// Endpoint returns technology/resource of a channel name: "PJSIP/101-00000007"
// is of PJSIP/101. Local channels keep their context: "Local/101@grp".
func Endpoint(channelName string) string {
	name := strings.TrimSuffix(strings.TrimSuffix(channelName, ";1"), ";2")
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		return name[:i]
	}
	return name
}

// localPair returns the common name of the two halves of a Local channel, and
// false for any other channel.
func localPair(channelName string) (string, bool) {
	if !strings.HasPrefix(channelName, "Local/") || len(channelName) < 2 {
		return "", false
	}
	base, half := channelName[:len(channelName)-2], channelName[len(channelName)-2:]
	return base, half == ";1" || half == ";2"
}
