package app

import (
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
	return compare(cfg, found, staff, queues)
}

// compare puts together what the PBX, the configuration and the users say.
func compare(cfg configs.PBX, found []ari.Endpoint, staff []employee.User, queues []string) (httpapi.Discovery, error) {
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
	out := httpapi.Discovery{PBX: cfg.Name, Queues: queues}
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
			row.Extension = extensionOf(e, extensions)
			if !owned {
				row.Suggestion = suggest(row, staff)
			}
			if e.Context != "" && !slices.Contains(out.Contexts, e.Context) {
				out.Contexts = append(out.Contexts, e.Context)
			}
		}
		out.Endpoints = append(out.Endpoints, row)
	}
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
func suggest(e httpapi.FoundEndpoint, staff []employee.User) *httpapi.MappingSuggestion {
	_, resource, _ := strings.Cut(e.Endpoint, "/")
	for _, by := range []struct {
		reason string
		same   func(employee.User) bool
	}{
		{"extension", func(u employee.User) bool { return u.Extension != "" && u.Extension == resource }},
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
