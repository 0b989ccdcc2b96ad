package app

import (
	"os"
	"testing"

	"ringcard/internal/postgres/pgtest"
)

// TestMain also fails on a goroutine that a stopped server leaves behind.
func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
