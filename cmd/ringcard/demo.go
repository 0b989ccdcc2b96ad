package main

import (
	"fmt"
	"log/slog"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ringcard/configs"
	"ringcard/internal/app"
)

func (p *program) demoCommand() *cobra.Command {
	var listen, locale string
	var verbose bool
	cmd := &cobra.Command{
		Use: "demo", Short: "Try it: sample clients and a simulated PBX with calls coming in", Args: noArgs,
		Long: "Start a server with a fresh private PostgreSQL, sample clients and a simulated PBX in which calls come in by " +
			"themselves and click-to-call works. Nothing is kept after it ends.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if locale != "ru" && locale != "en" {
				return usageError{fmt.Errorf("--locale %q: use ru or en", locale)}
			}
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelInfo
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
			out := cmd.OutOrStdout()
			fmt.Fprintln(out, "Ringcard demo: making a database with sample clients …")
			demo, err := app.StartDemo(cmd.Context(), app.DemoOptions{Listen: listen, Locale: locale, Log: log, Version: version()})
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "\n  Open %s\n\n", demo.URL())
			table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "  LOGIN\tPASSWORD\tROLE\tTELEPHONE\tNAME")
			for _, u := range demo.Users() {
				fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\n", u.Login, app.DemoPassword, u.Role, u.Extension, u.Name)
			}
			if err := table.Flush(); err != nil {
				return err
			}
			fmt.Fprint(out, "\n  Calls come in by themselves every few seconds; sign in as anna to see them ring.\n  Ctrl+C ends the demo and removes its data.\n\n")
			err = demo.Run(cmd.Context())
			if err == nil {
				fmt.Fprintln(out, "demo ended, its data are removed")
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&listen, "listen", configs.Default().Listen, "address to serve")
	flags.StringVar(&locale, "locale", configs.Default().Locale, "language until the user chooses: ru or en")
	flags.BoolVar(&verbose, "verbose", false, "log what happens")
	return cmd
}
