package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// report is all that was measured; nil or empty is what was not asked for.
type report struct {
	machine machine
	engine  *engineResult
	live    []liveCost
	lag     *lagResult
	resync  *resyncResult
	lookup  *lookupResult
	pops    []popResult
}

func (r report) complete() bool {
	return r.engine != nil && len(r.live) > 0 && r.lag != nil && r.lookup != nil && len(r.pops) > 0 && r.resync != nil
}

// row is one figure beside its floor.
type row struct {
	what, ours, floor, against, target string
	met                                bool
}

// rows are the figures that have a target.
func (r report) rows() []row {
	var rows []row
	if e := r.engine; e != nil {
		rows = append(rows, row{"engine, events/s", fmt.Sprintf("%.0f", e.product.rate), fmt.Sprintf("%.0f", e.floor.rate),
			fmt.Sprintf("%.2f×", e.ratio), "≥ 0.50×", e.ratio >= 0.5})
	}
	rows = append(rows, liveRows(r.live)...)
	if l := r.lag; l != nil {
		ours, floor := l.product.quantile(1), l.floor.quantile(1)
		rows = append(rows, row{fmt.Sprintf("reader at %d events/s, longest lag", l.rate), milliseconds(ours), milliseconds(floor),
			plus(ours, floor), "≤ 100 ms", ours <= 100*time.Millisecond})
	}
	if l := r.lookup; l != nil {
		for _, q := range []struct {
			name string
			q    float64
		}{{"p50", .5}, {"p99", .99}} {
			ours, floor := l.product.quantile(q.q), l.floor.quantile(q.q)
			rows = append(rows, row{"lookup, " + q.name, microseconds(ours), microseconds(floor),
				times(ours, floor), "≤ 1.10×", float64(ours) <= 1.1*float64(floor)})
		}
	}
	for _, p := range r.pops {
		rows = append(rows, p.rows()...)
	}
	if s := r.resync; s != nil {
		ours, floor := s.product.quantile(.5), s.floor.quantile(.5)
		rows = append(rows, row{fmt.Sprintf("resync of %d live calls, p50", s.calls), milliseconds(ours), milliseconds(floor), times(ours, floor), "", true})
	}
	return rows
}

// liveRows compare the engine with many live calls to the one with few: what
// a call costs must not grow with the others.
func liveRows(live []liveCost) []row {
	if len(live) < 2 {
		return nil
	}
	one, most := live[0], live[len(live)-1]
	few := live[len(live)-2]
	return []row{
		{fmt.Sprintf("engine with %d live calls, events/s", most.calls), fmt.Sprintf("%.0f", most.rate), fmt.Sprintf("%.0f", one.rate),
			fmt.Sprintf("%.2f×", most.rate/one.rate), "≥ 0.80×", most.rate >= 0.8*one.rate},
		{fmt.Sprintf("memory a live call, %d beside %d", most.calls, few.calls), kib(most.memory), kib(few.memory),
			fmt.Sprintf("%.2f×", most.memory/few.memory), "≤ 1.25×", most.memory <= 1.25*few.memory},
	}
}

func kib(bytes float64) string { return fmt.Sprintf("%.1f KiB", bytes/1024) }

func (r *popResult) rows() []row {
	at := fmt.Sprintf("pop at %s, ", r.load)
	first50, floor50 := r.first.quantile(.5), r.floor.quantile(.5)
	first99, floor99 := r.first.quantile(.99), r.floor.quantile(.99)
	card99 := r.card.quantile(.99)
	counts := []row{
		{at + "rings that popped", fmt.Sprint(r.popped), fmt.Sprint(r.wanted), percent(r.popped, r.wanted), "100 %", r.popped == r.wanted && r.strangers == 0},
		{at + "with the card", fmt.Sprint(r.withCard), fmt.Sprint(r.wanted), percent(r.withCard, r.wanted), "", true},
		{at + "call records", fmt.Sprint(r.recorded), fmt.Sprint(r.calls), percent(r.recorded, r.calls), "100 %", r.recorded == r.calls},
	}
	p99 := row{at + "first frame p99", milliseconds(first99), milliseconds(floor99), times(first99, floor99), "≤ 2.00×", first99 <= 2*floor99}
	if r.mixed {
		return append([]row{p99}, counts...)
	}
	return append([]row{
		{at + "first frame p50", milliseconds(first50), milliseconds(floor50), plus(first50, floor50), "≤ +0.30 ms", first50-floor50 <= 300*time.Microsecond},
		p99,
		{at + "card p99", milliseconds(card99), milliseconds(floor99), plus(card99, floor99), "≤ +5.00 ms", card99-floor99 <= 5*time.Millisecond},
	}, counts...)
}

func times(a, b time.Duration) string { return fmt.Sprintf("%.2f×", float64(a)/float64(b)) }

func plus(a, b time.Duration) string { return fmt.Sprintf("%+.2f ms", (a-b).Seconds()*1e3) }

func percent(n, of int) string { return fmt.Sprintf("%.4g %%", 100*float64(n)/float64(of)) }

// notes are what the figures were taken from, and figures without a target.
func (r report) notes() []string {
	notes := []string{r.machine.note()}
	if e := r.engine; e != nil {
		notes = append(notes, fmt.Sprintf("engine: %d frames of %d recorded calls a round; processor time %.1f µs an event beside %.1f µs; "+
			"%.0f allocations (%.1f KiB) an event beside %.0f (%.1f KiB).", e.frames, e.calls, e.product.cpu/1e3, e.floor.cpu/1e3,
			e.product.allocs, e.product.bytes/1024, e.floor.allocs, e.floor.bytes/1024))
	}
	for _, l := range r.live {
		notes = append(notes, fmt.Sprintf("engine with %d live calls: %s a call, %.0f events/s of others.", l.calls, kib(l.memory), l.rate))
	}
	if l := r.lag; l != nil {
		notes = append(notes, fmt.Sprintf("reader: %d frames; p50 %s beside %s, p99 %s beside %s.", l.frames, milliseconds(l.product.quantile(.5)),
			milliseconds(l.floor.quantile(.5)), milliseconds(l.product.quantile(.99)), milliseconds(l.floor.quantile(.99))))
	}
	if l := r.lookup; l != nil {
		notes = append(notes, fmt.Sprintf("lookup: %d phones, %d questions on each side.", l.phones, len(l.product)))
	}
	for _, p := range r.pops {
		notes = append(notes, fmt.Sprintf("pop at %s: %d calls in %d rounds, of which the one with the median distance is shown, %d operators; "+
			"%d of %d planned rings came to pass; %d frames to the operators in a round, %d of them presence; %d calls shown to somebody else; card p50 %s.",
			p.load, p.calls, p.rounds, p.operators, p.wanted, p.planned, p.frames, p.presence, p.strangers, milliseconds(p.card.quantile(.5))))
	}
	return notes
}

var header = row{what: "figure", ours: "Ringcard", floor: "floor", against: "against it", target: "target"}

func (r row) cells() []string {
	verdict := "missed"
	switch {
	case r == header:
		verdict = ""
	case r.target == "":
		verdict = ""
	case r.met:
		verdict = "met"
	}
	return []string{r.what, r.ours, r.floor, r.against, r.target, verdict}
}

// table is for the terminal.
func (r report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.machine)
	for _, row := range append([]row{header}, r.rows()...) {
		for i, cell := range row.cells() {
			width := []int{46, 10, 10, 11, 10, 7}[i]
			fmt.Fprint(&b, cell, strings.Repeat(" ", max(1, width-utf8.RuneCountInString(cell))))
		}
		fmt.Fprintln(&b)
	}
	for _, note := range r.notes() {
		fmt.Fprintln(&b, note)
	}
	return b.String()
}

// document is docs/benchmarks.md.
func (r report) document() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmarks\n\nWritten by `make bench` on %s; %s. Every figure stands beside its floor, measured in the same run: "+
		"compare the two and not one machine with another.\n\n", r.machine.date.Format("2006-01-02"), r.machine)
	for i, row := range append([]row{header}, r.rows()...) {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row.cells(), " | "))
		if i == 0 {
			b.WriteString("|---|--:|--:|--:|--:|---|\n")
		}
	}
	b.WriteString("\n")
	for _, note := range r.notes() {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	b.WriteString(method)
	return b.String()
}

const method = `
## What is measured

**Engine.** The streams of ari/testdata/22, recorded from a real Asterisk 22, are replayed with new channel ids for each call, so
that each replay is a new call. Ours: every frame through ari.Translate and cti.Engine, with directory, journal and screens that
do nothing; the clock stops when the engine has applied the last event. Floor: encoding/json into a plain struct of the same
fields, on one goroutine. Rounds alternate; the medians are shown.

**Live calls.** As many copies of a recorded call as said are left up in an engine; the heap after a collection is divided by
their number. Then the recorded streams of other calls come and go as above. The floor is the same engine with fewer calls up.
Each is played five times in turn; the round with the median rate is shown.

**Reader.** A simulated Asterisk, which can keep a pace, sends the recorded frames at a steady rate to the product's connection
(ari.Client with an engine behind it) and to a bare socket that reads and throws away. Lag: from the sending of a frame to its
arrival at the reader, before anything is done with it; all three share the machine.

**Resync.** A real Asterisk 22 with so many answered calls up. Ours: from the start of the connection of an engine that knows
nothing to the moment when it has taken up every call. Floor: downloading and decoding the same lists of channels, bridges and
endpoints, and nothing else.

**Lookup.** Numbers drawn at random, asked one at a time in turn of the client store and of the bare prepared SELECT on the same
pool of the same PostgreSQL (as the product starts its private one, unix socket, warm).

**Pop.** A real Asterisk 22 with an ordinary dialplan; sipp calls in through the trunk and plays the telephones: each
call rings one telephone for 0.4 s, is answered and lasts 0.4 s. The whole server runs as a process of its own on the
database above, whose journal has 100,000 past calls; every operator has a WebSocket with a Bearer token. The latency
runs from the arrival of the ARI frame that says that the telephone rings (taken by the reader before anything else) to
the arrival of the frame at the operator's socket, when his process reads it: Asterisk, sipp, PostgreSQL, relay, server
and operators share the cores, and waiting for one counts. First frame: the first that shows the call ringing at his
telephone. Card: the first that has the client's card as well. The callers are all different people of the database.
Floor: a bare relay, also a process of its own, which gets the events of the telephones from the same Asterisk at the
same time and writes each frame unread to the socket of the one telephone that it names. It has no others, because
Asterisk makes all events anew for each application that has them: in full, the floor took a fifth of a core. AMI is off
in that Asterisk, for nobody here uses it, and it costs a seventh of its processor time. A ring counts as popped only if
its operator got the call while his telephone rang, and nobody else did. In the mixed load three calls of ten are played
by telephones in Go: a ring-all queue, a ring group, a busy telephone, nobody answers, the caller gives up, a blind
transfer by telephone. Each load is played three times, because the machine is never wholly ours: the times are those of
the round with the median distance to the floor, the counts are of all rounds.
`
