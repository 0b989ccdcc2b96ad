package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"ringcard/configs"
)

type compose struct {
	Services map[string]struct {
		Build       string
		Image       string
		Environment map[string]string
		Ports       []string
		Volumes     []string
		Configs     []struct{ Source, Target string }
	}
	Configs map[string]struct{ Content string }
	Volumes map[string]any
}

// variable is ${NAME:-default} of the compose specification.
var variable = regexp.MustCompile(`\$\{([A-Z_]+):-([^}]*)\}`)

// read returns docker-compose.yml with every variable at its default.
func read(t *testing.T) compose {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	text = variable.ReplaceAll(text, []byte("$2"))
	if rest := regexp.MustCompile(`\$\{?[A-Z_]+`).Find(text); rest != nil {
		t.Fatalf("%s has no default, so the file does not start as it is", rest)
	}
	var c compose
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestServerAcceptsItsEnvironment(t *testing.T) {
	var environ []string
	for key, value := range read(t).Services["ringcard"].Environment {
		environ = append(environ, key+"="+value)
	}
	cfg, err := configs.Parse(nil, environ)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.PBX) != 1 || cfg.Database.URL == "" || cfg.Redis.URL == "" {
		t.Errorf("PBX, database and Redis are to be set: %+v", cfg)
	}
}

func TestEveryServiceIsBuiltOrPulledAndKnowsItsParts(t *testing.T) {
	c := read(t)
	for _, name := range []string{"ringcard", "postgres", "redis", "asterisk"} {
		if _, ok := c.Services[name]; !ok {
			t.Errorf("service %s is missing", name)
		}
	}
	for name, s := range c.Services {
		if (s.Build == "") == (s.Image == "") {
			t.Errorf("%s: one of build and image", name)
		}
		if s.Build != "" {
			if _, err := os.Stat(filepath.Join("..", s.Build, "Dockerfile")); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to the world by default", name, port)
			}
		}
		for _, v := range s.Volumes {
			volume, _, _ := strings.Cut(v, ":")
			if _, ok := c.Volumes[volume]; !ok {
				t.Errorf("%s: volume %s is not declared", name, volume)
			}
		}
		for _, used := range s.Configs {
			if c.Configs[used.Source].Content == "" {
				t.Errorf("%s: config %s is not declared", name, used.Source)
			}
		}
	}
}

// The demo Asterisk and the server have to agree on user, password and names.
func TestAsteriskKnowsTheServer(t *testing.T) {
	c := read(t)
	env := c.Services["ringcard"].Environment
	ari := c.Configs["ari"].Content
	want := fmt.Sprintf("[%s]\ntype = user\nread_only = no\npassword = %s\n", configs.DefaultARIUser, env["RINGCARD_PBX_ARI_PASSWORD"])
	if !strings.Contains(ari, want) || !strings.Contains(ari, "channelvars = CHANNEL(linkedid)") {
		t.Errorf("ari.conf:\n%s\nwant\n%s", ari, want)
	}
	for file, part := range map[string]string{
		"pjsip.conf":      "[" + strings.TrimPrefix(env["RINGCARD_PBX_TRUNKS"], "PJSIP/") + "](telephone)",
		"extensions.conf": "[" + env["RINGCARD_PBX_CONTEXT"] + "]",
	} {
		text, err := os.ReadFile(filepath.Join("asterisk", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), part) {
			t.Errorf("%s has no %s", file, part)
		}
	}
}
