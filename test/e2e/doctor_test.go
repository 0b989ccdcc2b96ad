package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringcard/configs"
	"ringcard/internal/app"
	"ringcard/internal/doctor"
	"ringcard/internal/httpapi"
	"ringcard/internal/pbxconfig"
	"ringcard/test/pbx"
	"ringcard/test/phones"
	"ringcard/test/scenario"
)

// weakUsers are faults in the files of the PBX itself.
var weakUsers = map[string]string{
	"ari.conf":     "\n[reader]\ntype = user\nread_only = yes\npassword_format = plain\npassword = reader-password\n",
	"manager.conf": "\n[weak]\nsecret = weak-password\nread = call\nwrite = reporting\n",
}

// asterisks runs a test on both releases.
func asterisks(t *testing.T, o pbx.Options, f func(t *testing.T, o *scenario.Real)) {
	t.Helper()
	for _, version := range []string{"22", "16"} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			options := o // of this release only
			options.Version = version
			r, err := scenario.NewReal(t.Context(), options)
			must(t, "asterisk", err)
			closeOffice(t, r)
			f(t, r)
		})
	}
}

// files is the folder of the PBX's configuration.
func files(o *scenario.Real) string {
	return filepath.Join(filepath.Dir(filepath.Dir(o.PBX.LogFile())), "etc")
}

// Each fault in or around a real PBX has its line, and changing what the line
// says mends it (PB-08).
func TestDoctorNamesEachFault_PB_08(t *testing.T) {
	asterisks(t, pbx.Options{Append: weakUsers}, func(t *testing.T, o *scenario.Real) {
		good := config(t, o)
		good.Listen, good.TimeZone = "127.0.0.1:0", "UTC"
		office := &good.PBX[0]
		office.Extensions = configs.DefaultExtensions
		office.AMI = configs.AMI{Address: o.PBX.AMIAddr, User: o.PBX.ARIUser, Password: configs.Secret(o.PBX.ARIPassword)}
		office.CDR.CSV = filepath.Join(filepath.Dir(o.PBX.LogFile()), "cdr-csv", "Master.csv")
		staff := staffed{"101": "snom"} // obeys the same header
		examine := func(cfg configs.Config) doctor.Report {
			t.Helper()
			opt := app.DoctorOptions(t.Context(), cfg)
			opt.Database = staff
			return doctor.Run(t.Context(), opt)
		}
		phones.New(t, phones.Config{User: "101", Password: o.PBX.PhonePassword("101"), Registrar: o.PBX.SIPAddr, UserAgent: "Grandstream GXP2170 1.0.11.64"})
		phones.New(t, phones.Config{User: "102", Password: o.PBX.PhonePassword("102"), Registrar: o.PBX.SIPAddr, UserAgent: "Zoiper v2.10.20"})
		find := func(r doctor.Report, id string) doctor.Finding {
			for _, f := range r {
				if f.ID == id {
					return f
				}
			}
			return doctor.Finding{}
		}
		healthy := examine(good)
		if healthy.Failed() {
			t.Errorf("a healthy PBX: %+v", healthy)
		}
		for _, id := range []string{"ari", "ari.rights", "ari.events", "ari.channelvars", "context", "ami", "cdr", "trunk", "time_zone", "control", "ari.overload", "recordings.pbx", "auto_answer"} {
			if f := find(healthy, id); f.Level != doctor.OK {
				t.Errorf("%s: %+v", id, f)
			}
		}
		edit := func(name, from, to string) func(*configs.PBX) func() {
			return func(*configs.PBX) func() {
				file := filepath.Join(files(o), name)
				old, err := os.ReadFile(file)
				must(t, name, err)
				if !strings.Contains(string(old), from) {
					t.Fatalf("%s has no %q", name, from)
				}
				must(t, name, os.WriteFile(file, []byte(strings.Replace(string(old), from, to, 1)), 0o600))
				return func() { must(t, name, os.WriteFile(file, old, 0o600)) }
			}
		}
		reload := func(module string, fault func(*configs.PBX) func()) func(*configs.PBX) func() {
			load := func() {
				_, err := o.PBX.CLI(t.Context(), "module reload "+module)
				must(t, module, err)
			}
			return func(p *configs.PBX) func() {
				mend := fault(p)
				load()
				return func() { mend(); load() }
			}
		}
		folder := filepath.Join(o.PBX.SpoolDir(), "recording")
		noFolder := func(*configs.PBX) func() {
			must(t, "folder", os.RemoveAll(folder))
			must(t, "a file in its place", os.WriteFile(folder, nil, 0o644))
			return func() { must(t, "mend", errors.Join(os.Remove(folder), os.Mkdir(folder, 0o755))) }
		}
		answering := func(ext, vendor string) func(*configs.PBX) func() {
			return func(*configs.PBX) func() {
				was := staff
				staff = staffed{ext: vendor}
				return func() { staff = was }
			}
		}
		unload := func(module string) func(*configs.PBX) func() {
			return func(*configs.PBX) func() {
				cli := func(verb string) {
					out, err := o.PBX.CLI(t.Context(), "module "+verb+" "+module)
					must(t, out, err)
				}
				cli("unload")
				return func() { cli("load") }
			}
		}
		set := func(f func(*configs.PBX)) func(*configs.PBX) func() {
			return func(p *configs.PBX) func() { f(p); return func() {} }
		}
		for name, fault := range map[string]struct {
			make   func(*configs.PBX) func()
			id     string
			level  doctor.Level
			change string
		}{
			"read only": {set(func(p *configs.PBX) { p.ARI.User, p.ARI.Password = "reader", "reader-password" }), "ari.rights", doctor.Fail, "read_only = no"},
			"password":  {set(func(p *configs.PBX) { p.ARI.Password = "wrong" }), "ari.password", doctor.Fail, "password = "},
			"context":   {set(func(p *configs.PBX) { p.Context = "from-nowhere" }), "context.missing", doctor.Fail, "use: office"},
			"trunk":     {set(func(p *configs.PBX) { p.Trunks = []string{"PJSIP/provider"} }), "trunk.missing", doctor.Fail, "pbx.trunks"},
			"AMI":       {set(func(p *configs.PBX) { p.AMI.Password = "wrong" }), "ami", doctor.Fail, "manager.conf"},
			"AMI rights": {set(func(p *configs.PBX) { p.AMI.User, p.AMI.Password = "weak", "weak-password" }), "ami.rights", doctor.Fail,
				"write = call"},
			"AMI excess":  {set(func(*configs.PBX) {}), "ami.excess", doctor.Warn, "write = call,agent,originate\n"},
			"no control":  {set(func(p *configs.PBX) { p.AMI = configs.AMI{} }), "control.none", doctor.Warn, "extensions.conf"},
			"CDR source":  {set(func(p *configs.PBX) { p.CDR.CSV = filepath.Join(files(o), "asterisk.conf", "Master.csv") }), "cdr.source", doctor.Fail, "pbx.cdr"},
			"CDR off":     {edit("cdr.conf", "[general]", "[general]\nenable = no\n;"), "cdr.off", doctor.Warn, "enable = yes"},
			"unique id":   {edit("cdr.conf", "loguniqueid = yes", "loguniqueid = no"), "cdr.uniqueid", doctor.Warn, "loguniqueid = yes"},
			"channelvars": {edit("ari.conf", "channelvars", ";channelvars"), "ari.channelvars", doctor.Warn, "channelvars = CHANNEL(linkedid)"},
			"deadlock": {edit("ari.conf", "channelvars", "channelvars = CHANNEL(linkedid),CHANNEL(pjsip,call-id)\n;"), "ari.channelvars.deadlock", doctor.Fail,
				"remove it"},
			"no folder of recordings": {noFolder, "recordings.pbx", doctor.Warn, "astspooldir"},
			"automatic recording":     {both(noFolder, set(func(p *configs.PBX) { p.RecordAuto = "all" })), "recordings.pbx", doctor.Fail, "astspooldir"},
			"another make":            {answering("101", "yealink"), "auto_answer.vendor", doctor.Warn, "grandstream"},
			"unknown make":            {answering("102", "yealink"), "auto_answer.unknown", doctor.Warn, "another vendor"},
			"header functions":        {unload("res_pjsip_header_funcs.so"), "auto_answer.module", doctor.Fail, "module load"},
			"write timeout":           {edit("ari.conf", "[general]", "[general]\nwebsocket_write_timeout = 30000"), "ari.write_timeout", doctor.Warn, "default"},
			"overload":                {reload("res_pjsip.so", edit("pjsip.conf", "taskprocessor_overload_trigger = pjsip_only\n", "")), "ari.overload", doctor.Warn, "pjsip_only"},
		} {
			t.Run(name, func(t *testing.T) {
				cfg := good
				cfg.PBX = []configs.PBX{*office}
				mend := fault.make(&cfg.PBX[0])
				f := find(examine(cfg), fault.id)
				mend()
				if f.Level != fault.level || !strings.Contains(f.Change, fault.change) || f.Row == "" {
					t.Errorf("%+v does not say %q", f, fault.change)
				}
			})
		}
		deadline := time.Now().Add(patience)
		for {
			channels, err := o.PBX.CLI(t.Context(), "core show channels")
			must(t, "channels", err)
			if strings.Contains(channels, "0 active channels") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the doctor left channels: %s", channels)
			}
		}
	})
}

// both makes two faults one.
func both(a, b func(*configs.PBX) func()) func(*configs.PBX) func() {
	return func(p *configs.PBX) func() {
		mendA, mendB := a(p), b(p)
		return func() { mendA(); mendB() }
	}
}

// staffed is a database with one user for each of the PBX's telephones: the
// vendor by whose header a telephone answers by itself.
type staffed map[string]string

// Pending implements doctor.Database.
func (staffed) Pending(context.Context) (int, error) { return 0, nil }

// Devices implements doctor.Database.
func (s staffed) Devices(context.Context) ([]doctor.Device, error) {
	var out []doctor.Device
	for _, ext := range []string{"101", "102", "103", "104", "105", "106", "107"} {
		out = append(out, doctor.Device{User: "User " + ext, PBX: "office", Endpoint: "PJSIP/" + ext, AutoAnswer: s[ext]})
	}
	return out, nil
}

// The generated lines make a PBX that knows nothing of Ringcard work with it:
// the doctor has no complaint, a call pops up, and calls can be controlled
// (PB-09).
func TestSnippetConnectsABarePBX_PB_09(t *testing.T) {
	asterisks(t, pbx.Options{}, func(t *testing.T, o *scenario.Real) {
		cfg := config(t, o)
		before := cfg.PBX[0].ARI.Password
		cfg.PBX[0].ARI.Password = "not yet known"
		s := pbxconfig.New(pbxconfig.Options{PBX: cfg.PBX[0]})
		for _, f := range s.Files {
			name := filepath.Join(files(o), filepath.Base(f.Path))
			switch f.ID {
			case "ringcard", "ami", "hooks":
				continue
			case "control":
				text, err := os.ReadFile(name)
				must(t, "extensions.conf", err)
				f.Text = string(text) + "\n" + f.Text
			case "pjsip": // into the section that is there, without what our test PBXs have
				text, err := os.ReadFile(name)
				must(t, "pjsip.conf", err)
				bare := strings.Replace(string(text), "taskprocessor_overload_trigger = pjsip_only\n", "", 1)
				f.Text = strings.Replace(bare, "[global]\ntype = global\n", f.Text, 1)
			}
			must(t, f.Path, os.WriteFile(name, []byte(f.Text), 0o600))
			if out, err := o.PBX.CLI(t.Context(), f.Reload); err != nil {
				t.Fatalf("%s: %v %s", f.Reload, err, out)
			}
		}
		parsed, err := configs.Parse([]byte(s.File("ringcard")), nil)
		must(t, "ringcard.yaml", err)
		cfg.PBX = parsed.PBX
		cfg.PBX[0].Queues.Names = []string{"sales", "nosuch"}
		if before == cfg.PBX[0].ARI.Password {
			t.Error("the password is the old one")
		}
		p := &product{t: t, office: o, cfg: cfg}
		p.run(p.seed)
		phone(t, o, "102", scenario.Behaviour{Answer: scenario.Never})
		u := p.login("u102").connect()
		p.eventually("the telephone is known", u.online)
		call, err := o.Call(t.Context(), scenario.Outside{From: "79161234567", DID: "4951000102"})
		must(t, "call", err)
		p.eventually("the card pops up", func() bool {
			for _, c := range u.received() {
				if len(c.Ringing) == 1 && c.Client != nil && c.Client.ID == p.clientID {
					return true
				}
			}
			return false
		})
		must(t, "hang-up", call.Hangup(t.Context()))

		path := "/pbx/" + cfg.PBX[0].Name + "/doctor"
		var e httpapi.Examination
		if status := u.post(path, nil, nil, &e); status != 202 || e.StartedAt == nil {
			t.Fatalf("doctor: %d %+v", status, e)
		}
		p.eventually("the doctor is done", func() bool { u.get(path, &e); return !e.Running })
		for _, f := range e.Findings {
			// Telephones that are off, and the age of the release, are no faults of the lines.
			expected := f.ID == "endpoint.offline" || f.ID == "ari.version.ended" || f.ID == "cdr.none"
			if f.Level != "ok" && !expected {
				t.Errorf("%+v", f)
			}
		}
		if e.Failed || len(e.Findings) < 12 {
			t.Errorf("%d findings, failed %v", len(e.Findings), e.Failed)
		}
		var d httpapi.Discovery
		if status := u.get("/pbx/"+cfg.PBX[0].Name+"/discovery", &d); status != 200 || len(d.Endpoints) != 8 || strings.Join(d.Trunks, "") != "PJSIP/trunk" ||
			strings.Join(d.Contexts, "") != "office" {
			t.Errorf("discovery: %d %+v", status, d)
		}
		// Over ARI alone the PBX is asked for what is known, with AMI it lists all.
		checkOffered(t, d, httpapi.ToldByNames, "nosuch sales")
		p.stop()
		p.cfg.PBX[0].AMI = configs.AMI{Address: o.PBX.AMIAddr, User: o.PBX.ARIUser, Password: configs.Secret(o.PBX.ARIPassword)}
		p.run(nil)
		u = p.login("u102")
		d = httpapi.Discovery{}
		p.eventually("the manager interface lists queues and hints", func() bool {
			u.get("/pbx/"+cfg.PBX[0].Name+"/discovery", &d)
			return d.QueuesBy == httpapi.ToldByList
		})
		checkOffered(t, d, httpapi.ToldByList, "impatient nosuch sales support")
	})
}

// checkOffered checks the queues and hints of the test office (PB-10).
func checkOffered(t *testing.T, d httpapi.Discovery, by, queues string) {
	t.Helper()
	var names []string
	for _, q := range d.Queues {
		names = append(names, q.Name)
		switch {
		case q.Name == "nosuch":
			if q.AtPBX || len(q.Members) > 0 {
				t.Errorf("%s: a queue that does not exist: %+v", by, q)
			}
		case !q.AtPBX || len(q.Members) != 3 || q.Members[0].Device != "PJSIP/101" || q.Members[0].UserName != "User 101":
			t.Errorf("%s: queue %+v", by, q)
		}
	}
	if got := strings.Join(names, " "); got != queues {
		t.Errorf("%s: queues %s, want %s", by, got, queues)
	}
	hints := make(map[string]string)
	for _, h := range d.Hints {
		hints[h.Extension+"@"+h.Context] = strings.Join(h.Devices, " ")
	}
	for _, extension := range []string{"101", "107"} {
		if got := hints[extension+"@office"]; got != "PJSIP/"+extension {
			t.Errorf("%s: the hint of %s is %q in %v", by, extension, got, hints)
		}
	}
	if d.QueuesBy != by || d.HintsBy != by {
		t.Errorf("told by %s and %s, want %s", d.QueuesBy, d.HintsBy, by)
	}
}

// The 200 telephones of a real PBX are found and given to 200 new users by the
// file that was downloaded and filled in (PB-10).
func TestTelephonesMappedByFile_PB_10(t *testing.T) {
	t.Parallel()
	o, err := scenario.NewReal(t.Context(), pbx.Options{Version: "22", Phones: 200})
	must(t, "asterisk", err)
	closeOffice(t, o)
	p := start(t, o)
	admin := p.login("u101")
	path := "/pbx/" + p.cfg.PBX[0].Name + "/mapping.csv"
	file, status := admin.download(path)
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")
	if status != 200 || len(lines) != 201 {
		t.Fatalf("download: %d, %d lines", status, len(lines))
	}
	for i, line := range lines {
		fields := strings.Split(line, ",")
		if i > 0 && fields[1] == "" { // endpoint, login, name, role, extension, context
			if fields[2] != "Phone "+fields[4] {
				t.Fatalf("line %d: %s", i+1, line)
			}
			fields[1] = "user" + fields[4]
		}
		lines[i] = strings.Join(fields, ",")
	}
	var result httpapi.MappingResult
	if status := admin.upload(path, strings.Join(lines, "\n"), &result); status != 200 || !result.Applied || len(result.Changes) != 200 {
		t.Fatalf("upload: %d, applied %v, %d changes, %+v", status, result.Applied, len(result.Changes), result.Errors)
	}
	done := make(map[string]int)
	for _, c := range result.Changes {
		done[c.Action]++
	}
	if done["create_user"] != 193 || done["update"] != 7 { // seven had their telephones, and get their extensions
		t.Errorf("%v", done)
	}
	var d httpapi.Discovery
	admin.get("/pbx/"+p.cfg.PBX[0].Name+"/discovery", &d)
	owned := 0
	for _, e := range d.Endpoints {
		if e.UserID != 0 && e.Kind == httpapi.KindTelephone {
			owned++
		}
	}
	if owned != 200 || len(d.Endpoints) != 201 {
		t.Errorf("%d of %d endpoints have a user", owned, len(d.Endpoints))
	}
}

// upload sends a CSV file.
func (op *operator) upload(path, text string, out any) int {
	op.p.t.Helper()
	req, err := http.NewRequestWithContext(op.p.t.Context(), http.MethodPost, op.p.url+"/api/v1"+path, strings.NewReader(text))
	must(op.p.t, path, err)
	req.Header.Set("Content-Type", "text/csv")
	res, err := op.http.Do(req)
	must(op.p.t, path, err)
	defer res.Body.Close()
	must(op.p.t, path, json.NewDecoder(res.Body).Decode(out))
	return res.StatusCode
}
