package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/internal/app"
	"ringcard/internal/postgres"
	"ringcard/test/pbx"
)

// serve is the role of the product: what "ringcard serve" does, with the
// configuration file of args[0].
func serve(ctx context.Context, args []string, ready func(string)) error {
	cfg, err := configs.Load(args[0], nil)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.Log.SlogLevel()}))
	seen, err := newArrivals(arrivalsFile(filepath.Dir(args[0])))
	if err != nil {
		return err
	}
	defer seen.stop()
	server, err := app.New(ctx, app.Options{Config: cfg, Log: log, Version: "bench", Arrived: seen.frame})
	if err != nil {
		return err
	}
	ready(server.URL())
	return server.Run(ctx)
}

// writeServerConfig writes the configuration of a server into dir and returns
// the name of the file.
func writeServerConfig(dir, databaseURL string, office *pbx.Asterisk) (string, error) {
	name := filepath.Join(dir, "ringcard.yaml")
	text := fmt.Sprintf(`listen: 127.0.0.1:0
data_dir: %q
log: {level: warn}
database: {url: %q}
pbx:
  - name: office
    trunks: [PJSIP/trunk]
    context: office
    ari: {url: %q, app: ringcard, user: %q, password: %q}
`, dir, databaseURL, office.ARIURL, office.ARIUser, office.ARIPassword)
	return name, os.WriteFile(name, []byte(text), 0o600)
}

// operator is a user with one telephone and a token for the stream.
type operator struct{ extension, token string }

// makeOperators adds a user for each extension. Nobody signs in with a
// password, so none is hashed.
func makeOperators(ctx context.Context, d *database, extensions []string) ([]operator, error) {
	db, err := postgres.Open(ctx, d.server.URL(), nil)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	store := postgres.NewEmployeeStore(db)
	people := employee.NewService(employee.Stores{Users: store, Sessions: store, Tokens: store}, employee.Options{})
	expires := time.Now().Add(time.Hour)
	operators := make([]operator, len(extensions))
	for i, extension := range extensions {
		login := "operator" + strconv.Itoa(i)
		_, err := store.Create(ctx, crm.System(), employee.NewUser{
			Login: login, Name: "Operator " + extension, Role: crm.RoleOperator, Extension: extension,
			Devices: []employee.Device{{PBX: "office", Endpoint: "PJSIP/" + extension}},
		}, "no password")
		if err != nil {
			return nil, fmt.Errorf("operator: %w", err)
		}
		token, _, err := people.CreateToken(ctx, crm.System(), login, "bench", []crm.Permission{crm.CallsRead, crm.NumbersFull}, &expires)
		if err != nil {
			return nil, fmt.Errorf("operator: %w", err)
		}
		operators[i] = operator{extension: extension, token: token}
	}
	return operators, nil
}
