package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"ringcard/test/phones"
)

// kind is what happens in a call of the mixed load.
type kind int

// Kinds of calls that sipp is too simple for.
const (
	queueCall    kind = iota // ring-all queue of three, one answers
	groupCall                // ring group of three, one answers
	busyCall                 // the only telephone is busy
	missedCall               // nobody answers
	givenUpCall              // the caller hangs up while it rings
	transferCall             // answered, then transferred without asking
	kinds
)

// rings are the extensions whose operators must get a call of the kind.
var rings = [kinds][]string{
	queueCall: {"400", "401", "402"}, groupCall: {"403", "404", "405"}, busyCall: nil,
	missedCall: {"407"}, givenUpCall: {"408"}, transferCall: {"409", "410"},
}

// peoplesExtensions have telephones in Go, which can refuse and transfer.
var peoplesExtensions = []string{"400", "401", "402", "403", "404", "405", "406", "407", "408", "409", "410"}

// peoplesDialplan and peoplesQueue are where the calls of each kind come in.
const (
	didOfKind       = "4953000" // + kind
	peoplesDialplan = `
[from-trunk](+)
exten => 49530000,1,Queue(bench,,,,20)
exten => 49530001,1,Dial(PJSIP/403&PJSIP/404&PJSIP/405,20)
exten => 49530002,1,Dial(PJSIP/406,5)
exten => 49530003,1,Dial(PJSIP/407,1)
exten => 49530004,1,Dial(PJSIP/408,20)
exten => 49530005,1,Dial(PJSIP/409,20,tT)

[office](+)
exten => _4XX,1,Dial(PJSIP/${EXTEN},20,tT)
`
	peoplesQueue = `
[bench]
strategy = ringall
timeout = 15
ringinuse = yes
joinempty = yes
member => PJSIP/400,0
member => PJSIP/401,0
member => PJSIP/402,0
`
)

// personsCall is one call of the mixed load.
type personsCall struct {
	Number int64 `json:"number"` // E.164 of the caller
	Kind   kind  `json:"kind"`
}

// people is the role of callers and telephones that do more than sipp can.
// args are the SIP address of the PBX. POST / plays a list of calls, ?rate= a
// second, and answers when all have ended.
func people(ctx context.Context, args []string, ready func(string)) error {
	trunk, err := phones.OpenTrunk(phones.TrunkConfig{})
	if err != nil {
		return err
	}
	defer trunk.Close()
	trunk.ConnectTo(args[0])
	for _, extension := range peoplesExtensions {
		phone, err := phones.NewPhone(phones.Config{User: extension, Registrar: args[0], Behaviour: manner(extension)})
		if err != nil {
			return err
		}
		defer phone.Close()
		if err := phone.Register(ctx); err != nil {
			return fmt.Errorf("register %s: %w", extension, err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var order struct {
			Rate  int           `json:"rate"`
			Calls []personsCall `json:"calls"`
		}
		err := json.NewDecoder(r.Body).Decode(&order)
		if err == nil {
			err = playPeople(r.Context(), trunk, order.Calls, order.Rate)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }() // ErrServerClosed
	ready("http://" + listener.Addr().String())
	<-ctx.Done()
	err = server.Close()
	<-served
	return err
}

// manner is how the telephone of an extension behaves.
func manner(extension string) phones.Behaviour {
	switch extension {
	case "400", "403", "410":
		return phones.AnswerAfter(ringFor)
	case "406":
		return phones.RefuseWith(486)
	case "409":
		return func(c *phones.Call) {
			phones.AnswerAfter(ringFor)(c)
			ctx, cancel := context.WithTimeout(context.Background(), maxLoad)
			defer cancel()
			for c.Refer(ctx, "410") != nil { // refused until both sides are in the bridge
				select {
				case <-c.Ended():
					return
				case <-time.After(50 * time.Millisecond):
				}
			}
		}
	}
	return phones.Ring()
}

// playPeople makes the calls at the rate and waits for the end of all.
func playPeople(ctx context.Context, trunk *phones.Trunk, calls []personsCall, rate int) error {
	tick := time.NewTicker(time.Second / time.Duration(max(rate, 1)))
	defer tick.Stop()
	errs := make(chan error, len(calls))
	var wg sync.WaitGroup
	for _, c := range calls {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		wg.Go(func() { errs <- c.play(ctx, trunk) })
	}
	wg.Wait()
	close(errs)
	var all error
	for err := range errs {
		all = errors.Join(all, err)
	}
	return all
}

func (c personsCall) play(ctx context.Context, trunk *phones.Trunk) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	call, err := trunk.Call(ctx, phones.Outgoing{From: fmt.Sprint(c.Number), To: fmt.Sprint(didOfKind, int(c.Kind))})
	if err != nil {
		return err
	}
	switch c.Kind {
	case queueCall, groupCall, transferCall:
		if err := call.WaitAnswered(ctx); err != nil {
			return fmt.Errorf("call of kind %d: %w", c.Kind, err)
		}
		talk := talkFor
		if c.Kind == transferCall {
			talk = 4 * talkFor // until the second has taken it
		}
		if err := hangupAfter(ctx, call, talk); err != nil {
			return err
		}
	case givenUpCall:
		if err := call.WaitRinging(ctx); err != nil {
			return fmt.Errorf("call of kind %d: %w", c.Kind, err)
		}
		if err := hangupAfter(ctx, call, ringFor); err != nil {
			return err
		}
	}
	_, err = call.WaitEnded(ctx)
	return err
}

func hangupAfter(ctx context.Context, call *phones.Call, d time.Duration) error {
	select {
	case <-time.After(d):
		return call.Hangup(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// playAt tells the child to play and waits for the end.
func playAt(ctx context.Context, c *child, calls []personsCall, rate int) error {
	body, err := json.Marshal(map[string]any{"rate": rate, "calls": calls})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Close = true
	res, err := (&http.Client{Timeout: maxLoad}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<12)) // it only explains
		return fmt.Errorf("people: %s", text)
	}
	return nil
}
