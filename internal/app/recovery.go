package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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

// cdrSource opens the configured source of a PBX's own call records.
func cdrSource(cfg configs.PBX, officeZone string, log *slog.Logger) (cti.CDRSource, func(context.Context) error, error) {
	zone, err := time.LoadLocation(cfg.CDR.Zone(officeZone))
	if err != nil {
		return nil, nil, fmt.Errorf("cdr.time_zone: %w", err)
	}
	if cfg.CDR.CSV != "" {
		return cdr.NewCSV(cfg.CDR.CSV, zone, log), func(context.Context) error { return nil }, nil
	}
	table := cdr.NewTable(cfg.CDR.DatabaseURL.Reveal(), cfg.CDR.Table, zone)
	return table, table.Close, nil
}

// tryCDR reads once from the source of a PBX's call records, for the doctor.
func tryCDR(ctx context.Context, cfg configs.PBX, officeZone string) error {
	source, closeSource, err := cdrSource(cfg, officeZone, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	_, _, _, err = source.Read(ctx, "")
	return errors.Join(err, closeSource(ctx))
}

// startRecovery begins to read the PBX's own records, where one is configured.
func (a *App) startRecovery(ctx context.Context, cfg configs.PBX, engine *cti.Engine, hooks *cti.Metrics) error {
	if !cfg.CDR.Configured() {
		a.log.Info("no call records of the PBX are read: what is missed in an outage stays an estimate", "pbx", cfg.Name)
		return nil
	}
	source, closeSource, err := cdrSource(cfg, a.opt.Config.TimeZone, a.log)
	if err != nil {
		return err
	}
	a.cleanups.add("call records of "+cfg.Name, closeSource)
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
