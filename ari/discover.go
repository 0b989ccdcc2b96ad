package ari

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/CyCoreSystems/ari/v6"
	"golang.org/x/sync/errgroup"

	"ringcard/cti"
)

// Endpoint is a telephone or a trunk as the PBX has it configured (PB-10).
// What only PJSIP tells is empty for other technologies.
type Endpoint struct {
	Name          string // PJSIP/101
	Online        bool
	Context       string // dialplan context of its calls
	CallerName    string
	CallerNumber  string
	OutboundAuth  bool // it signs in at the other side, as to a provider
	InboundAuth   bool // the other side signs in here, as a telephone
	StaticContact bool // its address is written in the configuration
	Nameless      bool // calls under way tell it no names: neither send_pai nor send_rpid
}

// Resource is the name without the technology.
func (e Endpoint) Resource() string {
	_, resource, _ := strings.Cut(e.Name, "/")
	return resource
}

// Discover lists the endpoints with their configuration, by name. It only
// reads, eight requests at a time.
func (r *REST) Discover(ctx context.Context) ([]Endpoint, error) {
	list, err := r.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Endpoint, len(list))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for i, e := range list {
		out[i] = Endpoint{Name: e.Technology + "/" + e.Resource, Online: e.State == "online"}
		if e.Technology == "PJSIP" {
			group.Go(func() error { return r.pjsip(ctx, &out[i], e) })
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b Endpoint) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// pjsip reads an endpoint's configuration object and those of its addresses.
// An object that ARI does not give leaves the fields empty.
func (r *REST) pjsip(ctx context.Context, out *Endpoint, e ari.EndpointData) error {
	object, err := r.object(ctx, "endpoint", e.Resource)
	if err != nil || object == nil {
		return err
	}
	out.Context = object["context"]
	out.CallerName, out.CallerNumber = callerID(object["callerid"])
	out.OutboundAuth, out.InboundAuth = object["outbound_auth"] != "", object["auth"] != ""
	out.Nameless = object["send_connected_line"] == "false" || object["send_pai"] == "false" && object["send_rpid"] == "false"
	for _, name := range strings.Split(object["aors"], ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		aor, err := r.object(ctx, "aor", name)
		if err != nil {
			return err
		}
		out.StaticContact = out.StaticContact || aor["contact"] != ""
	}
	return nil
}

// object reads a configuration object of res_pjsip, wherever it is stored;
// nil when it cannot be read. Objects of type auth, which hold passwords, are
// never asked for.
func (r *REST) object(ctx context.Context, kind, id string) (map[string]string, error) {
	var tuples []ari.ConfigTuple
	_, err := r.do(ctx, http.MethodGet, "/asterisk/config/dynamic/res_pjsip/"+kind+"/"+url.PathEscape(id), nil, nil, &tuples)
	var status *StatusError
	if errors.As(err, &status) {
		return nil, nil
	}
	out := make(map[string]string, len(tuples))
	for _, t := range tuples {
		out[t.Attribute] = t.Value
	}
	return out, err
}

// Overload tells what makes res_pjsip ignore new calls (pjsip.conf,
// taskprocessor_overload_trigger): global, pjsip_only or none. Empty: the PBX
// does not tell.
func (r *REST) Overload(ctx context.Context) (string, error) {
	settings, err := r.object(ctx, "global", "global")
	return settings["taskprocessor_overload_trigger"], err
}

// callerID reads `"Anna" <101>`; Asterisk writes <unknown> for none.
func callerID(text string) (name, number string) {
	name, number, bracketed := strings.Cut(text, "<")
	if !bracketed {
		return "", strings.TrimSpace(name)
	}
	number = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(number), ">"))
	if number == "unknown" {
		number = ""
	}
	return strings.Trim(strings.TrimSpace(name), `"`), number
}

// Snapshot reads what the PBX has now: channels, bridges, endpoints.
func (c *Client) Snapshot(ctx context.Context) (*cti.Snapshot, error) {
	return c.snapshot(ctx, newPBXClock())
}
