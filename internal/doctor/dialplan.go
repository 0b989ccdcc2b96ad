package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringcard/ari"
)

// dialplan asks the PBX about its dialplan, its configuration files and its
// telephones, by functions of the dialplan, and lets it record.
func (c *pbxCheck) dialplan(ctx context.Context, rest *ari.REST, found []ari.Endpoint) {
	probe, err := ari.OpenProbe(ctx, c.ari)
	if err != nil {
		c.add("context.probe", Skip, "dialplan", "could not be asked: "+err.Error(), "", "error", err.Error())
		c.liveChannelVars(ctx)
		return
	}
	p := &asker{probe: probe}
	// http.conf says so, or we would not be talking.
	if v, ok := p.file(ctx, "http.conf", "general", "enabled"); !ok || !yes(v) {
		c.add("context.functions", Skip, "dialplan", "this PBX does not evaluate functions for us", "")
		c.liveChannelVars(ctx)
	} else {
		c.contexts(ctx, p, found)
		c.channelVars(ctx, p)
		c.writeTimeout(ctx, p)
		c.commands(ctx, p)
		c.cdr(ctx, p)
		c.zone(ctx, p)
		c.recording(ctx, probe)
		c.autoAnswer(ctx, rest, probe)
	}
	if err := probe.Close(ctx); err != nil {
		c.add("context.probe", Warn, "dialplan", err.Error(), "", "error", err.Error())
	}
}

// asker reads functions; what cannot be read is not ok.
type asker struct{ probe *ari.Probe }

func (a *asker) read(ctx context.Context, function string) (string, bool) {
	v, err := a.probe.Read(ctx, function)
	return v, err == nil
}

// file reads a value of a configuration file; an absent one is empty.
func (a *asker) file(ctx context.Context, name, section, key string) (string, bool) {
	v, err := a.probe.Read(ctx, fmt.Sprintf("AST_CONFIG(%s,%s,%s)", name, section, key))
	// An absent key, and an absent file, are the same answer as an absent function.
	if errors.Is(err, ari.ErrNoFunction) {
		return "", false
	}
	return v, err == nil
}

// contexts: an originate into a context that does not exist is accepted, the
// telephone rings, is answered and hangs up.
func (c *pbxCheck) contexts(ctx context.Context, p *asker, found []ari.Endpoint) {
	users := map[string]string{c.cfg.Context: ""} // context → who dials in it
	for _, d := range c.devices {
		if d.PBX == c.cfg.Name && d.Context != "" {
			users[d.Context] = d.User
		}
	}
	have := make(map[string]int)
	for _, e := range found {
		if e.Context != "" && e.InboundAuth {
			have[e.Context]++
		}
	}
	names := make([]string, 0, len(users))
	for name := range users {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		v, ok := p.read(ctx, "DIALPLAN_EXISTS("+name+")")
		what := "context " + name
		switch {
		case !ok:
			c.add("context.unknown", Skip, what, "the PBX does not tell (pbx_config or func_dialplan is not loaded)", "", "context", name)
		case v == "1":
			c.add("context", OK, what, "exists", "", "context", name)
		case users[name] != "":
			c.add("context.of_device", Fail, what, "the dialplan has none of this name, but the telephone of "+users[name]+" is to dial in it",
				"correct the context of his device"+offered(have), "context", name, "user", users[name])
		default:
			c.add("context.missing", Fail, what, "the dialplan has none of this name: click-to-call would ring the own telephone and hang up",
				"set pbx.context"+offered(have), "context", name)
		}
	}
}

// offered names the contexts of the telephones, the most frequent first.
func offered(have map[string]int) string {
	if len(have) == 0 {
		return " to that of the telephones"
	}
	names := make([]string, 0, len(have))
	for name := range have {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(have[b]-have[a], strings.Compare(a, b)) })
	return "; the telephones of this PBX use: " + strings.Join(names[:min(len(names), listedAtMost)], ", ")
}

const (
	varsWhat  = "channelvars"
	varsLines = "in ari.conf, then `module reload res_ari`:\n[general]\nchannelvars = CHANNEL(linkedid)"
)

// channelVars reads ari.conf; the setting may be written in a file that
// ari.conf includes, which AST_CONFIG reads as well.
func (c *pbxCheck) channelVars(ctx context.Context, p *asker) {
	v, ok := p.file(ctx, "ari.conf", "general", "channelvars")
	if !ok {
		v = ""
	}
	c.judgeVars(strings.Split(v, ","))
}

// judgeVars looks at the names of the variables that Asterisk sends with each
// channel.
func (c *pbxCheck) judgeVars(names []string) {
	linked := false
	for _, name := range names {
		plain := strings.ToUpper(strings.ReplaceAll(name, " ", ""))
		linked = linked || plain == "CHANNEL(LINKEDID)"
		if strings.HasPrefix(plain, "CHANNEL(PJSIP") {
			c.add("ari.channelvars.deadlock", Fail, varsWhat, strings.TrimSpace(name)+" can deadlock Asterisk", "remove it; "+varsLines, "variable", strings.TrimSpace(name))
			return
		}
	}
	if !linked {
		c.add("ari.channelvars", Warn, varsWhat, "CHANNEL(linkedid) is not sent: ringcard must ask for it at each channel", varsLines)
		return
	}
	c.add("ari.channelvars", OK, varsWhat, "CHANNEL(linkedid) is sent", "")
}

// writeTimeout: with a long one a stuck reader stops the PBX itself.
func (c *pbxCheck) writeTimeout(ctx context.Context, p *asker) {
	v, ok := p.file(ctx, "ari.conf", "general", "websocket_write_timeout")
	if ms, err := strconv.Atoi(v); ok && err == nil && ms > 1000 {
		c.add("ari.write_timeout", Warn, "websocket_write_timeout", v+" ms: while a reader of events is stuck, Asterisk waits so long with its calls",
			"in ari.conf, then `module reload res_ari`:\n[general]\n;websocket_write_timeout (leave it at its default, 100)", "ms", v)
	}
}

// cdr: calls that end while Ringcard is away are corrected from the PBX's own
// records.
func (c *pbxCheck) cdr(ctx context.Context, p *asker) {
	const what = "call records of the PBX"
	if v, ok := p.file(ctx, "cdr.conf", "general", "enable"); ok && !yes(v) {
		c.add("cdr.off", Warn, what, "are switched off: calls that end while ringcard is away cannot be corrected",
			"in cdr.conf, then `module reload cdr`:\n[general]\nenable = yes")
		return
	}
	switch v, ok := p.file(ctx, "cdr.conf", "csv", "loguniqueid"); {
	case ok && yes(v):
		c.add("cdr", OK, what, "are written with the unique id", "")
	default:
		c.add("cdr.uniqueid", Warn, what, "cdr_csv writes no unique id, so its rows cannot be told to calls",
			"in cdr.conf, then `module reload cdr_csv`:\n[csv]\nusegmtime = yes\nloguniqueid = yes\nnewcdrcolumns = yes\nor configure cdr_pgsql")
	}
}

// yes reads a boolean as Asterisk does (ast_true).
func yes(v string) bool {
	return slices.Contains([]string{"yes", "true", "y", "t", "1", "on"}, strings.ToLower(strings.TrimSpace(v)))
}

// zone compares the offset of the PBX with that of the office: its CSV records
// hold local time without a zone.
func (c *pbxCheck) zone(ctx context.Context, p *asker) {
	v, ok := p.read(ctx, "STRFTIME(,,%z)")
	office, err := c.opt.Config.Location()
	if !ok || err != nil {
		return
	}
	ours := time.Now().In(office).Format("-0700")
	if v == ours {
		c.add("time_zone", OK, "time zone", "that of the office ("+ours+")", "", "office_zone", ours)
		return
	}
	c.add("time_zone.pbx", OK, "time zone", fmt.Sprintf("the PBX runs at %s, the office (time_zone) at %s; CDR times are read as those of the PBX", v, ours), "",
		"pbx_zone", v, "office_zone", ours)
}

// liveChannelVars looks at a live channel, where functions cannot be asked:
// only there such a PBX shows which variables it sends.
func (c *pbxCheck) liveChannelVars(ctx context.Context) {
	channels, err := c.channels(ctx)
	switch {
	case err != nil:
		c.add("ari.channelvars.unknown", Warn, varsWhat, err.Error(), "", "error", err.Error())
	case len(channels) == 0:
		c.add("ari.channelvars.unknown", Skip, varsWhat, "no call is up, and without one this PBX does not show them",
			"run doctor during a call; wanted are, "+varsLines)
	default:
		var names []string
		for _, ch := range channels {
			for name := range ch.Vars {
				names = append(names, name)
			}
		}
		c.judgeVars(names)
	}
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
