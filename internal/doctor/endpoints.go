package doctor

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"ringcard/ari"
)

// endpoints compares the telephones of the PBX with those of the users, and
// returns those of the PBX.
func (c *pbxCheck) endpoints(ctx context.Context, rest *ari.REST) []ari.Endpoint {
	list, err := rest.Discover(ctx)
	if err != nil {
		c.add("endpoint.unknown", Warn, "endpoints", err.Error(), "", "error", err.Error())
		return nil
	}
	has := make(map[string]ari.Endpoint, len(list))
	for _, e := range list {
		has[e.Name] = e
	}
	c.trunks(has)
	if !c.known {
		c.add("endpoint.users", Skip, "telephones", "the users could not be read from the database", "")
		return list
	}
	used := make(map[string]bool)
	for _, d := range c.devices {
		if d.PBX != c.cfg.Name {
			continue
		}
		used[d.Endpoint] = true
		what := "telephone " + d.Endpoint
		params := []string{"endpoint", d.Endpoint, "user", d.User}
		switch e, ok := has[d.Endpoint]; {
		case !ok:
			c.add("endpoint.missing", Fail, what, fmt.Sprintf("belongs to %s, but the PBX has no such endpoint", d.User),
				"correct the user's devices, or add the endpoint to pjsip.conf", params...)
		case !e.Online:
			c.add("endpoint.offline", Warn, what, fmt.Sprintf("of %s is not registered", d.User),
				"check that the telephone is on and has the right address and password", params...)
		default:
			c.add("endpoint", OK, what, "of "+d.User+", online", "", params...)
		}
	}
	c.unassigned(has, used)
	return list
}

func (c *pbxCheck) trunks(has map[string]ari.Endpoint) {
	for _, pattern := range c.cfg.Trunks {
		found := false
		for id, e := range has {
			whole, _ := path.Match(pattern, id) // the configuration has been validated
			part, _ := path.Match(pattern, e.Resource())
			found = found || whole || part
		}
		if found {
			c.add("trunk", OK, "trunk "+pattern, "found", "", "trunk", pattern)
		} else {
			c.add("trunk.missing", Fail, "trunk "+pattern, "the PBX has no such endpoint: outside calls would count as internal",
				"correct pbx.trunks; `pjsip show endpoints` lists the names", "trunk", pattern)
		}
	}
	if len(c.cfg.Trunks) == 0 {
		c.add("trunk.none", Warn, "trunks", "none is configured; every endpoint that is no telephone counts as one", "name them in pbx.trunks")
	}
}

// unassigned lists telephones whose calls would pop up on nobody's screen.
func (c *pbxCheck) unassigned(has map[string]ari.Endpoint, used map[string]bool) {
	extensions, err := regexp.Compile(c.cfg.Extensions)
	if err != nil {
		return // validated before
	}
	var free []string
	for id, e := range has {
		if !used[id] && extensions.MatchString(e.Resource()) {
			free = append(free, id)
		}
	}
	if len(free) == 0 {
		return
	}
	slices.Sort(free)
	listed := listing(free)
	c.add("endpoint.nobody", Warn, "telephones of nobody", listed,
		"add them to the devices of their users (the page of the PBX offers them), or calls to them pop up on no screen",
		"endpoints", listed)
}

// listing names the first of many.
func listing(names []string) string {
	listed := strings.Join(names[:min(len(names), listedAtMost)], ", ")
	if len(names) > listedAtMost {
		listed += fmt.Sprintf(" and %d more", len(names)-listedAtMost)
	}
	return listed
}
