package ari

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"ringcard/ari/ami"
	"ringcard/cti"
)

var _ cti.DisplayPBX = (*Client)(nil)

// ExportModule has the dialplan function EXPORT, which sets a function of any
// channel: in Asterisk since 16.30, 18.16, 20.1.
const ExportModule = "func_export.so"

// connectedName is what a channel's telephone shows of the other side. Setting
// it sends an UPDATE (PJSIP, where the endpoint has send_pai or send_rpid).
const connectedName = "CONNECTEDLINE(name)"

// ShowName implements cti.DisplayPBX. ARI does not set variables of channels
// outside of Stasis (409), so it is done by the global EXPORT, or else by AMI.
// Seen on 22.10 by both, on 16.28 by AMI.
func (c *Client) ShowName(ctx context.Context, channelID, name string) error {
	if strings.ContainsAny(channelID, ",()") {
		return cti.Errorf(cti.CodeInvalid, "%q is no id of a channel", channelID)
	}
	switch {
	case c.ctl.export.Load():
		q := url.Values{"variable": {"EXPORT(" + channelID + "," + connectedName + ")"}, "value": {name}}
		_, err := c.rest.do(ctx, http.MethodPost, "/asterisk/variable", q, nil, nil)
		return controlError(err)
	case c.ctl.up():
		_, err := c.ctl.do(ctx, "Setvar", "Channel", channelID, "Variable", connectedName, "Value", name)
		var refused *ami.Refused
		if errors.As(err, &refused) && strings.Contains(refused.Message, "No such channel") {
			return &cti.Error{Code: cti.CodeNotFound, Message: "the channel has ended", Err: err}
		}
		return controlError(err)
	}
	return cti.Errorf(cti.CodeNeedsAMI, "this PBX shows names only with its module %s or by an AMI user", ExportModule)
}

// Module tells whether a module of Asterisk runs.
func (r *REST) Module(ctx context.Context, name string) (bool, error) {
	var module struct{ Status string }
	_, err := r.do(ctx, http.MethodGet, "/asterisk/modules/"+url.PathEscape(name), nil, nil, &module)
	var status *StatusError
	if errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusConflict) {
		return false, nil // 409: it is installed and not loaded
	}
	return module.Status == "Running", err
}
