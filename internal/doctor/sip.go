package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ringcard/cti"
	"ringcard/sip"
)

// sipWait bounds the trial of a PBX without ARI.
const sipWait = 15 * time.Second

// overSIP watches the extensions of a PBX without ARI for a moment.
func (c *pbxCheck) overSIP(ctx context.Context) {
	const what = "SIP"
	ctx, cancel := context.WithTimeout(ctx, sipWait)
	defer cancel()
	var devices []cti.Device
	owners := make(map[string]string)
	for _, d := range c.devices {
		devices = append(devices, cti.Device{PBX: d.PBX, Endpoint: d.Endpoint})
		if _, ext, ok := strings.Cut(d.Endpoint, "/"); ok && d.PBX == c.cfg.Name {
			owners[ext] = d.User
		}
	}
	s := c.cfg.SIP
	found, err := sip.Examine(ctx, sip.Config{
		Name: c.cfg.Name, Address: s.Address, Transport: s.Transport, User: s.User, Password: s.Password.Reveal(),
		Domain: s.Domain, Extensions: s.Extensions, Expires: time.Duration(s.Expires) * time.Second, CAFile: s.CAFile,
	}, devices)
	switch {
	case err != nil:
		c.add("sip", Fail, what, s.Address+": "+err.Error(),
			"compare pbx.sip with pjsip.conf of the PBX; `ringcard config snippet` prints the lines", "address", s.Address, "error", err.Error())
		return
	case len(found) == 0:
		c.add("sip.nobody", Warn, what, "reached, but there is no extension to watch, so no call will pop up",
			"give users their telephones, or list pbx.sip.extensions")
		return
	}
	watched := 0
	for _, f := range found {
		if f.Advice == "" {
			watched++
			continue
		}
		of := "extension " + f.Extension
		if user := owners[f.Extension]; user != "" {
			of += " of " + user
		}
		c.add("sip.extension", Fail, of, "its state does not come", f.Advice, "extension", f.Extension)
	}
	c.add("sip", OK, what, fmt.Sprintf("reached, password accepted, %d of %d extensions are watched", watched, len(found)), "",
		"watched", strconv.Itoa(watched), "extensions", strconv.Itoa(len(found)))
	c.add("sip.limits", OK, "limits", "without ARI there are pops, records and click-to-call; DID, queue and cause are not told, calls dialled on a telephone are not recorded", "")
}
