package arisim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxBody          = 64 << 10
	defaultOriginate = 30 * time.Second
)

// postChannels is originate: it rings the endpoint and then sends it into the
// dialplan. The checks and their answers are Asterisk's: a malformed endpoint
// is 400, a taken id 409, a phone that is unknown or not registered 500.
func (s *Sim) postChannels(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var body struct {
		Variables map[string]string `json:"variables"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body)
	if err != nil && !errors.Is(err, io.EOF) {
		fail(w, http.StatusBadRequest, "Invalid JSON")
		return
	}
	endpoint := q.Get("endpoint")
	tech, number, ok := strings.Cut(endpoint, "/")
	timeout := defaultOriginate
	if n, err := strconv.Atoi(q.Get("timeout")); err == nil && n > 0 {
		timeout = time.Duration(n) * time.Second
	}
	switch {
	case endpoint == "":
		fail(w, http.StatusBadRequest, "Endpoint must be specified")
		return
	case !ok || number == "":
		fail(w, http.StatusBadRequest, "Invalid endpoint specified")
		return
	case q.Get("extension") == "" && q.Get("app") == "":
		fail(w, http.StatusBadRequest, "Application or extension must be specified")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, p := q.Get("channelId"), s.phones[number]
	if id != "" && s.channel(id) != nil {
		fail(w, http.StatusConflict, "Channel with given unique ID already exists")
		return
	}
	exten, context, local := localPlace(endpoint)
	if !local && (s.stopped || tech != "PJSIP" || p == nil || !p.registered) {
		answer(w, http.StatusInternalServerError, map[string]string{"error": "Allocation failed"})
		return
	}
	then := func(c *channel) { s.enterApp(c, q.Get("app")) }
	if q.Get("app") == "" {
		then = func(c *channel) { s.sendTo(c, q.Get("context"), q.Get("extension")) }
	}
	var o *origination
	if local {
		o = s.originateLocal(context, exten, id, q.Get("otherChannelId"))
	} else {
		o = s.originate(p, id, body.Variables)
		o.leg.behaviour.AnswerAfter = o.leg.answerOwn()
	}
	if from, ok := callerID(q.Get("callerId")); ok {
		s.connect(o.leg.ch, from)
	}
	o.begin(timeout, then)
	answer(w, http.StatusOK, s.snapshot(o.leg.ch))
}

// callerID reads `"Name" <number>`.
func callerID(text string) (party, bool) {
	name, number, ok := strings.Cut(strings.TrimSuffix(text, ">"), "<")
	return party{Name: strings.Trim(name, `" `), Number: number}, ok
}

// origination is a phone that rings on its own user's order, or a party that is
// called for an application.
type origination struct {
	sim     *Sim
	leg     *leg
	then    func(*channel) // when it was answered
	timeout *timer
}

// originate makes the channel of p. mu is held.
func (s *Sim) originate(p *Phone, id string, vars map[string]string) *origination {
	o := &origination{sim: s}
	o.leg = &leg{sim: s, owner: o, behaviour: p.behaviour, dialString: p.Number}
	c := channel{endpoint: p.endpoint(), state: "Down", caller: p.id(), vars: vars, leg: o.leg, originated: true,
		dialplan: dialplanJSON{Context: officeContext, Exten: "s"}}
	if p.busy() {
		o.leg.behaviour = Behaviour{RejectCause: 17}
	} else {
		c.phone = p
	}
	o.leg.ch = s.newChannel(c, id, "")
	ch := o.leg.ch
	if ch.phone != nil {
		p.take(ch)
	}
	ch.dialplan.AppName, ch.dialplan.AppData = "AppDial2", outgoingLine
	shown := party{}
	for _, v := range []struct {
		name string
		to   *string
	}{{"CONNECTEDLINE(name", &shown.Name}, {"CONNECTEDLINE(num", &shown.Number}} {
		for name, value := range vars {
			if strings.HasPrefix(name, v.name) {
				*v.to = value
			}
		}
		s.connect(ch, shown)
	}
	return o
}

// originateLocal makes a Local channel of which the second half dials.
func (s *Sim) originateLocal(context, exten, id1, id2 string) *origination {
	o := &origination{sim: s}
	one, _ := s.newLocal(context, exten, "", id1, id2)
	o.leg = &leg{sim: s, ch: one, owner: o, dialString: exten + "@" + context, stays: true}
	one.leg = o.leg
	return o
}

// begin lets the called party act.
func (o *origination) begin(timeout time.Duration, then func(*channel)) {
	o.then = then
	o.sim.emitDial(nil, o.leg, "", o.leg.dialString)
	o.leg.begin(o.leg.behaviour.AnswerAfter)
	o.timeout = o.sim.after(timeout, o.expire)
}

func (l *leg) answerOwn() *time.Duration {
	if l.behaviour.AnswerOwn != nil {
		return l.behaviour.AnswerOwn
	}
	return l.behaviour.AnswerAfter
}

func (o *origination) rang(l *leg, _ bool) { o.sim.emitDial(nil, l, "RINGING", l.dialString) }

func (o *origination) forwarded(l *leg, _ string) { o.refused(l, 23, 302) }

func (o *origination) refused(l *leg, cause, tech int) {
	o.sim.cancel(o.timeout)
	o.sim.emitDial(nil, l, dialStatus(cause), l.dialString)
	l.end(cause, tech)
}

// expire: the own phone was not answered; no last Dial tells it.
func (o *origination) expire() { o.leg.end(19, 480) }

// hungUp: ARI cancels while the phone rings.
func (o *origination) hungUp(l *leg, _ hangupBy) {
	o.sim.cancel(o.timeout)
	o.sim.emitHangup(l.ch, 32, 0, true)
	o.sim.emitDial(nil, l, "NOANSWER", l.dialString)
	l.end(16, 0)
}

func (o *origination) answered(l *leg) {
	o.sim.cancel(o.timeout)
	o.sim.emitDial(nil, l, "ANSWER", l.dialString)
	l.ch.leg = nil
	o.then(l.ch)
}

// sendTo sends a channel that was called into the dialplan. A wrong context or
// extension shows only now.
func (s *Sim) sendTo(c *channel, context, exten string) {
	plan, known := s.plan(context, exten)
	if !known || context != officeContext {
		s.emitHangup(c, 16, 0, true)
		c.dialplan.Context, c.dialplan.Exten = context, exten
		s.destroy(c, 0, 0)
		return
	}
	c.dialplan.Context, c.dialplan.Exten = context, exten
	s.start(c, plan)
}
