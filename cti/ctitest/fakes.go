// Package ctitest has in-memory implementations of the ports of cti for tests
// of the engine and of PBX adapters.
package ctitest

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"ringcard/cti"
)

// Screens records what is shown to whom and can be waited on.
type Screens struct {
	mu    sync.Mutex
	shown map[int64][]cti.Call
	news  chan struct{}
}

// NewScreens makes empty screens.
func NewScreens() *Screens {
	return &Screens{shown: make(map[int64][]cti.Call), news: make(chan struct{})}
}

// ShowCall implements cti.Screens.
func (s *Screens) ShowCall(users []int64, c cti.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range users {
		s.shown[u] = append(s.shown[u], c)
	}
	close(s.news)
	s.news = make(chan struct{})
}

// ShowPresence implements cti.Screens.
func (s *Screens) ShowPresence([]cti.Presence, []int64) {}

// Of returns all that a user was shown.
func (s *Screens) Of(user int64) []cti.Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]cti.Call(nil), s.shown[user]...)
}

// Journal keeps records in memory. Fail makes Save return the error it gives.
type Journal struct {
	mu     sync.Mutex
	calls  map[string]cti.Call
	news   chan struct{}
	failed func([]cti.Call) error
}

// NewJournal makes an empty journal.
func NewJournal() *Journal {
	return &Journal{calls: make(map[string]cti.Call), news: make(chan struct{})}
}

// Fail makes each Save ask f for an error; nil mends it.
func (j *Journal) Fail(f func([]cti.Call) error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.failed = f
}

// Save implements cti.Journal.
func (j *Journal) Save(_ context.Context, calls ...cti.Call) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed != nil {
		if err := j.failed(calls); err != nil {
			return err
		}
	}
	for _, c := range calls {
		j.keep(c)
	}
	close(j.news)
	j.news = make(chan struct{})
	return nil
}

func (j *Journal) keep(c cti.Call) {
	if old, ok := j.calls[c.ID]; !ok || old.Version < c.Version {
		j.calls[c.ID] = c
	}
	if c.MergedInto != "" {
		delete(j.calls, c.ID)
	}
}

// Unfinished implements cti.Journal.
func (j *Journal) Unfinished(_ context.Context, pbx string) ([]cti.Call, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []cti.Call
	for _, c := range j.calls {
		if c.PBX == pbx && c.State != cti.Ended {
			out = append(out, c)
		}
	}
	return out, nil
}

// Records returns all records, in no order.
func (j *Journal) Records() []cti.Call {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]cti.Call, 0, len(j.calls))
	for _, c := range j.calls {
		out = append(out, c)
	}
	return out
}

// Await returns as soon as ok is satisfied by the records, and false when ctx
// ends before that.
func (j *Journal) Await(ctx context.Context, ok func([]cti.Call) bool) ([]cti.Call, bool) {
	for {
		j.mu.Lock()
		news := j.news
		j.mu.Unlock()
		if r := j.Records(); ok(r) {
			return r, true
		}
		select {
		case <-news:
		case <-ctx.Done():
			return j.Records(), false
		}
	}
}

// Ended tells whether there are n records and all have ended.
func Ended(n int) func([]cti.Call) bool {
	return func(cs []cti.Call) bool {
		for _, c := range cs {
			if c.State != cti.Ended {
				return false
			}
		}
		return len(cs) == n
	}
}

// Directory answers from a map of E.164 numbers. Delay slows every answer.
type Directory struct {
	Clients map[string]cti.Client
	Delay   time.Duration
}

// Lookup implements cti.Directory.
func (d Directory) Lookup(ctx context.Context, e164 string) (cti.Found, error) {
	if d.Delay > 0 {
		select {
		case <-time.After(d.Delay):
		case <-ctx.Done():
			return cti.Found{}, ctx.Err()
		}
	}
	c, ok := d.Clients[e164]
	if !ok {
		return cti.Found{}, nil
	}
	return cti.Found{Matches: []cti.Match{{ClientID: c.ID, Name: c.Name, Reason: "client_number", Rank: 2}}, Client: &c}, nil
}

// Card implements cti.Directory.
func (d Directory) Card(_ context.Context, id, _ int64) (*cti.Client, error) {
	for _, c := range d.Clients {
		if c.ID == id {
			return &c, nil
		}
	}
	return nil, nil
}

// Number understands Russian external numbers, short extensions and
// anonymous callers: enough for the scenarios, not the product's parser.
func Number(raw string) cti.Number {
	n := cti.Number{Raw: raw, Display: raw, Kind: cti.Invalid}
	d := strings.TrimPrefix(raw, "+")
	switch {
	case raw == "" || strings.EqualFold(raw, "anonymous"):
		n.Kind = cti.Anonymous
	case strings.Trim(d, "0123456789") != "":
	case len(d) <= 6:
		n.Kind = cti.Extension
	case len(d) == 11 && (d[0] == '8' || d[0] == '7'):
		n.Kind, n.E164 = cti.External, "+7"+d[1:]
	default:
		n.Kind, n.E164 = cti.External, "+"+d
	}
	return n
}

// Users are the people of extensions 101 to 107: the extension is the id.
func Users(pbx string) []cti.User {
	var out []cti.User
	for id := int64(101); id <= 107; id++ {
		ext := strconv.FormatInt(id, 10)
		out = append(out, cti.User{ID: id, Name: "User " + ext,
			Devices: []cti.Device{{PBX: pbx, Endpoint: "PJSIP/" + ext}}})
	}
	return out
}

// Await returns the first call shown to the user that satisfies ok.
func (s *Screens) Await(ctx context.Context, user int64, ok func(cti.Call) bool) (cti.Call, bool) {
	for {
		s.mu.Lock()
		news := s.news
		s.mu.Unlock()
		for _, c := range s.Of(user) {
			if ok(c) {
				return c, true
			}
		}
		select {
		case <-news:
		case <-ctx.Done():
			return cti.Call{}, false
		}
	}
}

// PBX takes commands and remembers them.
type PBX struct {
	name string

	mu         sync.Mutex
	originated []cti.Originate
	hungUp     []string
	down       bool
	refuse     error
	onDial     func(cti.Originate)
}

var _ cti.PBX = (*PBX)(nil)

// NewPBX makes a connected PBX.
func NewPBX(name string) *PBX { return &PBX{name: name} }

// Name implements cti.PBX.
func (p *PBX) Name() string { return p.name }

// Originate implements cti.PBX.
func (p *PBX) Originate(_ context.Context, o cti.Originate) error {
	p.mu.Lock()
	p.originated = append(p.originated, o)
	err, f := p.refuse, p.onDial
	p.mu.Unlock()
	if f != nil {
		f(o)
	}
	return err
}

// Hangup implements cti.PBX.
func (p *PBX) Hangup(_ context.Context, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hungUp = append(p.hungUp, id)
	return p.refuse
}

// Connected implements cti.PBX.
func (p *PBX) Connected() (bool, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.down, time.Time{}
}

// SetDown makes the PBX unreachable.
func (p *PBX) SetDown(down bool) { p.mu.Lock(); p.down = down; p.mu.Unlock() }

// Refuse makes Originate and Hangup return err.
func (p *PBX) Refuse(err error) { p.mu.Lock(); p.refuse = err; p.mu.Unlock() }

// OnDial is called within Originate.
func (p *PBX) OnDial(f func(cti.Originate)) { p.mu.Lock(); p.onDial = f; p.mu.Unlock() }

// Originated returns the orders so far.
func (p *PBX) Originated() []cti.Originate {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]cti.Originate(nil), p.originated...)
}

// HungUp returns the channels that were hung up.
func (p *PBX) HungUp() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.hungUp...)
}
