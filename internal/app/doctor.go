package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/internal/doctor"
	"ringcard/internal/httpapi"
	"ringcard/internal/pbxconfig"
	"ringcard/internal/postgres"
	"ringcard/internal/redis"
)

// DoctorOptions gives the doctor the database and Redis of the configuration.
func DoctorOptions(ctx context.Context, cfg configs.Config) doctor.Options {
	opt := doctor.Options{Config: cfg}
	if url, ok := RunningDatabase(ctx, cfg); ok {
		opt.Database = doctorDatabase{url}
	}
	if url := cfg.Redis.URL.Reveal(); url != "" {
		opt.Redis = func(ctx context.Context) error { return pingRedis(ctx, url) }
	}
	opt.CDR = func(ctx context.Context, p configs.PBX) error { return tryCDR(ctx, p, cfg.TimeZone) }
	opt.S3 = func(ctx context.Context) error { return tryS3(ctx, cfg.Recordings.S3) }
	return opt
}

type doctorDatabase struct{ url string }

var _ doctor.Database = doctorDatabase{}

// Pending implements doctor.Database.
func (d doctorDatabase) Pending(ctx context.Context) (int, error) {
	return postgres.Pending(ctx, d.url)
}

// Devices implements doctor.Database.
func (d doctorDatabase) Devices(ctx context.Context) ([]doctor.Device, error) {
	db, err := postgres.Open(ctx, d.url, nil)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	store := postgres.NewEmployeeStore(db)
	staff, err := employee.NewService(employee.Stores{Users: store, Sessions: store, Tokens: store}, employee.Options{}).Staff(ctx)
	return staffDevices(staff), err
}

func staffDevices(staff []employee.User) []doctor.Device {
	var devices []doctor.Device
	for _, u := range staff {
		for _, dev := range u.Devices {
			devices = append(devices, doctor.Device{User: u.Name, PBX: dev.PBX, Endpoint: dev.Endpoint, Context: dev.Context,
				AutoAnswer: dev.AutoAnswer})
		}
	}
	return devices
}

func pingRedis(ctx context.Context, url string) error {
	client, err := redis.Open(url)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}

// examinationTimeout bounds one examination from the page.
const examinationTimeout = time.Minute

// examiner runs the doctor for the page, once per PBX at a time.
type examiner struct {
	app    *App
	ctx    context.Context // ends with the server
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu   sync.Mutex
	last map[string]httpapi.Examination
}

var _ httpapi.Doctor = (*examiner)(nil)

func (a *App) startExaminer(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	a.examiner = &examiner{app: a, ctx: ctx, cancel: cancel, last: make(map[string]httpapi.Examination)}
	a.cleanups.add("doctor", func(context.Context) error {
		cancel()
		a.examiner.wg.Wait()
		return nil
	})
	return nil
}

// pbxConfig finds a PBX of the configuration.
func (a *App) pbxConfig(name string) (configs.PBX, error) {
	for _, p := range a.opt.Config.PBX {
		if p.Name == name {
			return p, nil
		}
	}
	return configs.PBX{}, crm.NotFound("PBX")
}

// Examine implements httpapi.Doctor.
func (e *examiner) Examine(_ context.Context, pbx string) (httpapi.Examination, error) {
	if _, err := e.app.pbxConfig(pbx); err != nil {
		return httpapi.Examination{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if run := e.last[pbx]; run.Running || e.ctx.Err() != nil {
		return run, nil
	}
	now := time.Now().UTC()
	run := httpapi.Examination{PBX: pbx, Running: true, StartedAt: &now}
	e.last[pbx] = run
	e.wg.Go(func() { e.run(pbx) })
	return run, nil
}

func (e *examiner) run(pbx string) {
	ctx, cancel := context.WithTimeout(e.ctx, examinationTimeout)
	defer cancel()
	opt := doctor.Options{
		Config: e.app.opt.Config, Only: pbx, Serving: true, Database: ownDatabase{e.app},
		Checking: func(what string) { e.change(pbx, func(x *httpapi.Examination) { x.Checking = what }) },
		Found: func(f doctor.Finding) {
			e.change(pbx, func(x *httpapi.Examination) {
				x.Findings = append(x.Findings[:len(x.Findings):len(x.Findings)], httpapi.Finding{
					ID: f.ID, Level: string(f.Level), Check: f.Check, Seen: f.Seen, Change: f.Change, Params: f.Params, Row: f.Row,
				})
				x.Failed = x.Failed || f.Level == doctor.Fail
			})
		},
	}
	if url := e.app.opt.Config.Redis.URL.Reveal(); url != "" {
		opt.Redis = func(ctx context.Context) error { return pingRedis(ctx, url) }
	}
	opt.CDR = func(ctx context.Context, p configs.PBX) error { return tryCDR(ctx, p, e.app.opt.Config.TimeZone) }
	opt.S3 = func(ctx context.Context) error { return tryS3(ctx, e.app.opt.Config.Recordings.S3) }
	doctor.Run(ctx, opt)
	e.change(pbx, func(x *httpapi.Examination) {
		now := time.Now().UTC()
		x.Running, x.Checking, x.EndedAt = false, "", &now
	})
}

func (e *examiner) change(pbx string, f func(*httpapi.Examination)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	run := e.last[pbx]
	f(&run)
	e.last[pbx] = run
}

// Examination implements httpapi.Doctor.
func (e *examiner) Examination(pbx string) (httpapi.Examination, error) {
	if _, err := e.app.pbxConfig(pbx); err != nil {
		return httpapi.Examination{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	run := e.last[pbx]
	run.PBX = pbx
	return run, nil
}

// Snippets implements httpapi.Doctor.
func (e *examiner) Snippets(pbx string) (httpapi.Snippets, error) {
	cfg, err := e.app.pbxConfig(pbx)
	if err != nil {
		return httpapi.Snippets{}, err
	}
	s := pbxconfig.New(pbxconfig.Options{PBX: cfg, PublicURL: e.app.opt.Config.PublicURL})
	out := httpapi.Snippets{PBX: pbx, User: s.User, App: s.App, Password: s.Password}
	for _, f := range s.Files {
		out.Files = append(out.Files, httpapi.SnippetFile(f))
	}
	return out, nil
}

// ownDatabase lets the doctor use the connections of the server.
type ownDatabase struct{ app *App }

var _ doctor.Database = ownDatabase{}

// Pending implements doctor.Database: the server has migrated when it started.
func (d ownDatabase) Pending(ctx context.Context) (int, error) { return 0, d.app.db.Ping(ctx) }

// Devices implements doctor.Database.
func (d ownDatabase) Devices(ctx context.Context) ([]doctor.Device, error) {
	staff, err := d.app.services.Employees.Staff(ctx)
	return staffDevices(staff), err
}
