package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringcard/ari"
	"ringcard/ari/ami"
	"ringcard/cti"
)

const amiWait = 5 * time.Second

// manager signs in at AMI, where it is configured, and asks what the user may.
func (c *pbxCheck) manager(ctx context.Context) {
	cfg := c.cfg.AMI
	if cfg.Address == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, amiWait)
	defer cancel()
	status := make(chan error, 1)
	client := ami.New(ami.Config{Addr: cfg.Address, User: cfg.User, Password: cfg.Password.Reveal()},
		ami.Options{OnStatus: func(err error) { offer(status, err) }})
	client.Start()
	defer func() { _ = client.Stop(context.WithoutCancel(ctx)) }() // it was only tried
	lines := fmt.Sprintf("in manager.conf, then `manager reload`:\n[general]\nenabled = yes\n[%s]\nsecret = (the value of pbx.ami.password)\n%s", cfg.User, ari.ManagerRights)
	var err error
	select {
	case err = <-status:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		c.add("ami", Fail, "AMI", fmt.Sprintf("%s: %v", cfg.Address, err), lines, "address", cfg.Address, "user", cfg.User, "error", err.Error())
		return
	}
	may, err := client.Do(ctx, "ListCommands")
	if err != nil {
		c.add("ami.rights.unknown", Warn, "AMI", "reached, but it does not tell what the user may do: "+err.Error(), lines, "error", err.Error())
		return
	}
	var missing, excess []string
	for _, action := range ari.ManagerActions() {
		if !allowed(may, action) {
			missing = append(missing, action)
		}
	}
	for _, action := range ari.ManagerExcess() {
		if allowed(may, action) {
			excess = append(excess, action)
		}
	}
	if len(missing) > 0 {
		c.add("ami.rights", Fail, "AMI", "the user may not: "+strings.Join(missing, ", "), lines, "actions", strings.Join(missing, ", "))
		return
	}
	if len(excess) > 0 {
		c.add("ami.excess", Warn, "AMI", "the user may do more than is needed: "+strings.Join(excess, ", "), lines, "actions", strings.Join(excess, ", "))
	}
	c.add("ami", OK, "AMI", "reached, the user may control calls", "")
}

// allowed tells whether the answer to ListCommands has an action.
func allowed(may ami.Message, action string) bool {
	return slices.ContainsFunc(may, func(f ami.Field) bool { return strings.EqualFold(f.Key, action) })
}

// commands tells whether calls can be controlled at all.
func (c *pbxCheck) commands(ctx context.Context, p *asker) {
	v, ok := p.read(ctx, "DIALPLAN_EXISTS("+cti.CommandContext+")")
	what := "context " + cti.CommandContext
	switch {
	case ok && v == "1":
		c.add("control", OK, what, "exists: calls can be controlled", "")
	case c.cfg.AMI.Address != "":
		c.add("control", OK, what, "is not needed: AMI is configured", "")
	case ok:
		c.add("control.none", Warn, what, "there is neither this context nor AMI: transfer, pickup, park and tones from the page are refused",
			"add the context to extensions.conf, or an AMI user (`ringcard config snippet` prints both)")
	}
}

// callerName tells whether names can come to displays, and to which not.
func (c *pbxCheck) callerName(ctx context.Context, rest *ari.REST, version string, found []ari.Endpoint) {
	if !c.cfg.SetCallerName {
		return
	}
	const what = "names on displays"
	has, err := rest.Module(ctx, ari.ExportModule)
	switch {
	case err != nil:
		c.add("caller_name.unknown", Skip, what, "the PBX does not tell its modules: "+err.Error(), "", "error", err.Error())
	case !has && c.cfg.AMI.Address == "":
		c.add("caller_name.way", Fail, what, fmt.Sprintf("Asterisk %s has no module %s, and no AMI user is configured: telephones show what the network sends", version, ari.ExportModule),
			"add pbx.ami (`ringcard config snippet` prints both sides), or load the module, which is in Asterisk since 16.30, 18.16 and 20.1", "version", version)
		return
	default:
		c.add("caller_name", OK, what, "the PBX can show them", "")
	}
	var without []string
	for _, e := range found {
		if e.Nameless && slices.ContainsFunc(c.devices, func(d Device) bool { return d.PBX == c.cfg.Name && d.Endpoint == e.Name }) {
			without = append(without, e.Name)
		}
	}
	if len(without) > 0 {
		listed := listing(without)
		c.add("caller_name.endpoint", Warn, what, "never reach "+listed,
			"in pjsip.conf, in the endpoint of each, then `pjsip reload`:\nsend_pai = yes", "endpoints", listed)
	}
}

// records tries the source from which missed calls are corrected.
func (c *pbxCheck) records(ctx context.Context) {
	const what = "source of call records"
	switch {
	case !c.cfg.CDR.Configured():
		c.add("cdr.none", Warn, what, "none is configured: what ends while ringcard or the PBX is away stays an estimate",
			"set pbx.cdr.csv to Master.csv of the PBX, or pbx.cdr.database_url")
	case c.opt.CDR == nil:
	default:
		if err := c.opt.CDR(ctx, c.cfg); err != nil {
			c.add("cdr.source", Fail, what, err.Error(),
				"let the user that runs ringcard read the file, or the table, that pbx.cdr names", "error", err.Error())
			return
		}
		c.add("cdr.source", OK, what, "can be read", "")
	}
}
