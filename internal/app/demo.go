package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ringcard/ari/arisim"
	"ringcard/configs"
	"ringcard/crm/employee"
	"ringcard/internal/httpapi"
	"ringcard/internal/postgres"
	"ringcard/internal/postgres/sample"
)

// DemoOptions of a Demo.
type DemoOptions struct {
	Listen  string
	Locale  string
	Log     *slog.Logger
	Version string
	// Speed divides every delay of the simulated PBX; 0 means 1.
	Speed float64
}

// Demo is a server with everything of its own: a fresh private database with
// sample clients, and a simulated PBX in which calls come in by themselves.
type Demo struct {
	dir      string
	app      *App
	sample   sample.Result
	cleanups cleanups
}

const (
	demoPBX      = "demo"
	demoUser     = "ringcard"
	demoPassword = "demo"
	// demoSeed and demoEvery make a day in which the telephone of the first
	// login rings soon, and often.
	demoSeed  = 44
	demoEvery = 8 * time.Second
)

// DemoPassword is everybody's. It is meant to be known: the demo listens on
// loopback and dies with its data.
const DemoPassword = "ringcard-demo"

// StartDemo starts everything. Its folder is a temporary one, made anew each
// time and removed at the end, so that every demo begins alike.
func StartDemo(ctx context.Context, opt DemoOptions) (*Demo, error) {
	d := &Demo{cleanups: cleanups{log: opt.Log}}
	if err := d.start(ctx, opt); err != nil {
		return nil, errors.Join(err, d.cleanups.run(context.WithoutCancel(ctx)))
	}
	return d, nil
}

func (d *Demo) start(ctx context.Context, opt DemoOptions) error {
	dir, err := os.MkdirTemp("", "ringcard-demo-")
	if err != nil {
		return fmt.Errorf("demo folder: %w", err)
	}
	d.dir = dir
	d.cleanups.add("demo folder", func(context.Context) error { return os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil { // the database may run under another account
		return fmt.Errorf("demo folder: %w", err)
	}
	sim := arisim.New(arisim.Options{
		User: demoUser, Password: demoPassword, Office: arisim.DemoOffice(),
		Outside: arisim.OutsideByDigit(demoSeed), Speed: opt.Speed, Log: opt.Log,
	})
	if err := sim.Start(); err != nil {
		return err
	}
	d.cleanups.add("simulated PBX", sim.Stop)
	manager, err := sim.StartManager()
	if err != nil {
		return err
	}
	cfg := configs.Default()
	cfg.Listen, cfg.DataDir = opt.Listen, filepath.Join(dir, "data")
	if opt.Locale != "" {
		cfg.Locale = opt.Locale
	}
	cfg.Phone.AreaCode = "495"
	cfg.PBX = []configs.PBX{{
		Name: demoPBX, Trunks: []string{"PJSIP/trunk"}, Extensions: configs.DefaultExtensions, Context: "office",
		ARI: configs.ARI{URL: sim.URL(), App: configs.DefaultARIApp, User: demoUser, Password: demoPassword},
		AMI: configs.AMI{Address: manager, User: demoUser, Password: demoPassword},
		// Those that come in are recorded by the button.
		RecordAuto: "outbound",
	}}
	cfg.Recordings.KeepDays = 1
	if d.app, err = New(ctx, Options{Config: cfg, Log: opt.Log, Version: opt.Version, Demo: true, Seed: d.seed(cfg, opt.Log)}); err != nil {
		return err
	}
	d.cleanups.add("server", d.app.stop)

	traffic, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		arisim.RunOffice(traffic, sim, arisim.OfficeTraffic{Clients: d.callers(), Every: demoEvery, Seed: demoSeed})
	}()
	d.cleanups.add("calls", func(context.Context) error {
		stop()
		<-done
		return nil
	})
	return nil
}

// URL is where the demo is to be opened.
func (d *Demo) URL() string { return d.app.URL() }

// Run lets the demo go on until the context ends or a part fails, then stops
// and removes everything.
func (d *Demo) Run(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-d.app.failed:
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return errors.Join(failure, d.cleanups.run(stop))
}

// seed fills the fresh database with the sample office.
func (d *Demo) seed(cfg configs.Config, log *slog.Logger) func(context.Context, *postgres.DB, httpapi.Services) error {
	return func(ctx context.Context, db *postgres.DB, _ httpapi.Services) error {
		zone, err := cfg.Location()
		if err != nil {
			return err
		}
		d.sample, err = sample.Fill(ctx, db, sample.Options{
			Password: DemoPassword, PBX: demoPBX, Now: time.Now(), Zone: zone, Locale: cfg.Locale,
			Rules: phoneRules(cfg), Seed: demoSeed, Log: log,
		})
		return err
	}
}

// Users are the accounts of the demo, the administrator first.
func (d *Demo) Users() []employee.User { return d.sample.Users }

// callers are the telephones of the sample clients, as a provider sends their
// numbers.
func (d *Demo) callers() []arisim.Person {
	out := make([]arisim.Person, len(d.sample.Known))
	for i, number := range d.sample.Known {
		out[i] = arisim.Person{Number: strings.TrimPrefix(number, "+")}
	}
	return out
}
