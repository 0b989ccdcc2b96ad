package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"ringcard/ari"
	"ringcard/configs"
	"ringcard/cti"
)

// Device is a telephone that the database says somebody uses.
type Device struct {
	User     string // name, for the finding
	PBX      string
	Endpoint string // PJSIP/101
	Context  string // empty: the PBX's default
	// AutoAnswer is the vendor by whose header it is to answer click-to-call;
	// empty: it rings.
	AutoAnswer string
}

const (
	socketWait   = 10 * time.Second
	skewWarn     = 2 * time.Second
	skewFail     = 30 * time.Second
	oldestMajor  = 16 // tested versions are 16 and 22
	listedAtMost = 10
)

// pbxCheck looks at one PBX.
type pbxCheck struct {
	notes   *notes
	cfg     configs.PBX
	opt     Options
	ari     ari.Config
	http    *http.Client
	devices []Device
	known   bool // devices could be read
}

func (c *pbxCheck) add(id string, level Level, what, seen, change string, params ...string) {
	f := Finding{ID: id, Level: level, Check: "pbx " + c.cfg.Name + ": " + what, Seen: seen, Change: change,
		Params: map[string]string{"pbx": c.cfg.Name}}
	for i := 0; i+1 < len(params); i += 2 {
		f.Params[params[i]] = params[i+1]
	}
	c.notes.add(f)
}

func (c *pbxCheck) run(ctx context.Context, checking func(string)) {
	at := func(what string) { checking("pbx " + c.cfg.Name + ": " + what) }
	if c.cfg.OverSIP() {
		at("SIP")
		c.overSIP(ctx)
		c.records(ctx)
		return
	}
	at("ARI")
	rest := ari.NewREST(c.ari, c.http)
	defer rest.Close()
	info, skew, err := rest.Info(ctx)
	if err != nil {
		c.unreachable(err)
		return
	}
	c.add("ari", OK, "ARI", "reached, password accepted", "")
	c.plain()
	c.version(info.SystemInfo.Version)
	c.clock(skew)
	c.rights(ctx)
	c.application(ctx, rest)
	c.overload(ctx, rest)
	at("events")
	c.events(ctx)
	at("endpoints")
	found := c.endpoints(ctx, rest)
	at("dialplan")
	c.dialplan(ctx, rest, found)
	at("AMI")
	c.manager(ctx)
	c.callerName(ctx, rest, info.SystemInfo.Version, found)
	at("call records")
	c.records(ctx)
	c.recordingsDir()
}

// unreachable tells the ways apart in which the first request fails.
func (c *pbxCheck) unreachable(err error) {
	var status *ari.StatusError
	var netErr net.Error
	switch {
	case errors.As(err, &status) && status.Status == http.StatusUnauthorized:
		c.add("ari.password", Fail, "ARI", fmt.Sprintf("the user %q or its password is not accepted", c.cfg.ARI.User),
			fmt.Sprintf("in ari.conf, then `module reload res_ari`:\n[%s]\ntype = user\nread_only = no\npassword = (the value of pbx.ari.password)", c.cfg.ARI.User),
			"user", c.cfg.ARI.User)
	case errors.As(err, &status) && status.Status == http.StatusNotFound:
		c.add("ari.path", Fail, "ARI", "a web server answers, but there is no ARI",
			"check the path of pbx.ari.url (normally /ari, with prefix in http.conf before it), and in ari.conf:\n[general]\nenabled = yes\nthen `module load res_ari.so`")
	case errors.As(err, &status):
		c.add("ari.other", Fail, "ARI", status.Error(), "check that pbx.ari.url is the address of Asterisk itself", "error", status.Error())
	case errors.As(err, &netErr) && netErr.Timeout():
		c.add("ari.silent", Fail, "ARI", "no answer", "let the ringcard server through the firewall of the PBX to the port of pbx.ari.url")
	default:
		c.add("ari.refused", Fail, "ARI", err.Error(),
			"check host and port of pbx.ari.url, and in http.conf, then `module reload http`:\n[general]\nenabled = yes\nbindaddr = 0.0.0.0\nbindport = 8088", "error", err.Error())
	}
}

// plain: basic authentication over http shows the password to whoever is in
// between.
func (c *pbxCheck) plain() {
	u, err := url.Parse(c.ari.URL)
	if err != nil || u.Scheme == "https" {
		return
	}
	ips, err := net.LookupIP(u.Hostname())
	if err != nil || len(ips) == 0 || ips[0].IsLoopback() || ips[0].IsPrivate() {
		return
	}
	c.add("ari.plain", Warn, "TLS", "the ARI password and all calls cross a public network in clear",
		"in http.conf, then `module reload http`:\n[general]\ntlsenable = yes\ntlsbindaddr = 0.0.0.0:8089\ntlscertfile = /etc/asterisk/keys/asterisk.pem\nand set pbx.ari.url to https://…:8089/ari; or use a VPN")
}

var majorVersion = regexp.MustCompile(`^(?:GIT-|certified/)?(\d+)`)

// ended are the days after which a release series of Asterisk gets no more
// security fixes (docs.asterisk.org, Asterisk Versions).
var ended = map[int]string{
	16: "2023-10-09", 17: "2021-10-28", 18: "2025-10-20", 19: "2023-11-02", 20: "2027-10-19", 21: "2025-10-18",
	22: "2029-10-16", 23: "2027-10-15",
}

func (c *pbxCheck) version(version string) {
	var major int
	if m := majorVersion.FindStringSubmatch(version); m != nil {
		// The expression lets digits through only.
		_, _ = fmt.Sscan(m[1], &major)
	}
	end, known := ended[major]
	day, err := time.Parse(time.DateOnly, end)
	switch {
	case major == 0:
		c.add("ari.version.unknown", Warn, "version", fmt.Sprintf("%q is not understood", version), "", "version", version)
	case major < oldestMajor:
		c.add("ari.version.old", Warn, "version", "Asterisk "+version+" is older than what ringcard is tested with (16 to 22)", "upgrade Asterisk",
			"version", version)
	case known && err == nil && c.opt.Now().After(day):
		c.add("ari.version.ended", Warn, "version", "Asterisk "+version+" works, but has had no security fixes since "+end,
			"upgrade to a series that is maintained, as 22", "version", version, "date", end)
	default:
		c.add("ari.version", OK, "version", "Asterisk "+version, "", "version", version)
	}
	if major >= oldestMajor && major < 18 {
		c.add("ari.version.causes", OK, "version", "this series tells no SIP status of an ended call: busy and refused are told apart by hangup cause only", "")
	}
}

func (c *pbxCheck) clock(skew time.Duration) {
	seen := fmt.Sprintf("differs from ours by %v", skew.Abs())
	const change = "run a time service (chrony, systemd-timesyncd) on both machines"
	switch abs := skew.Abs(); {
	case abs > skewFail:
		c.add("ari.clock", Fail, "clock", seen, change, "skew", abs.String())
	case abs > skewWarn:
		c.add("ari.clock", Warn, "clock", seen, change, "skew", abs.String())
	default:
		c.add("ari.clock", OK, "clock", "agrees with ours", "")
	}
}

// rights ends a channel that does not exist: a user that may only read is
// refused before Asterisk looks for it.
func (c *pbxCheck) rights(ctx context.Context) {
	client := ari.New(c.ari, ari.Options{})
	err := client.Hangup(ctx, "ringcard-doctor-"+rand.Text())
	var refused *cti.Error
	switch {
	case err == nil:
		c.add("ari.rights", OK, "rights", "the user may give commands", "")
	case errors.As(err, &refused) && refused.Code == cti.CodeDenied:
		c.add("ari.rights", Fail, "rights", "the user may only read, so click-to-call cannot work",
			fmt.Sprintf("in ari.conf, then `module reload res_ari`:\n[%s]\nread_only = no", c.cfg.ARI.User), "user", c.cfg.ARI.User)
	default:
		c.add("ari.rights.unknown", Warn, "rights", err.Error(), "", "error", err.Error())
	}
}

// application tells whether somebody has our application name. The running
// server has it itself.
func (c *pbxCheck) application(ctx context.Context, rest *ari.REST) {
	apps, err := rest.Applications(ctx)
	if err != nil {
		c.add("ari.application.unknown", Warn, "application", err.Error(), "", "error", err.Error())
		return
	}
	taken := false
	for _, app := range apps {
		taken = taken || app.Name == c.ari.App
	}
	switch {
	case taken && c.opt.Serving:
		c.add("ari.application", OK, "application", fmt.Sprintf("%q is registered by this server", c.ari.App), "", "app", c.ari.App)
	case taken:
		c.add("ari.application.taken", Warn, "application", fmt.Sprintf("%q is registered already", c.ari.App),
			"if that is your running ringcard server, all is well; else give this one its own pbx.ari.app: Asterisk sends events to the last that asked, and the other falls silent",
			"app", c.ari.App)
	case c.opt.Serving:
		c.add("ari.application.lost", Fail, "application", fmt.Sprintf("this server is not registered as %q, so it gets no events", c.ari.App),
			"look at the connection's last error on the page of PBXs", "app", c.ari.App)
	default:
		c.add("ari.application", OK, "application", fmt.Sprintf("%q is free", c.ari.App), "", "app", c.ari.App)
	}
}

// discard is a sink for a connection that is only tried.
type discard struct{}

func (discard) Post(cti.Event) {}

// events opens the WebSocket as the server does, under a name of its own so
// that a running server keeps its events.
func (c *pbxCheck) events(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, socketWait)
	defer cancel()
	cfg := c.ari
	cfg.App = "ringcard-doctor-" + rand.Text()
	connected := make(chan struct{}, 1)
	failed := make(chan string, 1)
	client := ari.New(cfg, ari.Options{Sink: discard{}, OnStatus: func(s ari.Status) {
		switch {
		case s.Connected:
			offer(connected, struct{}{})
		case s.LastError != "":
			offer(failed, s.LastError)
		}
	}})
	if err := client.Start(ctx); err != nil {
		c.add("ari.events", Warn, "events", err.Error(), "", "error", err.Error())
		return
	}
	const change = "load res_http_websocket.so and res_ari_events.so; a proxy between must let WebSocket upgrades through"
	select {
	case <-connected:
		c.add("ari.events", OK, "events", "the WebSocket opens", "")
	case seen := <-failed:
		c.add("ari.events", Fail, "events", seen, change, "error", seen)
	case <-ctx.Done():
		c.add("ari.events", Fail, "events", "the WebSocket does not open", change)
	}
	if err := client.Stop(context.WithoutCancel(ctx)); err != nil {
		c.add("ari.events", Warn, "events", err.Error(), "", "error", err.Error())
	}
}

// offer sends to a channel with room and drops what comes after.
func offer[T any](ch chan<- T, v T) {
	select {
	case ch <- v:
	default:
	}
}
