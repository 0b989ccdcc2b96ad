package crm

import (
	"encoding/json"
	"fmt"
	"time"
)

// Date is a day of the calendar without a time zone: "2026-11-22".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day of the moment in its own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: m, Day: d}
}

// ParseDate reads "2026-11-22".
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, &Error{Code: CodeInvalid, Message: fmt.Sprintf("%q is not a date, as 2026-11-22", text), Err: err}
	}
	return DateOf(t), nil
}

// String is "2026-11-22".
func (d Date) String() string { return d.Time().Format(time.DateOnly) }

// Time is the day's beginning in UTC.
func (d Date) Time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// MarshalText implements encoding.TextMarshaler, and so the JSON form.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Optional is a field of a patch that may be left alone, set, or emptied. In
// JSON: absent, a value, or null.
type Optional[T any] struct {
	Set   bool
	Value *T
}

// Of sets the field to a value.
func Of[T any](v T) Optional[T] { return Optional[T]{Set: true, Value: &v} }

// Empty empties the field.
func Empty[T any]() Optional[T] { return Optional[T]{Set: true} }

// UnmarshalJSON marks the field as set; it is called for null as well.
func (o *Optional[T]) UnmarshalJSON(text []byte) error {
	o.Set, o.Value = true, nil
	if string(text) == "null" {
		return nil
	}
	o.Value = new(T)
	return json.Unmarshal(text, o.Value)
}
