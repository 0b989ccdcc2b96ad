package e2e

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ringcard/configs"
	"ringcard/cti"
	"ringcard/internal/pgserver"
	"ringcard/test/pbx"
	"ringcard/test/scenario"
)

// pbxStatus is what an administrator sees of the PBX.
type pbxStatus struct {
	Connected bool
	LastError string `json:"last_error"`
	Mode      string
	Limits    []string
}

func (op *operator) pbx() pbxStatus {
	op.p.t.Helper()
	var list struct{ Items []pbxStatus }
	op.get("/pbx", &list)
	if len(list.Items) != 1 {
		op.p.t.Fatalf("pbx: %+v", list)
	}
	return list.Items[0]
}

// realOffice is an Asterisk with its telephones, until the end of the test.
func realOffice(t *testing.T, version string) *scenario.Real {
	t.Helper()
	o, err := scenario.NewReal(t.Context(), pbx.Options{Version: version})
	must(t, "asterisk "+version, err)
	closeOffice(t, o)
	return o
}

// versions runs a test on each real Asterisk, side by side.
func versions(t *testing.T, f func(t *testing.T, o *scenario.Real)) {
	t.Helper()
	for _, version := range []string{"22", "16"} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			f(t, realOffice(t, version))
		})
	}
}

// The server starts without its PBX and says what is wrong, to the
// administrator and to the one who clicks; it works once the fault is mended.
func TestWrongPasswordAndUnreachablePBX_PB_02_PB_08(t *testing.T) {
	t.Parallel()
	o := realOffice(t, "22")
	for name, c := range map[string]struct {
		change func(*configs.Config)
		says   string
	}{
		"wrong password": {func(c *configs.Config) { c.PBX[0].ARI.Password = "wrong" }, "password"},
		"unreachable":    {func(c *configs.Config) { c.PBX[0].ARI.URL = "http://127.0.0.1:1/ari" }, "refused"},
		"no ARI there":   {func(c *configs.Config) { c.PBX[0].ARI.URL = strings.TrimSuffix(c.PBX[0].ARI.URL, "/ari") + "/nothing" }, "pbx[].ari.url"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &product{t: t, office: o, cfg: config(t, o)}
			c.change(&p.cfg)
			p.serve(p.seed)
			op := p.login("u101")
			p.eventually("the reason is told", func() bool { return strings.Contains(op.pbx().LastError, c.says) })
			if s := op.pbx(); s.Connected {
				t.Errorf("status %+v", s)
			}
			if _, err := op.dial("79161234567", "click at "+name); err == nil || !strings.Contains(err.Error(), string(cti.CodeUnreachable)) {
				t.Errorf("dial: %v", err)
			}
		})
	}
}

// A second server with the same application name: the first says so instead
// of calling it an outage.
func TestApplicationReplaced_PB_02(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, o *scenario.Real) {
		first, second := start(t, o), start(t, o)
		one, two := first.login("u101"), second.login("u101")
		first.eventually("the first says who took its place", func() bool {
			s := one.pbx()
			return !s.Connected && strings.Contains(s.LastError, "application name")
		})
		if s := two.pbx(); !s.Connected {
			t.Errorf("the second is not connected: %+v", s)
		}
	})
}

// Asterisk restarts five times: each time calls pop again.
func TestAsteriskRestarts_PB_02(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, o *scenario.Real) {
		p := start(t, o)
		op := p.login("u105").connect()
		must(t, "phone", o.Phone(within(t), "105", scenario.Behaviour{Answer: scenario.Never}))
		for i := range 5 {
			must(t, "restart", o.PBX.Restart(within(t)))
			p.eventually("the outage is over", func() bool { return op.pbx().Connected })
			must(t, "register", o.Register(within(t), "105"))
			from := "7916000000" + strconv.Itoa(i)
			line, err := o.Call(within(t), scenario.Outside{From: from, DID: "4951000105"})
			must(t, "call", err)
			c := op.until("the pop", func(c cti.Call) bool { return c.Number.E164 == "+"+from })
			must(t, "hang up", line.Hangup(within(t)))
			op.record(c.ID)
		}
		if n := len(op.journal("")); n != 5 {
			t.Errorf("%d records of 5 calls", n)
		}
	})
}

// The socket breaks while one call rings and one is talked in; both keep
// their ids, and each has one record.
func TestSocketBreaksDuringCalls_PB_03(t *testing.T) {
	t.Parallel()
	o := simulated(t)
	p := start(t, o)
	op := p.login("u102").connect()
	other := p.login("u105").connect()
	must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{}))
	must(t, "phone", o.Phone(within(t), "105", scenario.Behaviour{Answer: scenario.Never}))
	talk, err := o.Call(within(t), scenario.Outside{From: "79161234567", DID: "4951000102"})
	must(t, "call", err)
	talking := op.until("the talk", func(c cti.Call) bool { return c.State == cti.Talking })
	ring, err := o.Call(within(t), scenario.Outside{From: "79160000005", DID: "4951000105"})
	must(t, "call", err)
	ringing := other.until("the ring", func(c cti.Call) bool { return len(c.Ringing) == 1 })

	must(t, "outage", o.Sim.Outage(true))
	p.eventually("the outage is seen", func() bool { return !op.pbx().Connected })
	must(t, "hang up", ring.Hangup(within(t))) // nobody sees this end
	must(t, "outage ends", o.Sim.Outage(false))
	p.eventually("it is over", func() bool { return op.pbx().Connected })
	if r := other.record(ringing.ID); !r.Recovered {
		t.Errorf("the call that ended unseen: %+v", r)
	}
	must(t, "hang up", talk.Hangup(within(t)))
	if r := op.record(talking.ID); r.Disposition != "answered" || r.Recovered {
		t.Errorf("the call that went on: %+v", r)
	}
	if n := len(op.journal("")); n != 2 {
		t.Errorf("%d records of 2 calls", n)
	}
}

// The client is deleted while he is on the phone: the record is kept, and the
// call is in his history when the card is restored.
func TestClientDeletedDuringCall_AF_01_CC_09(t *testing.T) {
	t.Parallel()
	o := simulated(t)
	p := start(t, o)
	op := p.login("u102").connect()
	must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{}))
	line, err := o.Call(within(t), scenario.Outside{From: "79161234567", DID: "4951000102"})
	must(t, "call", err)
	c := op.until("the talk with the card", func(c cti.Call) bool { return c.State == cti.Talking && c.Client != nil })
	path := "/clients/" + strconv.FormatInt(p.clientID, 10)
	var card struct{ Version int64 }
	op.get(path, &card)
	if status := op.do(http.MethodDelete, path, nil, http.Header{"If-Match": {`"` + strconv.FormatInt(card.Version, 10) + `"`}}, nil); status != http.StatusNoContent {
		t.Fatalf("delete: %d", status)
	}
	must(t, "hang up", line.Hangup(within(t)))
	if r := op.record(c.ID); r.Disposition != "answered" {
		t.Errorf("record %+v", r)
	}
	if status := op.post(path+"/restore", nil, nil, nil); status != http.StatusOK {
		t.Fatalf("restore: %d", status)
	}
	if n := op.historyOfCalls(p.clientID); n != 1 {
		t.Errorf("%d calls in the restored history", n)
	}
}

// PostgreSQL stops in the middle of a call: the talk goes on on the screens,
// and the record is written once when the database is back.
func TestDatabaseStopsDuringCall_AF_01_OP_03_PB_12(t *testing.T) {
	t.Parallel()
	o := simulated(t)
	dir := openDir(t)
	database := func() *pgserver.Server {
		s, err := pgserver.Start(within(t), pgserver.Options{Dir: dir})
		must(t, "postgresql", err)
		return s
	}
	pg := database()
	p := &product{t: t, office: o, cfg: config(t, o)}
	p.cfg.Database.URL = configs.SecretURL(pg.URL())
	p.run(p.seed)
	op := p.login("u102").connect()
	must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{}))
	line, err := o.Call(within(t), scenario.Outside{From: "79161234567", DID: "4951000102"})
	must(t, "call", err)
	c := op.until("the talk with the card", func(c cti.Call) bool { return c.State == cti.Talking && c.Client != nil })

	must(t, "stop", pg.Stop(context.WithoutCancel(t.Context())))
	must(t, "hang up", line.Hangup(within(t)))
	op.until("the end, without a database", func(x cti.Call) bool { return x.ID == c.ID && x.State == cti.Ended })
	second, err := o.Call(within(t), scenario.Outside{From: "79160000009", DID: "4951000102"})
	must(t, "call", err)
	blind := op.until("the pop of a call with the number only", func(x cti.Call) bool { return x.Number.E164 == "+79160000009" })
	must(t, "hang up", second.Hangup(within(t)))
	op.until("its end", func(x cti.Call) bool { return x.ID == blind.ID && x.State == cti.Ended })
	if status := p.probe("/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("readyz says %d while the database is away", status)
	}
	if status := p.probe("/healthz"); status != http.StatusOK {
		t.Errorf("healthz says %d", status)
	}

	pg = database()
	t.Cleanup(func() { p.stop(); must(t, "stop", pg.Stop(context.Background())) })
	if r := op.record(c.ID); r.Disposition != "answered" || r.ClientID != p.clientID {
		t.Errorf("record %+v", r)
	}
	op.record(blind.ID)
	if n := len(op.journal("")); n != 2 {
		t.Errorf("%d records of 2 calls", n)
	}
	if n := op.historyOfCalls(p.clientID); n != 1 {
		t.Errorf("%d calls in the history", n)
	}
}

// openDir is a temporary folder that the unprivileged user of PostgreSQL can
// reach; t.TempDir is closed to him.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ringcard-pg-")
	must(t, "folder", err)
	t.Cleanup(func() { must(t, "folder", os.RemoveAll(dir)) })
	must(t, "folder", os.Chmod(dir, 0o755))
	return filepath.Join(dir, "pg")
}

func (p *product) probe(path string) int {
	p.t.Helper()
	res, err := http.Get(p.url + path)
	must(p.t, path, err)
	defer res.Body.Close()
	return res.StatusCode
}

// A call made by sipp into an untouched dialplan pops and is recorded.
func TestSippCallPops_PB_01_TL_02(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, o *scenario.Real) {
		p := start(t, o)
		op := p.login("u102").connect()
		must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{}))
		result, err := pbx.SippCall(within(t), o.PBX, pbx.SippOptions{From: "79161234567", To: "4951000102", Calls: 1, Rate: 1, Talk: talkTime})
		must(t, "sipp", err)
		if result.Successful != 1 {
			t.Errorf("sipp: %+v", result)
		}
		c := op.until("the pop with the card", func(c cti.Call) bool { return c.Client != nil })
		r := op.record(c.ID)
		rows, err := o.CDR(within(t), 1)
		must(t, "cdr", err)
		if r.Disposition != "answered" || len(rows) != 1 || rows[0].Disposition != "ANSWERED" {
			t.Errorf("record %+v, CDR %+v", r, rows)
		}
	})
}
