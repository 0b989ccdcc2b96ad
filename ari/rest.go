package ari

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v6"

	"ringcard/ari/ami"
)

// Config says how to reach one Asterisk.
type Config struct {
	Name     string // our name of the PBX
	URL      string // http://host:8088/ari
	User     string
	Password string
	App      string     // Stasis application name, one per Ringcard instance
	Queues   []string   // names of the call queues, for PBXs without AMI
	AMI      ami.Config // optional; without an address none is used
}

const (
	restTimeout  = 5 * time.Second
	maxErrorBody = 4 << 10
)

// StatusError is an answer of ARI that is not 2xx.
type StatusError struct {
	Status  int
	Message string // Asterisk's own words
}

func (e *StatusError) Error() string { return fmt.Sprintf("ari: HTTP %d: %s", e.Status, e.Message) }

// REST calls the resources of one Asterisk. Safe for concurrent use.
type REST struct {
	cfg  Config
	http *http.Client
}

// NewREST makes a client; a nil http.Client gets a time-out of 5 s a call.
func NewREST(cfg Config, hc *http.Client) *REST {
	if hc == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 16
		hc = &http.Client{Timeout: restTimeout, Transport: t}
	}
	return &REST{cfg: cfg, http: hc}
}

// Close drops idle connections.
func (r *REST) Close() { r.http.CloseIdleConnections() }

// do sends one request; in and out may be nil. It returns the headers.
func (r *REST) do(ctx context.Context, method, path string, query url.Values, in, out any) (http.Header, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	u := strings.TrimSuffix(r.cfg.URL, "/") + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u, body)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(r.cfg.User, r.cfg.Password)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := r.http.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return res.Header, statusError(res)
	}
	if out == nil {
		_, err = io.Copy(io.Discard, res.Body)
		return res.Header, err
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return res.Header, fmt.Errorf("ari: answer of %s %s: %w", method, path, err)
	}
	return res.Header, nil
}

// withoutURL keeps query strings with users' numbers out of logs.
func withoutURL(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return fmt.Errorf("ari: %w", ue.Err)
	}
	return err
}

func statusError(res *http.Response) error {
	b, err := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	e := &StatusError{Status: res.StatusCode, Message: http.StatusText(res.StatusCode)}
	var body struct{ Message, Error string }
	if err == nil && json.Unmarshal(b, &body) == nil && body.Message+body.Error != "" {
		e.Message = body.Message + body.Error
	}
	return e
}

// Info returns what Asterisk says of itself, and the difference of its clock
// to ours (positive: it is ahead), to a second.
func (r *REST) Info(ctx context.Context) (ari.AsteriskInfo, time.Duration, error) {
	var info ari.AsteriskInfo
	began := time.Now()
	h, err := r.do(ctx, http.MethodGet, "/asterisk/info", nil, nil, &info)
	if err != nil {
		return info, 0, err
	}
	var skew time.Duration
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		skew = at.Sub(began.Truncate(time.Second))
	}
	return info, skew, nil
}

// ModuleRuns tells whether a module, as res_pjsip_header_funcs.so, is loaded and
// running.
func (r *REST) ModuleRuns(ctx context.Context, name string) (bool, error) {
	var module struct {
		Status string `json:"status"`
	}
	_, err := r.do(ctx, http.MethodGet, "/asterisk/modules/"+url.PathEscape(name), nil, nil, &module)
	var status *StatusError
	if errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusConflict) {
		return false, nil
	}
	return module.Status == "Running", err
}

// Applications lists the registered Stasis applications.
func (r *REST) Applications(ctx context.Context) ([]ari.ApplicationData, error) {
	var out []ari.ApplicationData
	_, err := r.do(ctx, http.MethodGet, "/applications", nil, nil, &out)
	return out, err
}

// Endpoints lists all endpoints of all technologies.
func (r *REST) Endpoints(ctx context.Context) ([]ari.EndpointData, error) {
	var out []ari.EndpointData
	_, err := r.do(ctx, http.MethodGet, "/endpoints", nil, nil, &out)
	return out, err
}

// Bridges lists all bridges.
func (r *REST) Bridges(ctx context.Context) ([]ari.BridgeData, error) {
	var out []ari.BridgeData
	_, err := r.do(ctx, http.MethodGet, "/bridges", nil, nil, &out)
	return out, err
}

// Variable reads a channel variable or function, as CHANNEL(linkedid).
func (r *REST) Variable(ctx context.Context, channelID, name string) (string, error) {
	var out struct{ Value string }
	_, err := r.do(ctx, http.MethodGet, "/channels/"+url.PathEscape(channelID)+"/variable", url.Values{"variable": {name}}, nil, &out)
	return out.Value, err
}

// channels lists what is up, each channel once: Asterisk 22 (seen on 22.10, not
// on 16.28) lists a channel that changes meanwhile twice, as it was and as it is.
func (r *REST) channels(ctx context.Context) ([]channel, error) {
	var listed []channel
	if _, err := r.do(ctx, http.MethodGet, "/channels", nil, nil, &listed); err != nil {
		return nil, err
	}
	at := make(map[string]int, len(listed))
	once := listed[:0]
	for _, ch := range listed {
		if i, twice := at[ch.ID]; twice {
			once[i] = ch
			continue
		}
		at[ch.ID] = len(once)
		once = append(once, ch)
	}
	return once, nil
}

// subscribe asks for the events of all channels, bridges and endpoints. Not
// subscribeAll: that includes device states, and closing the socket while one
// is on its way deadlocks the application for ever (docs/adr/0003).
func (r *REST) subscribe(ctx context.Context) error {
	q := url.Values{"eventSource": {"channel:,bridge:,endpoint:"}}
	_, err := r.do(ctx, http.MethodPost, "/applications/"+url.PathEscape(r.cfg.App)+"/subscription", q, nil, nil)
	return err
}

// subscribed tells whether our application has all channels.
func (r *REST) subscribed(ctx context.Context) error {
	var app ari.ApplicationData
	if _, err := r.do(ctx, http.MethodGet, "/applications/"+url.PathEscape(r.cfg.App), nil, nil, &app); err != nil {
		return fmt.Errorf("application %s: %w", r.cfg.App, err)
	}
	if len(app.ChannelIDs) == 0 {
		return fmt.Errorf("application %s lost its subscriptions", r.cfg.App)
	}
	return nil
}

// filter keeps the noisy events off the socket: 77 events a call become about
// 20. It dies with the socket.
func (r *REST) filter(ctx context.Context) error {
	type typ struct {
		Type string `json:"type"`
	}
	body := map[string][]typ{"disallowed": {{"ChannelVarset"}, {"ChannelDialplan"}}}
	_, err := r.do(ctx, http.MethodPut, "/applications/"+url.PathEscape(r.cfg.App)+"/eventFilter", nil, body, nil)
	return err
}
