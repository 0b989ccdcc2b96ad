package app

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"

	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/poplink"
)

// pops decides whose screen a call comes to, by each user's settings (PU-07),
// and which links go with it (PU-10). It answers from memory: a pop waits for
// nothing.
type pops struct {
	now  func() time.Time
	post func(poplink.Post)

	mu       sync.Mutex
	settings map[int64]employee.PopSettings
	users    map[int64]employee.User
	link     employee.PopLink
	seen     map[string]*popped // by call, until it has ended
}

// popped is what has been done about one call.
type popped struct {
	users  map[int64]bool // it was shown to; they see how it ends, whatever they set meanwhile
	links  map[int64]bool // they got their link
	posted map[employee.LinkEvent]bool
}

// popLink is the data of the stream message that opens a page.
type popLink struct {
	CallID string `json:"call_id"`
	URL    string `json:"url"`
}

func newPops(now func() time.Time, post func(poplink.Post)) *pops {
	return &pops{now: now, post: post, seen: make(map[string]*popped)}
}

// set replaces the settings. Calls on screens stay there.
func (p *pops) set(settings map[int64]employee.PopSettings, users []employee.User, link employee.PopLink) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings, p.link = settings, link
	p.users = make(map[int64]employee.User, len(users))
	for _, u := range users {
		p.users[u.ID] = u
	}
}

// show returns the users whose screens the call comes to, and the links their
// pages have to open now. It posts what the installation's link is for.
func (p *pops) show(users []int64, call cti.Call) (shown []int64, links map[int64]popLink) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.seen[call.ID]
	over := call.State == cti.Ended || call.MergedInto != ""
	if s == nil {
		s = &popped{users: map[int64]bool{}, links: map[int64]bool{}, posted: map[employee.LinkEvent]bool{}}
		if !over {
			p.seen[call.ID] = s
		}
	}
	for _, id := range users {
		if !s.users[id] && !p.wants(id, call) {
			continue
		}
		s.users[id] = true
		shown = append(shown, id)
		if over || s.links[id] || call.Lookup == cti.LookupPending {
			continue // the link waits for the client, as long as the lookup may take
		}
		if address := p.linkOf(id, call); address != "" {
			s.links[id] = true
			if links == nil {
				links = map[int64]popLink{}
			}
			links[id] = popLink{CallID: call.ID, URL: address}
		}
	}
	p.announce(call, s)
	if over {
		delete(p.seen, call.ID)
	}
	return shown, links
}

// visible leaves out the live calls that the user does not want on his screen.
func (p *pops) visible(userID int64, calls []cti.Call) []cti.Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(calls), func(c cti.Call) bool {
		s := p.seen[c.ID]
		return !p.wants(userID, c) && (s == nil || !s.users[userID])
	})
}

// wants tells whether a call comes to a user's screen by his mode.
func (p *pops) wants(userID int64, c cti.Call) bool {
	mode := employee.PopOnRing
	if s, ok := p.settings[userID]; ok {
		mode = s.Mode
	}
	if mode == employee.PopOnRing || c.PlacedBy != nil && c.PlacedBy.UserID == userID {
		return true
	}
	if mode == employee.PopNever {
		return false
	}
	return c.AnsweredBy != nil && c.AnsweredBy.UserID == userID || slices.ContainsFunc(c.Legs, func(l cti.Leg) bool {
		return l.UserID == userID && l.TalkedAt != nil
	})
}

// linkOf is the address to open for a user with an outside call, his own
// before the installation's.
func (p *pops) linkOf(userID int64, c cti.Call) string {
	template := p.settings[userID].Link
	if template == "" && p.link.Mode == employee.LinkOpen {
		template = p.link.Template
	}
	if template == "" || c.Direction == cti.Internal {
		return ""
	}
	link, err := employee.ParseLink("link", template)
	if err != nil {
		return "" // it was checked when it was set
	}
	event := employee.LinkRing
	if c.AnsweredAt != nil {
		event = employee.LinkAnswer
	}
	return link.Fill(p.fields(event, c, p.users[userID]))
}

// announce posts the moments of a call that have not been posted yet.
func (p *pops) announce(c cti.Call, s *popped) {
	if p.link.Mode != employee.LinkPost || p.post == nil || c.Direction == cti.Internal || c.MergedInto != "" {
		return
	}
	event, who := employee.LinkRing, employee.User{}
	switch {
	case c.State == cti.Ended:
		event = employee.LinkEnd
	case c.AnsweredAt != nil:
		event = employee.LinkAnswer
	case len(c.Ringing) == 0, c.Lookup == cti.LookupPending:
		return // nobody's telephone rings yet, or the client is being looked up
	default:
		who = p.users[c.Ringing[0].UserID]
	}
	if c.AnsweredBy != nil {
		who = p.users[c.AnsweredBy.UserID]
	}
	if s.posted[event] || len(p.link.Events) > 0 && !slices.Contains(p.link.Events, event) {
		return
	}
	s.posted[event] = true
	link, err := employee.ParseLink("template", p.link.Template)
	if err != nil {
		return
	}
	fields := p.fields(event, c, who)
	body, err := json.Marshal(fields)
	if err != nil {
		return // a map of texts always marshals
	}
	p.post(poplink.Post{CallID: c.ID, URL: link.Fill(fields), Body: body, At: p.now()})
}

// fields are the values of employee.LinkFields.
func (p *pops) fields(event employee.LinkEvent, c cti.Call, user employee.User) map[string]string {
	number := c.Number.E164
	if number == "" {
		number = c.Number.Raw
	}
	f := map[string]string{
		"call_id": c.ID, "event": string(event), "direction": string(c.Direction), "number": number, "digits": digitsOf(number),
		"caller_name": c.CallerName, "did": c.DID, "queue": c.Queue, "pbx": c.PBX,
		"user": user.Name, "extension": user.Extension,
	}
	if user.ID != 0 {
		f["user_id"] = strconv.FormatInt(user.ID, 10)
	}
	if c.Client != nil {
		if c.Client.ID != 0 {
			f["client_id"] = strconv.FormatInt(c.Client.ID, 10)
		}
		f["client_name"], f["person_name"] = c.Client.Name, c.Client.PersonName
	}
	return f
}

func digitsOf(number string) string {
	out := make([]byte, 0, len(number))
	for i := range len(number) {
		if number[i] >= '0' && number[i] <= '9' {
			out = append(out, number[i])
		}
	}
	return string(out)
}

// startPops readies the settings of the screens and the posts to a foreign
// CRM.
func (a *App) startPops(ctx context.Context) error {
	poster := poplink.New(poplink.Options{Hosts: a.opt.Config.PopLink.LowerHosts(), Log: a.log, Result: a.metrics.popPosted})
	poster.Start()
	a.cleanups.add("posts to a foreign CRM", poster.Stop)
	a.pops = newPops(time.Now, poster.Put)
	return a.refreshPops(ctx)
}

// refreshPops reads the settings of all users again.
func (a *App) refreshPops(ctx context.Context) error {
	settings, err := a.services.Employees.AllPops(ctx)
	if err != nil {
		return err
	}
	link, err := a.services.Employees.PopLink(ctx)
	if err != nil {
		return err
	}
	staff, err := a.services.Employees.Staff(ctx)
	if err != nil {
		return err
	}
	a.pops.set(settings, staff, link)
	return nil
}

// popsChanged reads them after a change. A fault is logged and mended by the
// next refresh: the screens go on with the settings they have.
func (a *App) popsChanged(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
	defer cancel()
	if err := a.refreshPops(ctx); err != nil {
		a.log.Error("pop settings not refreshed", "error", err)
	}
}
