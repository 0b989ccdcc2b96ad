// Package configs is the configuration of the ringcard server: a typed
// structure with its defaults, read from YAML and then from the environment.
// A key nobody knows is refused, and every fault names its path (OP-06).
package configs

import (
	"log/slog"
	"strings"
	"time"
)

// Config is the whole configuration. Its YAML keys are the public contract;
// each scalar key is also an environment variable RINGCARD_…, nested keys
// joined by an underscore.
type Config struct {
	Listen         string     `yaml:"listen" env:"LISTEN"`
	PublicURL      string     `yaml:"public_url" env:"PUBLIC_URL"`
	TrustedProxies []string   `yaml:"trusted_proxies" env:"TRUSTED_PROXIES"`
	DataDir        string     `yaml:"data_dir" env:"DATA_DIR"`
	Locale         string     `yaml:"locale" env:"LOCALE"`
	TimeZone       string     `yaml:"time_zone" env:"TIME_ZONE"`
	Log            Log        `yaml:"log" envPrefix:"LOG_"`
	Database       Database   `yaml:"database" envPrefix:"DATABASE_"`
	Redis          Redis      `yaml:"redis" envPrefix:"REDIS_"`
	Phone          Phone      `yaml:"phone" envPrefix:"PHONE_"`
	Recordings     Recordings `yaml:"recordings" envPrefix:"RECORDINGS_"`
	PopLink        PopLink    `yaml:"pop_link" envPrefix:"POP_LINK_"`
	PBX            []PBX      `yaml:"pbx" env:"-"`
}

// Log says what is logged and how.
type Log struct {
	Level  string `yaml:"level" env:"LEVEL"`   // debug, info, warn, error
	Format string `yaml:"format" env:"FORMAT"` // text, json
}

// Database says where PostgreSQL is. An empty URL means a private server of
// the machine's own binaries in DataDir.
type Database struct {
	URL SecretURL `yaml:"url" env:"URL"`
}

// Redis says where the bus between nodes is. An empty URL means one node with
// the in-process bus.
type Redis struct {
	URL SecretURL `yaml:"url" env:"URL"`
}

// Phone says how numbers written without a country or area are understood.
type Phone struct {
	Region   string `yaml:"region" env:"REGION"`       // ISO 3166-1 alpha-2
	AreaCode string `yaml:"area_code" env:"AREA_CODE"` // digits
}

// PopLink says which hosts the server may post calls to (PU-10); the link
// itself is a setting of the page.
type PopLink struct {
	Hosts []string `yaml:"hosts" env:"HOSTS"` // with the port if it is not the scheme's
}

// LowerHosts are the hosts as addresses are compared with them.
func (p PopLink) LowerHosts() []string {
	out := make([]string, len(p.Hosts))
	for i, h := range p.Hosts {
		out[i] = strings.ToLower(h)
	}
	return out
}

// PBX is one telephone exchange and how the office uses it.
type PBX struct {
	Name       string      `yaml:"name" env:"NAME"`
	ARI        ARI         `yaml:"ari" envPrefix:"ARI_"`
	SIP        SIP         `yaml:"sip" envPrefix:"SIP_"` // instead of ARI
	AMI        AMI         `yaml:"ami" envPrefix:"AMI_"`
	Trunks     []string    `yaml:"trunks" env:"TRUNKS"`         // endpoint name patterns, as PJSIP/provider*
	Extensions string      `yaml:"extensions" env:"EXTENSIONS"` // regular expression on the name of an endpoint
	Context    string      `yaml:"context" env:"CONTEXT"`
	DialRules  []DialRule  `yaml:"dial_rules" env:"-"`
	DialRights []DialRight `yaml:"dial_rights" env:"-"`
	DialHours  DialHours   `yaml:"dial_hours" envPrefix:"DIAL_HOURS_"`
	Queues     Queues      `yaml:"queues" envPrefix:"QUEUES_"`
	CDR        CDR         `yaml:"cdr" envPrefix:"CDR_"`

	// SetCallerName puts the client's name on telephones while they ring (LU-06).
	SetCallerName bool       `yaml:"set_caller_name" env:"SET_CALLER_NAME"`
	CallerName    CallerName `yaml:"caller_name" envPrefix:"CALLER_NAME_"`

	RecordAuto        string `yaml:"record_auto" env:"RECORD_AUTO"`                 // as recordings.auto, for this PBX; empty: that
	RecordingsDir     string `yaml:"recordings_dir" env:"RECORDINGS_DIR"`           // folder of what the dialplan records (MixMonitor), mounted here
	RecordingsFromARI bool   `yaml:"recordings_from_ari" env:"RECORDINGS_FROM_ARI"` // take up what the dialplan puts into the PBX's recording folder
}

// ARI is the Asterisk REST Interface of a PBX.
type ARI struct {
	URL      string `yaml:"url" env:"URL"`
	App      string `yaml:"app" env:"APP"`
	User     string `yaml:"user" env:"USER"`
	Password Secret `yaml:"password" env:"PASSWORD"`
}

// CallerName is how clients' names are written for the displays of a PBX's
// telephones, also in answer to its dialplan.
type CallerName struct {
	ASCII bool `yaml:"ascii" env:"ASCII"` // in Latin letters
	Max   int  `yaml:"max" env:"MAX"`     // longest name in characters; 0: 60
}

// DialRule turns a number into what the PBX is told to dial (CO-04). The
// first rule whose expression matches is used.
type DialRule struct {
	Match string `yaml:"match"` // regular expression on the number, E.164 with + where it has one
	Dial  string `yaml:"dial"`  // replacement, $1 is the first group
}

// Defaults of a PBX entry. They are filled in for keys the entry leaves out.
const (
	DefaultARIApp     = "ringcard"
	DefaultARIUser    = "ringcard"
	DefaultExtensions = `^\d{2,6}$`
	DefaultContext    = "from-internal"
)

// Default returns the configuration with nothing set by the user.
func Default() Config {
	return Config{
		Listen:     "127.0.0.1:8080",
		DataDir:    "./data",
		Locale:     "ru",
		TimeZone:   "Europe/Moscow",
		Log:        Log{Level: "info", Format: "text"},
		Phone:      Phone{Region: "RU"},
		Recordings: defaultRecordings(),
	}
}

// Location returns the configured time zone. Validate has checked the name.
func (c Config) Location() (*time.Location, error) { return time.LoadLocation(c.TimeZone) }

// SlogLevel returns the configured level; an unknown name is info.
func (l Log) SlogLevel() slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		return slog.LevelInfo
	}
	return level
}

// setDefaults fills the keys an entry of the pbx list leaves out.
func (p *PBX) setDefaults() {
	if p.ARI.App == "" {
		p.ARI.App = DefaultARIApp
	}
	if p.ARI.User == "" {
		p.ARI.User = DefaultARIUser
	}
	if p.SIP.Address != "" {
		p.SIP.setDefaults()
	}
	if p.Extensions == "" {
		p.Extensions = DefaultExtensions
	}
	if p.Context == "" {
		p.Context = DefaultContext
	}
	p.CDR.setDefaults()
}
