package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ringcard/configs"
	"ringcard/internal/app"
	"ringcard/internal/doctor"
)

// doctorTimeout bounds all checks together.
const doctorTimeout = 60 * time.Second

func (p *program) doctorCommand() *cobra.Command {
	var printConfig bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check PBX, database and machine, and say what to change", Args: noArgs,
		Long: "Check the configured PBXs, the database, Redis, the port and the folder. Each finding says what was seen and " +
			"what to change. Exit status 1 when something must be changed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printConfig {
				return p.printPBXConfig(cmd)
			}
			cfg, err := p.load()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), doctorTimeout)
			defer cancel()
			report := doctor.Run(ctx, app.DoctorOptions(ctx, cfg))
			if _, err := report.WriteTo(cmd.OutOrStdout()); err != nil {
				return err
			}
			if report.Failed() {
				return silentError{}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&printConfig, "print-config", false, "print ari.conf, http.conf and ringcard.yaml lines with a fresh password")
	return cmd
}

// printPBXConfig does without a valid configuration: it helps to write one.
func (p *program) printPBXConfig(cmd *cobra.Command) error {
	var ari configs.ARI
	if cfg, err := p.load(); err == nil && len(cfg.PBX) > 0 {
		ari = cfg.PBX[0].ARI
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), doctor.NewSnippets(ari))
	return err
}
