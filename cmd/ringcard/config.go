package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ringcard/configs"
	"ringcard/internal/pbxconfig"
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
	var pbx string
	snippet := &cobra.Command{
		Use: "snippet", Short: "Print the lines for the files of a PBX, with a fresh password", Args: noArgs,
		Long: "Print the lines to put into the files of Asterisk and into ringcard.yaml, for the configured PBX or, " +
			"without a configuration, for a new one. The password is random and printed only now.",
		RunE: func(cmd *cobra.Command, _ []string) error { return p.printSnippet(cmd, pbx) },
	}
	snippet.Flags().StringVar(&pbx, "pbx", "", "name of the configured PBX; default: the first")
	return group("config", "Look at the configuration", check, snippet)
}

// printSnippet does without a valid configuration unless a PBX is named: it
// helps to write one.
func (p *program) printSnippet(cmd *cobra.Command, name string) error {
	cfg, err := p.load()
	var pbx configs.PBX
	switch {
	case name != "" && err != nil:
		return err
	case name != "":
		if pbx, err = pbxOf(cfg, name); err != nil {
			return err
		}
	case err == nil && len(cfg.PBX) > 0:
		pbx = cfg.PBX[0]
	}
	_, err = fmt.Fprint(cmd.OutOrStdout(), pbxconfig.New(pbxconfig.Options{PBX: pbx, PublicURL: cfg.PublicURL}))
	return err
}

// pbxOf finds a PBX of the configuration.
func pbxOf(cfg configs.Config, name string) (configs.PBX, error) {
	names := make([]string, len(cfg.PBX))
	for i, p := range cfg.PBX {
		if p.Name == name {
			return p, nil
		}
		names[i] = p.Name
	}
	return configs.PBX{}, fmt.Errorf("there is no PBX %q in the configuration; there are: %s", name, strings.Join(names, ", "))
}
