package arisim

import (
	"fmt"
	"strings"
	"time"
)

// Contexts of the dialplan.
const (
	officeContext = "office"
	trunkContext  = "from-trunk"
	menuContext   = "ivr"
)

// Numbers of the office that are no telephones, and the keys of a talk.
const (
	parkExten     = "700" // parks; 701 to 720 fetch what is parked
	conference    = "800"
	pickupExten   = "*8"
	blindCode     = "##"
	attendedCode  = "*2"
	firstSlot     = 701
	lastSlot      = 720
	outsideDigits = 5 // and more, of numbers outside
)

// Defaults of the dialplan.
const (
	defaultDial    = 20 * time.Second
	defaultOutside = 30 * time.Second
	defaultTry     = 15 * time.Second
	defaultRetry   = 5 * time.Second
	defaultMaxWait = 60 * time.Second
)

// Route is what the dialplan does with a call to a DID: one of Menu, Queue,
// Dial and Voicemail, and then the next.
type Route struct {
	Menu     time.Duration // answers, and waits so long for a key that nobody presses
	Queue    string        // name of the queue
	Strategy string        // of the queue: "ringall" (default) or "linear"
	// Dial are the queue's members, else the ring group: extensions, or for
	// Dial() "Local/101@office", which rings through the dialplan of the
	// telephones and with "/n" stays in the way.
	Dial      []string
	Timeout   time.Duration // for one try to ring; 0: 15 s in a queue, 20 s in Dial()
	Retry     time.Duration // of a queue between tries; 0: 5 s
	MaxWait   time.Duration // in the queue altogether; 0: 60 s
	Voicemail string        // mailbox, as "106@office"
	Then      *Route        // when nobody has answered; nil: the end
}

// route executes what the office does with a call from outside.
func (r *run) route(route Route) {
	if route.Then != nil {
		r.steps = append(r.steps, func(r *run) { r.route(*route.Then) })
	}
	switch {
	case route.Menu > 0:
		r.menu(route.Menu)
	case route.Queue != "":
		r.enterQueue(route)
	case route.Voicemail != "":
		r.voicemail(route.Voicemail)
	default:
		var targets []target
		for _, to := range route.Dial {
			if t, ok := r.sim.target(to); ok {
				targets = append(targets, t)
			}
		}
		r.dial(targets, orDefault(route.Timeout, defaultDial))
	}
}

// target reads whom Dial() is to ring.
func (s *Sim) target(to string) (target, bool) {
	if local, ok := strings.CutPrefix(to, "Local/"); ok {
		place, direct := strings.CutSuffix(local, "/n")
		exten, context, _ := strings.Cut(place, "@")
		return target{exten: exten, stays: direct}, context == officeContext
	}
	p := s.phones[to]
	return target{phone: p}, p != nil
}

// officePlan is the dialplan of the telephones: extensions, what the office has
// besides, and the world by the trunk for numbers of five digits and more that
// begin with 7, 8, 9, 00 or +.
func (s *Sim) officePlan(exten string) (func(*run), bool) {
	if p, ok := s.phones[exten]; ok {
		return func(r *run) { r.dial([]target{{phone: p}}, defaultDial) }, true
	}
	switch {
	case exten == pickupExten:
		return func(r *run) { r.pickUp(s.ringing) }, true
	case exten == conference:
		return func(r *run) { r.confer(exten) }, true
	case slotOf(exten) > 0:
		return func(r *run) { r.fetch(exten) }, true
	case s.outsideNumber(exten):
		return func(r *run) {
			if outbound := s.opt.Office.Outbound; outbound != "" {
				r.caller.dialplan.Context = outbound
			}
			r.dial([]target{{number: exten}}, defaultOutside)
		}, true
	}
	return nil, false
}

func (s *Sim) outsideNumber(exten string) bool {
	return s.opt.Office.Trunk != "" && len(exten) >= outsideDigits &&
		(strings.ContainsAny(exten[:1], "789+") || strings.HasPrefix(exten, "00"))
}

// slotOf is the number of a parking slot; 0 if it is none.
func slotOf(exten string) int {
	var n int
	if _, err := fmt.Sscanf(exten, "%d", &n); err != nil || fmt.Sprint(n) != exten || n < firstSlot || n > lastSlot {
		return 0
	}
	return n
}

// menu answers and waits for a key.
func (r *run) menu(wait time.Duration) {
	c := r.caller
	c.dialplan.Context, c.dialplan.Exten = menuContext, "s"
	r.sim.execute(c, "Answer", "")
	r.answer()
	r.sim.execute(c, "WaitExten", fmt.Sprint(int(wait.Seconds())))
	r.timeout = r.sim.after(wait, func() { r.over(16, 0) })
}

// voicemailLimit is the longest message.
const voicemailLimit = 30 * time.Second

func (r *run) voicemail(mailbox string) {
	r.sim.execute(r.caller, "VoiceMail", mailbox+",u")
	r.answer()
	r.timeout = r.sim.after(voicemailLimit, func() { r.over(16, 0) })
}

// answer is the PBX answering by itself.
func (r *run) answer() {
	r.written = false
	if r.caller.state != "Up" {
		r.sim.setState(r.caller, "Up")
	}
}
