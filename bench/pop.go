package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/cti"
	"ringcard/internal/httpapi"
)

const operatorCount = 100

// popResult is one load: how long after the frame that says that the phone
// rings the operator had the call on his socket.
type popResult struct {
	load
	operators, rounds int
	planned           int // rings of telephones, if the PBX has the time for each
	wanted            int // rings that came to pass, as the relay saw them: an operator must see each
	popped, withCard  int // of those, the ones that came while it rang
	strangers         int // calls that came to somebody else: must be 0
	recorded          int // call records in the database at the end
	first, card       samples
	floor             samples // the relay's, of the same calls
	frames, presence  int     // frames that all operators got, and how many of them were presence
}

// load is what is asked of the PBX. In a mixed one, three calls of ten go to
// queues and groups, to busy or deserted telephones, are given up or transferred.
type load struct {
	rate, calls int
	mixed       bool
}

func (l load) String() string {
	if l.mixed {
		return fmt.Sprintf("%d calls/s, mixed", l.rate)
	}
	return fmt.Sprintf("%d calls/s", l.rate)
}

// benchPop runs a real Asterisk, the whole server on the database, and a bare
// relay, and calls in at each rate.
func benchPop(ctx context.Context, d *database, short bool, say func(string, ...any)) (results []popResult, resync resyncResult, err error) {
	loads, rounds := []load{{20, 600, false}, {100, 2000, false}, {100, 2000, true}}, 3
	if short {
		loads, rounds = []load{{20, 160, false}, {100, 600, false}, {100, 600, true}}, 1
	}
	b := &popBench{db: d}
	defer func() { err = errors.Join(err, b.stop()) }()
	if err := b.start(ctx); err != nil {
		return nil, resync, err
	}
	if _, err := b.run(ctx, load{rate: 20, calls: 40, mixed: true}); err != nil { // warms up
		return nil, resync, err
	}
	for _, l := range loads {
		all := make([]popResult, rounds)
		for i := range all {
			say("  %d calls at %s", l.calls, l)
			if all[i], err = b.run(ctx, l); err != nil {
				return nil, resync, err
			}
		}
		results = append(results, middle(all))
	}
	say("  resync of calls that are up")
	resync, err = b.benchResync(ctx, short)
	return results, resync, err
}

// middle is the round with the median distance to the floor, for the machine
// is never wholly ours; what must hold of every call is counted in all rounds.
func middle(rounds []popResult) popResult {
	slices.SortFunc(rounds, func(a, b popResult) int {
		return cmp.Compare(a.first.quantile(.5)-a.floor.quantile(.5), b.first.quantile(.5)-b.floor.quantile(.5))
	})
	m := rounds[len(rounds)/2]
	m.rounds = len(rounds)
	m.calls, m.planned, m.wanted, m.popped, m.withCard, m.strangers, m.recorded = 0, 0, 0, 0, 0, 0, 0
	for _, r := range rounds {
		m.calls += r.calls
		m.planned += r.planned
		m.wanted += r.wanted
		m.popped += r.popped
		m.withCard += r.withCard
		m.strangers += r.strangers
		m.recorded += r.recorded
	}
	return m
}

// popBench is all that runs during a load, in the order of its start.
type popBench struct {
	db        *database
	operators []operator
	cleanups  []func() error
	office    *office
	dir       string // of the server
	people    *child
	shown     screens // at the product
	relayed   screens // at the relay
}

// stop ends everything, last first.
func (b *popBench) stop() error {
	var errs []error
	for i := len(b.cleanups) - 1; i >= 0; i-- {
		errs = append(errs, b.cleanups[i]())
	}
	return errors.Join(errs...)
}

func (b *popBench) start(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "ringcard-bench-")
	if err != nil {
		return err
	}
	b.cleanups = append(b.cleanups, func() error { return os.RemoveAll(dir) })
	if b.office, err = openOffice(ctx, dir, operatorCount); err != nil {
		return err
	}
	b.cleanups = append(b.cleanups, b.office.close)
	if b.people, err = b.child("people", b.office.SIPAddr); err != nil {
		return err
	}
	extensions := slices.Concat(b.office.extensions, peoplesExtensions)
	if b.operators, err = makeOperators(ctx, b.db, extensions); err != nil {
		return err
	}
	b.dir = dir
	config, err := writeServerConfig(dir, b.db.server.URL(), b.office.Asterisk)
	if err != nil {
		return err
	}
	server, err := b.child("server", config)
	if err != nil {
		return err
	}
	floor, err := b.child("relay", append([]string{b.office.ARIURL, b.office.ARIUser, b.office.ARIPassword}, extensions...)...)
	if err != nil {
		return err
	}
	if err := connected(ctx, server.url); err != nil {
		return err
	}
	b.shown, err = openScreens(ctx, b.operators, func(o operator) (string, http.Header) {
		return "ws" + strings.TrimPrefix(server.url, "http") + "/api/v1/stream", http.Header{"Authorization": {"Bearer " + o.token}}
	})
	if err != nil {
		return err
	}
	b.cleanups = append(b.cleanups, func() error { b.shown.close(); return nil })
	b.relayed, err = openScreens(ctx, b.operators, func(o operator) (string, http.Header) {
		return floor.url + "?extension=" + o.extension, nil
	})
	if err != nil {
		return err
	}
	b.cleanups = append(b.cleanups, func() error { b.relayed.close(); return nil })
	return nil
}

func (b *popBench) child(role string, args ...string) (*child, error) {
	c, err := startChild(role, args...)
	if err == nil {
		b.cleanups = append(b.cleanups, c.stop)
	}
	return c, err
}

// connected waits until the server says that it hears the PBX.
func connected(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	client := &http.Client{Timeout: startTimeout}
	defer client.CloseIdleConnections()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("the server is not ready: %w", err)
		}
		var health httpapi.Readiness
		err = json.NewDecoder(res.Body).Decode(&health)
		_ = res.Body.Close()
		if err == nil && health.Checks["pbx office"].OK {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// run makes the calls of one load and reads what came of them.
func (b *popBench) run(ctx context.Context, l load) (popResult, error) {
	r := popResult{load: l, operators: len(b.operators)}
	calls, persons, expected := b.plan(l)
	for _, extensions := range expected {
		r.planned += len(extensions)
	}
	screens := slices.Concat(b.shown, b.relayed)
	for _, s := range screens { // what came before is not of this load
		if _, err := s.take(); err != nil {
			return r, err
		}
	}
	began := time.Now()
	played := make(chan error, 1)
	go func() { played <- playAt(ctx, b.people, persons, l.rate*len(persons)/l.calls) }()
	if err := errors.Join(b.office.play(ctx, calls, l.rate*len(calls)/l.calls, talkFor), <-played); err != nil {
		return r, err
	}
	var err error
	if r.recorded, err = b.records(ctx, began, l.calls); err != nil {
		return r, err
	}
	if err := screens.quiet(ctx); err != nil {
		return r, err
	}
	rang := make(map[string][]string, l.calls)
	for _, s := range b.relayed {
		if err := r.readRelayed(s, rang); err != nil {
			return r, err
		}
	}
	read, err := readRings(ctx, b.dir)
	if err != nil {
		return r, err
	}
	for _, s := range b.shown {
		if err := r.readShown(s, expected, rang, read); err != nil {
			return r, err
		}
	}
	return r, nil
}

// plan draws the calls of a load and tells which extensions each must ring.
// Callers are different people of the database, telephones ring in turn.
func (b *popBench) plan(l load) (calls []inbound, persons []personsCall, expected map[string][]string) {
	expected = make(map[string][]string, l.calls)
	for i := range l.calls {
		number := firstNumber + rand.Int64N(int64(b.db.size.phones))
		for expected[e164(number)] != nil {
			number = firstNumber + rand.Int64N(int64(b.db.size.phones))
		}
		if l.mixed && i%10 < 3 {
			k := kind(len(persons) % int(kinds))
			persons = append(persons, personsCall{number, k})
			expected[e164(number)] = append([]string{}, rings[k]...)
			continue
		}
		extension := b.office.extensions[len(calls)%len(b.office.extensions)]
		calls = append(calls, inbound{number, extension})
		expected[e164(number)] = []string{extension}
	}
	return calls, persons, expected
}

func e164(number int64) string { return "+" + strconv.FormatInt(number, 10) }

// records counts the finished call records of the load, once all are there.
func (b *popBench) records(ctx context.Context, since time.Time, want int) (int, error) {
	conn, err := pgx.Connect(ctx, b.db.server.URL())
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	late := time.After(30 * time.Second)
	for {
		var n int
		err := conn.QueryRow(ctx, `SELECT count(*) FROM crm.call WHERE state = 'ended' AND started_at >= $1`, since).Scan(&n)
		if err != nil || n >= want {
			return n, err
		}
		select {
		case <-late:
			return n, nil
		case <-ctx.Done():
			return n, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// readShown takes the frames of one operator of the product. read is when the
// product read that a channel rings.
func (r *popResult) readShown(s *screen, expected, rangAt map[string][]string, read map[string]time.Time) error {
	arrivals, err := s.take()
	if err != nil {
		return err
	}
	first, card := make(map[string]bool), make(map[string]bool) // by number: each calls once
	for _, a := range arrivals {
		var f struct {
			Type string
			Data cti.Call
		}
		r.frames++
		if err := json.Unmarshal(a.raw, &f); err != nil || f.Type != "call" {
			if f.Type == "presence" {
				r.presence++
			}
			continue
		}
		c := f.Data
		if !slices.Contains(expected[c.Number.E164], s.extension) {
			r.strangers++
			continue
		}
		rang, rings := read[ringing(c, s.extension)]
		if !rings || !slices.Contains(rangAt[c.Number.E164], s.extension) {
			continue
		}
		if number := c.Number.E164; !first[number] {
			first[number] = true
			r.popped++
			r.first = append(r.first, a.at.Sub(rang))
		}
		if number := c.Number.E164; c.Client != nil && !card[number] {
			card[number] = true
			r.withCard++
			r.card = append(r.card, a.at.Sub(rang))
		}
	}
	return nil
}

// ringing is the channel that rings at the extension's telephone.
func ringing(c cti.Call, extension string) string {
	for _, l := range c.Legs {
		if l.Endpoint == "PJSIP/"+extension && l.State == cti.LegRinging {
			return l.ID
		}
	}
	return ""
}

// readRelayed takes the frames of one operator of the relay: the first that
// says of a channel that it rings. rang collects, by the caller's number, the
// extensions that rang.
func (r *popResult) readRelayed(s *screen, rang map[string][]string) error {
	arrivals, err := s.take()
	if err != nil {
		return err
	}
	rings := make(map[string]bool)
	for _, a := range arrivals {
		if len(a.raw) < 8 {
			return errors.New("short frame of the relay")
		}
		read := time.Unix(0, int64(binary.BigEndian.Uint64(a.raw)))
		var f plainFrame
		if err := json.Unmarshal(a.raw[8:], &f); err != nil {
			return fmt.Errorf("frame of the relay: %w", err)
		}
		if ringing := f.rings(); ringing != nil && !rings[ringing.ID] {
			rings[ringing.ID] = true
			r.floor = append(r.floor, a.at.Sub(read))
			if number := "+" + ringing.Connected.Number; !slices.Contains(rang[number], s.extension) {
				rang[number] = append(rang[number], s.extension)
				r.wanted++
			}
		}
	}
	return nil
}
