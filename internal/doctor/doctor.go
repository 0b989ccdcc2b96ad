package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
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
	// Only is the name of the one PBX to look at; empty: all.
	Only string
	// Serving: the server itself asks, so that its port and its ARI application
	// are taken by nobody else.
	Serving bool
	// Database is nil with a private one that does not run now.
	Database Database
	// Redis pings it; nil when none is configured.
	Redis func(context.Context) error
	// CDR reads from the source of a PBX's call records; nil: it is not tried.
	CDR func(context.Context, configs.PBX) error
	// S3 writes to the bucket of recordings; nil: it is not tried.
	S3 func(context.Context) error
	// Checking and Found tell what is looked at now and each finding as it
	// comes; both may be nil and are called one after the other.
	Checking func(what string)
	Found    func(Finding)
	Now      func() time.Time // nil: time.Now
}

// Run makes all checks. It returns with the context's end at the latest.
func Run(ctx context.Context, opt Options) Report {
	n := &notes{found: opt.Found}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	checking := func(what string) {
		if opt.Checking != nil {
			opt.Checking(what)
		}
	}
	checking("machine")
	checkDataDir(n, opt.Config.DataDir)
	checkDisk(n, opt.Config.DataDir)
	checkRecordings(ctx, n, opt.Config.Recordings, opt.S3)
	if !opt.Serving {
		checkListen(n, opt.Config.Listen)
	}
	checkTLS(ctx, n, opt.Config)
	checking("database")
	devices, known := checkDatabase(ctx, n, opt.Database)
	checking("redis")
	checkRedis(ctx, n, opt.Redis)
	if len(opt.Config.PBX) == 0 {
		n.add(Finding{ID: "pbx.none", Level: Fail, Check: "pbx", Seen: "none is configured",
			Change: "add one to the configuration; `ringcard config snippet` prints the lines for both sides"})
	}
	for _, pbx := range opt.Config.PBX {
		if opt.Only != "" && pbx.Name != opt.Only {
			continue
		}
		hc := &http.Client{Timeout: requestTimeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}
		check := &pbxCheck{
			notes: n, cfg: pbx, http: hc, devices: devices, known: known, opt: opt,
			ari: ari.Config{Name: pbx.Name, URL: pbx.ARI.URL, User: pbx.ARI.User, Password: pbx.ARI.Password.Reveal(), App: pbx.ARI.App},
		}
		check.run(ctx, checking)
		hc.CloseIdleConnections()
	}
	return n.report
}

func checkRedis(ctx context.Context, n *notes, ping func(context.Context) error) {
	f := Finding{ID: "redis", Level: OK, Check: "redis", Seen: "reached"}
	if ping == nil {
		f.ID, f.Seen = "redis.none", "not configured: this is the only node"
	} else if err := ping(ctx); err != nil {
		f.Level, f.Seen, f.Params = Warn, err.Error(), map[string]string{"error": err.Error()}
		f.Change = "start Redis or correct redis.url; until then each node serves its own users only"
	}
	n.add(f)
}

func checkDatabase(ctx context.Context, n *notes, db Database) (devices []Device, known bool) {
	f := Finding{ID: "database", Level: OK, Check: "database", Seen: "reached, up to date"}
	if db == nil {
		f.ID, f.Level, f.Seen = "database.private", Skip, "it is the private one, which runs while ringcard serve does"
		n.add(f)
		return nil, false
	}
	pending, err := db.Pending(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		f.ID, f.Level, f.Seen, f.Change = "database.silent", Fail, "no answer", "check host and port of database.url, and the firewall"
	case err != nil:
		f.Level, f.Seen, f.Change = Fail, err.Error(), "start PostgreSQL, or correct database.url"
		f.Params = map[string]string{"error": err.Error()}
	case pending > 0:
		f.ID, f.Level, f.Seen = "database.migrations", Warn, fmt.Sprintf("reached, %d migrations are missing", pending)
		f.Params = map[string]string{"count": strconv.Itoa(pending)}
		f.Change = "run `ringcard migrate`; `ringcard serve` does it too"
	}
	n.add(f)
	if f.Level != OK {
		return nil, false
	}
	if devices, err = db.Devices(ctx); err != nil {
		n.add(Finding{ID: "users", Level: Warn, Check: "users", Seen: err.Error(), Params: map[string]string{"error": err.Error()}})
		return nil, false
	}
	if len(devices) == 0 {
		n.add(Finding{ID: "users.none", Level: Warn, Check: "users", Seen: "nobody has a telephone, so no call will pop up",
			Change: "`ringcard user add LOGIN --role operator --ext 101 --password-stdin`, or the page of users"})
	}
	return devices, true
}
