package calllog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

const maxText = 250 // characters

// cleaned drops from a record what came from the network and no database can
// hold as text, so that a caller's strange name does not cost the record:
// bytes that are no UTF-8, and the zero character. Names and numbers longer
// than any real one are cut: an index holds no more than 2700 bytes.
func cleaned(r Record) (Record, error) {
	for _, s := range []*string{&r.PBX, &r.Number.Raw, &r.Number.Display, &r.CallerName, &r.DID, &r.Queue, &r.Note} {
		*s = cleanText(*s)
	}
	for _, s := range []*string{&r.Number.Raw, &r.CallerName, &r.Queue} {
		if text := []rune(*s); len(text) > maxText {
			*s = string(text[:maxText])
		}
	}
	if !bytes.Contains(r.Snapshot, []byte(`\u0000`)) {
		return r, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(r.Snapshot))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return r, fmt.Errorf("snapshot of call %s: %w", r.ID, err)
	}
	text, err := json.Marshal(cleanValue(v))
	if err != nil {
		return r, fmt.Errorf("snapshot of call %s: %w", r.ID, err)
	}
	r.Snapshot = text
	return r, nil
}

func cleanText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

func cleanValue(v any) any {
	switch v := v.(type) {
	case string:
		return cleanText(v)
	case []any:
		for i := range v {
			v[i] = cleanValue(v[i])
		}
	case map[string]any:
		for key, value := range v {
			if clean := cleanText(key); clean != key {
				delete(v, key)
				key = clean
			}
			v[key] = cleanValue(value)
		}
	}
	return v
}
