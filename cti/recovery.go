package cti

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CDRRow is a row of a CDRSource.
type CDRRow struct {
	CDR
	At string // position of this row: a Read from there returns it first
}

// CDRSource reads what the PBX itself keeps of its calls. It is used by one
// goroutine.
type CDRSource interface {
	// Name is what records call it, as cdr_csv.
	Name() string
	// Read returns the rows from a position on, in the order of writing, and
	// the position after them; an empty position is the end of what there is
	// now, and returns no rows. Rows may be returned again, and late. more
	// tells that there are more at once.
	Read(ctx context.Context, position string) (rows []CDRRow, next string, more bool, err error)
}

// KnownCall is a record that has one of the ids or channels asked for. Call is
// set when something of it is estimated.
type KnownCall struct {
	ID       string
	Open     bool     // it has no end yet
	Channels []string // those of the channels asked for that are in it
	Call     *Call
}

// PastCalls is what a Recovery needs of the kept records.
type PastCalls interface {
	// Position is where the reader of a source was at last, empty at first.
	Position(ctx context.Context, pbx, source string) (string, error)
	SetPosition(ctx context.Context, pbx, source, position string) error
	// Known finds records of a PBX by their ids and by PBX unique ids of
	// their channels.
	Known(ctx context.Context, pbx string, ids, channels []string) ([]KnownCall, error)
}

// RecoveryOptions are what a Recovery needs. Log and Metrics may be nil.
type RecoveryOptions struct {
	Engine  *Engine
	Source  CDRSource
	Records PastCalls
	Journal Journal
	Log     *slog.Logger
	Metrics *Metrics
	Every   time.Duration // between reads; default 2 s
	Settle  time.Duration // without a new row of a call before it is judged; default 3 s
}

const (
	readCDREvery = 2 * time.Second
	settleCDR    = 3 * time.Second
	keepSettled  = 2000 // settled conversations whose rows are kept for late ones
	callsAtOnce  = 500  // conversations judged with one question to the records
)

// Recovery reads the PBX's own records beside the engine (PB-04): it writes
// the calls that have none, each once, and corrects those that were not seen
// whole. What it did is durable before its position moves, and doing it again
// changes nothing, so neither a crash nor a repeated row doubles a call.
type Recovery struct {
	opt    RecoveryOptions
	log    *slog.Logger
	cancel context.CancelFunc
	done   chan struct{}

	loaded  bool
	next    string // where to read on
	durable string // the position as it is kept
	counter int
	open    map[string]*conversation
	settled map[string][]CDR
	oldest  []string // settled, oldest first
	failing bool     // logged already
}

// conversation is the rows of one call that is not judged yet.
type conversation struct {
	key   string
	rows  []CDR
	at    string // position of its first row
	order int    // of its first row
	seen  time.Time
}

// NewRecovery makes a Recovery that does nothing before Start.
func NewRecovery(opt RecoveryOptions) *Recovery {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Metrics == nil {
		opt.Metrics = &Metrics{}
	}
	if opt.Every == 0 {
		opt.Every = readCDREvery
	}
	if opt.Settle == 0 {
		opt.Settle = settleCDR
	}
	return &Recovery{opt: opt, log: opt.Log.With("pbx", opt.Engine.office.cfg.PBX, "source", opt.Source.Name()),
		open: make(map[string]*conversation), settled: make(map[string][]CDR)}
}

// Start begins to read. The first start of all begins at the end of what the
// source has: earlier calls are no affair of ours.
func (r *Recovery) Start(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan struct{})
	go r.run(ctx)
	return nil
}

// Stop ends it. Idempotent.
func (r *Recovery) Stop(ctx context.Context) error {
	if r.cancel == nil {
		return nil
	}
	r.cancel()
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Recovery) run(ctx context.Context) {
	defer close(r.done)
	tick := time.NewTicker(r.opt.Every)
	defer tick.Stop()
	for {
		err := r.pass(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !r.failing:
			r.log.Warn("the PBX's call records cannot be used now", "err", err)
		case err == nil && r.failing:
			r.log.Info("the PBX's call records can be used again")
		}
		r.failing = err != nil
		if f := r.opt.Metrics.CDRRead; f != nil {
			f(r.opt.Engine.office.cfg.PBX, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// pass reads what is new and judges what is complete.
func (r *Recovery) pass(ctx context.Context) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	for {
		rows, next, more, err := r.opt.Source.Read(ctx, r.next)
		if err != nil {
			return err
		}
		r.take(rows)
		r.next = next
		if !more {
			break
		}
	}
	ready := r.ready()
	for len(ready) > 0 {
		n := min(len(ready), callsAtOnce)
		if err := r.judge(ctx, ready[:n]); err != nil {
			return err
		}
		ready = ready[n:]
	}
	return r.keepPosition(ctx)
}

func (r *Recovery) load(ctx context.Context) error {
	if r.loaded {
		return nil
	}
	position, err := r.opt.Records.Position(ctx, r.opt.Engine.office.cfg.PBX, r.opt.Source.Name())
	if err != nil {
		return fmt.Errorf("position of the reader: %w", err)
	}
	r.next, r.durable, r.loaded = position, position, true
	return nil
}

// take sorts new rows into conversations. A late row brings its settled
// conversation back, with all its rows.
func (r *Recovery) take(rows []CDRRow) {
	now := time.Now()
	for _, row := range rows {
		key := row.conversation()
		if key == "" || row.Start.IsZero() || row.End.IsZero() || strings.HasPrefix(key, ServicePrefix) {
			continue
		}
		c := r.open[key]
		if c == nil {
			r.counter++
			c = &conversation{key: key, at: row.At, order: r.counter, rows: slices.Clone(r.settled[key])}
			r.open[key] = c
		}
		if !slices.Contains(c.rows, row.CDR) {
			c.rows = append(c.rows, row.CDR)
		}
		c.seen = now
	}
}

// ready are the conversations without a new row for a while, oldest first.
// While the engine does not know what is up at the PBX there are none.
func (r *Recovery) ready() []*conversation {
	if len(r.open) == 0 || !r.opt.Engine.synced.Load() {
		return nil
	}
	var out []*conversation
	for _, c := range r.open {
		if time.Since(c.seen) >= r.opt.Settle {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *conversation) int { return a.order - b.order })
	return out
}

// judge compares conversations with the records. Those still up, or not
// written yet, wait for the next pass.
func (r *Recovery) judge(ctx context.Context, list []*conversation) error {
	pbx := r.opt.Engine.office.cfg.PBX
	held, err := r.opt.Engine.holds(list)
	if err != nil {
		return err
	}
	var ids, channels []string
	for _, c := range list {
		if held[c.key] {
			continue
		}
		ids = append(ids, callIDOf(pbx, c.key))
		channels = append(channels, c.channels()...)
	}
	if len(ids) == 0 {
		return nil
	}
	known, err := r.opt.Records.Known(ctx, pbx, ids, channels)
	if err != nil {
		return fmt.Errorf("records: %w", err)
	}
	byID, byChannel := make(map[string]KnownCall), make(map[string]KnownCall)
	for _, k := range known {
		byID[k.ID] = k
		for _, ch := range k.Channels {
			byChannel[ch] = k
		}
	}
	for _, c := range list {
		if held[c.key] {
			continue
		}
		k, ok := byID[callIDOf(pbx, c.key)]
		for _, ch := range c.channels() {
			if !ok {
				k, ok = byChannel[ch]
			}
		}
		if ok && k.Open {
			continue // the next resync takes it up or closes it
		}
		if err := r.settle(ctx, c, k, ok); err != nil {
			return err
		}
	}
	return nil
}

// channels are the unique ids of all channels that the rows name.
func (c *conversation) channels() []string {
	var ids []string
	for _, row := range c.rows {
		for _, id := range []string{row.UniqueID, row.LinkedID} {
			if id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// settle writes what follows from one conversation.
func (r *Recovery) settle(ctx context.Context, c *conversation, known KnownCall, isKnown bool) error {
	past, is := r.opt.Engine.office.Past(c.rows)
	now := time.Now().UTC()
	rows, source := strconv.Itoa(len(c.rows)), r.opt.Source.Name()
	var lv live
	result, changed := "recovered", false
	switch {
	case !is:
	case !isKnown:
		past.CDR, changed = CDRApplied, true
		lv.trace.add(now, "cdr_recovered", "rows", rows, "source", source)
	case known.Call != nil:
		old, steps := r.opt.Engine.newest(*known.Call)
		past, changed = Correct(old, past, source, now)
		result, lv.trace = "corrected", trace{steps: steps.Steps, recipients: steps.Recipients}
		lv.trace.add(now, "cdr_corrected", "rows", rows, "source", source, "fields", corrected(past))
	}
	if changed {
		if len(lv.trace.steps) > 1 || result == "recovered" {
			why := lv.trace.why()
			past.Why = &why
		}
		err := r.opt.Journal.Save(ctx, past)
		switch {
		case err == nil:
			err = r.opt.Engine.amend(past, lv.trace)
		case permanent(err):
			r.log.Error("call record refused", "call", past.ID, "err", err)
			result, err = "refused", nil
		}
		if err != nil {
			return fmt.Errorf("call %s: %w", past.ID, err)
		}
		r.log.Info("call taken from the PBX's records", "call", past.ID, "result", result, "rows", len(c.rows))
		if f := r.opt.Metrics.FromCDR; f != nil {
			f(r.opt.Engine.office.cfg.PBX, result)
		}
	}
	r.close(c)
	return nil
}

// close forgets a conversation but for its rows, which a late one may need.
func (r *Recovery) close(c *conversation) {
	delete(r.open, c.key)
	if _, again := r.settled[c.key]; !again {
		r.oldest = append(r.oldest, c.key)
	}
	r.settled[c.key] = c.rows
	if len(r.oldest) > keepSettled {
		delete(r.settled, r.oldest[0])
		r.oldest = slices.Delete(r.oldest, 0, 1)
	}
}

// keepPosition makes durable how far everything is done: up to the first row
// of the oldest conversation that waits.
func (r *Recovery) keepPosition(ctx context.Context) error {
	position, order := r.next, 0
	for _, c := range r.open {
		if order == 0 || c.order < order {
			position, order = c.at, c.order
		}
	}
	if position == r.durable {
		return nil
	}
	if err := r.opt.Records.SetPosition(ctx, r.opt.Engine.office.cfg.PBX, r.opt.Source.Name(), position); err != nil {
		return fmt.Errorf("position of the reader: %w", err)
	}
	r.durable = position
	return nil
}

// holds tells which conversations are still up, or ended but not written.
func (e *Engine) holds(list []*conversation) (map[string]bool, error) {
	held := make(map[string]bool)
	up := func(lv *live) bool { return lv != nil && lv.call.State != Ended }
	err := e.do(func() {
		for _, c := range list {
			id := e.board.callID(c.key)
			_, restored := e.restored[id]
			hold := restored || up(e.board.calls[id]) || e.opt.Recorder.waiting(id)
			for _, ch := range c.channels() {
				lv, linked := e.board.byChannel[ch], e.board.byLinked[ch]
				hold = hold || up(lv) || up(linked) || lv != nil && e.opt.Recorder.waiting(lv.call.ID)
			}
			if hold {
				held[c.key] = true
			}
		}
	})
	if err != nil { // the server stops, and with it the recovery
		return nil, context.Canceled
	}
	return held, nil
}

// newest prefers the engine's copy of an ended call, which may be newer than
// the record that was read, and returns its trace where that is still here.
func (e *Engine) newest(c Call) (Call, Why) {
	p, ok := e.get(c.ID)
	if !ok || p.call.State != Ended {
		return c, Why{}
	}
	if p.call.Version > c.Version {
		c = p.call
	}
	return c, p.steps
}

// amend brings a call that the recovery has written to the copies here.
func (e *Engine) amend(c Call, t trace) error {
	c.Why = nil
	return e.do(func() {
		lv := e.board.calls[c.ID]
		if lv == nil {
			lv = &live{}
			if p, ok := e.get(c.ID); ok {
				lv.audience = p.audience
			} else {
				e.remember(c.ID)
			}
		}
		if lv.call.Version < c.Version {
			lv.call, lv.trace = c, t
			e.show(lv, e.opt.Now())
		}
	})
}

// corrected names the fields that were corrected.
func corrected(c Call) string {
	names := make([]string, len(c.Corrections))
	for i, k := range c.Corrections {
		names[i] = k.Field
	}
	return strings.Join(names, ", ")
}
