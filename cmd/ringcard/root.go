package main

import (
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"ringcard/configs"
)

// program is what all commands share.
type program struct {
	environ    []string
	configFile string
}

func newRoot(environ []string) *cobra.Command {
	p := &program{environ: environ}
	root := &cobra.Command{
		Use:           "ringcard",
		Short:         "The client's card on the screen before the phone is answered",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{fmt.Errorf("name a command")}
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().StringVar(&p.configFile, "config", p.env(configs.EnvFile), "configuration file (YAML); also "+configs.EnvFile)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(p.serveCommand(), p.demoCommand(), p.doctorCommand(), p.migrateCommand(),
		p.userCommand(), p.tokenCommand(), p.configCommand(), p.replayCommand(), openapiCommand())
	return root
}

// group makes a command that only has subcommands.
func group(use, short string, subcommands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError{fmt.Errorf("name what to do: ringcard %s %s", cmd.Name(), names(cmd.Commands()))}
		},
	}
	cmd.AddCommand(subcommands...)
	return cmd
}

func names(commands []*cobra.Command) string {
	list := make([]string, len(commands))
	for i, c := range commands {
		list[i] = c.Name()
	}
	return strings.Join(list, " or ")
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return usageError{fmt.Errorf("unknown command %q", args[0])}
	}
	return usageError{fmt.Errorf("%s takes no %q", cmd.CommandPath(), args[0])}
}

// oneArg wants exactly one argument with the given name.
func oneArg(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("%s takes one %s", cmd.CommandPath(), name)}
		}
		return nil
	}
}

func (p *program) env(name string) string {
	for _, entry := range p.environ {
		if key, value, ok := strings.Cut(entry, "="); ok && key == name {
			return value
		}
	}
	return ""
}

// load reads the configuration.
func (p *program) load() (configs.Config, error) {
	return configs.Load(p.configFile, p.environ)
}

// logger writes to w as the configuration says.
func logger(cfg configs.Log, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.SlogLevel()}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// version is that of the build: a tag, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
