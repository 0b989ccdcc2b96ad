package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"ringcard/ari/arisim"
	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/internal/httpapi"
	"ringcard/internal/postgres"
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

// DemoLogin is an account of the demo.
type DemoLogin struct {
	Login, Password, Name string
	Role                  crm.Role
	Extension             string
}

// DemoLogins are the accounts, the one to begin with first. The password is
// meant to be known: the demo listens on loopback and dies with its data.
func DemoLogins() []DemoLogin {
	return []DemoLogin{
		{"anna", "anna-demo", "Смирнова Анна", crm.RoleOperator, "101"},
		{"dmitry", "dmitry-demo", "Кузнецов Дмитрий", crm.RoleManager, "102"},
		{"elena", "elena-demo", "Попова Елена", crm.RoleManager, "103"},
		{"sergey", "sergey-demo", "Волков Сергей", crm.RoleOperator, "104"},
		{"maria", "maria-demo", "Соколова Мария", crm.RoleSupervisor, "105"},
		{"pavel", "pavel-demo", "Лебедев Павел", crm.RoleOperator, "106"},
		{"admin", "admin-demo", "Администратор", crm.RoleAdmin, ""},
	}
}

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
		User: demoUser, Password: demoPassword, App: configs.DefaultARIApp, Office: arisim.DemoOffice(),
		Outside: arisim.OutsideByDigit(demoSeed), Speed: opt.Speed, Log: opt.Log,
	})
	if err := sim.Start(); err != nil {
		return err
	}
	d.cleanups.add("simulated PBX", sim.Stop)
	cfg := configs.Default()
	cfg.Listen, cfg.DataDir = opt.Listen, filepath.Join(dir, "data")
	if opt.Locale != "" {
		cfg.Locale = opt.Locale
	}
	cfg.Phone.AreaCode = "495"
	cfg.PBX = []configs.PBX{{
		Name: demoPBX, Trunks: []string{"PJSIP/trunk"}, Extensions: configs.DefaultExtensions, Context: "office",
		ARI: configs.ARI{URL: sim.URL(), App: configs.DefaultARIApp, User: demoUser, Password: demoPassword},
	}}
	if d.app, err = New(ctx, Options{Config: cfg, Log: opt.Log, Version: opt.Version, Demo: true, Seed: seedDemo}); err != nil {
		return err
	}
	d.cleanups.add("server", d.app.stop)

	traffic, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		arisim.RunOffice(traffic, sim, arisim.OfficeTraffic{Clients: demoCallers(), Every: demoEvery, Seed: demoSeed})
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

// seedDemo fills the fresh database with people and clients.
func seedDemo(ctx context.Context, _ *postgres.DB, s httpapi.Services) error {
	for _, l := range DemoLogins() {
		in := employee.NewUser{Login: l.Login, Name: l.Name, Role: l.Role, Password: l.Password, Extension: l.Extension}
		if l.Extension != "" {
			in.Devices = []employee.Device{{PBX: demoPBX, Endpoint: "PJSIP/" + l.Extension}}
		}
		if _, err := s.Employees.Create(ctx, crm.System(), in); err != nil {
			return fmt.Errorf("demo user %s: %w", l.Login, err)
		}
	}
	return seedClients(ctx, s)
}
