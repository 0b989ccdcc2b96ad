package crm

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// Limits of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Clock tells the time; tests give their own.
type Clock func() time.Time

// PageRequest asks for one page of a list. Cursor is the NextCursor of the
// page before, empty for the first.
type PageRequest struct {
	Limit  int
	Cursor string
}

// Size is the limit to use: the default when unset, at most MaxLimit.
func (p PageRequest) Size() int {
	switch {
	case p.Limit <= 0:
		return DefaultLimit
	case p.Limit > MaxLimit:
		return MaxLimit
	}
	return p.Limit
}

// Page is one page of a list in keyset order: rows that appear or vanish
// between two requests neither repeat nor hide others.
type Page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"give it as cursor for the next page; null on the last page"`
	Total      *int64  `json:"total,omitempty" doc:"rows in all pages, where it is cheap to count"`
}

// NewPage cuts rows, read with one more than the size, to a page. last makes
// the cursor value of the last row kept.
func NewPage[T any](rows []T, size int, last func(T) any) Page[T] {
	page := Page[T]{Items: rows}
	if page.Items == nil {
		page.Items = []T{}
	}
	if len(rows) > size {
		page.Items = rows[:size]
		cursor := EncodeCursor(last(rows[size-1]))
		page.NextCursor = &cursor
	}
	return page
}

// EncodeCursor makes an opaque text of the value, which must marshal to JSON.
func EncodeCursor(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cursor of %T: %v", v, err)) // only a wrong type can do this
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// DecodeCursor reads an EncodeCursor text into v. A text that is not ours is
// a CodeInvalid error on field cursor.
func DecodeCursor(cursor string, v any) error {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return &Error{Code: CodeInvalid, Field: "cursor", Message: "cursor is not one of ours", Err: err}
	}
	return nil
}
