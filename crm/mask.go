package crm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Masking of telephone numbers (PU-09). Who lacks NumbersFull gets every
// answer, message and export through Mask or MaskJSON: they look at the text
// itself, so that a number in a note or in the name of a channel is hidden
// like one in its own field, whatever part of the program wrote it.

const (
	maskRune    = '•'
	maskKeep    = 4  // last digits that stay readable
	maskDigits  = 10 // a run of so many digits is a number
	maskWithTel = 7  // with a plus before them, or in a field for numbers, so many
)

// IsMasked tells that a text is a masked number, as a page that may not see
// numbers sends one back.
func IsMasked(text string) bool { return strings.ContainsRune(text, maskRune) }

// MaskPhone hides all digits of a number but the last four. The Russian
// country code stays: "+7 (921) 123-45-67" gives "+7 (•••) •••-45-67".
// Numbers inside the office are no secret: up to five digits stay.
func MaskPhone(number string) string {
	digits := countDigits(number)
	if digits <= maxExtension {
		return number
	}
	return hide(number, digits)
}

// Mask hides the telephone numbers within a text. Dates, amounts, UUIDs and
// times are left alone.
func Mask(text string) string {
	if countDigits(text) < maskWithTel || noNumber(text) {
		return text
	}
	var out strings.Builder
	for len(text) > 0 {
		start := strings.IndexAny(text, "+0123456789")
		if start < 0 {
			break
		}
		out.WriteString(text[:start])
		text = text[start:]
		if date := dateForm.FindString(text); date != "" {
			out.WriteString(date)
			text = text[len(date):]
			continue
		}
		run := numberRun(text)
		text = text[len(run):]
		digits := countDigits(run)
		if digits >= maskDigits || run[0] == '+' && digits >= maskWithTel {
			run = hide(run, digits)
		}
		out.WriteString(run)
	}
	out.WriteString(text)
	return out.String()
}

var (
	dateForm = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}|\d{2}\.\d{2}\.\d{4})(\D|$)`)
	// noNumberForm is the whole of a text that is no number although it has
	// enough digits: an amount, the unique id of a channel, a UUID.
	noNumberForm = regexp.MustCompile(`^(-?\d+\.\d{1,6}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$`)
)

func noNumber(text string) bool {
	if noNumberForm.MatchString(text) {
		return true
	}
	_, err := time.Parse(time.RFC3339Nano, text)
	return err == nil
}

// numberRun is the longest beginning of a text that is written as a number:
// digits with at most three separators between two of them.
func numberRun(text string) string {
	end, gap := 0, 0
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9' || i == 0 && r == '+':
			end, gap = i+1, 0
		case strings.ContainsRune(" \u00a0\u202f()-‐‑–.", r) && gap < 3:
			gap++
		default:
			return text[:end]
		}
	}
	return text[:end]
}

func hide(number string, digits int) string {
	keep := digits - maskKeep
	seen := 0
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		seen++
		if seen > keep || seen == 1 && strings.HasPrefix(number, "+7") {
			return r
		}
		return maskRune
	}, number)
}

func countDigits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// MaskJSON hides the telephone numbers in all texts of a JSON document. Fields
// for the machine's form of a number become empty, fields that hold a number
// as written are masked however short it is, and ids stay as they are.
func MaskJSON(doc []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, fmt.Errorf("mask: %w", err)
	}
	out, err := json.Marshal(maskValue("", v))
	if err != nil {
		return nil, fmt.Errorf("mask: %w", err)
	}
	return out, nil
}

func maskValue(key string, v any) any {
	switch v := v.(type) {
	case string:
		return maskField(key, v)
	case []any:
		for i := range v {
			v[i] = maskValue(key, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = maskValue(k, v[k])
		}
	}
	return v
}

func maskField(key, text string) string {
	switch key {
	case "e164":
		return ""
	case "raw", "display", "phone", "number":
		if masked := Mask(text); masked != text {
			return masked
		}
		return MaskPhone(text)
	case "id", "dialed_by", "cursor", "next_cursor", "epoch", "etag", "ticket", "token":
		return text
	}
	if strings.HasSuffix(key, "_id") || strings.HasSuffix(key, "_at") {
		return text
	}
	return Mask(text)
}
