package pbx

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

//go:embed config
var configFiles embed.FS

// settings is what the templates in config/ may use.
type settings struct {
	Dir                        string // of the instance, as Asterisk sees it
	ModuleDir                  string
	SystemName                 string
	SIPPort, HTTPPort, AMIPort int
	User, Password             string
	ChannelVars                []string
	Extensions                 []string
	QualifySeconds             int
	TrunkAddr, TrunkHost       string
	Bare, SIPTrace, WithoutARI bool
	TCP                        bool
	TLSPort                    int // 0: none
}

// PhonePassword is a method so that templates can call it.
func (settings) PhonePassword(user string) string { return phonePassword(user) }

func phonePassword(user string) string { return "secret-" + user }

// extensions lists the n internal numbers that begin at 101.
func extensions(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = strconv.Itoa(101 + i)
	}
	return list
}

// moduleDir finds Asterisk's modules in tree: Debian moved them between 16 and
// 22, and with a wrong path Asterisk exits without a word.
func moduleDir(tree string) (string, error) {
	patterns := []string{"usr/lib/*/asterisk/modules", "usr/lib/asterisk/modules"}
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(tree, pattern))
		if err != nil {
			return "", fmt.Errorf("look for modules: %w", err)
		}
		if len(found) > 0 {
			return strings.TrimPrefix(found[0], tree), nil
		}
	}
	return "", fmt.Errorf("no Asterisk modules in %s", tree)
}

// writeConfig renders config/ into dir. extra holds text to put at the end of a
// file, by file name; a file of another name is added.
func writeConfig(dir string, s settings, extra map[string]string) error {
	templates, err := template.ParseFS(configFiles, "config/*.conf")
	if err != nil {
		return fmt.Errorf("parse config templates: %w", err)
	}
	files := make(map[string]string, len(templates.Templates()))
	for _, t := range templates.Templates() {
		var b strings.Builder
		if err := t.Execute(&b, s); err != nil {
			return fmt.Errorf("render %s: %w", t.Name(), err)
		}
		files[t.Name()] = b.String()
	}
	for name, text := range extra {
		files[name] += "\n" + text + "\n"
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write config: %w", err)
		}
	}
	return nil
}
