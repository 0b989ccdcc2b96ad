package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"ringcard/ari"
	"ringcard/configs"
	"ringcard/crm"
	"ringcard/cti"
	"ringcard/internal/capture"
	"ringcard/internal/httpapi"
)

// captures are the rings of all PBXs.
type captures struct {
	app   *App
	rings map[string]*capture.Ring // by PBX; not changed after the start
}

var _ httpapi.Captures = (*captures)(nil)

func newCaptures(a *App) *captures {
	c := &captures{app: a, rings: make(map[string]*capture.Ring)}
	for _, p := range a.opt.Config.PBX {
		c.rings[p.Name] = capture.NewRing()
	}
	return c
}

func (c *captures) ring(pbx string) (*capture.Ring, error) {
	if r, ok := c.rings[pbx]; ok {
		return r, nil
	}
	return nil, crm.NotFound("PBX")
}

// Capture implements httpapi.Captures.
func (c *captures) Capture(pbx string) (httpapi.CaptureStatus, error) {
	r, err := c.ring(pbx)
	if err != nil {
		return httpapi.CaptureStatus{}, err
	}
	s := r.Status()
	out := httpapi.CaptureStatus{PBX: pbx, Running: s.Running, Frames: s.Lines, Bytes: s.Bytes, Dropped: s.Dropped}
	if s.Lines > 0 {
		out.Since, out.Until = &s.Since, &s.Until
	}
	return out, nil
}

// SetCapture implements httpapi.Captures. A new capture begins with what the
// PBX has, so that calls under way are known.
func (c *captures) SetCapture(ctx context.Context, pbx string, on bool) (httpapi.CaptureStatus, error) {
	r, err := c.ring(pbx)
	if err != nil {
		return httpapi.CaptureStatus{}, err
	}
	if !on {
		r.Stop()
		return c.Capture(pbx)
	}
	client := c.app.client(pbx)
	if client == nil {
		return httpapi.CaptureStatus{}, crm.Errorf(crm.CodeInvalid, "this PBX is connected over SIP; only ARI can be captured")
	}
	r.Start()
	if !client.Status().Connected {
		return c.Capture(pbx) // its connect will bring a resync
	}
	snapshot, err := client.Snapshot(ctx)
	if err != nil {
		return httpapi.CaptureStatus{}, &crm.Error{Code: crm.CodeUnavailable, Err: err,
			Message: "the capture runs, but the PBX did not tell the calls that are up now: they will be incomplete"}
	}
	r.Snapshot(snapshot)
	return c.Capture(pbx)
}

// client is the ARI connection to a PBX; nil over SIP.
func (a *App) client(pbx string) *ari.Client {
	for _, x := range a.telephony.exchanges {
		if x.Name() == pbx {
			return x.ari
		}
	}
	return nil
}

// Export implements httpapi.Captures.
func (c *captures) Export(ctx context.Context, pbx string, w io.Writer) error {
	r, err := c.ring(pbx)
	if err != nil {
		return err
	}
	cfg, err := c.app.pbxConfig(pbx)
	if err != nil {
		return err
	}
	staff, err := c.app.services.Employees.Staff(ctx)
	if err != nil {
		return err
	}
	o := capture.Office{
		Config: c.app.office(cfg), Users: usersOfStaff(staff), Ringcard: c.app.opt.Version,
		Region: c.app.opt.Config.Phone.Region, AreaCode: c.app.opt.Config.Phone.AreaCode,
	}
	if client := c.app.client(pbx); client != nil {
		o.Asterisk = client.Status().Version
	}
	return r.Write(w, o)
}

// capturedSink tells a ring what the engine gets beside frames.
type capturedSink struct {
	ari.Sink
	ring *capture.Ring
}

// Post implements ari.Sink.
func (s capturedSink) Post(ev cti.Event) {
	if ev.Kind == cti.Resync || ev.Kind == cti.Disconnected {
		s.ring.Event(ev)
	}
	s.Sink.Post(ev)
}

// capturedDirectory tells a ring what was found.
type capturedDirectory struct {
	cti.Directory
	ring *capture.Ring
}

// Lookup implements cti.Directory.
func (d capturedDirectory) Lookup(ctx context.Context, e164 string) (cti.Found, error) {
	found, err := d.Directory.Lookup(ctx, e164)
	if err == nil {
		d.ring.Found(capture.Lookup{E164: e164, Matches: found.Matches, Client: found.Client})
	}
	return found, err
}

// capturedJournal tells the rings how calls ended.
type capturedJournal struct {
	cti.Journal
	captures *captures
}

// Save implements cti.Journal.
func (j capturedJournal) Save(ctx context.Context, calls ...cti.Call) error {
	for _, c := range calls {
		if r, err := j.captures.ring(c.PBX); err == nil && c.State == cti.Ended && c.MergedInto == "" {
			r.Ended(c)
		}
	}
	return j.Journal.Save(ctx, calls...)
}

// watched lets test calls and captures see what is written.
func (a *App) watched(j cti.Journal) cti.Journal {
	return capturedJournal{watchedJournal{j, a.tests}, a.captures}
}

// Replay repeats a capture, with numbers understood as where it was made.
func Replay(ctx context.Context, file io.Reader) (*capture.Result, error) {
	c, err := capture.Read(file)
	if err != nil {
		return nil, err
	}
	cfg := configs.Default()
	cfg.Phone.AreaCode = c.Header.AreaCode
	if c.Header.Region != "" {
		cfg.Phone.Region = c.Header.Region
	}
	began := time.Now()
	result, err := capture.Replay(ctx, c, numberParser(phoneRules(cfg)))
	if err != nil {
		return nil, fmt.Errorf("after %s: %w", time.Since(began).Round(time.Millisecond), err)
	}
	return result, nil
}
