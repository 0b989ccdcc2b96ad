package employee

import (
	"strings"
	"testing"
)

func TestPasswordHash(t *testing.T) {
	t.Parallel()
	cost := Cost{Memory: 64, Time: 1, Threads: 1}
	a, b := hashPassword("секрет", cost), hashPassword("секрет", cost)
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("hashes %q, %q", a, b)
	}
	if ok, err := checkPassword("секрет", a); !ok || err != nil {
		t.Errorf("right password: %v, %v", ok, err)
	}
	if ok, err := checkPassword("Секрет", a); ok || err != nil {
		t.Errorf("wrong password: %v, %v", ok, err)
	}
	for _, broken := range []string{
		"", "plain", "$argon2id$v=19$m=64,t=1,p=1$!$!", "$argon2i$v=19$m=64,t=1,p=1$YQ$YQ", "$argon2id$v=19$m=99999999,t=1,p=1$YQ$YQ",
		"$argon2id$v=19$m=64,t=0,p=1$YQ$YQ", "$argon2id$v=19$m=64,t=1,p=0$YQ$YQ", "$argon2id$v=19$m=64,t=1,p=1$YQ$",
	} {
		if ok, err := checkPassword("x", broken); ok || err == nil {
			t.Errorf("%q: %v, %v", broken, ok, err)
		}
	}
}
