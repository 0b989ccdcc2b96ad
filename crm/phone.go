package crm

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// PhoneKind is the type of a number.
type PhoneKind string

// Kinds of numbers. Anonymous is a type of its own: recorded, never matched
// (CK-06).
const (
	PhoneExternal  PhoneKind = "external"
	PhoneExtension PhoneKind = "extension"
	PhoneAnonymous PhoneKind = "anonymous"
	PhoneInvalid   PhoneKind = "invalid"
)

const (
	maxExtension = 5  // digits of an inner number
	minE164      = 7  // digits of the shortest number with its country code
	maxE164      = 15 // ITU-T E.164, 6.2.1
	maxRaw       = 64 // characters kept of what was typed or received
)

// PhoneRules are how numbers are written where the office is.
type PhoneRules struct {
	Region   string // ISO 3166 country, as "RU"
	AreaCode string // of the office, for numbers written without it, as "8152"
}

// Phone is a number as written and as understood (LU-01).
type Phone struct {
	Raw     string    `json:"raw"`
	E164    int64     `json:"-"`                                              // without the plus, 0 when it has none
	Ext     string    `json:"ext,omitempty" doc:"extension after the number"` // digits
	Display string    `json:"display"`
	Kind    PhoneKind `json:"kind" enum:"external,extension,anonymous,invalid"`
}

// E164Text is "+79211234567", or empty.
func (p Phone) E164Text() string { return E164Text(p.E164) }

// E164Text writes a stored number with its plus; 0 gives an empty text.
func E164Text(e164 int64) string {
	if e164 <= 0 {
		return ""
	}
	return "+" + strconv.FormatInt(e164, 10)
}

// ParseE164 reads "+79211234567" as it is stored.
func ParseE164(text string) (int64, bool) {
	digits, ok := strings.CutPrefix(text, "+")
	if !ok || len(digits) < minE164 || len(digits) > maxE164 || digits[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0, false
	}
	return int64(n), true
}

// PhoneRule is how a number came to be understood (LU-08).
type PhoneRule string

// Rules of ParsePhone.
const (
	RuleWithheld   PhoneRule = "withheld"        // a word for a number that is not shown
	RuleExtension  PhoneRule = "extension"       // at most five digits
	RulePlus       PhoneRule = "plus"            // written with the country code
	RuleAbroad810  PhoneRule = "abroad_810"      // 8-10 before the country code
	RuleAbroad00   PhoneRule = "abroad_00"       // 00 before the country code
	RuleTrunk8     PhoneRule = "trunk_8"         // 8 and ten digits
	RuleNational   PhoneRule = "national_digits" // ten digits, as the region dials them
	RuleOfficeArea PhoneRule = "office_area"     // the office's area code was put before it
	RuleRegion     PhoneRule = "region"          // as the region writes its own numbers
	RuleAsDialled  PhoneRule = "as_dialled"      // all digits, country code first
	RuleNone       PhoneRule = "none"            // not understood
)

// ParsePhone understands a number typed by a person or sent by a network. It
// never fails: what is no number is of kind PhoneInvalid.
//
// Besides what libphonenumber knows of the region it takes the office's ways:
// a number without area code, 8-10 for abroad, «доб. 15», inner numbers of up
// to five digits, and the words networks send for a withheld number.
func ParsePhone(raw string, rules PhoneRules) Phone {
	p, _ := parsePhone(raw, rules)
	return p
}

func parsePhone(raw string, rules PhoneRules) (Phone, PhoneRule) {
	p := Phone{Raw: clip(strings.TrimSpace(raw))}
	text := stripScheme(p.Raw)
	if isAnonymous(text) {
		p.Kind = PhoneAnonymous
		return p, RuleWithheld
	}
	text, p.Ext = cutExtension(text)
	digits, plus, ok := onlyDigits(text)
	if !ok || digits == "" {
		return invalid(p), RuleNone
	}
	if !plus && len(digits) <= maxExtension {
		p.Kind, p.Display = PhoneExtension, digits
		return p, RuleExtension
	}
	rule := RulePlus
	if !plus {
		digits, rule = international(digits, rules)
	}
	if e164, ok := ParseE164("+" + digits); ok && plausible(digits) {
		p.Kind, p.E164, p.Display = PhoneExternal, e164, FormatE164(e164)
		if p.Ext != "" {
			p.Display += ", " + p.Ext
		}
		return p, rule
	}
	return invalid(p), RuleNone
}

// FormatE164 writes a stored number for people: «+7 (921) 123-45-67», other
// countries in libphonenumber's international format.
func FormatE164(e164 int64) string {
	text := E164Text(e164)
	if d := text[min(len(text), 1):]; len(d) == 11 && d[0] == '7' {
		return "+7 (" + d[1:4] + ") " + d[4:7] + "-" + d[7:9] + "-" + d[9:]
	}
	number, err := phonenumbers.Parse(text, "")
	if err != nil {
		return text
	}
	return phonenumbers.Format(number, phonenumbers.INTERNATIONAL)
}

func invalid(p Phone) Phone {
	p.Kind, p.Ext, p.Display = PhoneInvalid, "", p.Raw
	return p
}

func clip(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.ReplaceAll(s, "\x00", "") // PostgreSQL's text has no zero byte
	if r := []rune(s); len(r) > maxRaw {
		return string(r[:maxRaw])
	}
	return s
}

// stripScheme takes the number out of a tel: (RFC 3966) or sip: URI.
func stripScheme(s string) string {
	lower := strings.ToLower(s)
	switch {
	case strings.HasPrefix(lower, "tel:"):
		s = s[len("tel:"):]
	case strings.HasPrefix(lower, "sip:"):
		s, _, _ = strings.Cut(s[len("sip:"):], "@")
	case strings.HasPrefix(lower, "sips:"):
		s, _, _ = strings.Cut(s[len("sips:"):], "@")
	}
	return s
}

// isAnonymous knows RFC 3323's "anonymous", Asterisk's presentation names and
// what Russian operators send.
func isAnonymous(s string) bool {
	switch strings.ToLower(strings.Trim(s, "<>\" ")) {
	case "", "anonymous", "unknown", "restricted", "private", "withheld", "unavailable",
		"blocked", "hidden", "скрыт", "скрытый", "скрытый номер", "аноним", "не определен", "не определён":
		return true
	}
	return false
}

// extensionMarks start an extension, longest first.
var extensionMarks = []string{"внутренний", "добавочный", "extension", "внутр", ";ext=", "доб", "ext", "вн", "#", "x", "х"}

func cutExtension(s string) (number, ext string) {
	lower := strings.ToLower(s)
	if len(lower) != len(s) {
		return s, "" // a letter whose case changes its length: no number anyway
	}
	for _, mark := range extensionMarks {
		at := strings.Index(lower, mark)
		if at <= 0 {
			continue
		}
		digits, _, ok := onlyDigits(strings.Trim(s[at+len(mark):], " .:№#"))
		if !ok || digits == "" || len(digits) > 8 {
			return s, ""
		}
		return strings.TrimRight(s[:at], " ,.;("), digits
	}
	return s, ""
}

// onlyDigits drops the punctuation people write in numbers; ok is false when
// anything else is there. plus tells of a leading plus.
func onlyDigits(s string) (digits string, plus, ok bool) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			d, ok := asciiDigit(r)
			if !ok {
				return "", false, false
			}
			b.WriteByte(d)
		case r == '+' || r == '＋':
			if b.Len() > 0 || plus {
				return "", false, false
			}
			plus = true
		case unicode.IsSpace(r), strings.ContainsRune("()-‐‑–—−./\u200e\u200f\u202a\u202c", r):
		default:
			return "", false, false
		}
	}
	return b.String(), plus, true
}

func asciiDigit(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r), true
	case r >= '０' && r <= '９':
		return byte(r-'０') + '0', true
	}
	return 0, false
}

// international puts the country code before a number written without a plus.
func international(digits string, rules PhoneRules) (string, PhoneRule) {
	if rules.Region == "RU" || rules.Region == "KZ" {
		return internationalRU(digits, rules.AreaCode)
	}
	if n, err := phonenumbers.Parse(digits, rules.Region); err == nil && phonenumbers.IsValidNumber(n) {
		return strings.TrimPrefix(phonenumbers.Format(n, phonenumbers.E164), "+"), RuleRegion
	}
	if rules.AreaCode != "" {
		if n, err := phonenumbers.Parse(rules.AreaCode+digits, rules.Region); err == nil && phonenumbers.IsValidNumber(n) {
			return strings.TrimPrefix(phonenumbers.Format(n, phonenumbers.E164), "+"), RuleOfficeArea
		}
	}
	if rest, ok := strings.CutPrefix(digits, "00"); ok { // ITU-T E.164: the usual prefix for abroad
		return rest, RuleAbroad00
	}
	return digits, RuleAsDialled
}

// internationalRU follows the Russian numbering plan: 8 trunk prefix, 8-10 for
// abroad, ten national digits.
func internationalRU(digits, area string) (string, PhoneRule) {
	switch n := len(digits); {
	case strings.HasPrefix(digits, "810") && n > 10: // no area code begins with 1
		return digits[3:], RuleAbroad810
	case strings.HasPrefix(digits, "00") && n > 9:
		return digits[2:], RuleAbroad00
	case n == 11 && digits[0] == '8':
		return "7" + digits[1:], RuleTrunk8
	case n == 10:
		return "7" + digits, RuleNational
	case n+len(area) == 10:
		return "7" + area + digits, RuleOfficeArea
	case n < 10:
		return "", RuleNone // too short to be known without an area code
	}
	return digits, RuleAsDialled
}

// PhoneReading is how a number is understood, and by what (LU-08).
type PhoneReading struct {
	Phone
	Rule    PhoneRule
	Country string // ISO 3166, empty where none can be told
	Type    string // mobile, fixed, toll_free, premium, voip, other; empty for inner and unknown numbers
	Area    string // area code of a number that has one, digits
	Valid   bool   // in use by the numbering plan of its country, as far as the tables know
}

// ReadPhone parses a number and tells how.
func ReadPhone(raw string, rules PhoneRules) PhoneReading {
	var r PhoneReading
	r.Phone, r.Rule = parsePhone(raw, rules)
	if r.Kind != PhoneExternal {
		return r
	}
	number, err := phonenumbers.Parse(r.E164Text(), "")
	if err != nil {
		return r
	}
	r.Country, r.Valid = phonenumbers.GetRegionCodeForNumber(number), phonenumbers.IsValidNumber(number)
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE:
		r.Type = "mobile"
	case phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE:
		r.Type = "fixed"
	case phonenumbers.TOLL_FREE:
		r.Type = "toll_free"
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
		r.Type = "premium"
	case phonenumbers.VOIP:
		r.Type = "voip"
	default:
		r.Type = "other"
	}
	if n := phonenumbers.GetLengthOfGeographicalAreaCode(number); n > 0 {
		r.Area = phonenumbers.GetNationalSignificantNumber(number)[:n]
	}
	return r
}

// plausible refuses what no country has; it does not ask whether the number
// is in use, because networks send numbers the tables do not know yet.
func plausible(digits string) bool {
	if strings.HasPrefix(digits, "7") {
		return len(digits) == 11
	}
	number, err := phonenumbers.Parse("+"+digits, "")
	return err == nil && phonenumbers.IsPossibleNumber(number)
}
