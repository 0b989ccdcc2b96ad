package capture

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"ringcard/cti"
)

// Office is what a file says of the office.
type Office struct {
	Config           cti.OfficeConfig // with Parse
	Users            []cti.User
	Region, AreaCode string
	Ringcard         string // version
	Asterisk         string // version
}

// Write writes what the ring holds without numbers, names and secrets.
func (r *Ring) Write(w io.Writer, o Office) error {
	lines, dropped := r.kept()
	red, err := newRedactor(o)
	if err != nil {
		return err
	}
	// Endpoints get their roles from all lines, so the header is made last and
	// written first.
	body := make([][]byte, 0, len(lines))
	for _, s := range lines {
		raw, err := red.line(s)
		if err != nil {
			return err
		}
		if raw != nil {
			body = append(body, raw)
		}
	}
	h := red.header(o)
	h.Dropped = dropped
	if len(lines) > 0 {
		h.From, h.Until = lines[0].at, lines[len(lines)-1].at
	}
	out := bufio.NewWriter(w)
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	for _, raw := range append([][]byte{head}, body...) {
		// A write error stays in the writer and comes with Flush.
		_, _ = out.Write(raw)
		_ = out.WriteByte('\n')
	}
	return out.Flush()
}

// rule says what becomes of a value.
type rule int

const (
	drop   rule = iota // what is not known to be harmless
	keep               // of a fixed vocabulary, or an id of the PBX
	text               // a name of the dialplan: kept, numbers in it replaced
	number             // a telephone number, in any form
	name               // a person or company; the name of a channel where the object is one
	device             // an endpoint, as PJSIP/101
)

// rulesOf known fields, in small letters: those of ARI events, of cti.Call and
// of cti.Snapshot.
var rulesOf = func() map[string]rule {
	m := make(map[string]rule)
	for r, fields := range map[rule]string{
		keep: `type timestamp state dialstatus bridge_class class bridge_type technology cause tech_cause techcause soft
			creationtime created app_name app priority id linkedid linked_id channel(linkedid) channels channel_ids
			contact_status peer_status online result is_external transfer_type
			version direction disposition kind lookup rank reason user_id client_id person_id dialed_by ended_by
			started_at ring_at answered_at ended_at talked_at wait_ms talk_ms hold_ms recorded recovered estimated test merged_into
			role held talking at step code got by count call ending`,
		text:   `context queue pbx`,
		number: `number raw e164 display did caller_rdnis exten extension callernumber connectednumber forward dialstring`,
		name:   `name caller_name user_name callername connectedname organisation person_name`,
		device: `endpoint device resource`,
	} {
		for _, f := range strings.Fields(fields) {
			m[f] = r
		}
	}
	return m
}()

// redactor gives each number, name and endpoint one pseudonym in a file.
type redactor struct {
	office  *cti.Office
	parse   cti.NumberParser
	tails   map[string]string // last seven digits → others
	taken   map[string]bool
	names   map[string]string
	devices map[string]string // endpoint → pseudonym
	trunks  []string          // pseudonyms of endpoints that lead out
	count   map[string]int
}

func newRedactor(o Office) (*redactor, error) {
	office, err := cti.NewOffice(o.Config)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	office.SetUsers(o.Users)
	return &redactor{office: office, parse: o.Config.Parse, tails: make(map[string]string), taken: make(map[string]bool),
		names: make(map[string]string), devices: make(map[string]string), count: make(map[string]int)}, nil
}

func (r *redactor) header(o Office) Header {
	h := Header{Format: format, Version: version, Ringcard: o.Ringcard, Asterisk: o.Asterisk, PBX: o.Config.PBX,
		Extensions: `^(\d{2,6}|tel-\d+)$`, Context: r.words(o.Config.Context), Region: o.Region, AreaCode: o.AreaCode}
	for _, u := range o.Users {
		user := User{ID: u.ID, Name: r.name(u.Name)}
		for _, d := range u.Devices {
			if d.PBX == o.Config.PBX {
				user.Devices = append(user.Devices, cti.Device{PBX: d.PBX, Endpoint: r.device(d.Endpoint), Context: r.words(d.Context)})
			}
		}
		if len(user.Devices) > 0 {
			h.Users = append(h.Users, user)
		}
	}
	h.Trunks = slices.Clone(r.trunks)
	return h
}

// line is the redacted form of a line; nil for a frame that is no JSON.
func (r *redactor) line(s stored) ([]byte, error) {
	l := map[string]any{"at": s.at, "kind": s.kind}
	d := json.NewDecoder(bytes.NewReader(s.raw))
	d.UseNumber()
	var content any
	if err := d.Decode(&content); err != nil {
		return nil, nil //nolint:nilerr // what cannot be read cannot be redacted either
	}
	field := map[string]string{kindFrame: "frame", kindResync: "snapshot", kindLookup: "lookup", kindPlaced: "call", kindEnded: "call"}[s.kind]
	if field != "" {
		l[field] = r.value("", content)
	}
	return json.Marshal(l)
}

// value redacts what is below a field.
func (r *redactor) value(field string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		return r.object(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = r.value(field, v[i])
		}
		return out
	case string:
		return r.string(rulesOf[strings.ToLower(field)], v)
	}
	if v != nil && rulesOf[strings.ToLower(field)] == drop && field != "" {
		return nil
	}
	return v
}

func (r *redactor) object(o map[string]any) map[string]any {
	out := make(map[string]any, len(o))
	fields := make(map[string]any, len(o))
	for k, v := range o {
		fields[strings.ToLower(k)] = v
	}
	_, hasState := fields["state"].(string)
	_, hasID := fields["id"].(string)
	_, hasEndpoint := fields["endpoint"].(string)
	isChannel := hasID && (hasState || hasEndpoint)
	for k, v := range o {
		lower := strings.ToLower(k)
		known := rulesOf[lower] != drop
		switch s := v.(type) {
		case string:
			switch {
			case lower == "name" && isChannel:
				out[k] = r.channel(s)
			case lower == "resource":
				tech, _ := fields["technology"].(string)
				_, out[k], _ = strings.Cut(r.device(tech+"/"+s), "/")
			case lower == "app_data" || lower == "appdata":
				app, _ := fields["app_name"].(string)
				if app == "" {
					app, _ = fields["app"].(string)
				}
				out[k] = r.appData(app, s)
			case known:
				out[k] = r.string(rulesOf[lower], s)
			}
		case map[string]any, []any:
			out[k] = r.value(k, v)
		default:
			if known && v != nil {
				out[k] = v
			}
		}
	}
	return out
}

func (r *redactor) string(rule rule, s string) string {
	switch rule {
	case keep:
		return s
	case text:
		return r.words(s)
	case number:
		return r.number(s)
	case name:
		return r.name(s)
	case device:
		return r.device(s)
	}
	return ""
}

// appData keeps the name of a queue, and the mark of an outgoing line.
func (r *redactor) appData(app, s string) string {
	if s == "(Outgoing Line)" {
		return s
	}
	if app == "Queue" {
		queue, _, _ := strings.Cut(s, ",")
		return r.words(queue)
	}
	return ""
}

var (
	digitRun    = regexp.MustCompile(`\d{7,}`)
	dialled     = regexp.MustCompile(`^[0-9*#+ ()\-]+$`)
	plainPhone  = regexp.MustCompile(`^\d{2,6}$`)
	channelName = regexp.MustCompile(`^(.*)(-[0-9a-f]{8}(?:;[12])?)$`)
	technology  = regexp.MustCompile(`^[A-Z][A-Za-z]{1,15}[0-9]?$`) // PJSIP, SIP, IAX2, DAHDI
	dialplanExt = regexp.MustCompile(`^[a-z]$`)                     // s, h, i, t, …
)

// words replaces the numbers in a text.
func (r *redactor) words(s string) string { return digitRun.ReplaceAllStringFunc(s, r.digits) }

// number keeps the form of a number: its separators stay where they are.
func (r *redactor) number(s string) string {
	if !dialled.MatchString(s) {
		// An address, as number@host or PJSIP/101, or a letter extension.
		if user, _, ok := strings.Cut(s, "@"); ok {
			return r.number(user)
		}
		if tech, _, ok := strings.Cut(s, "/"); ok && technology.MatchString(tech) {
			return r.device(s)
		}
		if s == "" || dialplanExt.MatchString(s) || s == "anonymous" {
			return s
		}
		return r.pseudonym(r.names, s, "x-")
	}
	var plain []byte
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			plain = append(plain, s[i])
		}
	}
	other := r.digits(string(plain))
	out, n := []byte(s), 0
	for i := range out {
		if out[i] >= '0' && out[i] <= '9' {
			out[i] = other[n]
			n++
		}
	}
	return string(out)
}

// tail is how much of a number is replaced: country and area stay, so that a
// number is of the same kind as before, however it is written.
const tail = 7

// digits replaces the last digits of a number; short ones are extensions.
func (r *redactor) digits(s string) string {
	if len(s) < tail {
		return s
	}
	head, own := s[:len(s)-tail], s[len(s)-tail:]
	if other, ok := r.tails[own]; ok {
		return head + other
	}
	other := r.freshTail(own)
	// Some tails make a number invalid: it must be of the same kind.
	for range 50 {
		if r.parse == nil || r.parse(head+other).Kind == r.parse(s).Kind {
			break
		}
		other = r.freshTail(own)
	}
	r.tails[own], r.taken[other] = other, true
	return head + other
}

// freshTail is random, and equal to no other number's, old or new.
func (r *redactor) freshTail(own string) string {
	span := big.NewInt(8_000_000)
	for {
		n, err := rand.Int(rand.Reader, span)
		if err != nil {
			continue // crypto/rand does not fail (its documentation)
		}
		other := fmt.Sprintf("%07d", n.Int64()+2_000_000)
		if _, original := r.tails[other]; other != own && !r.taken[other] && !original {
			return other
		}
	}
}

// name gives a person or company a pseudonym; a number for a name stays one.
func (r *redactor) name(s string) string {
	switch {
	case s == "":
		return ""
	case dialled.MatchString(s):
		return r.number(s)
	}
	return r.pseudonym(r.names, s, "Name ")
}

func (r *redactor) pseudonym(of map[string]string, s, prefix string) string {
	p, ok := of[s]
	if !ok {
		r.count[prefix]++
		p = fmt.Sprintf("%s%d", prefix, r.count[prefix])
		of[s] = p
	}
	return p
}

// channel renames the endpoint in the name of a channel.
func (r *redactor) channel(s string) string {
	m := channelName.FindStringSubmatch(s)
	if m == nil {
		return r.device(s)
	}
	return r.device(m[1]) + m[2]
}

// device renames an endpoint, unless it is a short number. The role it has in
// the office goes with it.
func (r *redactor) device(s string) string {
	if s == "" {
		return ""
	}
	if d, ok := r.devices[s]; ok {
		return d
	}
	tech, resource, _ := strings.Cut(s, "/")
	if !technology.MatchString(tech) {
		return r.pseudonym(r.names, s, "x-")
	}
	role := r.office.Role(s)
	d := tech + "/"
	switch {
	case tech == "Local":
		ext, context, _ := strings.Cut(resource, "@")
		d += r.number(ext) + "@" + r.words(context)
	case plainPhone.MatchString(resource):
		d += resource
	case role == cti.OfficeLeg:
		r.count["tel-"]++
		d += fmt.Sprintf("tel-%d", r.count["tel-"])
	case role == cti.ClientLeg:
		r.count["trunk-"]++
		d += fmt.Sprintf("trunk-%d", r.count["trunk-"])
	default:
		r.count["own-"]++
		d += fmt.Sprintf("own-%d", r.count["own-"])
	}
	if role == cti.ClientLeg && !slices.Contains(r.trunks, d) {
		r.trunks = append(r.trunks, d)
	}
	r.devices[s] = d
	return d
}
