package arisim

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// Person is somebody outside with a telephone.
type Person struct{ Number, Name string }

// OfficeTraffic is what happens by itself in a simulated office.
type OfficeTraffic struct {
	Clients []Person // known callers; their numbers as the provider sends them
	// Every is the mean time between calls; 0: 11 s. Single gaps are between
	// three quarters and five quarters of it.
	Every time.Duration
	// Seed fixes who calls whom and how they behave; 0: new each time. What
	// comes of a call still depends on who is busy when it comes.
	Seed uint64
}

// DemoOffice is a small Russian office with two queues and direct numbers.
func DemoOffice() Office {
	return Office{
		Trunk: "trunk",
		Extensions: []Extension{
			{"101", "Смирнова Анна"}, {"102", "Кузнецов Пётр"}, {"103", "Орлова Дарья"}, {"104", "Волков Илья"},
			{"105", "Зайцева Юлия"}, {"106", "Морозов Глеб"}, {"107", "Фомин Олег"},
		},
		Routes: map[string]Route{
			"74951000101": {Queue: "Продажи", Dial: []string{"101", "102", "103"}, Timeout: 20 * time.Second, Retry: 3 * time.Second},
			"74951000102": {Queue: "Поддержка", Strategy: "linear", Dial: []string{"104", "105", "101"}, Timeout: 10 * time.Second, Retry: 2 * time.Second},
			"74951000111": {Dial: []string{"101"}, Timeout: 25 * time.Second},
			"74951000112": {Dial: []string{"102"}, Timeout: 25 * time.Second},
			"74951000116": {Dial: []string{"106", "105"}, Timeout: 25 * time.Second},
		},
	}
}

// OutsideByDigit lets a number called from the office behave by its last
// digit, so that a demo can choose: 7 is busy, 8 never answers, 9 does not
// exist, 0 answers after sound instead of ringing, all others answer after 2
// to 5 s. Who answers talks for 15 to 45 s.
func OutsideByDigit(seed uint64) func(number string) Behaviour {
	return func(number string) Behaviour {
		h := fnv.New64a()
		_, _ = h.Write([]byte(number)) // never fails
		rng := rand.New(rand.NewPCG(seed, h.Sum64()))
		b := Behaviour{RingAfter: 400 * time.Millisecond,
			AnswerAfter: new(between(rng, 2*time.Second, 5*time.Second)), TalkFor: between(rng, 15*time.Second, 45*time.Second)}
		switch {
		case number == "":
		case number[len(number)-1] == '7':
			b.RejectCause, b.RejectAfter = 17, time.Second
		case number[len(number)-1] == '8':
			b.AnswerAfter = nil
		case number[len(number)-1] == '9':
			b.RejectCause = 1
		case number[len(number)-1] == '0':
			b.EarlyMedia = true
		}
		return b
	}
}

func between(rng *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(rng.Int64N(int64(to-from)))
}

// RunOffice lets an office live until ctx ends: clients call its numbers, its
// telephones answer, some callers give up, colleagues call one another and
// out, hold calls and transfer them. It sets the behaviour of all phones. Calls that run when ctx ends go on.
func RunOffice(ctx context.Context, s *Sim, traffic OfficeTraffic) {
	if traffic.Every <= 0 {
		traffic.Every = 11 * time.Second
	}
	if traffic.Seed == 0 {
		traffic.Seed = rand.Uint64()
	}
	o := &officeLife{sim: s, traffic: traffic, rng: rand.New(rand.NewPCG(traffic.Seed, 1)), keys: rand.New(rand.NewPCG(traffic.Seed, 2))}
	for did := range s.opt.Office.Routes {
		o.dids = append(o.dids, did)
	}
	if len(o.dids) == 0 || len(s.order) == 0 {
		<-ctx.Done() // nobody to call
		return
	}
	slices.Sort(o.dids)
	gap := traffic.Every / 8 // the first call comes soon
	for {
		wait := time.NewTimer(time.Duration(float64(gap) / s.opt.Speed))
		select {
		case <-wait.C:
			o.press()
			o.happen()
		case <-ctx.Done():
			wait.Stop()
			return
		}
		gap = between(o.rng, traffic.Every*3/4, traffic.Every*5/4)
	}
}

type officeLife struct {
	sim     *Sim
	traffic OfficeTraffic
	rng     *rand.Rand
	dids    []string

	keys *rand.Rand // of who presses what in a talk
	held *Call      // at the telephone; nil: none
}

// press lets somebody do something in his talk: put it on hold until the next
// time, or transfer it. The first phone is left to who watches the demo.
func (o *officeLife) press() {
	if o.held != nil {
		_ = o.held.Resume() // the call may be over
		o.held = nil
	}
	phones := o.sim.order
	if len(phones) < 3 {
		return
	}
	p, to, what := phones[1+o.keys.IntN(len(phones)-1)], phones[o.keys.IntN(len(phones))], o.keys.IntN(100)
	call := p.Last()
	switch {
	case call == nil || to == p:
	case what < 40:
		if call.Hold() == nil { // else he does not talk
			o.held = call
		}
	case what < 75 && !to.Busy():
		_ = call.BlindTransfer(to.Number) // he may not be talking
	}
}

func (o *officeLife) chance(percent int) bool { return o.rng.IntN(100) < percent }

// happen starts one call. All is drawn whether it is used or not, so that the
// same seed gives the same calls.
func (o *officeLife) happen() {
	o.moods()
	kind := o.rng.IntN(100)
	caller, callee := o.rng.IntN(len(o.sim.order)), o.rng.IntN(len(o.sim.order))
	client := o.client()
	in := o.inbound(client)
	switch p := o.sim.order[caller]; {
	// The first phone belongs to who watches the demo: it does not dial by itself.
	case kind < 80 || caller == 0 || p.Busy():
		o.sim.Inbound(in)
	case kind < 90:
		p.Dial(client.Number)
	case caller != callee:
		p.Dial(o.sim.order[callee].Number)
	}
}

// moods says how each phone takes its next call: most answer after 3 to 8 s,
// some do not. The first, which the watcher's page shows, lets the pop be seen.
func (o *officeLife) moods() {
	for i, p := range o.sim.order {
		b := Behaviour{RingAfter: 200 * time.Millisecond, AnswerOwn: new(1500 * time.Millisecond),
			AnswerAfter: new(between(o.rng, 3*time.Second, 8*time.Second)), TalkFor: between(o.rng, 20*time.Second, 60*time.Second)}
		away := o.chance(30)
		switch {
		case i == 0:
			b.AnswerAfter = new(between(o.rng, 5500*time.Millisecond, 6500*time.Millisecond))
		case away:
			b.AnswerAfter = nil
		}
		p.SetBehaviour(b)
	}
}

// client picks who calls: mostly somebody known, now and then a stranger.
func (o *officeLife) client() Person {
	known, stranger := o.rng.IntN(max(len(o.traffic.Clients), 1)), o.rng.IntN(10_000_000)
	if o.chance(15) || len(o.traffic.Clients) == 0 {
		return Person{Number: fmt.Sprintf("7925%07d", stranger)}
	}
	return o.traffic.Clients[known]
}

func (o *officeLife) inbound(p Person) Inbound {
	in := Inbound{From: p.Number, Name: p.Name, Anonymous: o.chance(6),
		TalkFor: between(o.rng, 20*time.Second, 60*time.Second)}
	if patience := between(o.rng, 2*time.Second, 6*time.Second); o.chance(20) {
		in.Patience = patience // too short for most phones: a lost call
	} else {
		in.Patience = 45 * time.Second
	}
	in.DID = o.dids[o.rng.IntN(len(o.dids))]
	return in
}
