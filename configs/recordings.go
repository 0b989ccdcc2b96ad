package configs

import (
	"net/url"
	"strings"
)

// Recordings says which calls are recorded and where recordings are kept
// (CO-08).
type Recordings struct {
	Auto     string `yaml:"auto" env:"AUTO"`           // none, inbound, outbound, all; each PBX may have its own
	KeepDays int    `yaml:"keep_days" env:"KEEP_DAYS"` // 0: for ever
	Storage  string `yaml:"storage" env:"STORAGE"`     // disk, s3
	Dir      string `yaml:"dir" env:"DIR"`             // of storage disk; empty: recordings in DataDir
	S3       S3     `yaml:"s3" envPrefix:"S3_"`
}

// S3 is a bucket of an S3-compatible storage.
type S3 struct {
	Endpoint  string `yaml:"endpoint" env:"ENDPOINT"` // https://storage.example.org
	Region    string `yaml:"region" env:"REGION"`
	Bucket    string `yaml:"bucket" env:"BUCKET"`
	Prefix    string `yaml:"prefix" env:"PREFIX"` // before every key, as recordings/
	AccessKey Secret `yaml:"access_key" env:"ACCESS_KEY"`
	SecretKey Secret `yaml:"secret_key" env:"SECRET_KEY"`
}

// Kinds of storage.
const (
	StorageDisk = "disk"
	StorageS3   = "s3"
)

// maxKeepDays: a longer time is a slip of the finger.
const maxKeepDays = 36500

func defaultRecordings() Recordings { return Recordings{Auto: "none", Storage: StorageDisk} }

// RecordAuto is which calls of the PBX are recorded without being asked.
func (c Config) RecordAuto(p PBX) string {
	if p.RecordAuto != "" {
		return p.RecordAuto
	}
	return c.Recordings.Auto
}

var recordAuto = []string{"none", "inbound", "outbound", "all"}

func (v *validator) recordings(r Recordings) {
	v.oneOf("recordings.auto", r.Auto, recordAuto...)
	v.check(r.KeepDays >= 0 && r.KeepDays <= maxKeepDays, "recordings.keep_days",
		"%d is no number of days; use 1 to %d, or 0 to keep them for ever", r.KeepDays, maxKeepDays)
	v.oneOf("recordings.storage", r.Storage, StorageDisk, StorageS3)
	if r.Storage != StorageS3 {
		return
	}
	const at = "recordings.s3."
	u, err := url.Parse(r.S3.Endpoint)
	bad := err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != ""
	v.check(!bad, at+"endpoint", "is no address of a storage; write it as https://storage.example.org, without bucket and keys")
	v.check(len(r.S3.Bucket) >= 3 && !strings.ContainsAny(r.S3.Bucket, "/ "), at+"bucket", "%q is no bucket; name the one you made for Ringcard", r.S3.Bucket)
	v.check(r.S3.AccessKey != "", at+"access_key", "is missing; use a key that may read, write, list and delete in the bucket")
	v.check(r.S3.SecretKey != "", at+"secret_key", "is missing; use the secret of the access key")
	v.check(!strings.HasPrefix(r.S3.Prefix, "/"), at+"prefix", "%q begins with a slash; write it as recordings/", r.S3.Prefix)
}

// record checks what a PBX says of recordings.
func (v *validator) record(at string, p PBX) {
	if p.RecordAuto != "" {
		v.oneOf(at+"record_auto", p.RecordAuto, recordAuto...)
	}
	v.check(p.RecordingsDir == "" || strings.HasPrefix(p.RecordingsDir, "/"), at+"recordings_dir",
		"%q is no absolute path; name the folder of the PBX's recordings as this machine sees it", p.RecordingsDir)
}
