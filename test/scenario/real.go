package scenario

import (
	"context"
	"fmt"
	"sync"

	"ringcard/ari"
	"ringcard/test/pbx"
	"ringcard/test/phones"
)

// Real is an Office of a real Asterisk with SIP phones.
type Real struct {
	PBX   *pbx.Asterisk
	Trunk *phones.Trunk

	mu     sync.Mutex
	manner map[string]Behaviour
	phones map[string]*phones.Phone
	calls  map[string]*phones.Call // last call that came in at an extension
	news   chan struct{}           // closed and replaced when one comes
}

var _ Office = (*Real)(nil)

// NewReal starts a provider and an Asterisk; the trunk of o is set here.
func NewReal(ctx context.Context, o pbx.Options) (*Real, error) {
	trunk, err := phones.OpenTrunk(phones.TrunkConfig{RTP: true})
	if err != nil {
		return nil, err
	}
	o.TrunkAddr = trunk.Addr()
	a, err := pbx.Run(ctx, o)
	if err != nil {
		trunk.Close()
		return nil, err
	}
	trunk.ConnectTo(a.SIPAddr)
	return &Real{PBX: a, Trunk: trunk, manner: make(map[string]Behaviour), phones: make(map[string]*phones.Phone),
		calls: make(map[string]*phones.Call), news: make(chan struct{})}, nil
}

// Close hangs up everything and stops the PBX.
func (r *Real) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.phones {
		p.Close()
	}
	r.Trunk.Close()
	return r.PBX.Stop()
}

// Name tells the version.
func (r *Real) Name() string { return "asterisk-" + r.PBX.Version }

// ARI tells how to connect.
func (r *Real) ARI() ari.Config {
	return ari.Config{Name: "office", URL: r.PBX.ARIURL, User: r.PBX.ARIUser, Password: r.PBX.ARIPassword, App: "ringcard"}
}

// Phone registers the telephone of an extension, or gives it new manners.
func (r *Real) Phone(ctx context.Context, extension string, b Behaviour) error {
	r.mu.Lock()
	r.manner[extension] = b
	delete(r.calls, extension)
	p := r.phones[extension]
	r.mu.Unlock()
	if p != nil {
		return nil
	}
	p, err := phones.NewPhone(phones.Config{
		User: extension, Password: r.PBX.PhonePassword(extension), Registrar: r.PBX.SIPAddr,
		RTP: true,
		Behaviour: func(c *phones.Call) {
			r.mu.Lock()
			b := r.manner[extension]
			r.calls[extension] = c
			close(r.news)
			r.news = make(chan struct{})
			r.mu.Unlock()
			b.sip()(c)
		},
	})
	if err != nil {
		return err
	}
	if err := p.Register(ctx); err != nil {
		p.Close()
		return fmt.Errorf("register %s: %w", extension, err)
	}
	r.mu.Lock()
	r.phones[extension] = p
	r.mu.Unlock()
	return nil
}

// Register registers a telephone again, as it does itself some time after the
// PBX has restarted.
func (r *Real) Register(ctx context.Context, extension string) error {
	r.mu.Lock()
	p := r.phones[extension]
	r.mu.Unlock()
	return p.Register(ctx)
}

// sip puts a behaviour into the words of package phones.
func (b Behaviour) sip() phones.Behaviour {
	switch {
	case b.Refuse != 0:
		return phones.RefuseWith(b.Refuse)
	case b.To != "":
		return phones.ForwardTo(b.To)
	case b.Early:
		return phones.EarlyMedia(b.Answer)
	case b.Answer == Never:
		return phones.Ring()
	case b.Talk > 0:
		return phones.AnswerFor(b.Answer, b.Talk)
	}
	return phones.AnswerAfter(b.Answer)
}

// Outside says how a number of the world behaves.
func (r *Real) Outside(number string, b Behaviour) { r.Trunk.OnNumber(number, b.sip()) }

// Call sends a call through the trunk.
func (r *Real) Call(ctx context.Context, c Outside) (Line, error) {
	call, err := r.Trunk.Call(ctx, phones.Outgoing{From: c.From, FromName: c.Name, To: c.DID, Anonymous: c.Anonymous})
	if err != nil {
		return nil, err
	}
	return call, nil
}

// Dial makes a desk phone call a number.
func (r *Real) Dial(ctx context.Context, extension, number string) (Handset, error) {
	r.mu.Lock()
	p := r.phones[extension]
	r.mu.Unlock()
	if p == nil {
		return nil, fmt.Errorf("no phone %s", extension)
	}
	call, err := p.Dial(ctx, number)
	if err != nil {
		return nil, err
	}
	return handset{call}, nil
}

// Incoming returns the last call that came in at a telephone.
func (r *Real) Incoming(ctx context.Context, extension string) (Handset, error) {
	for {
		r.mu.Lock()
		call, news := r.calls[extension], r.news
		r.mu.Unlock()
		if call != nil {
			return handset{call}, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, fmt.Errorf("no call comes in at %s: %w", extension, ctx.Err())
		}
	}
}

type handset struct{ *phones.Call }

// TransferTo connects the other sides of two calls.
func (h handset) TransferTo(ctx context.Context, consult Handset) error {
	other, ok := consult.(handset)
	if !ok {
		return fmt.Errorf("a consultation of another office: %T", consult)
	}
	return h.Call.TransferTo(ctx, other.Call)
}

// CDR reads Asterisk's cdr_csv.
func (r *Real) CDR(ctx context.Context, n int) ([]CDR, error) {
	rows, err := r.PBX.WaitCDR(ctx, func(rows []pbx.CDR) bool { return len(rows) >= n })
	out := make([]CDR, len(rows))
	for i, c := range rows {
		out[i] = CDR{Src: c.Src, Dst: c.Dst, Start: c.Start, Answer: c.Answer, End: c.End,
			Disposition: c.Disposition, LinkedID: c.LinkedID}
	}
	return out, err
}
