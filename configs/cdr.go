package configs

import (
	"strings"
	"time"
)

// CDR is where the PBX keeps its own call records (PB-04): the file of cdr_csv
// or a table with the columns of cdr_pgsql, never both. Without one, what was
// missed in an outage stays an estimate.
type CDR struct {
	CSV         string        `yaml:"csv" env:"CSV"`                   // path of Master.csv, readable by the server
	DatabaseURL SecretURL     `yaml:"database_url" env:"DATABASE_URL"` // PostgreSQL
	Table       string        `yaml:"table" env:"TABLE"`               // schema.table or table
	TimeZone    string        `yaml:"time_zone" env:"TIME_ZONE"`       // of its times; empty: that of the office
	Every       time.Duration `yaml:"every" env:"EVERY"`               // between two reads
}

// Defaults of a CDR source.
const (
	DefaultCDRTable = "cdr"
	DefaultCDREvery = 2 * time.Second
	minCDREvery     = 100 * time.Millisecond
	maxCDREvery     = time.Hour
)

// Configured tells whether there is a source.
func (c CDR) Configured() bool { return c.CSV != "" || c.DatabaseURL != "" }

// Zone is the time zone of the source's times.
func (c CDR) Zone(office string) string {
	if c.TimeZone == "" {
		return office
	}
	return c.TimeZone
}

func (c *CDR) setDefaults() {
	if !c.Configured() {
		return
	}
	if c.Table == "" {
		c.Table = DefaultCDRTable
	}
	if c.Every == 0 {
		c.Every = DefaultCDREvery
	}
}

func (v *validator) cdr(at string, c CDR) {
	if !c.Configured() {
		return
	}
	v.check(c.CSV == "" || c.DatabaseURL == "", at+"csv", "is set and so is %sdatabase_url; one source is enough, remove the other", at)
	v.secretURL(at+"database_url", c.DatabaseURL, "postgres://user:password@host:5432/asterisk", "postgres", "postgresql")
	v.check(c.Table != "" && strings.Count(c.Table, ".") < 2 && !strings.ContainsAny(c.Table, "\" ;"), at+"table", "%q is no table; write it as cdr or asterisk.cdr", c.Table)
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		v.addf(at+"time_zone", "%q is no time zone; use UTC with usegmtime = yes, else a name of the IANA list, as Europe/Moscow", c.TimeZone)
	}
	v.check(c.Every >= minCDREvery && c.Every <= maxCDREvery, at+"every", "%s is out of bounds; use 100ms to 1h, the default is %s", c.Every, DefaultCDREvery)
}
