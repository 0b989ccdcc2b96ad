package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/internal/httpapi"
)

func (p *program) userCommand() *cobra.Command {
	return group("user", "Manage users", p.userAddCommand())
}

// userFlags are the options of user add.
type userFlags struct {
	name, role, extension, pbx string
	devices                    []string
	passwordStdin              bool
}

func (p *program) userAddCommand() *cobra.Command {
	var f userFlags
	cmd := &cobra.Command{
		Use: "add LOGIN", Short: "Create a user; the password is read from standard input", Args: oneArg("LOGIN"),
		Example: "  ringcard user add anna --role operator --ext 101 --password-stdin < password.txt",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !f.passwordStdin {
				return usageError{errors.New("give --password-stdin and the password on standard input; on the command line others could read it")}
			}
			role := crm.Role(f.role)
			if !role.Valid() {
				return usageError{fmt.Errorf("--role %q: use one of %s", f.role, roleNames())}
			}
			password, err := firstLine(cmd.InOrStdin())
			if err != nil {
				return err
			}
			return p.withServices(cmd, func(ctx context.Context, cfg configs.Config, s httpapi.Services) error {
				devices, err := f.deviceList(cfg)
				if err != nil {
					return err
				}
				name := f.name
				if name == "" {
					name = args[0]
				}
				user, err := s.Employees.Create(ctx, crm.System(), employee.NewUser{
					Login: args[0], Name: name, Role: role, Password: password, Extension: f.extension, Devices: devices,
				})
				if crm.CodeOf(err) == crm.CodeConflict {
					return fmt.Errorf("login %s or one of the telephones is taken; choose another", args[0])
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "user %s created (id %d, %s)\n", user.Login, user.ID, user.Role)
				return nil
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.role, "role", string(crm.RoleOperator), "one of "+roleNames())
	flags.StringVar(&f.name, "name", "", "name shown to others (default: the login)")
	flags.StringVar(&f.extension, "ext", "", "extension; also the telephone PJSIP/EXT unless --device is given")
	flags.StringArrayVar(&f.devices, "device", nil, "telephone, as PJSIP/101; may be repeated")
	flags.StringVar(&f.pbx, "pbx", "", "PBX of the telephones (default: the first of the configuration)")
	flags.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password from the first line of standard input")
	return cmd
}

// deviceList makes the telephones of the options.
func (f userFlags) deviceList(cfg configs.Config) ([]employee.Device, error) {
	endpoints := f.devices
	if len(endpoints) == 0 && f.extension != "" {
		endpoints = []string{"PJSIP/" + f.extension}
	}
	if len(endpoints) == 0 {
		return nil, nil
	}
	pbx := f.pbx
	if pbx == "" && len(cfg.PBX) > 0 {
		pbx = cfg.PBX[0].Name
	}
	known := false
	for _, c := range cfg.PBX {
		known = known || c.Name == pbx
	}
	if !known {
		if f.pbx != "" {
			return nil, fmt.Errorf("--pbx %s: the configuration has no such PBX", f.pbx)
		}
		return nil, errors.New("a telephone needs a PBX in the configuration; add one, or leave --ext and --device out")
	}
	list := make([]employee.Device, len(endpoints))
	for i, e := range endpoints {
		list[i] = employee.Device{PBX: pbx, Endpoint: e}
	}
	return list, nil
}

func roleNames() string {
	names := make([]string, len(crm.Roles()))
	for i, r := range crm.Roles() {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

// maxPasswordLine is more than any password may have.
const maxPasswordLine = 4096

func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("no password on standard input; write it on the first line")
	}
	return line, nil
}
