package phones

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// TrunkConfig says what provider to play.
type TrunkConfig struct {
	// RTP gives every call sound of its own.
	RTP bool
	// Behaviour is for calls to numbers without one of their own; nil rings and
	// leaves the rest to the test.
	Behaviour Behaviour
	Log       *slog.Logger // nil discards
}

// trunkIP differs from the address of the phones: by it the PBX knows the provider.
const trunkIP = "127.0.0.2"

// Trunk is a telephone provider: it sends calls to the PBX and takes those the PBX
// makes to the world.
type Trunk struct {
	agent *agent

	mu       sync.Mutex
	pbx      string
	numbers  map[string]Behaviour
	fallback Behaviour
}

// OpenTrunk makes a trunk. The caller must Close it.
func OpenTrunk(c TrunkConfig) (*Trunk, error) {
	a, err := newAgent(agentConfig{ip: trunkIP, user: "trunk", rtp: c.RTP, log: c.Log})
	if err != nil {
		return nil, fmt.Errorf("trunk: %w", err)
	}
	t := &Trunk{agent: a, numbers: make(map[string]Behaviour), fallback: c.Behaviour}
	a.setBehaviour(t.choose)
	return t, nil
}

// NewTrunk is OpenTrunk for a test, which closes it at its end.
func NewTrunk(t testing.TB, c TrunkConfig) *Trunk {
	t.Helper()
	trunk, err := OpenTrunk(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trunk.Close)
	return trunk
}

// Addr is the trunk's SIP address, host:port, for the PBX's configuration.
func (t *Trunk) Addr() string { return t.agent.socket.LocalAddr().String() }

// ConnectTo says where the PBX is, host:port. It must be called before Call.
func (t *Trunk) ConnectTo(pbx string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pbx = pbx
}

// Close hangs up and waits for all the trunk started.
func (t *Trunk) Close() { t.agent.close() }

// OnNumber sets what happens to calls of the PBX to number, as it sends it.
func (t *Trunk) OnNumber(number string, b Behaviour) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.numbers[number] = b
}

// OnCall sets what happens to calls to all other numbers.
func (t *Trunk) OnCall(b Behaviour) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fallback = b
}

func (t *Trunk) choose(c *Call) Behaviour {
	t.mu.Lock()
	defer t.mu.Unlock()
	if b, known := t.numbers[c.Dialled()]; known {
		return b
	}
	return t.fallback
}

// WaitIncoming returns the next call that the PBX made.
func (t *Trunk) WaitIncoming(ctx context.Context) (*Call, error) {
	c, err := t.agent.waitIncoming(ctx)
	if err != nil {
		return nil, fmt.Errorf("trunk: %w", err)
	}
	return c, nil
}

// Outgoing is a call of the world to the PBX.
type Outgoing struct {
	From     string // the caller's number
	FromName string
	To       string // the DID
	// Anonymous hides the caller in From (RFC 3323).
	Anonymous bool
	// Asserted is a number for P-Asserted-Identity (RFC 3325), by which providers
	// tell a hidden caller to those who may know. "" sends none.
	Asserted string
}

// Call sends a call to the PBX; it returns when the INVITE is out.
func (t *Trunk) Call(ctx context.Context, o Outgoing) (*Call, error) {
	t.mu.Lock()
	pbx := t.pbx
	t.mu.Unlock()
	to, err := sipURI(o.To, pbx)
	if err != nil {
		return nil, fmt.Errorf("trunk call (ConnectTo was not called?): %w", err)
	}
	inv := invitation{
		to:   to,
		from: sip.FromHeader{DisplayName: o.FromName, Address: sip.Uri{Scheme: "sip", User: o.From, Host: trunkIP}},
	}
	if o.Anonymous {
		inv.from = sip.FromHeader{
			DisplayName: "Anonymous",
			Address:     sip.Uri{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"},
		}
		inv.headers = append(inv.headers, sip.NewHeader("Privacy", "id"))
	}
	if o.Asserted != "" {
		inv.headers = append(inv.headers, sip.NewHeader("P-Asserted-Identity", "<sip:"+o.Asserted+"@"+trunkIP+">"))
	}
	return t.agent.dial(ctx, inv)
}
