package app

import (
	linked "container/list"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/cti"
)

const (
	// cachedNumbers bounds the cache; a card is about a kilobyte.
	cachedNumbers = 10_000
	// renewAtMost is how many changed answers one round asks for again; the
	// rest of them are forgotten.
	renewAtMost  = 200
	renewTimeout = time.Second
)

// cachedDirectory keeps what the directory said of the numbers that called
// last, and gives that while the base is away or late (OP-03): a known caller
// pops up with his card, marked with the time of the answer. As long as the
// base answers, nothing comes from here.
type cachedDirectory struct {
	cti.Directory
	now   func() time.Time
	limit int

	mu      sync.Mutex
	answers map[string]*linked.Element // of cachedAnswer, by number
	order   *linked.List               // latest use first
}

type cachedAnswer struct {
	e164  string
	found cti.Found // AsOf is the time of the answer
}

var _ cti.Directory = (*cachedDirectory)(nil)

func newCachedDirectory(d cti.Directory, limit int, now func() time.Time) *cachedDirectory {
	return &cachedDirectory{Directory: d, now: now, limit: limit, answers: make(map[string]*linked.Element), order: linked.New()}
}

// Lookup implements cti.Directory.
func (d *cachedDirectory) Lookup(ctx context.Context, e164 string) (cti.Found, error) {
	found, err := d.Directory.Lookup(ctx, e164)
	switch {
	case err == nil && len(found.Matches) > 0:
		d.keep(e164, found)
	case err == nil, crm.CodeOf(err) == crm.CodeNotFound:
		d.forget(e164) // nobody has it any more
	default:
		if old, ok := d.kept(e164); ok {
			return old, nil
		}
	}
	return found, err
}

func (d *cachedDirectory) keep(e164 string, found cti.Found) {
	found.AsOf = d.now().UTC()
	d.mu.Lock()
	defer d.mu.Unlock()
	if at, ok := d.answers[e164]; ok {
		at.Value = cachedAnswer{e164, found}
		d.order.MoveToFront(at)
		return
	}
	d.answers[e164] = d.order.PushFront(cachedAnswer{e164, found})
	if d.order.Len() > d.limit {
		delete(d.answers, d.order.Remove(d.order.Back()).(cachedAnswer).e164)
	}
}

func (d *cachedDirectory) kept(e164 string) (cti.Found, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, ok := d.answers[e164]
	if !ok {
		return cti.Found{}, false
	}
	d.order.MoveToFront(at)
	return at.Value.(cachedAnswer).found, true
}

func (d *cachedDirectory) forget(e164 string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at, ok := d.answers[e164]; ok {
		d.order.Remove(at)
		delete(d.answers, e164)
	}
}

// touched are the kept numbers that a change concerns.
func (d *cachedDirectory) touched(c client.Changes) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for e164, at := range d.answers {
		n, err := strconv.ParseInt(e164[1:], 10, 64) // without the sign
		if err == nil && slices.Contains(c.Numbers, n) ||
			slices.ContainsFunc(at.Value.(cachedAnswer).found.Matches, func(m cti.Match) bool {
				return m.ClientID != 0 && slices.Contains(c.Clients, m.ClientID) || m.PersonID != 0 && slices.Contains(c.Persons, m.PersonID)
			}) {
			out = append(out, e164)
		}
	}
	return out
}

// renew asks anew for what a change concerns. What gets no answer now is
// forgotten: better a number alone than a card that is known to be wrong.
func (d *cachedDirectory) renew(ctx context.Context, c client.Changes) {
	for i, e164 := range d.touched(c) {
		if i >= renewAtMost {
			d.forget(e164)
			continue
		}
		ask, cancel := context.WithTimeout(ctx, renewTimeout)
		if found, err := d.Lookup(ask, e164); err != nil || !found.AsOf.IsZero() {
			d.forget(e164)
		}
		cancel()
	}
}

// directoryChanges is the part of the client store that tells what changed.
type directoryChanges interface {
	LastChange(context.Context) (int64, error)
	Changes(ctx context.Context, after int64) (client.Changes, error)
}

// cacheKeeper keeps a cache in step with the base, whichever node changed it.
type cacheKeeper struct {
	cache   *cachedDirectory
	changes directoryChanges
	log     *slog.Logger
	after   int64
	known   bool // where to ask from
	failing bool // and said so
}

// follow takes up the changes since the last time. While the base is away
// there are none to miss: they are read when it is back.
func (k *cacheKeeper) follow(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	if !k.known {
		last, err := k.changes.LastChange(ctx)
		k.after, k.known = last, err == nil
		return
	}
	changed, err := k.changes.Changes(ctx, k.after)
	if err != nil {
		if !k.failing && !errors.Is(err, context.Canceled) {
			k.log.Warn("changes of clients are not read; calls show stored cards until the base is back", "error", err)
		}
		k.failing = true
		return
	}
	k.after, k.failing = changed.Next, false
	if !changed.Empty() {
		k.cache.renew(ctx, changed)
	}
}
