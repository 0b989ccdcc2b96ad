package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ringcard/ari"
	"ringcard/ari/arisim"
)

// Simulated is an Office of the simulated Asterisk, with the dialplan of the
// real ones (test/pbx/config).
type Simulated struct{ Sim *arisim.Sim }

var _ Office = (*Simulated)(nil)

// NewSimulated starts a simulated Asterisk.
func NewSimulated() (*Simulated, error) {
	office := arisim.Office{Trunk: "trunk", Routes: map[string]arisim.Route{
		"4951000101": {Queue: "sales", Dial: []string{"101", "102", "103"}, Timeout: 15 * time.Second},
		"4951000102": {Dial: []string{"102"}, Timeout: 20 * time.Second},
		"4951000103": {Dial: []string{"101", "102", "103"}, Timeout: 15 * time.Second},
		"4951000104": {Queue: "support", Strategy: "linear", Dial: []string{"101", "102", "103"}, Timeout: 15 * time.Second},
		"4951000105": {Dial: []string{"105"}, Timeout: 3 * time.Second},
	}}
	for n := 101; n <= 107; n++ {
		office.Extensions = append(office.Extensions, arisim.Extension{Number: fmt.Sprint(n), Name: fmt.Sprint("Phone ", n)})
	}
	sim := arisim.New(arisim.Options{User: "ringcard", Password: "secret", Office: office})
	for _, e := range office.Extensions {
		sim.Phone(e.Number).Unregister()
	}
	return &Simulated{Sim: sim}, sim.Start()
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
	return nil
}

// simulated puts a behaviour into the words of the simulator, which refuses
// with Q.850 causes.
func (b Behaviour) simulated() arisim.Behaviour {
	out := arisim.Behaviour{TalkFor: b.Talk, EarlyMedia: b.Early}
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

// Incoming is not simulated: the telephones of the simulator do what their
// behaviour says.
func (s *Simulated) Incoming(context.Context, string) (Handset, error) {
	return nil, errNotSimulated
}

var errNotSimulated = errors.New("the simulated telephones cannot do this")

type simLine struct{ *arisim.Call }

func (l simLine) Hangup(context.Context) error            { l.Call.Hangup(); return nil }
func (simLine) Hold(context.Context) error                { return errNotSimulated }
func (simLine) Resume(context.Context) error              { return errNotSimulated }
func (simLine) Refer(context.Context, string) error       { return errNotSimulated }
func (simLine) TransferTo(context.Context, Handset) error { return errNotSimulated }
func (simLine) SendDTMF(context.Context, string) error    { return errNotSimulated }

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
