package phones

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Config says what phone to make.
type Config struct {
	User, Password string
	Registrar      string // the PBX, host:port
	Name           string // display name; "" is none
	UserAgent      string // what it says it is when it registers
	// RTP gives every call sound of its own.
	RTP bool
	// AutoAnswer makes the phone obey Call-Info with answer-after=0 and Alert-Info
	// with info=alert-autoanswer, as desk phones do.
	AutoAnswer bool
	// Behaviour is for calls that come in; nil rings and leaves the rest to the test.
	Behaviour Behaviour
	Log       *slog.Logger // nil discards
}

// Phone is a desk phone with as many lines as there are calls.
type Phone struct {
	Number string

	agent     *agent
	registrar string
	name      string
	userAgent string
	registerC sip.CallIDHeader
}

// registration is for how long a phone registers: longer than any test.
const registration = time.Hour

// NewPhone makes a phone that is not registered. The caller must Close it.
func NewPhone(c Config) (*Phone, error) {
	a, err := newAgent(agentConfig{ip: "127.0.0.1", user: c.User, password: c.Password, rtp: c.RTP, log: c.Log})
	if err != nil {
		return nil, fmt.Errorf("phone %s: %w", c.User, err)
	}
	p := &Phone{
		Number:    c.User,
		agent:     a,
		registrar: c.Registrar,
		name:      c.Name,
		userAgent: c.UserAgent,
		registerC: sip.CallIDHeader(sip.GenerateTagN(24)),
	}
	a.setBehaviour(func(call *Call) Behaviour {
		if c.AutoAnswer && wantsAutoAnswer(call) {
			return AnswerAfter(0)
		}
		return c.Behaviour
	})
	return p, nil
}

// New makes a phone for a test and registers it. It is unregistered and closed at
// the end of the test.
func New(t testing.TB, c Config) *Phone {
	t.Helper()
	p, err := NewPhone(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := p.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// Register tells the PBX where the phone is (RFC 3261 section 10).
func (p *Phone) Register(ctx context.Context) error { return p.register(ctx, registration) }

// Unregister takes the phone's contact back.
func (p *Phone) Unregister(ctx context.Context) error { return p.register(ctx, 0) }

func (p *Phone) register(ctx context.Context, d time.Duration) error {
	aor, err := sipURI(p.Number, p.registrar)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: aor.Host, Port: aor.Port})
	from := sip.FromHeader{Address: aor}
	from.Params.Add("tag", sip.GenerateTagN(16))
	expires := sip.ExpiresHeader(d / time.Second)
	req.AppendHeader(&from)
	req.AppendHeader(&sip.ToHeader{Address: aor})
	req.AppendHeader(&p.registerC)
	req.AppendHeader(sip.HeaderClone(&p.agent.contact))
	req.AppendHeader(&expires)
	if p.userAgent != "" {
		req.AppendHeader(sip.NewHeader("User-Agent", p.userAgent))
	}
	req.SetTransport("UDP")
	res, err := p.agent.do(ctx, req)
	if err != nil {
		return fmt.Errorf("register %s: %w", p.Number, err)
	}
	if challenged(res) {
		if res, err = p.agent.client.DoDigestAuth(ctx, req.Clone(), res, p.agent.auth); err != nil {
			return fmt.Errorf("register %s: %w", p.Number, err)
		}
	}
	if !res.IsSuccess() {
		return fmt.Errorf("register %s: %s", p.Number, res.StartLine())
	}
	return nil
}

// Close hangs up, unregisters and waits for all the phone started. A PBX that does
// not answer delays it by two seconds at most.
func (p *Phone) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := p.Unregister(ctx); err != nil {
		p.agent.log.Info("unregister at close", "err", err)
	}
	p.agent.close()
}

// OnCall sets what the phone does with calls that come in from now on.
func (p *Phone) OnCall(b Behaviour) {
	p.agent.setBehaviour(func(*Call) Behaviour { return b })
}

// WaitIncoming returns the next call that came in, also one that a Behaviour is
// busy with.
func (p *Phone) WaitIncoming(ctx context.Context) (*Call, error) {
	c, err := p.agent.waitIncoming(ctx)
	if err != nil {
		return nil, fmt.Errorf("phone %s: %w", p.Number, err)
	}
	return c, nil
}

// Dial calls a number; it returns when the INVITE is out.
func (p *Phone) Dial(ctx context.Context, number string) (*Call, error) {
	to, err := sipURI(number, p.registrar)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	from := sip.FromHeader{DisplayName: p.name, Address: sip.Uri{Scheme: "sip", User: p.Number, Host: to.Host}}
	return p.agent.dial(ctx, invitation{to: to, from: from})
}

func (a *agent) setBehaviour(choose func(*Call) Behaviour) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.behaviour = choose
}

func wantsAutoAnswer(c *Call) bool {
	return strings.Contains(c.Header("Call-Info"), "answer-after=0") ||
		strings.Contains(c.Header("Alert-Info"), "alert-autoanswer")
}
