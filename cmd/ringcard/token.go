package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ringcard/configs"
	"ringcard/crm"
	"ringcard/internal/httpapi"
)

func (p *program) tokenCommand() *cobra.Command {
	return group("token", "Manage tokens of integrations", p.tokenCreateCommand())
}

func (p *program) tokenCreateCommand() *cobra.Command {
	var login, name string
	var scopes []string
	var life time.Duration
	cmd := &cobra.Command{
		Use: "create", Short: "Make a token and print it, once", Args: noArgs,
		Long:    "Make a token with which a program acts as a user within the scopes. It is printed once and cannot be shown again.",
		Example: "  ringcard token create --user anna --scope clients.read --scope calls.read --name website",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if login == "" || len(scopes) == 0 {
				return usageError{errors.New("give --user LOGIN and at least one --scope")}
			}
			permissions, err := scopesOf(scopes)
			if err != nil {
				return usageError{err}
			}
			if life < 0 {
				return usageError{errors.New("--expires must not be in the past")}
			}
			return p.withServices(cmd, func(ctx context.Context, _ configs.Config, s httpapi.Services) error {
				var expires *time.Time
				if life > 0 {
					at := time.Now().Add(life).UTC()
					expires = &at
				}
				text, _, err := s.Employees.CreateToken(ctx, crm.System(), login, name, permissions, expires)
				if crm.CodeOf(err) == crm.CodeNotFound {
					return fmt.Errorf("there is no active user %s; see ringcard user add", login)
				}
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), text)
				return nil
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&login, "user", "", "login of the user the program acts as")
	flags.StringArrayVar(&scopes, "scope", nil, "what it may do; may be repeated: "+scopeNames())
	flags.StringVar(&name, "name", "command line", "what the token is for")
	flags.DurationVar(&life, "expires", 0, "how long it is good, as 720h (default: until revoked)")
	return cmd
}

func scopesOf(names []string) ([]crm.Permission, error) {
	known := make(map[crm.Permission]bool)
	for _, p := range crm.AllPermissions() {
		known[p] = true
	}
	var out []crm.Permission
	for _, n := range names {
		if !known[crm.Permission(n)] {
			return nil, fmt.Errorf("--scope %q: use one of %s", n, scopeNames())
		}
		out = append(out, crm.Permission(n))
	}
	return out, nil
}

func scopeNames() string {
	names := make([]string, len(crm.AllPermissions()))
	for i, p := range crm.AllPermissions() {
		names[i] = string(p)
	}
	return strings.Join(names, ", ")
}
