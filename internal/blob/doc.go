// Package blob is the storage of recordings: a folder, or a bucket of an
// S3-compatible storage. Both keep a file whole or not at all.
package blob

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// Fault is an error of the storage itself, as against one of what it was to
// store.
type Fault struct{ err error }

// Error implements error.
func (f Fault) Error() string { return "storage: " + f.err.Error() }

// Unwrap returns the cause.
func (f Fault) Unwrap() error { return f.err }

// Storage tells that the storage is at fault.
func (f Fault) Storage() bool { return true }

// errKey: a key that would leave the storage.
var errKey = errors.New("not a key of this storage")

// checkKey refuses what is no plain relative path.
func checkKey(key string) error {
	if key == "" || key != path.Clean(key) || path.IsAbs(key) || key == ".." || strings.HasPrefix(key, "../") ||
		strings.ContainsAny(key, "\\\x00") || strings.HasPrefix(key, ".") {
		return fmt.Errorf("%w: %q", errKey, key)
	}
	return nil
}
