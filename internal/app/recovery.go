package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"ringcard/configs"
	"ringcard/crm/calllog"
	"ringcard/cti"
	"ringcard/internal/cdr"
	"ringcard/internal/postgres"
)

// pastCalls lets a recovery ask for the records of the CRM.
type pastCalls struct{ calllog.Recovery }

var _ cti.PastCalls = pastCalls{}

// Known implements cti.PastCalls.
func (p pastCalls) Known(ctx context.Context, pbx string, ids, channels []string) ([]cti.KnownCall, error) {
	found, err := p.Recovery.Known(ctx, pbx, ids, channels)
	if err != nil {
		return nil, err
	}
	known := make([]cti.KnownCall, len(found))
	for i, k := range found {
		known[i] = cti.KnownCall{ID: k.ID, Open: k.Open, Channels: k.Channels}
		if len(k.Snapshot) == 0 {
			continue
		}
		known[i].Call = new(cti.Call)
		if err := json.Unmarshal(k.Snapshot, known[i].Call); err != nil {
			return nil, fmt.Errorf("call record %s: %w", k.ID, err)
		}
	}
	return known, nil
}

// channelsOf lists the ids by which the PBX's own records name the call.
func channelsOf(c cti.Call) []string {
	var ids []string
	for _, l := range c.Legs {
		for _, id := range []string{l.ID, l.LinkedID} {
			if id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// startRecovery begins to read the PBX's own records, where one is configured.
func (a *App) startRecovery(ctx context.Context, cfg configs.PBX, engine *cti.Engine, hooks *cti.Metrics) error {
	if !cfg.CDR.Configured() {
		a.log.Info("no call records of the PBX are read: what is missed in an outage stays an estimate", "pbx", cfg.Name)
		return nil
	}
	zone, err := time.LoadLocation(cfg.CDR.Zone(a.opt.Config.TimeZone))
	if err != nil {
		return fmt.Errorf("cdr.time_zone: %w", err)
	}
	var source cti.CDRSource
	if cfg.CDR.CSV != "" {
		source = cdr.NewCSV(cfg.CDR.CSV, zone, a.log)
	} else {
		table := cdr.NewTable(cfg.CDR.DatabaseURL.Reveal(), cfg.CDR.Table, zone)
		a.cleanups.add("call records of "+cfg.Name, table.Close)
		source = table
	}
	r := cti.NewRecovery(cti.RecoveryOptions{
		Engine: engine, Source: source, Records: pastCalls{postgres.NewCallStore(a.db)}, Journal: journal{a.services.CallLog},
		Log: a.log, Metrics: hooks, Every: cfg.CDR.Every,
	})
	if err := r.Start(ctx); err != nil {
		return err
	}
	a.cleanups.add("recovery "+cfg.Name, r.Stop)
	return nil
}
