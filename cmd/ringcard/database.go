package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"ringcard/configs"
	"ringcard/internal/app"
	"ringcard/internal/httpapi"
	"ringcard/internal/postgres"
)

func (p *program) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database to the version of this program", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withServices(cmd, func(context.Context, configs.Config, httpapi.Services) error {
				fmt.Fprintln(cmd.OutOrStdout(), "the database is up to date")
				return nil
			})
		},
	}
}

// withServices runs a command on the configured database, migrated.
func (p *program) withServices(cmd *cobra.Command, do func(context.Context, configs.Config, httpapi.Services) error) (err error) {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	location, err := cfg.Location()
	if err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	ctx := cmd.Context()
	// Only what goes wrong is of interest here.
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	database, err := app.OpenDatabase(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close(ctx)) }()
	if err := postgres.Migrate(ctx, database.URL); err != nil {
		return err
	}
	db, err := postgres.Open(ctx, database.URL, log)
	if err != nil {
		return err
	}
	defer db.Close()
	return do(ctx, cfg, app.NewServices(db, cfg, location, log, nil))
}
