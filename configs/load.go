package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
	"go.yaml.in/yaml/v3"
)

const (
	envPrefix    = "RINGCARD_"
	envPBXPrefix = envPrefix + "PBX_"
	// EnvFile names the configuration file when --config is not given.
	EnvFile = envPrefix + "CONFIG"
	// envTestPrefix is left to the test suites.
	envTestPrefix = envPrefix + "TEST_"

	maxFileBytes = 1 << 20
)

// Load reads the file (none when path is empty), then the environment
// (entries "KEY=value", as os.Environ gives them), and validates the result.
func Load(path string, environ []string) (Config, error) {
	if path == "" {
		return Parse(nil, environ)
	}
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return Config{}, fmt.Errorf("read configuration %s: %w", path, err)
	}
	if len(text) > maxFileBytes {
		return Config{}, fmt.Errorf("configuration %s: larger than 1 MB, this is not a configuration file", path)
	}
	cfg, err := Parse(text, environ)
	if err != nil {
		return Config{}, fmt.Errorf("configuration %s: %w", path, err)
	}
	return cfg, nil
}

// Parse makes a Config of YAML text and environment entries over the
// defaults. A key or variable it does not know is an error.
func Parse(text []byte, environ []string) (Config, error) {
	cfg := Default()
	if err := parseYAML(text, &cfg); err != nil {
		return Config{}, err
	}
	if err := parseEnviron(environ, &cfg); err != nil {
		return Config{}, err
	}
	for i := range cfg.PBX {
		cfg.PBX[i].setDefaults()
	}
	if err := cfg.Validate(); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

func parseYAML(text []byte, cfg *Config) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	err := dec.Decode(cfg)
	if err == nil {
		// A second document would be ignored in silence.
		if err = dec.Decode(new(yaml.Node)); err == nil {
			return errors.New("more than one YAML document; keep one")
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return oneLine(err)
}

// oneLine makes a yaml error fit a line of stderr and speak of keys.
func oneLine(err error) error {
	var typeErr *yaml.TypeError
	if !errors.As(err, &typeErr) {
		return err
	}
	lines := make([]string, len(typeErr.Errors))
	for i, line := range typeErr.Errors {
		if at, key, ok := strings.Cut(line, ": field "); ok {
			key, _, _ = strings.Cut(key, " not found in type")
			line = fmt.Sprintf("%s: unknown key %q; see ringcard.example.yaml for those there are", at, key)
		}
		lines[i] = line
	}
	return errors.New(strings.Join(lines, "; "))
}

func parseEnviron(environ []string, cfg *Config) error {
	vars := make(map[string]string)
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || !strings.HasPrefix(name, envPrefix) || name == EnvFile || strings.HasPrefix(name, envTestPrefix) {
			continue
		}
		vars[name] = value
	}
	if err := refuseUnknown(vars); err != nil {
		return err
	}
	if err := env.ParseWithOptions(cfg, env.Options{Environment: vars, Prefix: envPrefix}); err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	if !hasPrefixed(vars, envPBXPrefix) {
		return nil
	}
	switch len(cfg.PBX) {
	case 0:
		cfg.PBX = []PBX{{Name: "pbx"}}
	case 1:
	default:
		return fmt.Errorf("%s… variables serve a single PBX, but the file lists %d; set the keys in the file", envPBXPrefix, len(cfg.PBX))
	}
	if err := env.ParseWithOptions(&cfg.PBX[0], env.Options{Environment: vars, Prefix: envPBXPrefix}); err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	return nil
}

func hasPrefixed(vars map[string]string, prefix string) bool {
	for name := range vars {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func refuseUnknown(vars map[string]string) error {
	known := append(variables(reflect.TypeFor[Config](), envPrefix), variables(reflect.TypeFor[PBX](), envPBXPrefix)...)
	var unknown []string
	for name := range vars {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("unknown environment variable %s; known are %s", strings.Join(unknown, ", "), strings.Join(known, ", "))
}

// variables lists the environment variables of a structure.
func variables(t reflect.Type, prefix string) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if nested := f.Tag.Get("envPrefix"); nested != "" {
			names = append(names, variables(f.Type, prefix+nested)...)
			continue
		}
		if name := f.Tag.Get("env"); name != "" && name != "-" {
			names = append(names, prefix+name)
		}
	}
	return names
}
