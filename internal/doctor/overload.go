package doctor

import (
	"context"

	"ringcard/ari"
)

// overload: Asterisk queues the events of each ARI application. When more than
// 500 wait, its guard against overload is up, and by default res_pjsip then
// ignores new calls, whichever application it is that reads slowly (ADR 21).
func (c *pbxCheck) overload(ctx context.Context, rest *ari.REST) {
	const what = "overload guard"
	trigger, err := rest.Overload(ctx)
	switch {
	case err != nil:
		c.add("ari.overload.unknown", Warn, what, err.Error(), "", "error", err.Error())
	case trigger == "":
		c.add("ari.overload.unknown", Skip, what, "the PBX does not tell (pjsip.conf has no section of type global, or there is no PJSIP)",
			"with PJSIP: "+overloadLines)
	case trigger == "global":
		c.add("ari.overload", Warn, what, "is global: when events for ringcard pile up inside Asterisk, as in a rush of calls, it ignores new calls", overloadLines)
	default:
		c.add("ari.overload", OK, what, "waiting events hold up no calls", "", "trigger", trigger)
	}
}

const overloadLines = "in pjsip.conf, then `module reload res_pjsip.so`:\n[global]\ntype = global\ntaskprocessor_overload_trigger = pjsip_only"
