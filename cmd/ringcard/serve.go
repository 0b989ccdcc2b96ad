package main

import (
	"github.com/spf13/cobra"

	"ringcard/internal/app"
)

func (p *program) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Run the server until it is told to stop", Args: noArgs,
		Long: "Run the server. SIGTERM or SIGINT lets it finish what is under way; a second one ends it at once.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.load()
			if err != nil {
				return err
			}
			log := logger(cfg.Log, cmd.ErrOrStderr())
			server, err := app.New(cmd.Context(), app.Options{Config: cfg, Log: log, Version: version()})
			if err != nil {
				return err
			}
			return server.Run(cmd.Context())
		},
	}
}
