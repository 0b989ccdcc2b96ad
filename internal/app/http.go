package app

import (
	"fmt"
	"net/http"
	"time"

	"ringcard/internal/httpapi"
	"ringcard/web"
)

// handler puts the API together.
func (a *App) handler() (http.Handler, error) {
	cfg := a.opt.Config
	location, err := cfg.Location()
	if err != nil {
		return nil, fmt.Errorf("time_zone: %w", err)
	}
	return httpapi.New(httpapi.Deps{
		Log: a.log,
		Info: httpapi.Info{
			Version: a.opt.Version, Locale: cfg.Locale, TimeZone: cfg.TimeZone, Region: cfg.Phone.Region, Demo: a.opt.Demo,
		},
		Metrics: a.metrics.http, MetricsPage: a.metrics.page(), PublicURL: cfg.PublicURL, Location: location, TrustedProxies: cfg.TrustedProxies,
		Web: web.FS(), Checks: a.checks, Now: time.Now,
		Services: a.services,
		Telephony: httpapi.Telephony{
			Calls: a.telephony.service, Team: a.telephony.team, Queues: a.telephony.queues, PBXs: a.pbxStatuses,
			Record: recordOf, Audit: a.db.Audit, UsersChanged: a.refreshUsers, WrapUps: a.telephony.wrapUps,
			NameStyle: a.nameStyle,
			Diallings: a.telephony.service.Diallings, PopsChanged: a.popsChanged, Visible: a.pops.visible,
		},
		Streaming:      httpapi.Streaming{Hub: a.hub, Tickets: a.tickets},
		Administration: httpapi.Administration{Doctor: a.examiner, Discovery: discoverer{a}, TestCalls: a.tests, Captures: a.captures},
	})
}
