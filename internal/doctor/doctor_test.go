package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringcard/ari/arisim"
	"ringcard/configs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// database plays the CRM's database.
type database struct {
	pending int
	err     error
	devices []Device
}

func (d database) Pending(context.Context) (int, error)      { return d.pending, d.err }
func (d database) Devices(context.Context) ([]Device, error) { return d.devices, nil }

func goodConfig(t *testing.T, url string) configs.Config {
	t.Helper()
	cfg := configs.Default()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	cfg.PBX = []configs.PBX{{
		Name: "office", Extensions: configs.DefaultExtensions, Context: "office", Trunks: []string{"PJSIP/trunk"}, CDR: configs.CDR{CSV: "Master.csv"},
		ARI: configs.ARI{URL: url, App: "ringcard", User: "ringcard", Password: "s3cr3t"},
	}}
	return cfg
}

// startSim runs a simulated Asterisk.
func startSim(t *testing.T, opt arisim.Options) *arisim.Sim {
	t.Helper()
	opt.User, opt.Password = "ringcard", "s3cr3t"
	opt.Office = arisim.DemoOffice()
	sim := arisim.New(opt)
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return sim
}

// finding returns the one finding of a check.
func (r Report) finding(t *testing.T, check string) Finding {
	t.Helper()
	for _, f := range r {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("no finding %q in %+v", check, r)
	return Finding{}
}

func staff() []Device {
	var out []Device
	for _, e := range arisim.DemoOffice().Extensions {
		out = append(out, Device{User: e.Name, PBX: "office", Endpoint: "PJSIP/" + e.Number})
	}
	return out
}

func TestHealthyInstallationPasses_PB_08(t *testing.T) {
	sim := startSim(t, arisim.Options{})
	call := sim.Inbound(arisim.Inbound{From: "79210000001", DID: "74951000111"})
	<-call.Ringing()
	r := Run(t.Context(), Options{Config: goodConfig(t, sim.URL()), Database: database{devices: staff()}})
	for _, f := range r {
		// The simulated Asterisk evaluates no functions.
		if f.Level != OK && f.ID != "context.probe" && f.ID != "context.functions" {
			t.Errorf("%+v", f)
		}
		if f.ID == "" {
			t.Errorf("no id: %+v", f)
		}
	}
	if r.Failed() {
		t.Error("failed")
	}
	var out strings.Builder
	if _, err := r.WriteTo(&out); err != nil || !strings.Contains(out.String(), "0 warnings, 0 failures") {
		t.Errorf("%v %s", err, out.String())
	}
}

func TestEachFaultHasItsLine_PB_08(t *testing.T) {
	sim := startSim(t, arisim.Options{NoChannelVars: true})
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = busy.Close() })
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	tests := []struct {
		name   string
		change func(*configs.Config, *Options)
		check  string
		level  Level
		says   string
	}{
		{"wrong password", func(c *configs.Config, _ *Options) { c.PBX[0].ARI.Password = "wrong" }, "pbx office: ARI", Fail, "read_only = no"},
		{"wrong path", func(c *configs.Config, _ *Options) { c.PBX[0].ARI.URL += "/x" }, "pbx office: ARI", Fail, "enabled = yes"},
		{"wrong port", func(c *configs.Config, _ *Options) { c.PBX[0].ARI.URL = "http://127.0.0.1:1/ari" }, "pbx office: ARI", Fail, "bindport = 8088"},
		{"no pbx", func(c *configs.Config, _ *Options) { c.PBX = nil }, "pbx", Fail, "ringcard config snippet"},
		{"trunk missing", func(c *configs.Config, _ *Options) { c.PBX[0].Trunks = []string{"PJSIP/provider"} }, "pbx office: trunk PJSIP/provider", Fail, "pbx.trunks"},
		{"no trunk configured", func(c *configs.Config, _ *Options) { c.PBX[0].Trunks = nil }, "pbx office: trunks", Warn, "pbx.trunks"},
		{"telephone missing", func(_ *configs.Config, o *Options) {
			o.Database = database{devices: []Device{{User: "Анна", PBX: "office", Endpoint: "PJSIP/999"}}}
		}, "pbx office: telephone PJSIP/999", Fail, "Анна"},
		{"telephones of nobody", func(_ *configs.Config, o *Options) { o.Database = database{devices: staff()[:5]} }, "pbx office: telephones of nobody", Warn, "PJSIP/106"},
		{"users without telephones", func(_ *configs.Config, o *Options) { o.Database = database{} }, "users", Warn, "ringcard user add"},
		{"no call to look at", func(*configs.Config, *Options) {}, "pbx office: channelvars", Skip, "channelvars = CHANNEL(linkedid)"},
		{"database away", func(_ *configs.Config, o *Options) { o.Database = database{err: errors.New("refused")} }, "database", Fail, "database.url"},
		{"database slow", func(_ *configs.Config, o *Options) { o.Database = database{err: context.DeadlineExceeded} }, "database", Fail, "firewall"},
		{"migrations missing", func(_ *configs.Config, o *Options) { o.Database = database{pending: 2} }, "database", Warn, "ringcard migrate"},
		{"private database", func(_ *configs.Config, o *Options) { o.Database = nil }, "database", Skip, "private"},
		{"redis away", func(_ *configs.Config, o *Options) {
			o.Redis = func(context.Context) error { return errors.New("refused") }
		}, "redis", Warn, "redis.url"},
		{"no source of call records", func(c *configs.Config, _ *Options) { c.PBX[0].CDR = configs.CDR{} }, "pbx office: source of call records", Warn, "Master.csv"},
		{"source cannot be read", func(_ *configs.Config, o *Options) {
			o.CDR = func(context.Context, configs.PBX) error { return errors.New("permission denied") }
		}, "pbx office: source of call records", Fail, "pbx.cdr"},
		{"no folder of recordings", func(c *configs.Config, _ *Options) { c.PBX[0].RecordingsDir = filepath.Join(c.DataDir, "none") }, "pbx office: recordings", Fail, "recordings_dir"},
		{"folder of recordings is a file", func(c *configs.Config, _ *Options) { c.PBX[0].RecordingsDir = file }, "pbx office: recordings", Fail, "no folder"},
		{"no way for names", func(c *configs.Config, _ *Options) { c.PBX[0].SetCallerName = true }, "pbx office: names on displays", Fail, "pbx.ami"},
		{"our recordings cannot be written", func(c *configs.Config, _ *Options) { c.Recordings.Dir = filepath.Join(file, "x") }, "recordings", Fail, "recordings.dir"},
		{"bucket refuses", func(c *configs.Config, o *Options) {
			c.Recordings.Storage, c.Recordings.S3.Bucket = configs.StorageS3, "calls"
			o.S3 = func(context.Context) error { return errors.New("s3 bucket calls: Access Denied") }
		}, "recordings", Fail, "recordings.s3"},
		{"manager away", func(c *configs.Config, _ *Options) {
			c.PBX[0].AMI = configs.AMI{Address: "127.0.0.1:1", User: "ringcard", Password: "s3cr3t"}
		}, "pbx office: AMI", Fail, "manager.conf"},
		{"SIP away", func(c *configs.Config, _ *Options) {
			c.PBX[0].ARI.URL, c.PBX[0].SIP = "", configs.SIP{Address: "127.0.0.1:1", Transport: "udp", User: "ringcard", Password: "s3cr3t"}
		}, "pbx office: SIP", Fail, "pbx[].sip.address"},
		{"SIP over TCP away", func(c *configs.Config, _ *Options) {
			c.PBX[0].ARI.URL, c.PBX[0].SIP = "", configs.SIP{Address: "127.0.0.1:1", Transport: "tcp", User: "ringcard", Password: "s3cr3t"}
		}, "pbx office: SIP", Fail, "pbx[].sip.address"},
		{"open to all without TLS", func(c *configs.Config, _ *Options) { c.Listen = "0.0.0.0:0" }, "tls", Warn, "public_url"},
		{"certificate not valid", func(c *configs.Config, _ *Options) { c.PublicURL = secure.URL }, "tls", Warn, "renew"},
		{"port taken", func(c *configs.Config, _ *Options) { c.Listen = busy.Addr().String() }, "listen", Warn, "set listen"},
		{"folder is a file", func(c *configs.Config, _ *Options) { c.DataDir = filepath.Join(file, "x") }, "data_dir", Fail, "data_dir"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opt := Options{Config: goodConfig(t, sim.URL()), Database: database{devices: staff()}}
			tt.change(&opt.Config, &opt)
			r := Run(t.Context(), opt)
			f := r.finding(t, tt.check)
			if f.Level != tt.level || !strings.Contains(f.Seen+f.Change, tt.says) {
				t.Errorf("%+v does not say %q", f, tt.says)
			}
			if r.Failed() != (tt.level == Fail) {
				t.Errorf("failed: %v in %+v", r.Failed(), r)
			}
			var out strings.Builder
			if _, err := r.WriteTo(&out); err != nil || strings.Contains(out.String(), "s3cr3t") {
				t.Errorf("%v %s", err, out.String())
			}
		})
	}
	t.Run("channelvars missing", func(t *testing.T) {
		call := sim.Inbound(arisim.Inbound{From: "79210000001", DID: "74951000111"})
		<-call.Ringing()
		r := Run(t.Context(), Options{Config: goodConfig(t, sim.URL()), Database: database{devices: staff()}})
		if f := r.finding(t, "pbx office: channelvars"); f.Level != Warn || !strings.Contains(f.Change, "channelvars = CHANNEL(linkedid)") {
			t.Errorf("%+v", f)
		}
		call.Hangup()
	})
	t.Run("telephone off", func(t *testing.T) {
		sim.Phone("104").Unregister()
		t.Cleanup(sim.Phone("104").Register)
		r := Run(t.Context(), Options{Config: goodConfig(t, sim.URL()), Database: database{devices: staff()}})
		if f := r.finding(t, "pbx office: telephone PJSIP/104"); f.Level != Warn || !strings.Contains(f.Seen, "not registered") {
			t.Errorf("%+v", f)
		}
	})
}

// oddPBX is an Asterisk with faults that the simulated one cannot have.
type oddPBX struct {
	version  string
	skew     time.Duration
	readOnly bool
	taken    bool
	vars     map[string]string
}

func (o oddPBX) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(o.skew).UTC().Format(http.TimeFormat))
	var answer any
	switch {
	case r.Method == http.MethodDelete && o.readOnly:
		w.WriteHeader(http.StatusForbidden)
		return
	case r.Method == http.MethodDelete, r.URL.Path == "/ari/events":
		w.WriteHeader(http.StatusNotFound)
		return
	case r.URL.Path == "/ari/asterisk/info":
		answer = map[string]any{"system": map[string]any{"version": o.version}}
	case r.URL.Path == "/ari/applications" && o.taken:
		answer = []any{map[string]any{"name": "ringcard"}}
	case r.URL.Path == "/ari/endpoints":
		answer = []any{map[string]any{"technology": "PJSIP", "resource": "trunk", "state": "online"}}
	case r.URL.Path == "/ari/channels":
		answer = []any{map[string]any{"id": "1.1", "channelvars": o.vars}}
	default:
		answer = []any{}
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func TestFaultsOfThePBXItself_PB_08(t *testing.T) {
	linked := map[string]string{"CHANNEL(linkedid)": "1.1"}
	tests := []struct {
		name        string
		pbx         oddPBX
		check, says string
		level       Level
	}{
		{"clock far off", oddPBX{version: "22.10.1", skew: time.Hour, vars: linked}, "pbx office: clock", "chrony", Fail},
		{"clock a little off", oddPBX{version: "22.10.1", skew: -10 * time.Second, vars: linked}, "pbx office: clock", "chrony", Warn},
		{"old version", oddPBX{version: "13.38.3", vars: linked}, "pbx office: version", "older", Warn},
		{"certified version", oddPBX{version: "certified/20.7-cert4", vars: linked}, "pbx office: version", "20.7", OK},
		{"series that has ended", oddPBX{version: "18.26.4", vars: linked}, "pbx office: version", "2025-10-20", Warn},
		{"strange version", oddPBX{version: "trunk", vars: linked}, "pbx office: version", "not understood", Warn},
		{"read only", oddPBX{version: "22.10.1", readOnly: true, vars: linked}, "pbx office: rights", "read_only = no", Fail},
		{"application taken", oddPBX{version: "22.10.1", taken: true, vars: linked}, "pbx office: application", "pbx.ari.app", Warn},
		{"no websocket", oddPBX{version: "22.10.1", vars: linked}, "pbx office: events", "res_http_websocket", Fail},
		{"deadly variable", oddPBX{version: "22.10.1", vars: map[string]string{"CHANNEL(pjsip, call-id)": "x"}}, "pbx office: channelvars", "deadlock", Fail},
		{"linkedid sent", oddPBX{version: "22.10.1", vars: linked}, "pbx office: channelvars", "is sent", OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.pbx)
			defer server.Close()
			r := Run(t.Context(), Options{Config: goodConfig(t, server.URL+"/ari"), Database: database{devices: staff()},
				Now: func() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }})
			if f := r.finding(t, tt.check); f.Level != tt.level || !strings.Contains(f.Seen+f.Change, tt.says) {
				t.Errorf("%+v does not say %q", f, tt.says)
			}
		})
	}
}
