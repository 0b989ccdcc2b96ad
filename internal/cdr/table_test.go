package cdr_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ringcard/cti"
	"ringcard/internal/cdr"
	"ringcard/internal/postgres"
	"ringcard/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// table is one as Asterisk's contrib/scripts make it, or a modern one.
func table(t *testing.T, columns string) (*cdr.Table, func(sql string, args ...any)) {
	t.Helper()
	url := pgtest.EmptyURL(t)
	db, err := postgres.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := db.Pool().Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE cdr (" + columns + ")")
	zone, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	src := cdr.NewTable(url, "cdr", zone)
	t.Cleanup(func() {
		if err := src.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return src, exec
}

const oldColumns = `calldate timestamp without time zone NOT NULL, clid varchar(80), src varchar(80), dst varchar(80),
	dcontext varchar(80), channel varchar(80), dstchannel varchar(80), lastapp varchar(80), lastdata varchar(80),
	duration bigint NOT NULL, billsec bigint NOT NULL, disposition varchar(45), amaflags bigint, accountcode varchar(20),
	uniqueid varchar(150), userfield varchar(255)`

// A long call is written after a short one that began later: it is read when
// it comes, and each row once.
func TestTableIsReadOnce_PB_04(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ columns, more, values string }{
		"columns of old":    {oldColumns, "", ""},
		"columns of today":  {oldColumns + `, linkedid text, sequence text, "end" timestamp, answer timestamp`, ", linkedid, sequence", ", $1::text, '7'"},
		"times with a zone": {strings.Replace(oldColumns, "without", "with", 1), "", ""},
		"numbers for words": {strings.Replace(oldColumns, "disposition varchar(45)", "disposition int", 1), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, exec := table(t, c.columns)
			at, rows := "", []cti.CDRRow(nil)
			read := func(want ...string) {
				t.Helper()
				var err error
				if rows, at, _, err = src.Read(t.Context(), at); err != nil {
					t.Fatal(err)
				}
				got := []string{}
				for _, r := range rows {
					got = append(got, r.UniqueID)
				}
				slices.Sort(got)
				if !slices.Equal(got, append([]string{}, want...)) {
					t.Fatalf("read %v, want %v", got, want)
				}
			}
			// Times of the PBX are Moscow's; ago counts from now.
			insert := func(id string, ago, length time.Duration) {
				disposition := any("ANSWERED")
				if strings.Contains(c.columns, "disposition int") {
					disposition = 8
				}
				exec(`INSERT INTO cdr (calldate, src, dst, channel, dstchannel, duration, billsec, disposition, uniqueid`+c.more+`)
					SELECT date_trunc('second', CASE WHEN $6 THEN now() - $2::interval ELSE (now() - $2::interval) AT TIME ZONE 'Europe/Moscow' END),
					'79161234567', '102', 'PJSIP/trunk-1', 'PJSIP/102-1', $3::bigint, $4::bigint, $5, $1::text`+c.values,
					id, ago, int64(length.Seconds()), int64(length.Seconds())-2, disposition, strings.Contains(c.columns, "with time"))
			}
			insert("before", 2*time.Hour, time.Minute)
			read()
			insert("long", time.Hour, time.Hour)
			read("long")
			r := rows[0]
			if d := time.Since(r.Start); d < 59*time.Minute || d > 61*time.Minute {
				t.Errorf("start %v", r.Start)
			}
			if r.Disposition != "ANSWERED" || r.End.Sub(r.Start) != time.Hour || r.Answer.Sub(r.Start) != 2*time.Second {
				t.Errorf("%+v", r.CDR)
			}
			insert("short", time.Minute, 10*time.Second)
			read("short")
			read()
		})
	}
}

func TestTableThatIsNone_PB_04(t *testing.T) {
	t.Parallel()
	src, _ := table(t, "calldate timestamp")
	if _, _, _, err := src.Read(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "no column") {
		t.Errorf("error %v", err)
	}
}
