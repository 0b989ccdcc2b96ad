package cti

import (
	"fmt"
	"regexp"
	"strings"
)

// DialRule rewrites a number before it is dialled at one PBX (CO-04). Rules
// are tried in order on the E.164 form and then on the digits as typed; the
// first match wins; without one the digits are dialled without the plus.
type DialRule struct {
	Match string // regular expression, as ^\+7(\d{10})$
	Dial  string // what to dial, as 8$1
}

type compiledRule struct {
	match *regexp.Regexp
	dial  string
}

func compileRules(rules []DialRule) ([]compiledRule, error) {
	out := make([]compiledRule, 0, len(rules))
	for i, r := range rules {
		re, err := regexp.Compile(r.Match)
		if err != nil {
			return nil, fmt.Errorf("dial rule %d: %w", i+1, err)
		}
		out = append(out, compiledRule{match: re, dial: r.Dial})
	}
	return out, nil
}

// DialString returns what to dial for a number typed by a user. The error is
// an *Error with CodeInvalid and Field "to".
func (o *Office) DialString(n Number) (string, error) {
	typed := digits(n.Raw)
	switch n.Kind {
	case Anonymous, Invalid, "":
		return "", &Error{Code: CodeInvalid, Field: "to", Message: "this is not a number that can be dialled"}
	case Extension:
		return typed, nil
	}
	for _, form := range []string{n.E164, typed} {
		for _, r := range o.rules {
			if form != "" && r.match.MatchString(form) {
				return r.match.ReplaceAllString(form, r.dial), nil
			}
		}
	}
	if n.E164 != "" {
		return strings.TrimPrefix(n.E164, "+"), nil
	}
	return typed, nil
}

// digits keeps what a telephone can dial: digits, * and #.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '*' || r == '#' {
			return r
		}
		return -1
	}, s)
}
