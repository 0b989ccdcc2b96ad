package httpapi

import (
	"os"
	"testing"

	"ringcard/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
