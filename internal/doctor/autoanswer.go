package doctor

import (
	"context"
	"strings"

	"ringcard/ari"
)

// headerModule adds the headers of auto-answer to the call of a telephone.
const headerModule = "res_pjsip_header_funcs.so"

// autoAnswer compares the telephones that are to answer click-to-call by
// themselves with what they say they are.
func (c *pbxCheck) autoAnswer(ctx context.Context, rest *ari.REST, probe *ari.Probe) {
	var asked []Device
	for _, d := range c.devices {
		if d.PBX == c.cfg.Name && d.AutoAnswer != "" {
			asked = append(asked, d)
		}
	}
	if len(asked) == 0 {
		return
	}
	if runs, err := rest.ModuleRuns(ctx, headerModule); err == nil && !runs {
		c.add("auto_answer.module", Fail, "auto-answer", headerModule+" is not loaded: the header cannot be added, and the telephones ring",
			"`module load "+headerModule+"`, and take a noload of it out of modules.conf")
		return
	}
	for _, d := range asked {
		c.answersItself(ctx, probe, d)
	}
}

// answersItself looks at one telephone.
func (c *pbxCheck) answersItself(ctx context.Context, probe *ari.Probe, d Device) {
	what := "auto-answer of " + d.Endpoint
	technology, resource, _ := strings.Cut(d.Endpoint, "/")
	params := []string{"endpoint", d.Endpoint, "user", d.User, "vendor", d.AutoAnswer}
	if technology != "PJSIP" {
		c.add("auto_answer.technology", Fail, what, "of "+d.User+" is asked for, but its header can be added to PJSIP calls only",
			"make the telephone ring (no auto-answer) at the user's device, or move it to chan_pjsip", params...)
		return
	}
	agents, err := probe.Contacts(ctx, resource)
	switch {
	case err != nil:
		c.add("auto_answer.unknown", Skip, what, "the PBX does not tell what telephone it is: "+err.Error(), "", params...)
	case len(agents) == 0:
		c.add("auto_answer.unknown", Skip, what, "the telephone of "+d.User+" is not registered, so that its make is not known", "", params...)
	}
	for _, agent := range agents {
		c.judgeAgent(what, d, agent, params)
	}
}

// judgeAgent judges one registered telephone by its User-Agent.
func (c *pbxCheck) judgeAgent(what string, d Device, agent string, params []string) {
	params = append(params, "user_agent", agent)
	vendor := ari.AutoAnswerVendor(agent)
	switch {
	case vendor == "":
		c.add("auto_answer.unknown", Warn, what, "of "+d.User+" is by the header of "+d.AutoAnswer+"; whether this telephone obeys it is not known: "+agent,
			"try click-to-call; if it rings, choose another vendor or none at the user's device", params...)
	case ari.AutoAnswerSuits(d.AutoAnswer, vendor):
		c.add("auto_answer", OK, what, "of "+d.User+": "+agent+" obeys the header of "+d.AutoAnswer+" where its own settings allow it", "", params...)
	default:
		c.add("auto_answer.vendor", Warn, what, "of "+d.User+" is by the header of "+d.AutoAnswer+", but the telephone is of another make and will ring: "+agent,
			"set auto-answer of the user's device to "+vendor, params...)
	}
}
