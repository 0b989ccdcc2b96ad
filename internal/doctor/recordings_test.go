package doctor

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"ringcard/ari"
	"ringcard/configs"
	"ringcard/cti"
)

// judged is a check of one PBX that only judges.
func judged() (*pbxCheck, *notes) {
	n := &notes{}
	return &pbxCheck{notes: n, cfg: configs.PBX{Name: "office"}}, n
}

func TestRecordingOfThePBXIsJudged_PB_08_CO_08(t *testing.T) {
	for name, test := range map[string]struct {
		bytes    int64
		err      error
		auto     string
		id, says string
		level    Level
	}{
		"whole":                  {bytes: 4844, id: "recordings.pbx", level: OK},
		"header only":            {bytes: wavHeader, id: "recordings.pbx", level: OK},
		"full disk":              {id: "recordings.full", level: Warn, says: "make room"},
		"full disk, all on tape": {auto: "all", id: "recordings.full", level: Fail, says: "make room"},
		"no file":                {err: fmt.Errorf("probe: %w", ari.ErrNoRecording), auto: "inbound", id: "recordings.pbx", level: Fail, says: "astspooldir"},
		"refused":                {err: cti.Errorf(cti.CodeRefused, "unknown format"), auto: "none", id: "recordings.pbx", level: Warn, says: "format_wav.so"},
		"away":                   {err: cti.Errorf(cti.CodeUnreachable, "no answer"), auto: "all", id: "recordings.pbx", level: Warn},
	} {
		c, n := judged()
		c.opt.Config.Recordings.Auto = test.auto
		c.judgeRecording(test.bytes, test.err)
		if f := n.report[0]; f.ID != test.id || f.Level != test.level || !strings.Contains(f.Change, test.says) || f.Level != OK && f.Row != "CO-08" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestOurStorageOfRecordingsIsLookedAt_PB_08_CO_08(t *testing.T) {
	for name, test := range map[string]struct {
		cfg   configs.Recordings
		s3    error
		wants []string
	}{
		"a folder of its own": {cfg: configs.Recordings{Dir: t.TempDir() + "/new"}, wants: []string{"recordings.storage", "recordings.space"}},
		"in data_dir":         {},
		"bucket":              {cfg: configs.Recordings{Storage: configs.StorageS3}, wants: []string{"recordings.storage"}},
	} {
		n := &notes{}
		checkRecordings(t.Context(), n, test.cfg, func(context.Context) error { return test.s3 })
		var got []string
		for _, f := range n.report {
			got = append(got, f.ID)
			if f.ID == "recordings.storage" && f.Level != OK {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if strings.Join(got, " ") != strings.Join(test.wants, " ") {
			t.Errorf("%s: %v, want %v", name, got, test.wants)
		}
	}
	for free, want := range map[uint64]Level{0: Fail, diskFail: Warn, diskWarn: OK} {
		if got := spaceLevel(free); got != want {
			t.Errorf("%s free: %s, want %s", bytesText(free), got, want)
		}
	}
}

func TestAutoAnswerOfEachMake_PB_08_CO_05(t *testing.T) {
	for _, test := range []struct {
		vendor, agent, id, says string
		level                   Level
	}{
		{"yealink", "Yealink SIP-T46U 108.86.0.20", "auto_answer", "obeys", OK},
		{"grandstream", "snomD785/10.1.148.1", "auto_answer", "obeys", OK},
		{"fanvil", "Linksys/SPA942-6.1.5(a)", "auto_answer", "obeys", OK},
		{"snom", "Yealink SIP-T46U 108.86.0.20", "auto_answer.vendor", "yealink", Warn},
		{"yealink", "Panasonic_KX-HDV130/07.007", "auto_answer.vendor", "panasonic", Warn},
		{"yealink", "Zoiper v2.10.20", "auto_answer.unknown", "another vendor", Warn},
		{"yealink", "", "auto_answer.unknown", "another vendor", Warn},
	} {
		c, n := judged()
		c.judgeAgent("auto-answer", Device{User: "Anna", Endpoint: "PJSIP/101", AutoAnswer: test.vendor}, test.agent, nil)
		if f := n.report[0]; f.ID != test.id || f.Level != test.level || !strings.Contains(f.Seen+f.Change, test.says) {
			t.Errorf("%s at %q: %+v", test.vendor, test.agent, f)
		}
	}
	c, n := judged()
	c.answersItself(t.Context(), nil, Device{User: "Anna", Endpoint: "SIP/101", AutoAnswer: "snom"})
	if f := n.report[0]; f.ID != "auto_answer.technology" || f.Level != Fail || f.Row != "CO-05" {
		t.Errorf("%+v", f)
	}
}
