package arisim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	version  = "22.10.0 (simulated)"
	entityID = "02:00:00:00:00:01"
)

// Options of a Sim.
type Options struct {
	User     string // ARI user; empty accepts everybody
	Password string
	App      string // the only Stasis application accepted; empty accepts any
	Office   Office
	// Outside says how a number behaves that was not given to Sim.Outside. nil:
	// it rings and never answers.
	Outside func(number string) Behaviour
	// Speed divides every delay; 0 means 1.
	Speed float64
	// NoChannelVars leaves channelvars out of the frames, as an Asterisk does
	// that has no channelvars in ari.conf.
	NoChannelVars bool
	Log           *slog.Logger // nil discards
}

// Office is what the simulated PBX is configured with.
type Office struct {
	Extensions []Extension
	Trunk      string           // resource of the trunk: "trunk" is PJSIP/trunk; empty: none
	Outbound   string           // context that dials numbers outside; empty: that of the telephones
	Routes     map[string]Route // by the number called from outside (DID)
}

// Extension is one telephone, endpoint PJSIP/Number.
type Extension struct{ Number, Name string }

// Sim is the simulated PBX. Safe for concurrent use.
type Sim struct {
	opt     Options
	log     *slog.Logger
	phones  map[string]*Phone
	order   []*Phone // as configured
	started time.Time

	mu         sync.Mutex // everything below
	outside    map[string]Behaviour
	channels   []*channel // oldest first
	bridges    []*bridge
	calls      map[*Call]struct{}
	devices    map[string]string // last state sent
	lot        map[int]*parked   // by slot
	parking    *bridge           // nil before the first call is parked
	sockets    map[*socket]struct{}
	timers     map[*timer]struct{}
	queues     []*memberList
	manager    *manager // nil: there is none
	cdr        []CDR
	recordings []*recording
	sequence   int // of channel names
	locals     int // of Local channel names
	unique     int // of unique ids
	addr       string
	server     *http.Server
	stopped    bool

	wg sync.WaitGroup // timers, handlers, sockets, servers
}

// New makes a PBX that does nothing before Start. All its phones are
// registered; they ring and do not answer until told otherwise.
func New(opt Options) *Sim {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Speed <= 0 {
		opt.Speed = 1
	}
	s := &Sim{
		opt: opt, log: opt.Log, started: time.Now(),
		phones: make(map[string]*Phone), outside: make(map[string]Behaviour),
		calls: make(map[*Call]struct{}), devices: make(map[string]string),
		sockets: make(map[*socket]struct{}),
		timers:  make(map[*timer]struct{}),
		lot:     make(map[int]*parked),
	}
	for _, e := range opt.Office.Extensions {
		p := &Phone{sim: s, Extension: e, registered: true, came: make(chan struct{})}
		s.phones[e.Number] = p
		s.order = append(s.order, p)
		s.devices[p.endpoint()] = "NOT_INUSE"
	}
	for _, did := range slices.Sorted(maps.Keys(opt.Office.Routes)) {
		route := opt.Office.Routes[did]
		s.addQueues(&route)
	}
	if opt.Office.Trunk != "" {
		s.devices[s.trunk()] = "NOT_INUSE"
	}
	return s
}

// Start listens on a free port of 127.0.0.1.
func (s *Sim) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.server != nil {
		return errors.New("arisim: started before")
	}
	return s.listen("127.0.0.1:0")
}

// listen starts an HTTP server; mu is held.
func (s *Sim) listen(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("arisim: %w", err)
	}
	s.addr = l.Addr().String()
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	s.server = server
	s.wg.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("arisim: serve", "err", err)
		}
	})
	return nil
}

// URL is the address of ARI: http://127.0.0.1:PORT/ari. It stays the same
// through an Outage.
func (s *Sim) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "http://" + s.addr + "/ari"
}

// Stop ends everything and waits for it, for as long as ctx allows. Calls end
// without frames. Idempotent.
func (s *Sim) Stop(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	s.cut()
	s.stopManager()
	s.vanish()
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("arisim: stop: %w", ctx.Err())
	}
}

// cut closes the server and all sockets; mu is held.
func (s *Sim) cut() {
	if s.server != nil {
		_ = s.server.Close() // the listener's error is of no use
		s.server = nil
	}
	s.dropSockets()
}

// vanish ends all timers and calls without a frame; mu is held.
func (s *Sim) vanish() {
	for t := range s.timers {
		s.cancel(t)
	}
	for c := range s.calls {
		s.finish(c, 0)
	}
	s.channels, s.bridges, s.parking = nil, nil, nil
	clear(s.lot)
	for endpoint := range s.devices {
		s.devices[endpoint] = s.deviceState(endpoint)
	}
}

// Outside sets how the far end of the trunk behaves when number is called.
func (s *Sim) Outside(number string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outside[number] = b
}

// Phone returns the telephone of an extension; nil if there is none.
func (s *Sim) Phone(number string) *Phone { return s.phones[number] }

func (s *Sim) trunk() string { return "PJSIP/" + s.opt.Office.Trunk }

// timer is one delay of a call. Its function runs with mu held.
type timer struct{ t *time.Timer }

// after calls f with mu held when d has passed, unless cancelled or stopped
// before. mu is held.
func (s *Sim) after(d time.Duration, f func()) *timer {
	t := &timer{}
	if s.stopped {
		return t
	}
	s.timers[t] = struct{}{}
	s.wg.Add(1)
	t.t = time.AfterFunc(time.Duration(float64(max(d, 0))/s.opt.Speed), func() {
		defer s.wg.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, live := s.timers[t]; live {
			delete(s.timers, t)
			f()
		}
	})
	return t
}

// cancel ends a timer; nil and ended ones are fine. mu is held.
func (s *Sim) cancel(t *timer) {
	if _, live := s.timers[t]; !live {
		return
	}
	delete(s.timers, t)
	if t.t.Stop() {
		s.wg.Done()
	}
}
