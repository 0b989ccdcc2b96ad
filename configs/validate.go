package configs

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Problem is one bad key and what to do about it.
type Problem struct {
	Path    string // pbx[0].ari.url
	Message string
}

// Problems are all faults of a configuration, in the order of its keys.
type Problems []Problem

// Error implements error on one line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Path + ": " + one.Message
	}
	return strings.Join(lines, "; ")
}

// maxCallerName is more than any display shows.
const maxCallerName = 200

// Validate checks every key and returns Problems, or nil.
func (c Config) Validate() error {
	var v validator
	v.listen(c.Listen)
	v.publicURL(c.PublicURL)
	for i, cidr := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			v.addf(fmt.Sprintf("trusted_proxies[%d]", i), "%q is no network; write it as 10.0.0.0/8 or 127.0.0.1/32", cidr)
		}
	}
	v.check(strings.TrimSpace(c.DataDir) != "", "data_dir", "is empty; name a folder the server may write to")
	v.oneOf("locale", c.Locale, "ru", "en")
	if _, err := time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "" {
		v.addf("time_zone", "%q is no time zone; use a name of the IANA list, as Europe/Moscow", c.TimeZone)
	}
	v.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	v.oneOf("log.format", c.Log.Format, "text", "json")
	v.secretURL("database.url", c.Database.URL, "postgres://user:password@host:5432/ringcard", "postgres", "postgresql")
	v.secretURL("redis.url", c.Redis.URL, "redis://host:6379/0", "redis", "rediss", "unix")
	v.check(region.MatchString(c.Phone.Region), "phone.region", "%q is no country; use two capital letters, as RU", c.Phone.Region)
	v.check(areaCode.MatchString(c.Phone.AreaCode), "phone.area_code", "%q is no area code; use digits only, as 8152, or leave it empty", c.Phone.AreaCode)
	v.recordings(c.Recordings)
	for i, host := range c.PopLink.Hosts {
		u, err := url.Parse("https://" + host)
		v.check(err == nil && u.Host == host && u.Hostname() != "", fmt.Sprintf("pop_link.hosts[%d]", i),
			"%q is no host; write it as crm.example.org or 10.0.0.5:8080", host)
	}
	v.pbxs(c.PBX)
	if len(v.found) == 0 {
		return nil
	}
	return v.found
}

var (
	region   = regexp.MustCompile(`^[A-Z]{2}$`)
	areaCode = regexp.MustCompile(`^\d{0,6}$`)
	// pbxName and ariApp become parts of metric labels and URLs.
	pbxName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)
	ariApp  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

type validator struct{ found Problems }

func (v *validator) addf(at, format string, args ...any) {
	v.found = append(v.found, Problem{Path: at, Message: fmt.Sprintf(format, args...)})
}

func (v *validator) check(ok bool, at, format string, args ...any) {
	if !ok {
		v.addf(at, format, args...)
	}
}

func (v *validator) oneOf(at, value string, allowed ...string) {
	for _, a := range allowed {
		if value == a {
			return
		}
	}
	v.addf(at, "%q is not allowed; use %s", value, strings.Join(allowed, ", "))
}

func (v *validator) listen(addr string) {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		var n uint64
		if n, err = strconv.ParseUint(port, 10, 16); err == nil && n <= 65535 {
			return
		}
	}
	v.addf("listen", "%q is no address; write host:port, as 127.0.0.1:8080", addr)
}

func (v *validator) publicURL(raw string) {
	if raw == "" {
		return
	}
	u, err := url.Parse(raw)
	bad := err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != ""
	v.check(!bad, "public_url", "%q is no site address; write it as https://crm.example.org, without a path", raw)
}

// secretURL never repeats the value: it may hold a password.
func (v *validator) secretURL(at string, value SecretURL, example string, schemes ...string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value.Reveal())
	if err == nil {
		for _, s := range schemes {
			if u.Scheme == s {
				return
			}
		}
	}
	v.addf(at, "is no URL of this service; write it as %s", example)
}

func (v *validator) pbxs(list []PBX) {
	names := make(map[string]int)
	apps := make(map[string]int)
	for i, p := range list {
		at := fmt.Sprintf("pbx[%d].", i)
		v.check(pbxName.MatchString(p.Name), at+"name", "%q is no name; use small Latin letters, digits, - and _, at most 32", p.Name)
		if first, taken := names[p.Name]; taken && p.Name != "" {
			v.addf(at+"name", "%q is already the name of pbx[%d]; names must differ", p.Name, first)
		}
		names[p.Name] = i
		app := p.ARI.URL + "|" + p.ARI.App
		if first, taken := apps[app]; taken && p.ARI.URL != "" {
			v.addf(at+"ari.app", "%q at this address is already used by pbx[%d]; Asterisk gives events to one of them only", p.ARI.App, first)
		}
		apps[app] = i
		if p.OverSIP() {
			v.sip(at+"sip.", p.SIP)
			v.check(!p.SetCallerName, at+"set_caller_name", "is not possible over SIP: what a telephone of another shows cannot be changed there; leave it out")
			v.check(!p.CDR.Configured(), at+"cdr", "is of no use over SIP: what is seen there has no id to find its row by; leave it out")
		} else {
			v.ari(at+"ari.", p.ARI)
		}
		for j, t := range p.Trunks {
			_, err := path.Match(t, "")
			v.check(err == nil && strings.TrimSpace(t) != "", fmt.Sprintf("%strunks[%d]", at, j), "%q is no endpoint pattern; write it as PJSIP/provider or PJSIP/trunk-*", t)
		}
		if _, err := regexp.Compile(p.Extensions); err != nil {
			v.addf(at+"extensions", "is no regular expression (%v); the default is %s", err, DefaultExtensions)
		}
		v.check(p.Context != "" && !strings.ContainsAny(p.Context, " ,@"), at+"context", "%q is no dialplan context; name the one your telephones dial in", p.Context)
		v.check(p.CallerName.Max >= 0 && p.CallerName.Max <= maxCallerName, at+"caller_name.max", "%d is no length of a name; write 1 to %d", p.CallerName.Max, maxCallerName)
		v.dialRules(at, p.DialRules)
		v.cdr(at+"cdr.", p.CDR)
		v.ami(at+"ami.", p.AMI)
		v.dialRights(at, p.DialRights)
		v.dialHours(at, p.DialHours)
		v.record(at, p)
	}
}

func (v *validator) ari(at string, a ARI) {
	u, err := url.Parse(a.URL)
	switch {
	case a.URL == "":
		v.addf(at+"url", "is missing; write http://HOST:8088/ari, or sip.address where the PBX has no ARI")
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		v.addf(at+"url", "is no http address; write http://HOST:8088/ari")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		v.addf(at+"url", "must not hold a password or query; use %suser and %spassword", at, at)
	}
	v.check(ariApp.MatchString(a.App), at+"app", "%q is no application name; use Latin letters, digits, - and _", a.App)
	v.check(a.User != "" && !strings.Contains(a.User, ":"), at+"user", "%q is no ARI user; use the section name in ari.conf", a.User)
	v.check(a.Password != "", at+"password", "is missing; use the password of the user in ari.conf (ringcard doctor --print-config makes one)")
}

func (v *validator) dialRules(at string, rules []DialRule) {
	for j, r := range rules {
		where := fmt.Sprintf("%sdial_rules[%d].", at, j)
		re, err := regexp.Compile(r.Match)
		switch {
		case r.Match == "":
			v.addf(where+"match", `is missing; write a regular expression, as ^\+7(\d{10})$`)
		case err != nil:
			v.addf(where+"match", `is no regular expression (%v); write it as ^\+7(\d{10})$`, err)
		}
		v.check(r.Dial != "", where+"dial", "is missing; write what to dial, as 8$1")
		if err != nil {
			continue
		}
		for _, group := range groupRef.FindAllStringSubmatch(r.Dial, -1) {
			if n, _ := strconv.Atoi(group[1]); n > re.NumSubexp() {
				v.addf(where+"dial", "uses $%d, but match has %d groups", n, re.NumSubexp())
			}
		}
	}
}

var groupRef = regexp.MustCompile(`\$\{?(\d+)`)
