package employee

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"ringcard/crm"
)

// LinkMode is what is done with the installation's link for foreign CRMs
// (PU-10).
type LinkMode string

// Modes of a link. LinkOpen: the user's page opens it with the pop. LinkPost:
// the server posts the call's fields to it.
const (
	LinkOff  LinkMode = "off"
	LinkOpen LinkMode = "open"
	LinkPost LinkMode = "post"
)

// LinkEvent is a moment of a call at which the server posts.
type LinkEvent string

// Events of a call.
const (
	LinkRing   LinkEvent = "ring"
	LinkAnswer LinkEvent = "answer"
	LinkEnd    LinkEvent = "end"
)

// PopLink is the link of the installation.
type PopLink struct {
	Mode     LinkMode    `json:"mode" enum:"off,open,post"`
	Template string      `json:"template" maxLength:"2000" doc:"as https://crm.example.org/call?phone={number}&id={call_id}"`
	Events   []LinkEvent `json:"events" maxItems:"3" enum:"ring,answer,end" doc:"when to post; none: ring, answer and end"`
}

// LinkFields are the placeholders a template may use.
func LinkFields() []string {
	return []string{"call_id", "event", "direction", "number", "digits", "caller_name", "did", "queue", "pbx",
		"client_id", "client_name", "person_name", "user", "user_id", "extension"}
}

const maxLink = 2000

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// forbiddenSchemes run code or read files in the page that opens them.
var forbiddenSchemes = []string{"javascript", "data", "vbscript", "file", "blob", "about"}

// Link is a template that has been checked.
type Link struct{ template string }

// ParseLink checks a template; field names it in the error. Placeholders stand
// behind the host only, so that no caller's name decides where a link leads.
func ParseLink(field, template string) (Link, error) {
	template = strings.TrimSpace(template)
	switch {
	case template == "":
		return Link{}, crm.Invalid(field, "it is empty; write an address as https://crm.example.org/call?phone={number}")
	case utf8.RuneCountInString(template) > maxLink || !utf8.ValidString(template) || strings.ContainsAny(template, "\x00\r\n"):
		return Link{}, crm.Invalid(field, "an address is one line of at most %d characters", maxLink)
	}
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		if !slices.Contains(LinkFields(), m[1]) {
			return Link{}, crm.Invalid(field, "there is no field {%s}; use {%s}", m[1], strings.Join(LinkFields(), "}, {"))
		}
	}
	if strings.ContainsAny(placeholder.ReplaceAllString(template, ""), "{}") {
		return Link{}, crm.Invalid(field, "a brace is not closed; write fields as {number}")
	}
	l := Link{template: template}
	u, err := url.Parse(l.fill(func(string) string { return "x" }))
	if err != nil || u.Scheme == "" {
		return Link{}, crm.Invalid(field, "this is no address; write it as https://crm.example.org/call?phone={number}")
	}
	if slices.Contains(forbiddenSchemes, strings.ToLower(u.Scheme)) {
		return Link{}, crm.Invalid(field, "%s: addresses are not opened", u.Scheme)
	}
	other, err := url.Parse(l.fill(func(string) string { return "y" }))
	if err != nil || other.Scheme != u.Scheme || other.Host != u.Host || other.User.String() != u.User.String() {
		return Link{}, crm.Invalid(field, "fields may stand in the path and the query only, not in the host")
	}
	if (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() == "" {
		return Link{}, crm.Invalid(field, "the address names no host; write it as https://crm.example.org/call?phone={number}")
	}
	if u.User != nil {
		return Link{}, crm.Invalid(field, "an address must not hold a password: it is shown to users")
	}
	return l, nil
}

// Fill writes the values into the template, escaped for their place in an
// address (RFC 3986, 2.1). Fields without a value are empty.
func (l Link) Fill(values map[string]string) string {
	return l.fill(func(name string) string { return strings.ReplaceAll(url.QueryEscape(values[name]), "+", "%20") })
}

func (l Link) fill(value func(name string) string) string {
	return placeholder.ReplaceAllStringFunc(l.template, func(m string) string { return value(m[1 : len(m)-1]) })
}

// checkLink refuses what could not work, or would let the server be used to
// reach hosts nobody has named in the configuration.
func (s *Service) checkLink(l *PopLink) error {
	switch l.Mode {
	case LinkOff:
		if l.Template == "" {
			return nil
		}
	case LinkOpen, LinkPost:
	default:
		return crm.Invalid("mode", "it is off, open or post")
	}
	for _, e := range l.Events {
		if e != LinkRing && e != LinkAnswer && e != LinkEnd {
			return crm.Invalid("events", "unknown event %q; use ring, answer, end", e)
		}
	}
	link, err := ParseLink("template", l.Template)
	if err != nil || l.Mode != LinkPost {
		return err
	}
	u, err := url.Parse(link.Fill(nil))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return crm.Invalid("template", "the server posts to http and https addresses only")
	}
	if !slices.Contains(s.opts.LinkHosts, strings.ToLower(u.Host)) {
		return crm.Invalid("template", "the server may not post to %s; the administrator can add it to pop_link.hosts of the configuration", u.Host)
	}
	return nil
}

// PreviewLink fills a template with an example call, or says what is wrong with
// it. The second is the example's fields, which mode post sends as JSON.
func (s *Service) PreviewLink(actor crm.Actor, l PopLink) (string, map[string]string, error) {
	if actor.UserID == 0 {
		return "", nil, crm.Errorf(crm.CodeUnauthorized, "sign in first")
	}
	if err := s.checkLink(&l); err != nil {
		return "", nil, err
	}
	link, err := ParseLink("template", l.Template)
	if err != nil {
		return "", nil, err
	}
	example := map[string]string{
		"call_id": "7b0d3f6e-0000-4000-8000-000000000001", "event": string(LinkRing), "direction": "in", "number": "+79211234567",
		"digits": "79211234567", "caller_name": "ИП «Пример & сын»", "did": "74951000101", "queue": "sales", "pbx": "office",
		"client_id": "1", "client_name": "ИП «Пример & сын»", "person_name": "Иванова Марина", "user": actor.Name, "user_id": "1", "extension": "101",
	}
	return link.Fill(example), example, nil
}
