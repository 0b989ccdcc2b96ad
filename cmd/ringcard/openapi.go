package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"ringcard/internal/httpapi"
)

func openapiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "openapi", Short: "Print the OpenAPI 3.1 document of the API", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			doc, err := httpapi.OpenAPI(version())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), string(doc))
			return err
		},
	}
}
