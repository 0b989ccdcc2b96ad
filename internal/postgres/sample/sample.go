package sample

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/internal/postgres"
)

const (
	clientCount  = 150
	days         = 30 // of history
	knownNumbers = 36
	parallel     = 4 // savers of calls
)

// Options of Fill.
type Options struct {
	Password string         // of everybody
	PBX      string         // name of the telephone exchange of the devices
	Now      time.Time      // history ends here
	Zone     *time.Location // of the office; nil is UTC
	Locale   string         // of the lines in the history
	Rules    crm.PhoneRules
	Seed     uint64
	Log      *slog.Logger
}

// Result tells what can be shown with the sample.
type Result struct {
	Filled  bool            // false: there were employees already, nothing was changed
	Users   []employee.User // in the order of their extensions, the administrator first
	Known   []string        // E.164 numbers of clients, for calls that come in
	Unknown []string        // E.164 numbers nobody has
}

// office is the filling in progress.
type office struct {
	opts    Options
	rnd     *rand.Rand
	bytes   *rand.ChaCha8 // for ids
	clients *client.Service
	calls   *calllog.Service
	notes   *postgres.InteractionStore
	users   []employee.User
	groups  []client.Group
	cards   []client.Card
	mobiles int // numbers given out
	locals  int
}

// Fill puts the sample into an empty database. Where there is an employee
// already it changes nothing.
func Fill(ctx context.Context, db *postgres.DB, opts Options) (Result, error) {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], opts.Seed)
	source := rand.NewChaCha8(seed)
	clients, calls, staff := postgres.NewClientStore(db), postgres.NewCallStore(db), postgres.NewEmployeeStore(db)
	o := &office{
		opts: opts, rnd: rand.New(source), bytes: source, notes: postgres.NewInteractionStore(db),
		clients: client.NewService(client.Stores{Cards: clients, Writer: clients, Contacts: clients, Persons: clients,
			Groups: clients, Numbers: clients}, opts.Rules, opts.Log),
		calls: calllog.NewService(calllog.Stores{Writer: calls, Journal: calls, Clerk: calls, Results: calls},
			calllog.Options{Locale: opts.Locale, Zone: opts.Zone, Rules: opts.Rules}),
	}
	service := employee.NewService(employee.Stores{Users: staff, Sessions: staff, Tokens: staff}, employee.Options{})
	have, err := service.List(ctx, crm.System())
	if err != nil {
		return Result{}, err
	}
	if len(have) > 0 {
		return Result{Users: have, Known: Known(), Unknown: Unknown()}, nil
	}
	began := time.Now()
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return o.hire(ctx, service) },
		o.makeGroups, o.makeClients, o.makeNotes, o.makeCalls,
	} {
		if err := step(ctx); err != nil {
			return Result{}, fmt.Errorf("sample: %w", err)
		}
	}
	opts.Log.Info("sample office made", "clients", len(o.cards), "took", time.Since(began).Round(time.Millisecond))
	return Result{Filled: true, Users: o.users, Known: Known(), Unknown: Unknown()}, nil
}

// Known are the main numbers of the first clients, the same for every seed.
func Known() []string {
	numbers := make([]string, knownNumbers)
	for i := range numbers {
		numbers[i] = mobile(i)
	}
	return numbers
}

// Unknown are numbers that belong to nobody.
func Unknown() []string {
	numbers := make([]string, 8)
	for i := range numbers {
		numbers[i] = mobile(90_000 + i)
	}
	return numbers
}

// mobile is the nth number; neighbours look different, none repeats: 7919 and
// 10⁷ have no common divisor.
func mobile(n int) string {
	return fmt.Sprintf("+7%s%07d", mobileCodes[n%len(mobileCodes)], (1_234_567+n*7919*13)%10_000_000)
}

func (o *office) hire(ctx context.Context, service *employee.Service) error {
	for _, p := range people {
		in := employee.NewUser{Login: p.login, Name: p.name, Role: p.role, Password: o.opts.Password, Extension: p.extension}
		if p.extension != "" {
			in.Devices = []employee.Device{{PBX: o.opts.PBX, Endpoint: "PJSIP/" + p.extension}}
		}
		u, err := service.Create(ctx, crm.System(), in)
		if err != nil {
			return err
		}
		o.users = append(o.users, u)
	}
	return nil
}

func (o *office) makeGroups(ctx context.Context) error {
	for _, name := range groups {
		g, err := o.clients.CreateGroup(ctx, crm.System(), name)
		if err != nil {
			return err
		}
		o.groups = append(o.groups, g)
	}
	return nil
}

func (o *office) makeClients(ctx context.Context) error {
	for i := range clientCount {
		var in client.NewClient
		switch {
		case i == 0:
			in = o.northWind()
		case i%4 == 3:
			in = o.privateClient(i)
		default:
			in = o.company(i)
		}
		in.Force = true // namesakes belong to real life
		card, err := o.clients.Create(ctx, crm.System(), in)
		if err != nil {
			return err
		}
		o.cards = append(o.cards, card)
	}
	return nil
}

func (o *office) makeNotes(ctx context.Context) error {
	for i, card := range o.cards {
		n := o.rnd.IntN(4)
		if i == 0 {
			n = 4 // the first caller of a demo has a past
		}
		for range n {
			at := o.workingTime(1 + o.rnd.IntN(days*2))
			if err := o.notes.ImportNote(ctx, card.ID, firstPerson(card), o.employee().ID, at, pick(o.rnd, historyNotes)); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeCalls draws all calls first, so that they do not depend on the order in
// which they are saved.
func (o *office) makeCalls(ctx context.Context) error {
	var records []calllog.Record
	for day := days; day >= 0; day-- {
		n := 12 + o.rnd.IntN(14)
		switch {
		case day == 0:
			n = 60 // before the end of the day, fewer have taken place
		case weekend(o.day(day)):
			n = o.rnd.IntN(4)
		}
		for range n {
			if r, ok := o.call(o.workingTime(day)); ok {
				records = append(records, r)
			}
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, r := range records {
		group.Go(func() error { return o.calls.Save(ctx, r) })
	}
	return group.Wait()
}

// employee with a telephone.
func (o *office) employee() employee.User { return o.users[1+o.rnd.IntN(len(o.users)-1)] }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func firstPerson(card client.Card) int64 {
	if len(card.Persons) == 0 {
		return 0
	}
	return card.Persons[0].PersonID
}
