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
	dial, _, err := o.dialString(n)
	return dial, err
}

// dialString also tells the number of the rule, from 1 on; 0 for none.
func (o *Office) dialString(n Number) (dial string, rule int, err error) {
	typed := digits(n.Raw)
	switch n.Kind {
	case Anonymous, Invalid, "":
		return "", 0, &Error{Code: CodeInvalid, Field: "to", Message: "this is not a number that can be dialled"}
	case Extension:
		return typed, 0, nil
	}
	for _, form := range []string{n.E164, typed} {
		for i, r := range o.rules {
			if form != "" && r.match.MatchString(form) {
				return r.match.ReplaceAllString(form, r.dial), i + 1, nil
			}
		}
	}
	if n.E164 != "" {
		return strings.TrimPrefix(n.E164, "+"), 0, nil
	}
	return typed, 0, nil
}

// Dialling is how one PBX would dial a number (LU-08).
type Dialling struct {
	PBX   string `json:"pbx"`
	Dial  string `json:"dial" doc:"empty when it cannot be dialled"`
	Rule  int    `json:"rule" doc:"which of the PBX's dial rules, from 1 on; 0: none applies"`
	Match string `json:"match,omitempty" doc:"the expression of that rule"`
}

// Diallings tells how each PBX would dial a number as typed.
func (s *Service) Diallings(raw string) []Dialling {
	out := make([]Dialling, len(s.opt.Engines))
	for i, e := range s.opt.Engines {
		out[i].PBX = e.office.cfg.PBX
		dial, rule, err := e.office.dialString(e.office.cfg.Parse(raw))
		if err != nil {
			continue // nothing to dial
		}
		out[i].Dial, out[i].Rule = dial, rule
		if rule > 0 {
			out[i].Match = e.office.rules[rule-1].match.String()
		}
	}
	return out
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
