package scenario

import (
	"context"
	"fmt"
	"sync"
	"time"

	"ringcard/ari"
	"ringcard/ari/arisim"
)

// Simulated is an Office of the simulated Asterisk, with the dialplan of the
// real ones (test/pbx/config).
type Simulated struct {
	Sim *arisim.Sim

	mu   sync.Mutex
	seen map[string]*arisim.Call // last call at an extension when it got its manners
}

var _ Office = (*Simulated)(nil)

// NewSimulated starts a simulated Asterisk.
func NewSimulated() (*Simulated, error) {
	all := []string{"101", "102", "103"}
	office := arisim.Office{Trunk: "trunk", Outbound: "to-trunk", Routes: map[string]arisim.Route{
		"4951000101": {Queue: "sales", Dial: all, Timeout: 15 * time.Second, Retry: time.Second},
		"4951000102": {Dial: []string{"102"}, Timeout: 20 * time.Second},
		"4951000103": {Dial: all, Timeout: 15 * time.Second},
		"4951000104": {Queue: "support", Strategy: "linear", Dial: all, Timeout: 15 * time.Second, Retry: time.Second},
		"4951000105": {Dial: []string{"105"}, Timeout: 3 * time.Second},
		"4951000106": {Menu: 2 * time.Second, Then: &arisim.Route{Queue: "sales", Dial: all}},
		"4951000107": {Dial: []string{"106"}, Timeout: time.Second, Then: &arisim.Route{Voicemail: "106@office"}},
		"4951000109": {Dial: []string{"Local/101@office", "Local/102@office"}, Timeout: 20 * time.Second},
		"4951000110": {Dial: []string{"Local/101@office/n"}, Timeout: time.Second, Then: &arisim.Route{Dial: []string{"Local/" + Mobile + "@office/n"}}},
		"4951000111": {Queue: "impatient", Strategy: "linear", Dial: all, Timeout: time.Second, Retry: time.Second},
	}}
	for n := 101; n <= 107; n++ {
		office.Extensions = append(office.Extensions, arisim.Extension{Number: fmt.Sprint(n), Name: fmt.Sprint("Phone ", n)})
	}
	sim := arisim.New(arisim.Options{User: "ringcard", Password: "secret", Office: office})
	for _, e := range office.Extensions {
		sim.Phone(e.Number).Unregister()
	}
	return &Simulated{Sim: sim, seen: make(map[string]*arisim.Call)}, sim.Start()
}

// Close stops it.
func (s *Simulated) Close() error { return s.Sim.Stop(context.Background()) }

// Name tells what it is.
func (s *Simulated) Name() string { return "simulated" }

// ARI tells how to connect.
func (s *Simulated) ARI() ari.Config {
	return ari.Config{Name: "office", URL: s.Sim.URL(), User: "ringcard", Password: "secret", App: "ringcard"}
}

// Phone registers the telephone of an extension, or gives it new manners.
func (s *Simulated) Phone(_ context.Context, extension string, b Behaviour) error {
	p := s.Sim.Phone(extension)
	if p == nil {
		return fmt.Errorf("no extension %s", extension)
	}
	p.SetBehaviour(b.simulated())
	p.Register()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[extension] = p.Last()
	return nil
}

// simulated puts a behaviour into the words of the simulator, which refuses
// with Q.850 causes.
func (b Behaviour) simulated() arisim.Behaviour {
	out := arisim.Behaviour{TalkFor: b.Talk, EarlyMedia: b.Early, ForwardTo: b.To}
	switch b.Refuse {
	case 0:
		if b.Answer != Never {
			out.AnswerAfter = &b.Answer
		}
	case 486:
		out.RejectCause = 17
	case 404:
		out.RejectCause = 1
	case 480:
		out.RejectCause = 19
	case 603:
		out.RejectCause = 21
	default:
		out.RejectCause = 34
	}
	return out
}

// Outside says how a number of the world behaves.
func (s *Simulated) Outside(number string, b Behaviour) { s.Sim.Outside(number, b.simulated()) }

// Call sends a call through the trunk.
func (s *Simulated) Call(_ context.Context, c Outside) (Line, error) {
	return simLine{s.Sim.Inbound(arisim.Inbound{From: c.From, Name: c.Name, DID: c.DID, Anonymous: c.Anonymous})}, nil
}

// Dial makes a desk phone call a number.
func (s *Simulated) Dial(_ context.Context, extension, number string) (Handset, error) {
	return simLine{s.Sim.Phone(extension).Dial(number)}, nil
}

// Incoming returns the last call that came in at a telephone.
func (s *Simulated) Incoming(ctx context.Context, extension string) (Handset, error) {
	s.mu.Lock()
	seen := s.seen[extension]
	s.mu.Unlock()
	call, err := s.Sim.Phone(extension).Incoming(ctx, seen)
	if err != nil {
		return nil, fmt.Errorf("no call comes in at %s: %w", extension, err)
	}
	return simLine{call}, nil
}

// simLine is a simulated handset. What it orders is done when the order
// returns.
type simLine struct{ *arisim.Call }

func (l simLine) Hangup(context.Context) error                    { l.Call.Hangup(); return nil }
func (l simLine) Hold(context.Context) error                      { return l.Call.Hold() }
func (l simLine) Resume(context.Context) error                    { return l.Call.Resume() }
func (l simLine) SendDTMF(_ context.Context, digits string) error { return l.Call.SendDTMF(digits) }

// Refer returns when the telephone's part is over, as that of a real one.
func (l simLine) Refer(ctx context.Context, number string) error {
	if err := l.BlindTransfer(number); err != nil {
		return err
	}
	select {
	case <-l.Ended():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TransferTo connects the other sides of two calls.
func (l simLine) TransferTo(_ context.Context, consult Handset) error {
	other, ok := consult.(simLine)
	if !ok {
		return fmt.Errorf("a consultation of another office: %T", consult)
	}
	return l.AttendedTransfer(other.Call)
}

// CDR returns what a real Asterisk would have written.
func (s *Simulated) CDR(ctx context.Context, n int) ([]CDR, error) {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		rows := s.Sim.CDR()
		if len(rows) >= n {
			out := make([]CDR, len(rows))
			for i, c := range rows {
				out[i] = CDR{Src: c.Src, Dst: c.Dst, Start: c.Start, Answer: c.Answer, End: c.End,
					Disposition: c.Disposition, LinkedID: c.LinkedID}
			}
			return out, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
