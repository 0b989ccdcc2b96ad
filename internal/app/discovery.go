package app

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"ringcard/ari"
	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/internal/httpapi"
	"ringcard/internal/pbxconfig"
)

// discoverer reads what a PBX has and compares it with the users.
type discoverer struct{ app *App }

var _ httpapi.Discoverer = discoverer{}

// Discover implements httpapi.Discoverer.
func (d discoverer) Discover(ctx context.Context, pbx string) (httpapi.Discovery, error) {
	cfg, err := d.app.pbxConfig(pbx)
	if err != nil {
		return httpapi.Discovery{}, err
	}
	if cfg.OverSIP() {
		return d.overSIP(ctx, cfg)
	}
	rest := ari.NewREST(ariConfig(cfg), nil)
	defer rest.Close()
	found, err := rest.Discover(ctx)
	if err != nil {
		return httpapi.Discovery{}, &crm.Error{Code: crm.CodeUnavailable, Err: err,
			Message: fmt.Sprintf("the PBX %s does not tell its endpoints; its doctor says why", pbx)}
	}
	staff, err := d.app.services.Employees.Staff(ctx)
	if err != nil {
		return httpapi.Discovery{}, err
	}
	queues, err := d.app.services.CallLog.Queues(ctx, pbx)
	if err != nil {
		return httpapi.Discovery{}, err
	}
	offered, told := d.offered(ctx, cfg, found, staff, queues)
	return compare(cfg, found, staff, offers{Offered: offered, told: told, seen: append(queues, cfg.Queues.Names...)})
}

// offers is what a PBX tells of queues and hints.
type offers struct {
	ari.Offered
	told bool     // it was asked and answered
	seen []string // queues of calls and of the configuration
}

// offered asks the running connection. A PBX that does not answer that has
// endpoints all the same.
func (d discoverer) offered(ctx context.Context, cfg configs.PBX, found []ari.Endpoint, staff []employee.User, queues []string) (ari.Offered, bool) {
	client := d.app.client(cfg.Name)
	if client == nil {
		return ari.Offered{}, false
	}
	known := ari.Known{Queues: queues, Contexts: []string{cfg.Context}}
	for _, e := range found {
		known.Extensions = append(known.Extensions, e.Resource(), e.CallerNumber)
		known.Contexts = append(known.Contexts, e.Context)
	}
	for _, u := range staff {
		known.Extensions = append(known.Extensions, u.Extension)
	}
	offered, err := client.Offered(ctx, known)
	if err != nil {
		d.app.log.Warn("the PBX does not tell its queues and hints", "pbx", cfg.Name, "error", err)
	}
	return offered, err == nil
}

// compare puts together what the PBX, the configuration and the users say.
func compare(cfg configs.PBX, found []ari.Endpoint, staff []employee.User, offered offers) (httpapi.Discovery, error) {
	extensions, err := regexp.Compile(cfg.Extensions)
	if err != nil {
		return httpapi.Discovery{}, fmt.Errorf("pbx %s: extensions: %w", cfg.Name, err)
	}
	owner := make(map[string]employee.User)
	for _, u := range staff {
		for _, dev := range u.Devices {
			if dev.PBX == cfg.Name {
				owner[dev.Endpoint] = u
			}
		}
	}
	out := httpapi.Discovery{PBX: cfg.Name}
	for _, e := range found {
		u, owned := owner[e.Name]
		row := httpapi.FoundEndpoint{
			Endpoint: e.Name, Online: e.Online, Context: e.Context, CallerName: e.CallerName, CallerNumber: e.CallerNumber,
			UserID: u.ID, UserName: u.Name,
		}
		row.Kind, row.Why = kindOf(e, cfg.Trunks, extensions, owned)
		if row.Kind == httpapi.KindTrunk {
			out.Trunks = append(out.Trunks, e.Name)
		} else {
			hinted := hintOf(e.Name, offered.Hints)
			row.Extension = cmp.Or(hinted, extensionOf(e, extensions))
			if !owned {
				row.Suggestion = suggest(row, hinted, staff)
			}
			if e.Context != "" && !slices.Contains(out.Contexts, e.Context) {
				out.Contexts = append(out.Contexts, e.Context)
			}
		}
		out.Endpoints = append(out.Endpoints, row)
	}
	offered.describe(&out, owner)
	slices.Sort(out.Contexts)
	if slices.ContainsFunc(out.Trunks, func(t string) bool { return !matches(cfg.Trunks, t) }) {
		out.TrunkLine = pbxconfig.TrunkLine(out.Trunks)
	}
	return out, nil
}

// kindOf tells trunks from telephones: what was configured first, then how the
// endpoint signs in, then its name.
func kindOf(e ari.Endpoint, trunks []string, extensions *regexp.Regexp, owned bool) (kind, why string) {
	switch {
	case owned:
		return httpapi.KindTelephone, "user_device"
	case matches(trunks, e.Name):
		return httpapi.KindTrunk, "configured_trunk"
	case e.OutboundAuth:
		return httpapi.KindTrunk, "outbound_auth"
	case e.StaticContact && !e.InboundAuth:
		return httpapi.KindTrunk, "static_contact"
	case extensions.MatchString(e.Resource()):
		return httpapi.KindTelephone, "extension"
	case e.InboundAuth:
		return httpapi.KindTelephone, "inbound_auth"
	}
	return httpapi.KindTrunk, "name"
}

func matches(patterns []string, endpoint string) bool {
	_, resource, _ := strings.Cut(endpoint, "/")
	return slices.ContainsFunc(patterns, func(p string) bool {
		whole, _ := path.Match(p, endpoint) // validated with the configuration
		part, _ := path.Match(p, resource)
		return whole || part
	})
}

// extensionOf is the number that rings a telephone: its own caller number, or
// its name where that looks like one.
func extensionOf(e ari.Endpoint, extensions *regexp.Regexp) string {
	switch {
	case extensions.MatchString(e.CallerNumber):
		return e.CallerNumber
	case extensions.MatchString(e.Resource()):
		return e.Resource()
	}
	return ""
}

// suggest finds the user that a telephone of nobody probably belongs to.
func suggest(e httpapi.FoundEndpoint, hinted string, staff []employee.User) *httpapi.MappingSuggestion {
	_, resource, _ := strings.Cut(e.Endpoint, "/")
	for _, by := range []struct {
		reason string
		same   func(employee.User) bool
	}{
		{"extension", func(u employee.User) bool { return u.Extension != "" && u.Extension == resource }},
		{"hint", func(u employee.User) bool { return u.Extension != "" && u.Extension == hinted }},
		{"caller_id_number", func(u employee.User) bool { return u.Extension != "" && u.Extension == e.CallerNumber }},
		{"caller_id_name", func(u employee.User) bool { return e.CallerName != "" && sameName(u.Name, e.CallerName) }},
		{"login", func(u employee.User) bool { return strings.EqualFold(u.Login, resource) }},
	} {
		var hits []employee.User
		for _, u := range staff {
			if by.same(u) {
				hits = append(hits, u)
			}
		}
		if len(hits) == 1 { // of two namesakes neither is suggested
			return &httpapi.MappingSuggestion{UserID: hits[0].ID, UserName: hits[0].Name, Reason: by.reason}
		}
	}
	return nil
}

// sameName compares names whatever the order of their words: Белова Анна is
// Анна Белова.
func sameName(a, b string) bool {
	words := func(s string) []string {
		w := strings.Fields(strings.ToLower(strings.ReplaceAll(s, "ё", "е")))
		slices.Sort(w)
		return w
	}
	x, y := words(a), words(b)
	return len(x) > 0 && slices.Equal(x, y)
}
