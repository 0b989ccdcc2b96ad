package cti_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"ringcard/cti"
	"ringcard/cti/ctitest"
)

// rowsOf is a CDRSource in memory; a position is the number of rows before it.
type rowsOf struct {
	mu   sync.Mutex
	rows []cti.CDR
	err  error
}

func (s *rowsOf) Name() string { return "cdr_csv" }

func (s *rowsOf) add(rows ...cti.CDR) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, rows...)
}

func (s *rowsOf) Read(_ context.Context, position string) ([]cti.CDRRow, string, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, position, false, s.err
	}
	if position == "" {
		return nil, strconv.Itoa(len(s.rows)), false, nil
	}
	from, err := strconv.Atoi(position)
	if err != nil {
		return nil, position, false, err
	}
	var out []cti.CDRRow
	for i, r := range s.rows[from:] {
		out = append(out, cti.CDRRow{CDR: r, At: strconv.Itoa(from + i)})
	}
	return out, strconv.Itoa(len(s.rows)), false, nil
}

// pastOf answers from a journal in memory.
type pastOf struct {
	journal *ctitest.Journal
	mu      sync.Mutex
	at      string
	err     error
	failed  int // questions that err answered
}

func (p *pastOf) fails() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		p.failed++
	}
	return p.err
}

func (p *pastOf) Position(context.Context, string, string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at, nil
}

func (p *pastOf) SetPosition(_ context.Context, _, _, at string) error {
	if err := p.fails(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = at
	return nil
}

func (p *pastOf) Known(_ context.Context, _ string, ids, channels []string) ([]cti.KnownCall, error) {
	if err := p.fails(); err != nil {
		return nil, err
	}
	var out []cti.KnownCall
	for _, c := range p.journal.Records() {
		k := cti.KnownCall{ID: c.ID, Open: c.State != cti.Ended}
		for _, l := range c.Legs {
			if slices.Contains(channels, l.ID) {
				k.Channels = append(k.Channels, l.ID)
			}
		}
		if len(c.Estimated) > 0 && !k.Open {
			k.Call = &c
		}
		if slices.Contains(ids, c.ID) || len(k.Channels) > 0 {
			out = append(out, k)
		}
	}
	return out, nil
}

// recovering adds a recovery to a desk, and returns what stops it.
func recovering(t *testing.T, d *desk, src *rowsOf, past *pastOf) func() {
	t.Helper()
	r := cti.NewRecovery(cti.RecoveryOptions{Engine: d.engine, Source: src, Records: past, Journal: d.journal,
		Every: 5 * time.Millisecond, Settle: 20 * time.Millisecond})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop := func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func withCDR(o *cti.EngineOptions) { o.CDR = true }

// dialRow is a row of an inbound call to 102 that was answered after 3 s.
func dialRow(id string, start time.Time, talk time.Duration) cti.CDR {
	start = start.UTC().Truncate(time.Second)
	answer := start.Add(3 * time.Second)
	return cti.CDR{UniqueID: id, LinkedID: id, Src: "79161234567", Dst: "4951000102", Channel: "PJSIP/trunk-" + id,
		DstChannel: "PJSIP/102-" + id, LastApp: "Dial", LastData: "PJSIP/102", Start: start, Answer: answer,
		End: answer.Add(talk), Disposition: "ANSWERED"}
}

// at waits until the reader's place is kept.
func (p *pastOf) await(t *testing.T, d *desk, at string) {
	t.Helper()
	for ctx := d.ctx(); ; {
		if got, _ := p.Position(ctx, "", ""); got == at {
			return
		}
		select {
		case <-time.After(time.Millisecond): // a poll: the place is kept by another goroutine
		case <-ctx.Done():
			t.Fatalf("the place is not kept as %s", at)
		}
	}
}

// Calls of which nothing was seen become records, each once, however often
// the rows are read and whatever process reads them.
func TestCallsOfAnOutageAreRecovered_PB_04(t *testing.T) {
	src, past := &rowsOf{}, &pastOf{journal: ctitest.NewJournal(), at: "0"}
	hour := time.Now().Add(-time.Hour)
	for i := range 50 {
		src.add(dialRow(fmt.Sprintf("7.%d", i), hour.Add(time.Duration(i)*time.Second), time.Minute))
	}
	d := newDeskOn(t, past.journal, t.TempDir(), withCDR)
	stop := recovering(t, d, src, past)
	for _, c := range d.ended(50) {
		if c.Disposition != cti.Answered || !c.Recovered || c.CDR != cti.CDRApplied || c.TalkMS != 60_000 || c.WaitMS != 3000 ||
			c.AnsweredBy == nil || c.AnsweredBy.UserID != 102 {
			t.Errorf("%+v", c)
		}
	}
	past.await(t, d, "50")
	why, ok := d.service.Why(d.journal.Records()[0].ID)
	if !ok || len(why.Steps) != 1 || why.Steps[0].Code != "cdr_recovered" {
		t.Errorf("why: %+v", why)
	}
	stop()
	_ = past.SetPosition(t.Context(), "", "", "0") // as after a crash before the place was kept
	src.add(src.rows[:10]...)
	again := newDeskOn(t, past.journal, t.TempDir(), withCDR)
	recovering(t, again, src, past)
	past.await(t, again, "60")
	if n := len(past.journal.Records()); n != 50 {
		t.Errorf("%d records of 50 calls", n)
	}
}

// A call whose end was not seen is marked, then corrected, and says so.
func TestUnseenEndIsCorrected_PB_04(t *testing.T) {
	src, past := &rowsOf{}, &pastOf{journal: ctitest.NewJournal(), at: "0"}
	d := newDeskOn(t, past.journal, t.TempDir(), withCDR)
	d.ring("102")
	d.shown(102, "the ring", isState(cti.Ringing))
	d.post(cti.Event{Kind: cti.Disconnected})
	d.post(cti.Event{Kind: cti.Resync, Snapshot: &cti.Snapshot{}})
	c := d.ended(1)[0]
	if !c.Recovered || c.CDR != cti.CDRAwaited || !slices.Contains(c.Estimated, cti.FieldDisposition) || c.Disposition != cti.Missed {
		t.Fatalf("not marked: %+v", c)
	}
	recovering(t, d, src, past)
	row := dialRow("1.1", c.StartedAt, 65*time.Second)
	src.add(row)
	got, ok := d.journal.Await(d.ctx(), func(cs []cti.Call) bool { return cs[0].CDR == cti.CDRApplied })
	if !ok {
		t.Fatalf("not corrected: %+v", got)
	}
	c = got[0]
	if c.Disposition != cti.Answered || c.TalkMS < 63_000 || c.TalkMS > 67_000 || c.Cause != 16 || c.AnsweredBy == nil || c.AnsweredBy.UserID != 102 {
		t.Errorf("corrected to %s, talk %d, cause %d, by %+v", c.Disposition, c.TalkMS, c.Cause, c.AnsweredBy)
	}
	fields := make(map[string]cti.Correction)
	for _, k := range c.Corrections {
		fields[k.Field] = k
	}
	if k := fields[cti.FieldDisposition]; k.Old != "missed" || k.New != "answered" || k.Source != "cdr_csv" || k.At.IsZero() {
		t.Errorf("corrections %+v", c.Corrections)
	}
	if slices.Contains(c.Estimated, cti.FieldEnded) || !slices.Contains(c.Estimated, cti.FieldEndedBy) {
		t.Errorf("still estimated: %v", c.Estimated)
	}
	version := c.Version
	src.add(row) // once more changes nothing
	past.await(t, d, "2")
	if c := past.journal.Records()[0]; c.Version != version || len(past.journal.Records()) != 1 {
		t.Errorf("a repeated row made version %d of %d", c.Version, version)
	}
	why, _ := d.service.Why(c.ID)
	for _, code := range []string{"gap_begins", "ended_unseen", "cdr_corrected"} {
		if !slices.ContainsFunc(why.Steps, func(s cti.Step) bool { return s.Code == code }) {
			t.Errorf("why does not say %s: %+v", code, why.Steps)
		}
	}
}

// The end was seen, but not whether somebody had answered before it: the PBX's
// own record decides.
func TestUnseenAnswerIsCorrected_PB_04(t *testing.T) {
	noAnswer := dialRow("1.1", time.Now(), 5*time.Second)
	noAnswer.Answer, noAnswer.Disposition = time.Time{}, "NO ANSWER"
	for want, row := range map[cti.Disposition]cti.CDR{cti.Answered: dialRow("1.1", time.Now(), 5*time.Second), cti.Abandoned: noAnswer} {
		t.Run(string(want), func(t *testing.T) {
			src, past := &rowsOf{}, &pastOf{journal: ctitest.NewJournal(), at: "0"}
			d := newDeskOn(t, past.journal, t.TempDir(), withCDR)
			d.ring("102")
			d.shown(102, "the ring", isState(cti.Ringing))
			d.post(cti.Event{Kind: cti.Disconnected})
			d.post(cti.Event{Kind: cti.Resync, Snapshot: &cti.Snapshot{Ending: []string{"1.1", "1.102"}}})
			d.post(cti.Event{Kind: cti.ChannelHangup, Channel: trunkChannel(), Cause: 16})
			d.gone("1.1", 16)
			d.gone("1.102", 16)
			if c := d.ended(1)[0]; c.Disposition != cti.Abandoned || c.CDR != cti.CDRAwaited {
				t.Fatalf("not marked: %+v", c)
			}
			recovering(t, d, src, past)
			src.add(row)
			got, ok := d.journal.Await(d.ctx(), func(cs []cti.Call) bool { return cs[0].CDR != cti.CDRAwaited })
			if !ok {
				t.Fatalf("not settled: %+v", got)
			}
			if c := got[0]; c.Disposition != want || slices.Contains(c.Estimated, cti.FieldDisposition) || (c.AnsweredBy != nil) != (want == cti.Answered) {
				t.Errorf("%s, estimated %v, answered by %+v", c.Disposition, c.Estimated, c.AnsweredBy)
			}
		})
	}
}

// What was seen stays as it was seen; what is still up is left alone, and its
// rows are not passed over.
func TestSeenCallsAreLeftAlone_PB_04(t *testing.T) {
	src, past := &rowsOf{}, &pastOf{journal: ctitest.NewJournal(), at: "0"}
	d := newDeskOn(t, past.journal, t.TempDir(), withCDR)
	recovering(t, d, src, past)
	d.ring("102")
	d.answer("102")
	d.shown(102, "the talk", isState(cti.Talking))
	src.add(dialRow("1.1", time.Now(), time.Second)) // of a part of the call: it goes on
	src.add(dialRow("9.9", time.Now(), time.Second))
	if _, ok := d.journal.Await(d.ctx(), func(cs []cti.Call) bool { return len(cs) == 2 }); !ok {
		t.Fatal("the other call is not recovered")
	}
	if at, _ := past.Position(t.Context(), "", ""); at != "0" {
		t.Errorf("the place is %s while a call is up", at)
	}
	d.gone("1.102", 16)
	d.gone("1.1", 16)
	past.await(t, d, "2")
	for _, c := range d.ended(2) {
		if c.Recovered != (c.Legs[0].ID == "9.9") || len(c.Corrections) > 0 {
			t.Errorf("%s: recovered %v, %+v", c.Legs[0].ID, c.Recovered, c.Corrections)
		}
	}
}

// Clocks that differ are no corrections.
func TestClockOfThePBX_PB_04(t *testing.T) {
	start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	end, answered := start.Add(30*time.Second), start.Add(3*time.Second)
	c := cti.Call{State: cti.Ended, StartedAt: start, AnsweredAt: &answered, EndedAt: &end, Disposition: cti.Answered,
		Estimated: []string{cti.FieldEnded}, CDR: cti.CDRAwaited}
	pastEnd := start.Add(-time.Hour + 90*time.Second)
	past := cti.Call{StartedAt: start.Add(-time.Hour), EndedAt: &pastEnd, Disposition: cti.Answered}
	got, changed := cti.Correct(c, past, "cdr_csv", start)
	if !changed || !got.EndedAt.Equal(start.Add(90*time.Second)) || got.TalkMS != 87_000 {
		t.Errorf("ended %v, talk %d", got.EndedAt, got.TalkMS)
	}
	if again, changed := cti.Correct(got, past, "cdr_csv", start); changed {
		t.Errorf("corrected twice: %+v", again)
	}
}

// A database that is away while calls are recovered loses none: the place stays
// before them until each is a record.
func TestDatabaseFailsDuringRecovery_PB_04_AF_01_OP_03(t *testing.T) {
	src := &rowsOf{}
	past := &pastOf{journal: ctitest.NewJournal(), at: "0", err: errors.New("the database is away")}
	d := newDeskOn(t, past.journal, t.TempDir(), withCDR)
	hour := time.Now().Add(-time.Hour)
	for i := range 5 {
		src.add(dialRow(fmt.Sprintf("8.%d", i), hour.Add(time.Duration(i)*time.Minute), time.Second))
	}
	recovering(t, d, src, past)
	for failed := 0; failed < 3; {
		select {
		case <-time.After(time.Millisecond): // a poll: the reader tries again by itself
		case <-d.ctx().Done():
			t.Fatal("the reader does not try again")
		}
		past.mu.Lock()
		failed = past.failed
		past.mu.Unlock()
	}
	if at, _ := past.Position(t.Context(), "", ""); at != "0" || len(past.journal.Records()) > 0 {
		t.Errorf("the place is %s, %d records, while the database is away", at, len(past.journal.Records()))
	}
	src.add(dialRow("8.5", hour, time.Second)) // the PBX goes on
	past.mu.Lock()
	past.err = nil
	past.mu.Unlock()
	past.await(t, d, "6")
	if n := len(d.ended(6)); n != 6 {
		t.Errorf("%d records of 6 calls", n)
	}
}

// A source that fails is tried again.
func TestSourceFails_PB_04(t *testing.T) {
	src, past := &rowsOf{err: errors.New("no such file")}, &pastOf{journal: ctitest.NewJournal(), at: "0"}
	failed := make(chan struct{}, 100)
	d := newDeskOn(t, past.journal, t.TempDir())
	r := cti.NewRecovery(cti.RecoveryOptions{Engine: d.engine, Source: src, Records: past, Journal: d.journal,
		Every: time.Millisecond, Settle: time.Millisecond, Metrics: &cti.Metrics{CDRRead: func(_ string, err error) {
			if err != nil {
				select {
				case failed <- struct{}{}:
				default:
				}
			}
		}}})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	<-failed
	src.mu.Lock()
	src.err = nil
	src.rows = []cti.CDR{dialRow("5.1", time.Now(), time.Second)}
	src.mu.Unlock()
	d.ended(1)
}
