package crm

import (
	"slices"
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
	// NumberOnly: Q is compared with numbers only, by Digits and E164, with
	// nothing where both are empty; see SearchFor.
	NumberOnly bool
}

// SearchFor takes apart what an actor typed into a search box. Who sees numbers
// masked (PU-09) finds by the digits he sees and by a whole number, which he
// then knows. By more digits, or by digits within names, which may be numbers
// too, he could guess a hidden number one digit after the other.
func SearchFor(actor Actor, q string, rules PhoneRules) Search {
	s := ParseSearch(q, rules)
	if actor.Can(NumbersFull) || len(s.Words) == 0 || s.Date != nil || s.Email != "" {
		return s
	}
	if s.Digits != "" {
		s.NumberOnly = true
		if len(s.Digits) > maskKeep {
			s.Digits = ""
		}
		return s
	}
	words := slices.DeleteFunc(slices.Clone(s.Words), func(w string) bool { return countDigits(w) >= minDigits })
	if len(words) == 0 {
		s.NumberOnly = true
		return s
	}
	s.Words = words
	return s
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
