package app

import (
	"context"
	"fmt"
	"time"

	"ringcard/configs"
	"ringcard/crm/client"
	"ringcard/crm/routing"
	"ringcard/cti"
	"ringcard/internal/postgres"
)

// startRouting makes the use cases of personal managers, which ask the team
// panel.
func (a *App) startRouting(ctx context.Context) error {
	location, err := a.opt.Config.Location()
	if err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	store := postgres.NewRoutingStore(a.db)
	a.services.Routing = routing.NewService(store, store, teamPresence{a.telephony.team}, routing.Options{
		Zone: location, Clock: time.Now, Rules: phoneRules(a.opt.Config),
	})
	return nil
}

// teamPresence reads the team panel.
type teamPresence struct{ team *cti.Team }

var _ routing.Presence = teamPresence{}

// Presence implements routing.Presence.
func (p teamPresence) Presence(userID int64) string {
	for _, one := range p.team.List() {
		if one.UserID == userID {
			return string(one.State)
		}
	}
	return string(cti.PresenceOffline)
}

// nameStyle is how the telephones of a PBX want clients' names (LU-06).
func (a *App) nameStyle(pbx string) client.NameStyle {
	cfg, err := a.pbxConfig(pbx)
	if err != nil {
		return client.NameStyle{}
	}
	return client.NameStyle{ASCII: cfg.CallerName.ASCII, Max: cfg.CallerName.Max}
}

// displayName writes matches for the displays of ringing telephones; nil where
// these are left alone.
func (a *App) displayName(cfg configs.PBX) func(cti.Match) string {
	if !cfg.SetCallerName {
		return nil
	}
	style := a.nameStyle(cfg.Name)
	return func(m cti.Match) string {
		return client.DisplayName(client.Match{Name: m.Name, Organisation: m.Organisation}, style)
	}
}
