package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/sip"
)

// discoveryWait bounds the look at a PBX without ARI.
const discoveryWait = 15 * time.Second

// overSIP tells what can be known of a PBX without ARI (PB-07). It lists
// nothing: the extensions of users, of their telephones and of the
// configuration are watched for a moment, which shows those that exist.
func (d discoverer) overSIP(ctx context.Context, cfg configs.PBX) (httpapi.Discovery, error) {
	staff, err := d.app.services.Employees.Staff(ctx)
	if err != nil {
		return httpapi.Discovery{}, err
	}
	ask := sipConfig(cfg)
	ask.Listen = "" // that is the running connection's
	var devices []cti.Device
	owner := make(map[string]employee.User) // by extension
	for _, u := range staff {
		if u.Extension != "" {
			ask.Extensions = append(slices.Clone(ask.Extensions), u.Extension)
		}
		for _, dev := range u.Devices {
			if _, extension, ok := strings.Cut(dev.Endpoint, "/"); ok && dev.PBX == cfg.Name {
				devices = append(devices, cti.Device{PBX: dev.PBX, Endpoint: dev.Endpoint})
				owner[extension] = u
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, discoveryWait)
	defer cancel()
	found, err := sip.Examine(ctx, ask, devices)
	if err != nil {
		return httpapi.Discovery{}, &crm.Error{Code: crm.CodeUnavailable, Err: err,
			Message: fmt.Sprintf("the PBX %s does not tell the state of extensions; its doctor says why", cfg.Name)}
	}
	return compareSIP(cfg, found, owner, staff), nil
}

func compareSIP(cfg configs.PBX, found []sip.Finding, owner map[string]employee.User, staff []employee.User) httpapi.Discovery {
	out := httpapi.Discovery{PBX: cfg.Name, Contexts: []string{cfg.Context}}
	offers{}.describe(&out, nil)
	for _, f := range found {
		u, owned := owner[f.Extension]
		row := httpapi.FoundEndpoint{Endpoint: f.Endpoint, Kind: httpapi.KindTelephone, Why: "watched", Extension: f.Extension,
			Online: f.State == sip.Watched, Watch: string(f.State), Advice: f.Advice, UserID: u.ID, UserName: u.Name}
		if !owned && f.State != sip.NoHint {
			row.Suggestion = suggest(row, "", staff)
		}
		out.Endpoints = append(out.Endpoints, row)
	}
	return out
}
