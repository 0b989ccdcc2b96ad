package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) configCommand() *cobra.Command {
	check := &cobra.Command{
		Use: "check", Short: "Check the configuration and name what is wrong", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.load()
			if err != nil {
				return err
			}
			source := p.configFile
			if source == "" {
				source = "no file, environment and defaults"
			}
			fmt.Fprintf(cmd.OutOrStdout(), "configuration is good (%s): %d PBX, listen %s\n", source, len(cfg.PBX), cfg.Listen)
			return nil
		},
	}
	return group("config", "Look at the configuration", check)
}
