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
	tech, number, ok := strings.Cut(q.Get("endpoint"), "/")
	timeout := defaultOriginate
	if n, err := strconv.Atoi(q.Get("timeout")); err == nil && n > 0 {
		timeout = time.Duration(n) * time.Second
	}
	switch {
	case q.Get("endpoint") == "":
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
	id, p := q.Get("channelId"), s.phones[number]
	if id != "" && s.channel(id) != nil {
		s.mu.Unlock()
		fail(w, http.StatusConflict, "Channel with given unique ID already exists")
		return
	}
	if s.stopped || tech != "PJSIP" || p == nil || !p.registered {
		s.mu.Unlock()
		answer(w, http.StatusInternalServerError, map[string]string{"error": "Allocation failed"})
		return
	}
	o := s.originate(p, id, body.Variables)
	out := s.snapshot(o.leg.ch)
	o.context, o.exten, o.app = q.Get("context"), q.Get("extension"), q.Get("app")
	o.leg.begin(o.leg.answerOwn())
	o.timeout = s.after(timeout, o.expire)
	s.mu.Unlock()
	answer(w, http.StatusOK, out)
}

// origination is a phone that rings on its own user's order.
type origination struct {
	sim            *Sim
	leg            *leg
	context, exten string
	app            string // goes to this application instead of the dialplan, and stays there
	timeout        *timer
}

// originate makes the channel of p. mu is held.
func (s *Sim) originate(p *Phone, id string, vars map[string]string) *origination {
	o := &origination{sim: s}
	o.leg = &leg{sim: s, owner: o, behaviour: p.behaviour, dialString: p.Number}
	c := channel{endpoint: p.endpoint(), state: "Down", caller: p.id(), vars: vars, leg: o.leg, originated: true,
		dialplan: dialplanJSON{Context: officeContext, Exten: "s"}}
	if p.line == nil {
		c.phone = p
	} else {
		o.leg.behaviour = Behaviour{RejectCause: 17}
	}
	o.leg.ch = s.newChannel(c, id, "")
	ch := o.leg.ch
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
	s.emitDial(nil, o.leg, "", o.leg.dialString)
	return o
}

func (l *leg) answerOwn() *time.Duration {
	if l.behaviour.AnswerOwn != nil {
		return l.behaviour.AnswerOwn
	}
	return l.behaviour.AnswerAfter
}

func (o *origination) rang(l *leg, _ bool) { o.sim.emitDial(nil, l, "RINGING", l.dialString) }

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
	if l.ch.state != "Up" { // else it was answered and is in an application
		o.sim.emitDial(nil, l, "NOANSWER", l.dialString)
	}
	l.end(16, 0)
}

// answered sends the channel into the dialplan. A wrong context or extension
// shows only now.
func (o *origination) answered(l *leg) {
	s := o.sim
	s.cancel(o.timeout)
	s.emitDial(nil, l, "ANSWER", l.dialString)
	if o.app != "" {
		return
	}
	plan, known := s.officePlan(o.exten)
	if o.context != officeContext {
		known = false
	}
	l.ch.leg = nil
	if !known {
		s.emitHangup(l.ch, 16, 0, true)
		l.ch.dialplan.Context, l.ch.dialplan.Exten = o.context, o.exten
		s.destroy(l.ch, 0, 0)
		return
	}
	l.ch.dialplan.Context, l.ch.dialplan.Exten = o.context, o.exten
	s.start(l.ch, s.newCall(), plan)
}
