package ari

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"ringcard/cti"
)

var _ cti.PBX = (*Client)(nil)

// Name is the configured name of the PBX.
func (c *Client) Name() string { return c.cfg.Name }

// Originate rings the own telephone and then sends it into the dialplan, so
// the call survives our own end (asterisk.md, "Click-to-call"). The caller id
// is left alone: the trunk would present it; the telephone shows the
// connected line instead.
func (c *Client) Originate(ctx context.Context, o cti.Originate) error {
	q := url.Values{
		"endpoint": {o.Endpoint}, "extension": {o.Extension}, "context": {o.Context}, "priority": {"1"},
		"timeout": {strconv.Itoa(int(math.Ceil(o.Timeout.Seconds())))}, "channelId": {o.ChannelID},
	}
	name, number := o.Name, o.Extension
	if name == "" {
		name = o.Number
	}
	if o.Extension == "" { // a test call: shown as from the number, and kept out of the dialplan
		for _, key := range []string{"extension", "context", "priority"} {
			q.Del(key)
		}
		q.Set("app", c.cfg.App)
		number = o.Number
	}
	body := map[string]map[string]string{"variables": {
		"CONNECTEDLINE(name,i)": name, "CONNECTEDLINE(num,i)": number,
	}}
	maps.Copy(body["variables"], autoAnswer[o.AutoAnswer])
	_, err := c.rest.do(ctx, http.MethodPost, "/channels", q, body, nil)
	return refusal(err, o)
}

// Hangup ends a channel. One that is gone already is no error.
func (c *Client) Hangup(ctx context.Context, channelID string) error {
	_, err := c.rest.do(ctx, http.MethodDelete, "/channels/"+url.PathEscape(channelID), nil, nil, nil)
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		return nil
	}
	return refusal(err, cti.Originate{})
}

// Connected tells whether events flow, and since when.
func (c *Client) Connected() (bool, time.Time) {
	s := c.Status()
	return s.Connected, s.Since
}

// refusal puts an error of ARI into the words of the domain.
func refusal(err error, o cti.Originate) error {
	if err == nil {
		return nil
	}
	var status *StatusError
	if !errors.As(err, &status) {
		return &cti.Error{Code: cti.CodeUnreachable, Message: "the PBX did not answer", Err: err}
	}
	e := &cti.Error{Code: cti.CodeRefused, Message: "the PBX refused: " + status.Message, Err: err}
	switch {
	case status.Status == http.StatusUnauthorized || status.Status == http.StatusForbidden:
		e.Code, e.Message = cti.CodeDenied, "the PBX does not accept our ARI user or password"
	case status.Status == http.StatusInternalServerError && o.Endpoint != "":
		e.Code, e.Message = cti.CodeUnregistered, "the telephone "+o.Endpoint+" is not registered at the PBX"
	case status.Status == http.StatusConflict:
		e.Code = cti.CodeConflict
	}
	return e
}
