package configs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func exampleFile(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("ringcard.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestExampleEqualsDefaults_OP_06(t *testing.T) {
	got, err := Parse(exampleFile(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.TrustedProxies, want.PopLink.Hosts = []string{}, []string{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("example differs from the defaults (-want +got):\n%s", diff)
	}
}

func TestCommentedPBXOfTheExampleIsValid_OP_06(t *testing.T) {
	_, commented, ok := strings.Cut(string(exampleFile(t)), "#\n# pbx:\n")
	if !ok {
		t.Fatal("the example has no commented pbx list")
	}
	var text strings.Builder
	text.WriteString("pbx:\n")
	for line := range strings.Lines(commented) {
		text.WriteString(strings.TrimPrefix(line, "# "))
	}
	got, err := Parse([]byte(text.String()), nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text.String())
	}
	want := PBX{
		Name:       "office",
		ARI:        ARI{URL: "http://192.0.2.10:8088/ari", App: DefaultARIApp, User: DefaultARIUser, Password: "change-me"},
		Trunks:     []string{"PJSIP/provider-*"},
		Extensions: DefaultExtensions, Context: DefaultContext,
		DialRules: []DialRule{{Match: `^\+7(\d{10})$`, Dial: "8$1"}, {Match: `^\+(\d+)$`, Dial: "810$1"}},
		CDR:       CDR{CSV: "/var/log/asterisk/cdr-csv/Master.csv", Table: DefaultCDRTable, TimeZone: "UTC", Every: DefaultCDREvery},
		AMI:       AMI{Address: "192.0.2.10:5038", User: "ringcard", Password: "change-me"},
		DialRights: []DialRight{
			{Match: `^(112|10[1-4])$`, Emergency: true},
			{Match: `^\+7`, Roles: []string{"admin", "supervisor", "manager", "operator", "agent"}},
			{Match: `^\+`, Roles: []string{"admin", "supervisor"}},
		},
		DialHours:     DialHours{From: "08:00", To: "22:00"},
		Queues:        Queues{Names: []string{"sales"}, PauseOnBreak: true, PauseReasons: []string{"lunch", "training"}},
		SetCallerName: true, CallerName: CallerName{Max: 60},
		RecordAuto: "inbound", RecordingsDir: "/mnt/pbx/monitor", RecordingsFromARI: true,
	}
	branch := PBX{
		Name: "branch",
		ARI:  ARI{App: DefaultARIApp, User: DefaultARIUser},
		SIP: SIP{Address: "192.0.2.20:5060", Transport: DefaultSIPTransport, User: DefaultSIPUser, Password: "change-me",
			Extensions: []string{}, Expires: DefaultSIPExpires, QueueGap: DefaultSIPQueueGap},
		Extensions: DefaultExtensions, Context: DefaultContext,
	}
	if diff := cmp.Diff([]PBX{want, branch}, got.PBX); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironmentWinsOverFile_OP_06(t *testing.T) {
	got, err := Parse([]byte("listen: 127.0.0.1:1\nlocale: en\n"), []string{
		"HOME=/nowhere", "RINGCARD_LISTEN=127.0.0.1:2", "RINGCARD_PHONE_AREA_CODE=8152",
		"RINGCARD_PBX_ARI_URL=http://pbx:8088/ari", "RINGCARD_PBX_ARI_PASSWORD=p=q",
		"RINGCARD_PBX_TRUNKS=PJSIP/a,PJSIP/b", "RINGCARD_TEST_REDIS=x", "RINGCARD_CONFIG=y",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Listen, want.Locale, want.Phone.AreaCode = "127.0.0.1:2", "en", "8152"
	want.PBX = []PBX{{
		Name: "pbx", ARI: ARI{URL: "http://pbx:8088/ari", App: "ringcard", User: "ringcard", Password: "p=q"},
		Trunks: []string{"PJSIP/a", "PJSIP/b"}, Extensions: DefaultExtensions, Context: DefaultContext,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironmentOverridesTheOnlyPBX(t *testing.T) {
	text := "pbx: [{name: office, context: office, ari: {url: 'http://a/ari', password: one}}]"
	got, err := Parse([]byte(text), []string{"RINGCARD_PBX_ARI_PASSWORD=two"})
	if err != nil {
		t.Fatal(err)
	}
	if p := got.PBX[0]; p.Name != "office" || p.Context != "office" || p.ARI.Password != "two" {
		t.Errorf("%+v", p)
	}
}

func TestBadConfigurationNamesThePath_OP_06(t *testing.T) {
	const pbx = "pbx: [{name: a, ari: {url: 'http://h/ari', password: s3cr3t}, %s}]"
	tests := []struct {
		name, yaml string
		environ    []string
		want       string
	}{
		{"unknown key", "lisen: x", nil, `line 1: unknown key "lisen"`},
		{"unknown nested key", "phone:\n  reigon: RU", nil, `line 2: unknown key "reigon"`},
		{"wrong type", "listen: [1]", nil, "line 1: cannot unmarshal"},
		{"not yaml", "listen: [", nil, "yaml: "},
		{"second document", "locale: en\n---\nlocale: ru", nil, "more than one YAML document"},
		{"unknown variable", "", []string{"RINGCARD_LISTN=x"}, "unknown environment variable RINGCARD_LISTN"},
		{"several pbx and variable", "pbx: [{name: a},{name: b}]", []string{"RINGCARD_PBX_ARI_URL=x"}, "single PBX"},
		{"name too long", fmt.Sprintf(pbx, "caller_name: {max: 500}"), nil, "pbx[0].caller_name.max: 500 is no length"},
		{"two cdr sources", fmt.Sprintf(pbx, "cdr: {csv: /a, database_url: 'postgres://h/d'}"), nil, "pbx[0].cdr.csv: is set and so is"},
		{"cdr database", fmt.Sprintf(pbx, "cdr: {database_url: 'mysql://h/d'}"), nil, "pbx[0].cdr.database_url: is no URL"},
		{"cdr table", fmt.Sprintf(pbx, "cdr: {database_url: 'postgres://h/d', table: 'cdr; drop'}"), nil, "pbx[0].cdr.table"},
		{"cdr zone", fmt.Sprintf(pbx, "cdr: {csv: /a, time_zone: Mars}"), nil, "pbx[0].cdr.time_zone"},
		{"cdr interval", fmt.Sprintf(pbx, "cdr: {csv: /a, every: 1ms}"), nil, "pbx[0].cdr.every"},
		{"listen without port", "listen: localhost", nil, "listen: "},
		{"listen bad port", "listen: :99999", nil, "listen: "},
		{"public url with path", "public_url: https://a/b", nil, "public_url: "},
		{"public url scheme", "public_url: a.example", nil, "public_url: "},
		{"trusted proxy", "trusted_proxies: [10.0.0.1]", nil, "trusted_proxies[0]: "},
		{"empty data dir", "data_dir: ''", nil, "data_dir: "},
		{"locale", "locale: de", nil, "locale: "},
		{"time zone", "time_zone: Moscow", nil, "time_zone: "},
		{"empty time zone", "time_zone: ''", nil, "time_zone: "},
		{"log level", "log: {level: loud}", nil, "log.level: "},
		{"log format", "log: {format: xml}", nil, "log.format: "},
		{"database", "database: {url: 'mysql://u:s3cr3t@h/d'}", nil, "database.url: is no URL"},
		{"database not a url", "database: {url: 's3cr3t%zz://'}", nil, "database.url: is no URL"},
		{"redis", "redis: {url: 'http://h'}", nil, "redis.url: "},
		{"region", "phone: {region: rus}", nil, "phone.region: "},
		{"area code", "phone: {area_code: 81-52}", nil, "phone.area_code: "},
		{"pbx name", "pbx: [{name: Офис, ari: {url: 'http://h/ari', password: p}}]", nil, "pbx[0].name: "},
		{"pbx names equal", "pbx: [{name: a, ari: {url: 'http://h/ari', password: p}},{name: a, ari: {url: 'http://i/ari', password: p}}]", nil, `pbx[1].name: "a" is already`},
		{"pbx app twice", "pbx: [{name: a, ari: {url: 'http://h/ari', password: p}},{name: b, ari: {url: 'http://h/ari', password: p}}]", nil, "pbx[1].ari.app: "},
		{"ari url missing", "pbx: [{name: a, ari: {password: p}}]", nil, "pbx[0].ari.url: is missing"},
		{"ari url scheme", "pbx: [{name: a, ari: {url: 'ws://h/ari', password: p}}]", nil, "pbx[0].ari.url: is no http"},
		{"ari url password", "pbx: [{name: a, ari: {url: 'http://u:s3cr3t@h/ari', password: p}}]", nil, "pbx[0].ari.url: must not hold"},
		{"ari password missing", "pbx: [{name: a, ari: {url: 'http://h/ari'}}]", nil, "pbx[0].ari.password: is missing"},
		{"ari app", "pbx: [{name: a, ari: {url: 'http://h/ari', password: p, app: 'a b'}}]", nil, "pbx[0].ari.app: "},
		{"ari user", "pbx: [{name: a, ari: {url: 'http://h/ari', password: p, user: 'a:b'}}]", nil, "pbx[0].ari.user: "},
		{"trunk", fmt.Sprintf(pbx, "trunks: ['PJSIP/[']"), nil, "pbx[0].trunks[0]: "},
		{"extensions", fmt.Sprintf(pbx, "extensions: '('"), nil, "pbx[0].extensions: "},
		{"context", fmt.Sprintf(pbx, "context: 'a b'"), nil, "pbx[0].context: "},
		{"dial rule without match", fmt.Sprintf(pbx, "dial_rules: [{dial: x}]"), nil, "pbx[0].dial_rules[0].match: is missing"},
		{"dial rule expression", fmt.Sprintf(pbx, "dial_rules: [{match: '(', dial: x}]"), nil, "pbx[0].dial_rules[0].match: is no"},
		{"dial rule without dial", fmt.Sprintf(pbx, "dial_rules: [{match: x}]"), nil, "pbx[0].dial_rules[0].dial: is missing"},
		{"dial rule group", fmt.Sprintf(pbx, "dial_rules: [{match: x, dial: '8$1'}]"), nil, "pbx[0].dial_rules[0].dial: uses $1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.yaml), tt.environ)
			if err == nil {
				t.Fatal("accepted")
			}
			msg := err.Error()
			if !strings.Contains(msg, tt.want) {
				t.Errorf("error %q does not say %q", msg, tt.want)
			}
			if strings.Contains(msg, "\n") {
				t.Errorf("error is not one line: %q", msg)
			}
			if strings.Contains(msg, "s3cr3t") {
				t.Errorf("error shows a secret: %q", msg)
			}
		})
	}
}

func TestAllProblemsAreReportedTogether(t *testing.T) {
	_, err := Parse([]byte("listen: x\nlocale: de\ntime_zone: Moon\n"), nil)
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 3 {
		t.Fatalf("%T %v", err, err)
	}
	if problems[0].Path != "listen" || problems[1].Path != "locale" || problems[2].Path != "time_zone" {
		t.Errorf("%v", problems)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	cfg := Default()
	cfg.Database.URL = "postgres://u:hunter2@h/d"
	cfg.Redis.URL = "redis://:hunter2@h/0"
	cfg.PBX = []PBX{{Name: "a", ARI: ARI{URL: "http://h/ari", Password: "hunter2"}}}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v %+v %#v %s\n", cfg, cfg, cfg, cfg.PBX[0].ARI.Password)
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("configuration", "config", cfg, "password", cfg.PBX[0].ARI.Password, "database", cfg.Database.URL)
	log = slog.New(slog.NewTextHandler(&out, nil))
	log.Info("configuration", "config", cfg, "password", cfg.PBX[0].ARI.Password)
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(asJSON)
	out.Write(asYAML)
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("a secret was printed:\n%s", out.String())
	}
	for in, want := range map[SecretURL]string{
		"":                                   "",
		"postgres://u:p@h/d":                 "postgres://u:xxxxx@h/d",
		"host=h password=p":                  "***",
		"postgres:///d?host=/run&password=p": "postgres:///d?host=%2Frun&password=%2A%2A%2A",
	} {
		if got := in.String(); got != want {
			t.Errorf("%q printed as %q, want %q", string(in), got, want)
		}
	}
}

func TestLoadMissingFile(t *testing.T) {
	if _, err := Load("no-such-file.yaml", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("listen: 127.0.0.1:8080\n"), "RINGCARD_LOCALE=en")
	f.Add([]byte("pbx: [{name: a, ari: {url: 'http://h/ari', password: p}}]"), "RINGCARD_PBX_TRUNKS=a,b")
	f.Add([]byte("a: &a [*a]"), "RINGCARD_")
	f.Add([]byte("---\n---\n"), "=")
	f.Fuzz(func(t *testing.T, text []byte, entry string) {
		cfg, err := Parse(text, []string{entry})
		if err != nil {
			return
		}
		if err := cfg.Validate(); err != nil {
			t.Errorf("accepted, yet invalid: %v", err)
		}
		if _, err := cfg.Location(); err != nil {
			t.Errorf("accepted without a time zone: %v", err)
		}
	})
}
