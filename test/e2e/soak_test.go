//go:build soak

package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringcard/configs"
	"ringcard/test/pbx"
	"ringcard/test/scenario"
)

// gauge reads one metric of a server.
func (v *victim) gauge(t *testing.T, name string) float64 {
	t.Helper()
	res, err := http.Get(v.url + "/metrics")
	must(t, "metrics", err)
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			n, err := strconv.ParseFloat(value, 64)
			must(t, name, err)
			return n
		}
	}
	t.Fatalf("no metric %s: %s", name, res.Status)
	return 0
}

// Two thousand calls through a real Asterisk: memory and goroutines of the
// server return to where they were, and its records are those of the PBX.
func TestSoak_CK_09_AF_01(t *testing.T) {
	const warm, calls, rate = 100, 1900, 20
	o := realOffice(t, "22")
	for ext, b := range map[string]scenario.Behaviour{"101": {}, "102": {Answer: 200 * time.Millisecond}} {
		must(t, "phone", o.Phone(within(t), ext, b))
	}
	p := &product{t: t, office: o, cfg: config(t, o)}
	p.cfg.PBX[0].CDR = configs.CDR{CSV: o.PBX.CDRFile(), TimeZone: "UTC"}
	p.run(p.seed)
	p.stop()
	v := spawn(t, p.configFile())
	t.Cleanup(func() { v.kill(t) })
	load := func(n int) {
		t.Helper()
		result, err := pbx.SippCall(t.Context(), o.PBX, pbx.SippOptions{From: "79161234567", To: "4952000101", Calls: n, Rate: rate, Talk: time.Second})
		must(t, "sipp", err)
		if result.Failed > n/100 {
			t.Errorf("sipp: %+v", result)
		}
		p.eventually("no call is up", func() bool { return v.gauge(t, `ringcard_calls_live{pbx="office"}`) == 0 })
	}
	load(warm)
	p.eventually("all is written", func() bool { return v.gauge(t, "ringcard_journal_backlog") == 0 })
	goroutines, heap := v.gauge(t, "go_goroutines"), v.gauge(t, "go_memstats_heap_inuse_bytes")
	load(calls)
	was := fmt.Sprintf("%.0f goroutines and %.1f MB after %d calls", goroutines, heap/1e6, warm)
	p.eventually("the server is back at "+was, func() bool {
		return v.gauge(t, "go_goroutines") <= goroutines+5 && v.gauge(t, "go_memstats_heap_inuse_bytes") <= heap+16e6
	})
	t.Logf("%s; %.0f and %.1f MB after %d", was, v.gauge(t, "go_goroutines"), v.gauge(t, "go_memstats_heap_inuse_bytes")/1e6, warm+calls)
	p.sameAsCDR(o, warm+calls)
}
