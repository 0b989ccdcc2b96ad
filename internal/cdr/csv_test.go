package cdr_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringcard/cti"
	"ringcard/cti/ctitest"
	"ringcard/internal/cdr"
)

// master is the start of Master.csv of a real Asterisk.
func master(t *testing.T, version string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "master-"+version+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// file is a Master.csv that tests write to.
type file struct {
	t    *testing.T
	path string
	src  *cdr.CSV
	at   string
}

func newFile(t *testing.T, zone *time.Location) *file {
	path := filepath.Join(t.TempDir(), "Master.csv")
	return &file{t: t, path: path, src: cdr.NewCSV(path, zone, nil)}
}

func (f *file) append(text string) {
	f.t.Helper()
	w, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = w.WriteString(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// read returns the uniqueids of all rows that are new.
func (f *file) read() []string {
	f.t.Helper()
	var ids []string
	for more := true; more; {
		var rows []cti.CDRRow
		var err error
		if rows, f.at, more, err = f.src.Read(f.t.Context(), f.at); err != nil {
			f.t.Fatal(err)
		}
		for _, r := range rows {
			ids = append(ids, r.UniqueID)
		}
	}
	return ids
}

func row(id string) string {
	return fmt.Sprintf(`"","79161234567","4951000102","from-trunk","""Ivan, ""the"" Petrov"" <79161234567>","PJSIP/trunk-%[1]s","PJSIP/102-%[1]s","Dial","PJSIP/102,20","2026-03-29 02:30:00","2026-03-29 02:30:01","2026-03-29 02:30:05",5,4,"ANSWERED","DOCUMENTATION","%[1]s","","","%[1]s",7`+"\n", id)
}

func (f *file) want(ids ...string) {
	f.t.Helper()
	if got := f.read(); strings.Join(got, " ") != strings.Join(ids, " ") {
		f.t.Fatalf("read %v, want %v", got, ids)
	}
}

// The first start of all leaves old calls alone; afterwards each row comes
// once, whatever was written meanwhile and however far it had got.
func TestCSVIsReadOnceInOrder_PB_04(t *testing.T) {
	t.Parallel()
	f := newFile(t, time.UTC)
	f.append(row("1.1") + row("1.2"))
	f.want()
	f.append(row("1.3"))
	f.want("1.3")
	f.want()
	half := row("1.4")
	f.append(half[:100])
	f.want()
	f.append(half[100:] + row("1.5"))
	f.want("1.4", "1.5")
	f.src = cdr.NewCSV(f.path, time.UTC, nil) // another process
	f.append(row("1.6"))
	f.want("1.6")
}

func TestCSVBeforeTheFirstCall_PB_04(t *testing.T) {
	t.Parallel()
	f := newFile(t, time.UTC)
	f.want()
	f.append(row("1.1"))
	f.want("1.1")
	if _, _, _, err := cdr.NewCSV("/nowhere/at/all/Master.csv", time.UTC, nil).Read(t.Context(), ""); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

// logrotate moves the file away or cuts it short while rows are unread.
func TestCSVIsRotated_PB_04(t *testing.T) {
	t.Parallel()
	f := newFile(t, time.UTC)
	f.append(row("1.1"))
	f.want()
	f.append(row("1.2"))
	rotate := func() {
		if err := os.Rename(f.path, f.path+".1"); err != nil {
			t.Fatal(err)
		}
	}
	rotate()
	f.append(row("2.1"))
	f.want("1.2", "2.1")
	rotate() // and nothing new
	f.want()
	f.append(row("3.1"))
	f.want("3.1")
	f.append(row("3.2"))
	f.want("3.2")
	if err := os.Truncate(f.path, 0); err != nil {
		t.Fatal(err)
	}
	f.append(row("4.1"))
	f.want("4.1")
}

// A row remembers where it is: reading from there returns it first.
func TestCSVRowKnowsItsPlace_PB_04(t *testing.T) {
	t.Parallel()
	f := newFile(t, time.UTC)
	f.want()
	f.append(row("1.1") + row("1.2") + row("1.3"))
	rows, _, _, err := f.src.Read(t.Context(), f.at)
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	f.at = rows[1].At
	f.want("1.2", "1.3")
}

func TestCSVColumns_PB_04(t *testing.T) {
	t.Parallel()
	base := `"acc","100","200","ctx","""N"" <100>","PJSIP/100-1","PJSIP/200-1","Dial","x","2026-07-01 12:00:00","","2026-07-01 12:00:09",9,0,"NO ANSWER","DOCUMENTATION"`
	for name, c := range map[string]struct {
		extra            string
		uniqueID, linked string
		refused          bool
	}{
		"loguniqueid":              {`,"1.5"`, "1.5", "", false},
		"with systemname":          {`,"pbx-1-1795328507.0"`, "pbx-1-1795328507.0", "", false},
		"loguniqueid, userfield":   {`,"1.5","note"`, "1.5", "", false},
		"newcdrcolumns":            {`,"peer","1.4",12`, "", "1.4", false},
		"uniqueid, new columns":    {`,"1.5","","1.4",12`, "1.5", "1.4", false},
		"all":                      {`,"1.5","note","","1.4",12`, "1.5", "1.4", false},
		"an id of ours":            {`,"6f1c7b0a-5d0e-4b0e-9a63-52494e474341","","","1.4",12`, "6f1c7b0a-5d0e-4b0e-9a63-52494e474341", "1.4", false},
		"neither":                  {``, "", "", true},
		"userfield and nothing to": {`,"note"`, "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFile(t, time.FixedZone("MSK", 3*3600))
			f.want()
			f.append(base + c.extra + "\n")
			rows, _, _, err := f.src.Read(t.Context(), f.at)
			if (err != nil) != c.refused {
				t.Fatalf("error %v", err)
			}
			if c.refused {
				return
			}
			r := rows[0]
			if r.UniqueID != c.uniqueID || r.LinkedID != c.linked || !r.Answer.IsZero() || r.Disposition != "NO ANSWER" {
				t.Errorf("%+v", r.CDR)
			}
			if want := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC); !r.Start.Equal(want) {
				t.Errorf("start %v, want %v", r.Start, want)
			}
		})
	}
}

// What is no row is skipped, and what follows is read.
func TestCSVSkipsWhatIsNoRow_PB_04(t *testing.T) {
	t.Parallel()
	f := newFile(t, time.UTC)
	f.want()
	f.append("\n,,,\n" + row("1.1") + "nonsense\n" + strings.Replace(row("1.2"), "2026-03-29 02:30:00", "yesterday", 1) + row("1.3"))
	f.want("1.1", "1.3")
	f.append(`"a quote that never closes ` + strings.Repeat("x", 70<<10) + "\n" + row("1.4"))
	f.want("1.4")
}

// office of the recorded calls.
func office(t *testing.T) *cti.Office {
	t.Helper()
	o, err := cti.NewOffice(cti.OfficeConfig{PBX: "office", Trunks: []string{"PJSIP/trunk"}, Parse: ctitest.Number})
	if err != nil {
		t.Fatal(err)
	}
	o.SetUsers(ctitest.Users("office"))
	return o
}

// conversations groups the rows of a file by linkedid.
func conversations(t *testing.T, version string) [][]cti.CDR {
	f := newFile(t, time.UTC)
	f.want()
	f.append(master(t, version))
	var order []string
	groups := make(map[string][]cti.CDR)
	for more := true; more; {
		rows, next, again, err := f.src.Read(context.Background(), f.at)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if groups[r.LinkedID] == nil {
				order = append(order, r.LinkedID)
			}
			groups[r.LinkedID] = append(groups[r.LinkedID], r.CDR)
		}
		f.at, more = next, again
	}
	out := make([][]cti.CDR, len(order))
	for i, id := range order {
		out[i] = groups[id]
	}
	return out
}

// What Asterisk itself wrote of calls of every kind gives one record each.
func TestPastCallsOfRealFiles_PB_04_CK_01_CK_03(t *testing.T) {
	t.Parallel()
	want := []struct {
		name        string
		direction   cti.Direction
		disposition cti.Disposition
		number, did string
		queue, by   string
		answered    bool
	}{
		{"one phone answers", cti.Inbound, cti.Answered, "79160000001", "4951000102", "", "User 102", true},
		{"ring-all queue", cti.Inbound, cti.Answered, "79160000002", "4951000101", "sales", "User 102", true},
		{"queue with a busy member", cti.Inbound, cti.Answered, "79160000003", "4951000104", "support", "User 102", true},
		{"nobody answers", cti.Inbound, cti.Missed, "79160000004", "4951000105", "", "", false},
		{"caller gives up", cti.Inbound, cti.Missed, "79160000005", "4951000102", "", "", false},
		{"gives up in the queue", cti.Inbound, cti.Missed, "79160000006", "4951000101", "sales", "", false},
		{"busy", cti.Inbound, cti.Busy, "79160000007", "4951000102", "", "", false},
		{"voicemail", cti.Inbound, cti.Voicemail, "79160000008", "4951000107", "", "", false},
		{"IVR, then a phone that answers", cti.Inbound, cti.Answered, "79160000009", "", "sales", "User 101", true},
		{"IVR, then nobody", cti.Inbound, cti.Missed, "79160000010", "", "sales", "", false},
		{"Local ring group", cti.Inbound, cti.Answered, "79160000011", "4951000109", "", "User 102", true},
		{"anonymous", cti.Inbound, cti.Answered, "anonymous", "4951000102", "", "User 102", true},
		{"desk phone calls out", cti.Outbound, cti.Answered, "79160000013", "", "", "", true},
		{"desk phone calls out, busy", cti.Outbound, cti.Busy, "79160000014", "", "", "", false},
		{"internal", cti.Internal, cti.Answered, "102", "", "", "User 102", true},
		{"ring group", cti.Inbound, cti.Answered, "79160000016", "4951000103", "", "User 103", true},
	}
	for _, version := range []string{"22", "16"} {
		t.Run("asterisk "+version, func(t *testing.T) {
			groups := conversations(t, version)
			if len(groups) != len(want) {
				t.Fatalf("%d conversations of %d calls", len(groups), len(want))
			}
			for i, w := range want {
				c, ok := office(t).Past(groups[i])
				by := ""
				if c.AnsweredBy != nil {
					by = c.AnsweredBy.Name
				}
				if !ok || c.Direction != w.direction || c.Disposition != w.disposition || c.Number.Raw != w.number ||
					c.DID != w.did || c.Queue != w.queue || by != w.by || (c.AnsweredAt != nil) != w.answered {
					t.Errorf("%s: %s %s number %s did %q queue %q by %q answered %v\nof %+v", w.name, c.Direction, c.Disposition,
						c.Number.Raw, c.DID, c.Queue, by, c.AnsweredAt, groups[i])
				}
				if c.EndedAt == nil || c.StartedAt.IsZero() || c.EndedAt.Before(c.StartedAt) || c.WaitMS < 0 || c.TalkMS < 0 {
					t.Errorf("%s: times %v to %v, wait %d talk %d", w.name, c.StartedAt, c.EndedAt, c.WaitMS, c.TalkMS)
				}
			}
		})
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte(row("1.1")))
	f.Add([]byte("\"\n\"\"\n,,,"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "Master.csv")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		src := cdr.NewCSV(path, time.UTC, nil)
		at := `{"offset":0}`
		for range 2 + len(text)/40 { // each Read gets on or says that it is at the end
			_, next, more, err := src.Read(t.Context(), at)
			if err != nil || !more {
				return
			}
			at = next
		}
		t.Fatalf("no end at %s of %d bytes", at, len(text))
	})
}
