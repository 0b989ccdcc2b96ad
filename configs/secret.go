package configs

import (
	"log/slog"
	"net/url"
)

const redacted = "***"

// Secret is a value that is never printed, logged or marshalled.
type Secret string

// Reveal returns the value itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String implements fmt.Stringer without the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString implements fmt.GoStringer, so that %#v does not show it either.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// SecretURL is an address that may hold a password; printed without it.
type SecretURL string

// Reveal returns the address with its password.
func (s SecretURL) Reveal() string { return string(s) }

// String implements fmt.Stringer without the password. What is no URL, as a
// "host=… password=…" connection string, is hidden whole.
func (s SecretURL) String() string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(string(s))
	if err != nil || u.Scheme == "" {
		return redacted
	}
	if q := u.Query(); q.Has("password") {
		q.Set("password", redacted)
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

// GoString implements fmt.GoStringer.
func (s SecretURL) GoString() string { return `"` + s.String() + `"` }

// LogValue implements slog.LogValuer.
func (s SecretURL) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler.
func (s SecretURL) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
