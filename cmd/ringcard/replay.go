package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"ringcard/internal/app"
)

func (p *program) replayCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "replay CAPTURE", Short: "Repeat the calls of a capture and print why each went as it went", Args: oneArg("CAPTURE"),
		Long: "Repeat a capture, exported on the page of a PBX, through the call engine: its calls, decisions and pops. " +
			"Nothing is asked or changed outside. Exit status 1 when a call comes out differently than it did then.",
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("capture: %w", err)
			}
			defer file.Close()
			result, err := app.Replay(cmd.Context(), file)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if asJSON {
				out := json.NewEncoder(cmd.OutOrStdout())
				out.SetIndent("", " ")
				err = out.Encode(result)
			} else {
				_, err = result.WriteTo(cmd.OutOrStdout())
			}
			if err != nil {
				return err
			}
			for _, c := range result.Calls {
				if len(c.Differs) > 0 {
					return silentError{}
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the calls with their decisions as JSON")
	return cmd
}
