package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/crm/interaction"
	"ringcard/crm/obligation"
	"ringcard/crm/report"
	"ringcard/internal/httpapi"
	"ringcard/internal/pgserver"
	"ringcard/internal/postgres"
)

func (a *App) startDatabase(ctx context.Context) error {
	url := a.opt.Config.Database.URL.Reveal()
	if url == "" {
		server, err := startPrivate(ctx, a.opt.Config, a.log)
		if err != nil {
			return err
		}
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			<-server.Done()
			if err := server.Err(); err != nil {
				a.fail(err)
			}
		}()
		a.cleanups.add("private database", func(ctx context.Context) error {
			if err := server.Stop(ctx); err != nil {
				return err
			}
			<-watched
			return nil
		})
		url = server.URL()
	}
	if err := postgres.Migrate(ctx, url); err != nil {
		return err
	}
	db, err := postgres.OpenReady(ctx, url, a.log)
	if err != nil {
		return err
	}
	a.cleanups.add("database connections", func(context.Context) error { db.Close(); return nil })
	a.db = db
	a.checks = append(a.checks, httpapi.Check{Name: "database", Required: true, Run: db.Ping})
	return nil
}

func startPrivate(ctx context.Context, cfg configs.Config, log *slog.Logger) (*pgserver.Server, error) {
	return pgserver.Start(ctx, pgserver.Options{Dir: privateDir(cfg), Log: log})
}

// privateDir is where the private PostgreSQL keeps its files.
func privateDir(cfg configs.Config) string { return filepath.Join(cfg.DataDir, "postgres") }

// Database is the configured database, for commands that need no server.
type Database struct {
	URL  string
	stop func(context.Context) error
}

// OpenDatabase finds the configured database. A private one that runs already
// is used as it is; otherwise it is started until Close.
func OpenDatabase(ctx context.Context, cfg configs.Config, log *slog.Logger) (*Database, error) {
	if url := cfg.Database.URL.Reveal(); url != "" {
		return &Database{URL: url, stop: func(context.Context) error { return nil }}, nil
	}
	if url, ok := RunningDatabase(ctx, cfg); ok {
		return &Database{URL: url, stop: func(context.Context) error { return nil }}, nil
	}
	server, err := startPrivate(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	return &Database{URL: server.URL(), stop: server.Stop}, nil
}

// Close stops a private database that OpenDatabase started.
func (d *Database) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return d.stop(ctx)
}

// RunningDatabase returns the address of the configured database without
// starting anything; a private one only while it answers.
func RunningDatabase(ctx context.Context, cfg configs.Config) (address string, ok bool) {
	if address := cfg.Database.URL.Reveal(); address != "" {
		return address, true
	}
	// Line 5 of postmaster.pid is the directory of the socket (PostgreSQL,
	// src/include/utils/pidfile.h).
	pidFile, err := os.ReadFile(filepath.Join(privateDir(cfg), "data", "postmaster.pid"))
	if err != nil {
		return "", false
	}
	lines := strings.Split(string(pidFile), "\n")
	if len(lines) < 5 || lines[4] == "" {
		return "", false
	}
	u := url.URL{Scheme: "postgres", User: url.User("ringcard"), Path: "/ringcard"}
	u.RawQuery = url.Values{"host": {lines[4]}, "sslmode": {"disable"}}.Encode()
	db, err := postgres.Open(ctx, u.String(), nil)
	if err != nil {
		return "", false
	}
	db.Close()
	return u.String(), true
}

func (a *App) startServices(ctx context.Context) error {
	location, err := a.opt.Config.Location()
	if err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	a.store = postgres.NewClientStore(a.db)
	a.services = NewServices(a.db, a.opt.Config, location, a.log, a.written)
	if a.opt.Seed != nil {
		return a.opt.Seed(ctx, a.db, a.services)
	}
	return nil
}

// NewServices makes the use cases of the CRM over a database. written, see
// cti.Recorder.Await, is nil where no calls come in.
func NewServices(db *postgres.DB, cfg configs.Config, location *time.Location, log *slog.Logger, written awaitWritten) httpapi.Services {
	clients := clientStore{postgres.NewClientStore(db), written}
	calls := callStore{postgres.NewCallStore(db), written}
	people := postgres.NewEmployeeStore(db)
	owed := postgres.NewObligationStore(db)
	return httpapi.Services{
		Clients: client.NewService(client.Stores{
			Cards: clients, Writer: clients, Contacts: clients, Persons: clients, Groups: clients, Numbers: clients, Matching: clients,
		}, phoneRules(cfg), log),
		Interactions: interaction.NewService(postgres.NewInteractionStore(db)),
		CallLog: calllog.NewService(calllog.Stores{Writer: calls, Journal: calls, Clerk: calls, Traces: calls, Results: calls},
			calllog.Options{Locale: cfg.Locale, Zone: location, Clock: time.Now, Rules: phoneRules(cfg)}),
		Obligations: obligation.NewService(owed, owed, obligation.Options{Zone: location}),
		Reports:     report.NewService(postgres.NewReportStore(db), location),
		Employees: employee.NewService(employee.Stores{Users: people, Sessions: people, Tokens: people, Pops: people},
			employee.Options{LinkHosts: cfg.PopLink.LowerHosts()}),
	}
}

func phoneRules(cfg configs.Config) crm.PhoneRules {
	return crm.PhoneRules{Region: cfg.Phone.Region, AreaCode: cfg.Phone.AreaCode}
}
