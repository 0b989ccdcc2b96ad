package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"ringcard/internal/app"
	"ringcard/internal/doctor"
)

// doctorTimeout bounds all checks together.
const doctorTimeout = 60 * time.Second

func (p *program) doctorCommand() *cobra.Command {
	var printConfig, asJSON bool
	var only string
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check PBX, database and machine, and say what to change", Args: noArgs,
		Long: "Check the configured PBXs, the database, Redis, the port and the folder. Each finding says what was seen and " +
			"what to change. Exit status 1 when something must be changed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printConfig {
				return p.printSnippet(cmd, "")
			}
			cfg, err := p.load()
			if err != nil {
				return err
			}
			if only != "" {
				if _, err := pbxOf(cfg, only); err != nil {
					return err
				}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), doctorTimeout)
			defer cancel()
			opt := app.DoctorOptions(ctx, cfg)
			opt.Only = only
			report := doctor.Run(ctx, opt)
			if err := writeReport(cmd, report, asJSON); err != nil {
				return err
			}
			if report.Failed() {
				return silentError{}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&printConfig, "print-config", false, "the same as ringcard config snippet")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print {\"failed\": …, \"findings\": […]}")
	cmd.Flags().StringVar(&only, "pbx", "", "look at this PBX only")
	return cmd
}

func writeReport(cmd *cobra.Command, report doctor.Report, asJSON bool) error {
	if !asJSON {
		_, err := report.WriteTo(cmd.OutOrStdout())
		return err
	}
	out := json.NewEncoder(cmd.OutOrStdout())
	out.SetIndent("", " ")
	return out.Encode(struct {
		Failed   bool          `json:"failed"`
		Findings doctor.Report `json:"findings"`
	}{report.Failed(), report})
}
