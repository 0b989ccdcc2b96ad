package phones_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"ringcard/test/pbx"
	"ringcard/test/phones"
)

// A hundred calls a second is the load of the benchmarks: no call may be lost by
// the phones or by the way Asterisk is set up (a missing name in hosts loses most).
func TestHundredCallsASecondAllGetThrough(t *testing.T) {
	const (
		calls    = 200
		interval = 10 * time.Millisecond
	)
	for _, version := range []string{"22", "16"} {
		t.Run(version, func(t *testing.T) {
			office := phones.StartOffice(t, pbx.Options{Version: version, Bare: true}, false)
			for extension := 101; extension <= 107; extension++ {
				office.Phone(fmt.Sprint(extension), phones.AnswerFor(200*time.Millisecond, 500*time.Millisecond))
			}
			ctx := within(t)
			tick := time.NewTicker(interval)
			defer tick.Stop()
			var wait sync.WaitGroup
			for i := range calls {
				<-tick.C
				call, err := office.Trunk.Call(ctx, phones.Outgoing{
					From: fmt.Sprint(79160000000 + i), To: fmt.Sprint(4952000101 + i%7),
				})
				must(t, "call", err)
				wait.Go(func() {
					if err := call.WaitAnswered(ctx); err != nil {
						t.Errorf("call %d: %v", i, err)
						return
					}
					if end, err := call.WaitEnded(ctx); err != nil || end.Code != 200 {
						t.Errorf("call %d: %s, %v", i, end, err)
					}
				})
			}
			wait.Wait()
			rows, err := office.PBX.WaitCDR(ctx, func(rows []pbx.CDR) bool { return len(rows) == calls })
			must(t, "cdr", err)
			for _, row := range rows {
				if row.Disposition != "ANSWERED" {
					t.Errorf("cdr: %+v", row)
				}
			}
		})
	}
}
