package push_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"ringcard/push"
	"ringcard/push/pushtest"
)

// The page's view of the calls equals the server's after every cut, no number
// is lost or repeated, and a call that ended is never shown ringing again.
func TestHundredRandomCuts_PU_04(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const cuts = 100
		random := rand.New(rand.NewPCG(4, 2026))
		hub := push.NewHub(push.Options{})
		s := pushtest.NewServer(t, hub, noSnapshot)
		b := pushtest.NewBrowser(t, s, user(7))
		synctest.Wait()

		states := []string{"ringing", "talking", "held", "talking", "ended"}
		var truth []call // the last state of each call
		ended := make(map[string]bool)
		shown := make(map[string]call)
		publish := func() {
			// One of the three newest calls goes on, or a new one begins.
			i := max(0, len(truth)-random.IntN(3))
			if i == len(truth) || truth[i].State == "ended" {
				i = len(truth)
				truth = append(truth, call{ID: fmt.Sprintf("call-%d", i)})
			}
			c := &truth[i]
			c.State = states[c.Version]
			c.Version++
			ended[c.ID] = c.State == "ended"
			hub.Publish([]int64{7}, push.Event{Type: "call", Key: c.ID, Data: *c})
		}
		sent := int64(0)
		for range cuts {
			b.Cut()
			before := sent
			for range random.IntN(8) {
				publish()
				sent++
			}
			for b.Seq < sent {
				f := b.Next() // fails on a lost or repeated number
				if f.Type == "skip" {
					continue
				}
				var got call
				if err := json.Unmarshal(f.Data, &got); err != nil {
					t.Fatal(err)
				}
				if old := shown[got.ID]; got.Version <= old.Version {
					t.Fatalf("%+v came after %+v", got, old)
				}
				if got.State == "ringing" && ended[got.ID] {
					t.Fatalf("expired offer %s delivered after messages %d..%d", got.ID, before, sent)
				}
				shown[got.ID] = got
			}
			// Some messages come while the page is connected.
			for range random.IntN(3) {
				synctest.Wait()
				publish()
				sent++
				var got call
				if err := json.Unmarshal(b.Next().Data, &got); err != nil {
					t.Fatal(err)
				}
				shown[got.ID] = got
			}
		}
		for _, want := range truth {
			if shown[want.ID] != want {
				t.Errorf("page shows %+v, the call is %+v", shown[want.ID], want)
			}
		}
		if b.Snapshots != 1 || hub.Stats().Resumed == 0 {
			t.Errorf("%d snapshots, %d resumed", b.Snapshots, hub.Stats().Resumed)
		}
	})
}

func TestReplayShowsOnlyTheLastStateOfACall_PU_04(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{})
		s := pushtest.NewServer(t, hub, noSnapshot)
		b := pushtest.NewBrowser(t, s, user(7))
		b.Cut()
		hub.Publish([]int64{7}, ring("a", 1, "ringing"))
		hub.Publish([]int64{7}, push.Event{Type: "notification", Data: "one"})
		hub.Publish([]int64{7}, ring("b", 1, "ringing"))
		hub.Publish([]int64{7}, push.Event{Type: "notification", Data: "two"})
		hub.Publish([]int64{7}, ring("a", 2, "ended"))
		var got []string
		for range 5 {
			f := b.Next()
			got = append(got, fmt.Sprintf("%d %s %s", f.Seq, f.Type, f.Data))
		}
		want := []string{
			`1 skip `,
			`2 notification "one"`,
			`3 call {"id":"b","version":1,"state":"ringing"}`,
			`4 notification "two"`,
			`5 call {"id":"a","version":2,"state":"ended"}`,
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("replay\n%q\nwant\n%q", got, want)
		}
	})
}

func TestNoReplayMeansSnapshot_PU_04(t *testing.T) {
	opt := push.Options{ReplaySize: 5, ReplayAge: time.Minute}
	for name, c := range map[string]struct {
		publish int
		wait    time.Duration
		from    func(epoch string) pushtest.From
		resumes bool
	}{
		"just within the size":      {publish: 5, from: at(0), resumes: true},
		"nothing missed":            {publish: 5, from: at(5), resumes: true},
		"nothing missed, long away": {publish: 5, wait: time.Hour, from: at(5), resumes: true},
		"more missed than kept":     {publish: 6, from: at(0)},
		"missed too long ago":       {publish: 1, wait: time.Minute + 1, from: at(0)},
		"from the future":           {publish: 3, from: at(4)},
		"before the beginning":      {publish: 3, from: at(-1)},
		"of another epoch": {publish: 3, from: func(string) pushtest.From {
			return pushtest.From{Epoch: "OTHER", After: 1}
		}},
		"of no epoch": {publish: 3, from: func(string) pushtest.From { return pushtest.From{After: 1} }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := push.NewHub(opt)
				s := pushtest.NewServer(t, hub, noSnapshot)
				first := s.Dial(user(7), nil)
				epoch := first.Next().Epoch
				first.Cut()
				for i := range c.publish {
					hub.Publish([]int64{7}, push.Event{Type: "n", Data: i})
				}
				time.Sleep(c.wait) // fake
				from := c.from(epoch)
				back := s.Dial(user(7), &from)
				synctest.Wait()
				hub.Publish([]int64{7}, push.Event{Type: "n", Data: "live"})
				f := back.Next()
				if c.resumes {
					if f.Type != "n" || f.Seq != from.After+1 {
						t.Errorf("resumed with %+v", f)
					}
				} else if f.Type != "snapshot" || f.Seq != int64(c.publish) {
					t.Errorf("began with %+v", f)
				}
			})
		})
	}
}

func at(after int64) func(string) pushtest.From {
	return func(epoch string) pushtest.From { return pushtest.From{Epoch: epoch, After: after} }
}

func TestRestartIsAnotherEpoch_PU_04(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := pushtest.NewServer(t, push.NewHub(push.Options{}), noSnapshot)
		b := pushtest.NewBrowser(t, before, user(7))
		before.Hub.Publish([]int64{7}, ring("old", 1, "ringing"))
		b.Next()
		if err := before.Hub.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := pushtest.NewServer(t, push.NewHub(push.Options{}), noSnapshot)
		after.Hub.Publish([]int64{7}, ring("new", 1, "ringing"))
		after.Hub.Publish([]int64{7}, ring("new", 2, "ended"))
		epoch := b.Epoch
		b.Server = after
		if f := b.Next(); f.Type != "snapshot" || f.Epoch == epoch || f.Seq != 2 {
			t.Errorf("after the restart: %+v", f)
		}
	})
}

// jumpy is a bus that breaks its promise.
type jumpy struct {
	*push.Local
	sink push.Sink
}

func (j *jumpy) jump(user, seq int64) {
	j.sink.Deliver(user, seq, &push.Message{Type: "n", At: time.Now(), Data: json.RawMessage("0")})
}

func TestNumbersThatJumpCutTheSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &jumpy{Local: push.NewLocal()}
		hub := push.NewHub(push.Options{Bus: bus})
		s := pushtest.NewServer(t, hub, noSnapshot)
		bus.sink = push.SinkOf(hub)
		b := pushtest.NewBrowser(t, s, user(7))
		c := s.Dial(user(7), nil)
		c.Next()
		synctest.Wait()
		bus.jump(7, 1)
		bus.jump(7, 5)
		if f := b.Next(); f.Seq == 5 {
			t.Errorf("delivered %+v", f)
		}
		if code, _ := c.CloseCode(); code != push.Gap {
			t.Errorf("code %d", code)
		}
		if f := b.NextOf("snapshot"); f.Seq != 5 {
			t.Errorf("snapshot %+v", f)
		}
		// What was before the jump is not replayed over it.
		if f := s.Dial(user(7), &pushtest.From{Epoch: b.Epoch, After: 1}).Next(); f.Type != "snapshot" {
			t.Errorf("resumed over the jump with %+v", f)
		}
	})
}
