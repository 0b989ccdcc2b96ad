package app

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/cti"
)

// phoneBook is a directory that can go away; asked counts.
type phoneBook struct {
	names map[string]string // by number
	err   error
	asked map[string]int
}

func (b *phoneBook) Lookup(_ context.Context, e164 string) (cti.Found, error) {
	b.asked[e164]++
	name, ok := b.names[e164]
	if b.err != nil || !ok {
		return cti.Found{}, b.err
	}
	id := int64(len(name))
	return cti.Found{Matches: []cti.Match{{ClientID: id, PersonID: 100 + id, Name: name}}, Client: &cti.Client{ID: id, Name: name}}, nil
}

func (b *phoneBook) Card(context.Context, int64, int64) (*cti.Client, error) { return nil, b.err }

func newPhoneBook(names map[string]string) *phoneBook {
	return &phoneBook{names: names, asked: make(map[string]int)}
}

const numberOne, numberTwo, numberThree = "+79210000001", "+79210000002", "+79210000003"

// shows looks a number up and tells the name, with a star where it is stored.
func shows(t *testing.T, d *cachedDirectory, e164 string) string {
	t.Helper()
	found, err := d.Lookup(t.Context(), e164)
	switch {
	case err != nil:
		return "error"
	case len(found.Matches) == 0:
		return ""
	case !found.AsOf.IsZero():
		return found.Client.Name + "*"
	}
	return found.Client.Name
}

func TestStoredAnswersWhileTheBaseIsAway_OP_03(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	book := newPhoneBook(map[string]string{numberOne: "A", numberTwo: "BB", numberThree: "CCC"})
	d := newCachedDirectory(book, 2, func() time.Time { return at })
	check := func(what string, want map[string]string) {
		t.Helper()
		for e164, name := range want {
			if got := shows(t, d, e164); got != name {
				t.Errorf("%s: %s shows %q, want %q", what, e164, got, name)
			}
		}
	}
	check("the base answers", map[string]string{numberOne: "A"})
	check("the base answers", map[string]string{numberTwo: "BB"})
	for _, away := range []error{errors.New("refused"), context.DeadlineExceeded, &crm.Error{Code: crm.CodeUnavailable}} {
		book.err = away
		check("away", map[string]string{numberOne: "A*", numberTwo: "BB*", numberThree: "error"})
	}
	if found, _ := d.Lookup(t.Context(), numberOne); !found.AsOf.Equal(at) {
		t.Errorf("as of %s, want %s", found.AsOf, at)
	}
	book.err = nil
	check("back", map[string]string{numberOne: "A", numberThree: "CCC"}) // two has made room
	book.err = errors.New("refused")
	check("away again", map[string]string{numberOne: "A*", numberThree: "CCC*", numberTwo: "error"})
	book.err = nil
	delete(book.names, numberOne)
	check("nobody's any more", map[string]string{numberOne: ""})
	book.err = errors.New("refused")
	check("and not of the cache", map[string]string{numberOne: "error"})
	book.err = crm.NotFound("client") // deleted between two statements
	check("deleted just now", map[string]string{numberThree: "error"})
	book.err = errors.New("refused")
	check("and not of the cache", map[string]string{numberThree: "error"})
}

// changeLog tells prepared changes.
type changeLog struct {
	last    int64
	changes []client.Changes
	asked   []int64
	err     error
}

func (l *changeLog) LastChange(context.Context) (int64, error) { return l.last, l.err }

func (l *changeLog) Changes(_ context.Context, after int64) (client.Changes, error) {
	l.asked = append(l.asked, after)
	if l.err != nil || len(l.changes) == 0 {
		return client.Changes{Next: after}, l.err
	}
	c := l.changes[0]
	l.changes = l.changes[1:]
	return c, nil
}

func TestStoredAnswersFollowChanges_OP_03(t *testing.T) {
	t.Parallel()
	book := newPhoneBook(map[string]string{numberOne: "A", numberTwo: "BB", numberThree: "CCC"})
	d := newCachedDirectory(book, 10, time.Now)
	for _, n := range []string{numberOne, numberTwo, numberThree} {
		shows(t, d, n)
	}
	log := &changeLog{last: 7, changes: []client.Changes{
		{Clients: []int64{1}, Numbers: []int64{79210000003}, Next: 9}, {Persons: []int64{102}, Next: 12},
	}}
	k := &cacheKeeper{cache: d, changes: log, log: slog.New(slog.DiscardHandler)}
	k.follow(t.Context()) // learns where to begin
	book.names[numberOne], book.names[numberTwo] = "Z", "YY"
	delete(book.names, numberThree)
	k.follow(t.Context())
	if book.asked[numberTwo] != 1 {
		t.Error("what did not change was asked for again")
	}
	k.follow(t.Context())
	log.err = errors.New("refused")
	k.follow(t.Context())
	log.err = nil
	k.follow(t.Context())
	if got := [5]int64(append(log.asked, 0)); got != [5]int64{7, 9, 12, 12} {
		t.Errorf("asked for changes after %v", log.asked)
	}
	book.err = errors.New("refused")
	for e164, want := range map[string]string{numberOne: "Z*", numberTwo: "YY*", numberThree: "error"} {
		if got := shows(t, d, e164); got != want {
			t.Errorf("%s shows %q, want %q", e164, got, want)
		}
	}
	// A change that cannot be read is known to be one: the old card is dropped.
	d.renew(t.Context(), client.Changes{Clients: []int64{1}})
	if got := shows(t, d, numberOne); got != "error" {
		t.Errorf("a card known to be wrong is shown: %q", got)
	}
}
