package doctor

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
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
	r       *Report
	cfg     configs.PBX
	ari     ari.Config
	http    *http.Client
	devices []Device
	known   bool // devices could be read
}

func (c *pbxCheck) add(level Level, what, seen, change string) {
	c.r.add(level, "pbx "+c.cfg.Name+": "+what, seen, change)
}

func (c *pbxCheck) run(ctx context.Context) {
	rest := ari.NewREST(c.ari, c.http)
	defer rest.Close()
	info, skew, err := rest.Info(ctx)
	if err != nil {
		c.unreachable(err)
		return
	}
	c.add(OK, "ARI", "reached, password accepted", "")
	c.version(info.SystemInfo.Version)
	c.clock(skew)
	c.rights(ctx)
	c.application(ctx, rest)
	c.events(ctx)
	c.endpoints(ctx, rest)
	c.channelVars(ctx)
}

// unreachable tells the ways apart in which the first request fails.
func (c *pbxCheck) unreachable(err error) {
	var status *ari.StatusError
	var netErr net.Error
	switch {
	case errors.As(err, &status) && status.Status == http.StatusUnauthorized:
		c.add(Fail, "ARI", fmt.Sprintf("the user %q or its password is not accepted", c.cfg.ARI.User),
			fmt.Sprintf("in ari.conf, then `module reload res_ari`:\n[%s]\ntype = user\nread_only = no\npassword = (the value of pbx.ari.password)", c.cfg.ARI.User))
	case errors.As(err, &status) && status.Status == http.StatusNotFound:
		c.add(Fail, "ARI", "a web server answers, but there is no ARI",
			"check the path of pbx.ari.url (normally /ari, with prefix in http.conf before it), and in ari.conf:\n[general]\nenabled = yes\nthen `module load res_ari.so`")
	case errors.As(err, &status):
		c.add(Fail, "ARI", status.Error(), "check that pbx.ari.url is the address of Asterisk itself")
	case errors.As(err, &netErr) && netErr.Timeout():
		c.add(Fail, "ARI", "no answer", "let the ringcard server through the firewall of the PBX to the port of pbx.ari.url")
	default:
		c.add(Fail, "ARI", err.Error(),
			"check host and port of pbx.ari.url, and in http.conf, then `module reload http`:\n[general]\nenabled = yes\nbindaddr = 0.0.0.0\nbindport = 8088")
	}
}

var majorVersion = regexp.MustCompile(`^(?:GIT-|certified/)?(\d+)`)

func (c *pbxCheck) version(version string) {
	var major int
	if m := majorVersion.FindStringSubmatch(version); m != nil {
		// The expression lets digits through only.
		_, _ = fmt.Sscan(m[1], &major)
	}
	switch {
	case major == 0:
		c.add(Warn, "version", fmt.Sprintf("%q is not understood", version), "")
	case major < oldestMajor:
		c.add(Warn, "version", "Asterisk "+version+" is older than what ringcard is tested with (16 to 22)", "upgrade Asterisk")
	default:
		c.add(OK, "version", "Asterisk "+version, "")
	}
}

func (c *pbxCheck) clock(skew time.Duration) {
	seen := fmt.Sprintf("differs from ours by %v", skew.Abs())
	const change = "run a time service (chrony, systemd-timesyncd) on both machines"
	switch abs := skew.Abs(); {
	case abs > skewFail:
		c.add(Fail, "clock", seen, change)
	case abs > skewWarn:
		c.add(Warn, "clock", seen, change)
	default:
		c.add(OK, "clock", "agrees with ours", "")
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
		c.add(OK, "rights", "the user may give commands", "")
	case errors.As(err, &refused) && refused.Code == cti.CodeDenied:
		c.add(Fail, "rights", "the user may only read, so click-to-call cannot work",
			fmt.Sprintf("in ari.conf, then `module reload res_ari`:\n[%s]\nread_only = no", c.cfg.ARI.User))
	default:
		c.add(Warn, "rights", err.Error(), "")
	}
}

func (c *pbxCheck) application(ctx context.Context, rest *ari.REST) {
	apps, err := rest.Applications(ctx)
	if err != nil {
		c.add(Warn, "application", err.Error(), "")
		return
	}
	for _, app := range apps {
		if app.Name == c.ari.App {
			c.add(Warn, "application", fmt.Sprintf("%q is registered already", c.ari.App),
				"if that is your running ringcard server, all is well; else give this one its own pbx.ari.app: Asterisk sends events to the last that asked, and the other falls silent")
			return
		}
	}
	c.add(OK, "application", fmt.Sprintf("%q is free", c.ari.App), "")
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
		c.add(Warn, "events", err.Error(), "")
		return
	}
	const change = "load res_http_websocket.so and res_ari_events.so; a proxy between must let WebSocket upgrades through"
	select {
	case <-connected:
		c.add(OK, "events", "the WebSocket opens", "")
	case seen := <-failed:
		c.add(Fail, "events", seen, change)
	case <-ctx.Done():
		c.add(Fail, "events", "the WebSocket does not open", change)
	}
	if err := client.Stop(context.WithoutCancel(ctx)); err != nil {
		c.add(Warn, "events", err.Error(), "")
	}
}

// offer sends to a channel with room and drops what comes after.
func offer[T any](ch chan<- T, v T) {
	select {
	case ch <- v:
	default:
	}
}

// endpoints compares the telephones of the PBX with those of the users.
func (c *pbxCheck) endpoints(ctx context.Context, rest *ari.REST) {
	list, err := rest.Endpoints(ctx)
	if err != nil {
		c.add(Warn, "endpoints", err.Error(), "")
		return
	}
	state := make(map[string]string, len(list))
	for _, e := range list {
		state[e.Technology+"/"+e.Resource] = e.State
	}
	c.trunks(state)
	if !c.known {
		c.add(Skip, "telephones", "the users could not be read from the database", "")
		return
	}
	used := make(map[string]bool)
	for _, d := range c.devices {
		if d.PBX != c.cfg.Name {
			continue
		}
		used[d.Endpoint] = true
		what := "telephone " + d.Endpoint
		switch s, ok := state[d.Endpoint]; {
		case !ok:
			c.add(Fail, what, fmt.Sprintf("belongs to %s, but the PBX has no such endpoint", d.User),
				"correct the user's devices, or add the endpoint to pjsip.conf")
		case s == "offline":
			c.add(Warn, what, fmt.Sprintf("of %s is not registered", d.User),
				"check that the telephone is on and has the right address and password")
		default:
			c.add(OK, what, "of "+d.User+", "+s, "")
		}
	}
	c.unassigned(state, used)
}

func (c *pbxCheck) trunks(state map[string]string) {
	for _, pattern := range c.cfg.Trunks {
		found := false
		for id := range state {
			_, resource, _ := strings.Cut(id, "/")
			whole, _ := path.Match(pattern, id) // the configuration has been validated
			part, _ := path.Match(pattern, resource)
			found = found || whole || part
		}
		if found {
			c.add(OK, "trunk "+pattern, "found", "")
		} else {
			c.add(Fail, "trunk "+pattern, "the PBX has no such endpoint: outside calls would count as internal",
				"correct pbx.trunks; `pjsip show endpoints` lists the names")
		}
	}
	if len(c.cfg.Trunks) == 0 {
		c.add(Warn, "trunks", "none is configured; every endpoint that is no telephone counts as one", "name them in pbx.trunks")
	}
}

// unassigned lists telephones whose calls would pop up on nobody's screen.
func (c *pbxCheck) unassigned(state map[string]string, used map[string]bool) {
	extensions, err := regexp.Compile(c.cfg.Extensions)
	if err != nil {
		return // validated before
	}
	var free []string
	for id := range state {
		_, resource, _ := strings.Cut(id, "/")
		if !used[id] && extensions.MatchString(resource) {
			free = append(free, id)
		}
	}
	if len(free) == 0 {
		return
	}
	slices.Sort(free)
	listed := strings.Join(free[:min(len(free), listedAtMost)], ", ")
	if len(free) > listedAtMost {
		listed += fmt.Sprintf(" and %d more", len(free)-listedAtMost)
	}
	c.add(Warn, "telephones of nobody", listed, "add them to the devices of their users, or calls to them pop up on no screen")
}

// channelVars looks at a live channel: only there Asterisk shows which
// variables it sends.
func (c *pbxCheck) channelVars(ctx context.Context) {
	const what = "channelvars"
	const lines = "in ari.conf, then `module reload res_ari`:\n[general]\nchannelvars = CHANNEL(linkedid)"
	channels, err := c.channels(ctx)
	if err != nil {
		c.add(Warn, what, err.Error(), "")
		return
	}
	if len(channels) == 0 {
		c.add(Skip, what, "no call is up, and without one Asterisk does not show them",
			"run doctor during a call; wanted are, "+lines)
		return
	}
	var linked bool
	for _, ch := range channels {
		for name := range ch.Vars {
			linked = linked || name == "CHANNEL(linkedid)"
			if strings.HasPrefix(strings.ToUpper(strings.ReplaceAll(name, " ", "")), "CHANNEL(PJSIP,") {
				c.add(Fail, what, name+" can deadlock Asterisk", "remove it; "+lines)
				return
			}
		}
	}
	if !linked {
		c.add(Warn, what, "CHANNEL(linkedid) is not sent: ringcard must ask for it at each channel", lines)
		return
	}
	c.add(OK, what, "CHANNEL(linkedid) is sent", "")
}

type channel struct {
	Vars map[string]string `json:"channelvars"`
}

// channels reads what package ari has no use for: the variables as they come.
func (c *pbxCheck) channels(ctx context.Context) ([]channel, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.ari.URL, "/")+"/channels", nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(c.ari.User, c.ari.Password)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("channels: HTTP %d", res.StatusCode)
	}
	var out []channel
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return nil, fmt.Errorf("channels: %w", err)
	}
	return out, nil
}
