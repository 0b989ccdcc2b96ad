package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"ringcard/ari"
	"ringcard/configs"
)

// requestTimeout bounds each request to a PBX.
const requestTimeout = 5 * time.Second

// Database is what the doctor asks the database.
type Database interface {
	// Pending tells how many migrations are missing.
	Pending(ctx context.Context) (int, error)
	// Devices lists the telephones of all active users.
	Devices(ctx context.Context) ([]Device, error)
}

// Options of Run.
type Options struct {
	Config configs.Config
	// Database is nil with a private one that does not run now.
	Database Database
	// Redis pings it; nil when none is configured.
	Redis func(context.Context) error
}

// Run makes all checks. It returns with the context's end at the latest.
func Run(ctx context.Context, opt Options) Report {
	var r Report
	checkDataDir(&r, opt.Config.DataDir)
	checkListen(&r, opt.Config.Listen)
	devices, known := checkDatabase(ctx, &r, opt.Database)
	if opt.Redis == nil {
		r.add(OK, "redis", "not configured: this is the only node", "")
	} else if err := opt.Redis(ctx); err != nil {
		r.add(Warn, "redis", err.Error(), "start Redis or correct redis.url; until then each node serves its own users only")
	} else {
		r.add(OK, "redis", "reached", "")
	}
	if len(opt.Config.PBX) == 0 {
		r.add(Fail, "pbx", "none is configured",
			"add one to the configuration; `ringcard doctor --print-config` prints the lines for both sides")
	}
	for _, pbx := range opt.Config.PBX {
		hc := &http.Client{Timeout: requestTimeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}
		check := &pbxCheck{
			r: &r, cfg: pbx, http: hc, devices: devices, known: known,
			ari: ari.Config{Name: pbx.Name, URL: pbx.ARI.URL, User: pbx.ARI.User, Password: pbx.ARI.Password.Reveal(), App: pbx.ARI.App},
		}
		check.run(ctx)
		hc.CloseIdleConnections()
	}
	return r
}

func checkDatabase(ctx context.Context, r *Report, db Database) (devices []Device, known bool) {
	if db == nil {
		r.add(Skip, "database", "it is the private one, which runs while ringcard serve does", "")
		return nil, false
	}
	pending, err := db.Pending(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		r.add(Fail, "database", "no answer", "check host and port of database.url, and the firewall")
		return nil, false
	case err != nil:
		r.add(Fail, "database", err.Error(), "start PostgreSQL, or correct database.url")
		return nil, false
	case pending > 0:
		r.add(Warn, "database", fmt.Sprintf("reached, %d migrations are missing", pending),
			"run `ringcard migrate`; `ringcard serve` does it too")
		return nil, false
	}
	r.add(OK, "database", "reached, up to date", "")
	if devices, err = db.Devices(ctx); err != nil {
		r.add(Warn, "users", err.Error(), "")
		return nil, false
	}
	if len(devices) == 0 {
		r.add(Warn, "users", "nobody has a telephone, so no call will pop up",
			"`ringcard user add LOGIN --role operator --ext 101 --password-stdin`, or the page of users")
	}
	return devices, true
}
