package employee

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of a password hash.
type Cost struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// DefaultCost is OWASP's first choice for argon2id (Password Storage Cheat
// Sheet): 19 MiB, two passes, one thread.
func DefaultCost() Cost { return Cost{Memory: 19 * 1024, Time: 2, Threads: 1} }

const (
	saltBytes = 16
	keyBytes  = 32
	// Bounds of a stored hash, so that a broken row cannot eat the memory.
	maxMemory = 1 << 20
	maxTime   = 16
)

var errHashForm = errors.New("password hash is not argon2id in PHC form")

func hashPassword(password string, c Cost) string {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	key := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, keyBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

func checkPassword(password, hash string) (bool, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, errHashForm
	}
	var c Cost
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); err != nil {
		return false, fmt.Errorf("%w: %w", errHashForm, err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("%w: %w", errHashForm, err)
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("%w: %w", errHashForm, err)
	}
	if c.Memory > maxMemory || c.Time < 1 || c.Time > maxTime || c.Threads < 1 || len(key) == 0 {
		return false, errHashForm
	}
	got := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

// hashing bounds how many passwords are hashed at once: each takes Cost.Memory.
type hashing chan struct{}

func (h hashing) do(ctx context.Context, fn func()) error {
	select {
	case h <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("password: %w", ctx.Err())
	}
	defer func() { <-h }()
	fn()
	return nil
}
