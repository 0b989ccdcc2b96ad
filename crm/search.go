package crm

import (
	"strings"
	"time"
	"unicode"
)

const (
	minDigits    = 3 // of a number, to search by its last digits
	maxWords     = 8 // of a query; more only cost time
	maxQueryText = 200
)

// Search is the text of a search box taken apart.
type Search struct {
	Words  []string // each must occur in a name
	Digits string   // last digits of a number, at least three; empty if Q is none
	E164   int64    // the number that Q is, 0 if none
	Email  string   // lower case, empty if Q is none
	Date   *Date
}

// ParseSearch takes the text of a search box apart. It may be several things
// at once: «4567» is both a part of a name and the end of a number.
func ParseSearch(q string, rules PhoneRules) Search {
	q = strings.TrimSpace(q)
	if r := []rune(q); len(r) > maxQueryText {
		q = string(r[:maxQueryText])
	}
	q = strings.ReplaceAll(strings.ToValidUTF8(q, ""), "\x00", "")
	var s Search
	if q == "" {
		return s
	}
	s.Words = strings.Fields(q)
	s.Words = s.Words[:min(len(s.Words), maxWords)]
	if strings.Contains(q, "@") {
		s.Email = strings.ToLower(q)
	}
	for _, form := range []string{time.DateOnly, "02.01.2006"} {
		if t, err := time.Parse(form, q); err == nil {
			d := DateOf(t)
			s.Date = &d
			return s
		}
	}
	if digits := numberDigits(q); len(digits) >= minDigits {
		s.Digits = digits
		if p := ParsePhone(q, rules); p.Kind == PhoneExternal {
			s.E164 = p.E164
		}
	}
	return s
}

// numberDigits returns the digits of a text that is written as a number, or
// nothing when letters are in it.
func numberDigits(q string) string {
	var b strings.Builder
	for _, r := range q {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.IsSpace(r), strings.ContainsRune("+()-.–", r):
		default:
			return ""
		}
	}
	return b.String()
}
