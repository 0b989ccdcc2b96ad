package postgres_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"

	"ringcard/internal/postgres"
	"ringcard/internal/postgres/pgtest"
)

func TestMain(m *testing.M) {
	postgres.SetStatementDatabase(pgtest.URL)
	os.Exit(pgtest.Run(m))
}

func TestMigrateTogetherAndAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := pgtest.EmptyURL(t)
	if n, err := postgres.Pending(ctx, url); err != nil || n == 0 {
		t.Fatalf("pending = %d, %v", n, err)
	}
	errs := make([]error, 3)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = postgres.Migrate(ctx, url) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if n, err := postgres.Pending(ctx, url); err != nil || n != 0 {
		t.Fatalf("pending = %d, %v", n, err)
	}
}
