package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"ringcard/ari"
	"ringcard/ari/ami"
	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/sip"
)

// telephony is the engines of all PBXs and what they share.
type telephony struct {
	exchanges []exchange
	recorder  *cti.Recorder
	team      *cti.Team
	service   *cti.Service
	queues    *cti.Queues
	wrapUps   *wrapUps
}

func (a *App) startTelephony(ctx context.Context) error {
	t := &telephony{}
	a.telephony = t
	a.tests, a.captures = newTestCalls(a), newCaptures(a)
	t.wrapUps = newWrapUps(a.hub, time.Now)
	shown := watchedScreens{screens{a.hub, a.pops, t.wrapUps}, a.tests}
	hooks := a.metrics.engine()
	found := newCachedDirectory(directory{a.store}, cachedNumbers, time.Now)
	a.cached = &cacheKeeper{cache: found, changes: a.store, log: a.log}
	a.cached.follow(ctx)
	var err error
	t.recorder, err = cti.NewRecorder(a.watched(journal{a.services.CallLog}), cti.RecorderOptions{
		Dir: filepath.Join(a.opt.Config.DataDir, "spool"), Log: a.log, Metrics: hooks,
	})
	if err != nil {
		return err
	}
	t.recorder.Start()
	a.cleanups.add("recorder", t.recorder.Stop)
	a.metrics.watchRecorder(t.recorder)
	t.team = cti.NewTeam(shown, time.Now)
	t.wrapUps.start(t.team)
	a.refreshWrapUps(ctx)
	a.cleanups.add("wrap-ups", t.wrapUps.stop)

	// All clients exist before the first connects: a status shows them all.
	var engines []*cti.Engine
	var tapes []*cti.Recordings
	for _, cfg := range a.opt.Config.PBX {
		ring := a.captures.rings[cfg.Name]
		client := a.connect(cfg, func(connected bool) {
			a.metrics.connected(cfg.Name, connected)
			shown.showPBX(a.pbxStatuses())
		})
		var recordings *cti.Recordings
		if client.ari != nil {
			if recordings, err = a.recordingsOf(cfg, client.ari); err != nil {
				return err
			}
		}
		tapes = append(tapes, recordings)
		engine, err := cti.NewEngine(cti.EngineOptions{
			PBX: client.PBX, Office: a.office(cfg), Directory: capturedDirectory{found, ring}, Placed: ring.Placed, Recorder: t.recorder,
			Screens: shown, Team: t.team, Log: a.log, Metrics: hooks, CDR: cfg.CDR.Configured(), Recordings: recordings,
			DisplayName: a.displayName(cfg),
		})
		if err != nil {
			return fmt.Errorf("pbx %s: %w", cfg.Name, err)
		}
		client.deliver(engine)
		t.exchanges, engines = append(t.exchanges, client), append(engines, engine)
		a.checks = append(a.checks, pbxCheck(client))
	}
	t.service = cti.NewService(cti.ServiceOptions{
		Engines: engines, Team: t.team, Directory: found, Marks: marks{a.store}, Log: a.log, Now: time.Now,
	})
	a.startQueues()
	if err := a.restoreTeam(ctx); err != nil {
		return err
	}
	if err := a.resumeWrapUps(ctx); err != nil {
		return err
	}
	for i, engine := range engines {
		name := a.opt.Config.PBX[i].Name
		if tapes[i] != nil {
			if err := tapes[i].Start(ctx); err != nil {
				return err
			}
			a.cleanups.add("recordings "+name, tapes[i].Stop)
		}
		if err := engine.Start(ctx); err != nil {
			return fmt.Errorf("pbx %s: %w", name, err)
		}
		a.cleanups.add("engine "+name, engine.Stop)
		if err := t.exchanges[i].start(ctx); err != nil {
			return fmt.Errorf("pbx %s: %w", name, err)
		}
		a.cleanups.add("pbx "+name, t.exchanges[i].stop)
		if err := a.startRecovery(ctx, a.opt.Config.PBX[i], engine, hooks); err != nil {
			return fmt.Errorf("pbx %s: %w", name, err)
		}
	}
	a.keeper.Start()
	a.cleanups.add("keeper of recordings", a.keeper.Stop)
	return nil
}

func ariConfig(cfg configs.PBX) ari.Config {
	return ari.Config{Name: cfg.Name, URL: cfg.ARI.URL, User: cfg.ARI.User, Password: cfg.ARI.Password.Reveal(), App: cfg.ARI.App,
		Queues: cfg.Queues.Names,
		AMI:    ami.Config{Addr: cfg.AMI.Address, User: cfg.AMI.User, Password: cfg.AMI.Password.Reveal()}}
}

func (a *App) office(cfg configs.PBX) cti.OfficeConfig {
	rules := make([]cti.DialRule, len(cfg.DialRules))
	for i, r := range cfg.DialRules {
		rules[i] = cti.DialRule{Match: r.Match, Dial: r.Dial}
	}
	rights := make([]cti.DialRight, len(cfg.DialRights))
	for i, r := range cfg.DialRights {
		rights[i] = cti.DialRight{Match: r.Match, Emergency: r.Emergency, Roles: r.Roles}
	}
	trunks := cfg.Trunks
	if cfg.OverSIP() {
		trunks = append(slices.Clone(trunks), sip.OutsideEndpoint)
	}
	return cti.OfficeConfig{
		PBX: cfg.Name, Trunks: trunks, Extensions: cfg.Extensions, Context: cfg.Context,
		DialRules: rules, DialRights: rights, Hours: a.dialHours(cfg), Parse: numberParser(phoneRules(a.opt.Config)),
	}
}

// dialHours is checked with the configuration.
func (a *App) dialHours(cfg configs.PBX) cti.Hours {
	from, to, err := cfg.DialHours.Span()
	if err != nil {
		return cti.Hours{}
	}
	location, err := a.opt.Config.Location()
	if err != nil {
		location = time.UTC
	}
	return cti.Hours{From: from, To: to, Location: location}
}

// pbxCheck reports a PBX without asking it: the connection knows.
func pbxCheck(client exchange) httpapi.Check {
	return httpapi.Check{Name: "pbx " + client.Name(), Run: func(context.Context) error {
		connected, since := client.Connected()
		if connected {
			return nil
		}
		return fmt.Errorf("not connected since %s; ringcard doctor tells more", since.UTC().Format(time.RFC3339))
	}}
}

func (a *App) pbxStatuses() []httpapi.PBXStatus {
	out := make([]httpapi.PBXStatus, len(a.telephony.exchanges))
	for i, client := range a.telephony.exchanges {
		out[i] = client.status()
	}
	return out
}

// restoreTeam gives the engines their users, and the team what everybody said
// of himself before the restart.
func (a *App) restoreTeam(ctx context.Context) error {
	staff, err := a.services.Employees.Staff(ctx)
	if err != nil {
		return err
	}
	a.telephony.setUsers(usersOfStaff(staff))
	for _, u := range staff {
		if u.Status == employee.Free {
			continue
		}
		if _, err := a.telephony.team.SetStatus(u.ID, cti.PresenceState(u.Status)); err != nil {
			a.log.Warn("status not restored", "user", u.ID, "error", err)
		}
	}
	return nil
}

// refreshUsers reads the users again. A fault is logged and mended by the
// next refresh: the engines go on with the users they have.
func (a *App) refreshUsers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
	defer cancel()
	staff, err := a.services.Employees.Staff(ctx)
	if err != nil {
		a.log.Error("users not refreshed", "error", err)
		return
	}
	a.telephony.setUsers(usersOfStaff(staff))
	a.popsChanged(ctx)
}

func usersOfStaff(staff []employee.User) []cti.User {
	users := make([]cti.User, len(staff))
	for i, u := range staff {
		users[i] = cti.User{ID: u.ID, Name: u.Name, SeesAll: crm.NewActor(u.ID, u.Login, u.Name, u.Role).Can(crm.CallsReadAll)}
		for _, d := range u.Devices {
			users[i].Devices = append(users[i].Devices, cti.Device{PBX: d.PBX, Endpoint: d.Endpoint, Context: d.Context, AutoAnswer: d.AutoAnswer})
		}
	}
	return users
}
