package arisim

import (
	"fmt"
	"time"
)

// queue is a run inside Queue(): tries that ring members, with pauses between.
type queue struct {
	run     *run
	name    string
	since   time.Time
	ringAll bool
	tryFor  time.Duration
	retry   time.Duration
	next    int    // linear: member to ring next
	tried   int    // linear: members rung in this try
	try     *timer // end of the try, or of the pause after it
	maxWait *timer
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// enterQueue executes Queue().
func (r *run) enterQueue(route Route) {
	s := r.sim
	q := &queue{run: r, name: route.Queue, since: time.Now(), ringAll: route.Strategy != "linear",
		tryFor: orDefault(route.Timeout, defaultTry), retry: orDefault(route.Retry, defaultRetry)}
	r.queue = q
	wait := orDefault(route.MaxWait, defaultMaxWait)
	s.execute(r.caller, "Queue", fmt.Sprintf("%s,,,,%d", route.Queue, int(wait.Seconds())))
	q.maxWait = s.after(wait, q.expire)
	s.event("QueueCallerJoin", "Queue", q.name, "Uniqueid", r.caller.id)
	q.begin()
}

// begin starts a try. Members that have a call, are paused or not registered are
// left out (ringinuse = no).
func (q *queue) begin() {
	q.tried = 0
	q.try = q.run.sim.after(q.tryFor, q.rangOut)
	if q.ringAll {
		for range q.members() {
			q.ringNext()
		}
	} else {
		q.ringNext()
	}
	if len(q.run.legs) == 0 {
		q.pause()
	}
}

// members are those of the queue now.
func (q *queue) members() []*member { return q.run.sim.queueNamed(q.name).members }

// ringNext rings the next free member; none is left when a try has been
// through all.
func (q *queue) ringNext() {
	s := q.run.sim
	for members := q.members(); q.tried < len(members); {
		m := members[q.next%len(members)]
		q.next = (q.next + 1) % len(members)
		q.tried++
		p := m.phone
		if m.paused || p.busy() || !p.registered {
			continue
		}
		l := s.newLeg(target{phone: p}, q.run.caller, "AppQueue", q.run)
		q.run.legs = append(q.run.legs, l)
		l.dialString = p.endpoint()
		s.emitDial(q.run.caller, l, "", l.dialString)
		if !q.ringAll {
			s.connect(q.run.caller, l.ch.caller)
		}
		l.begin(l.behaviour.AnswerAfter)
		return
	}
}

// pause waits before the next try.
func (q *queue) pause() {
	q.run.sim.cancel(q.try)
	q.try = q.run.sim.after(q.retry, q.begin)
}

// rangOut ends a try in which nobody answered.
func (q *queue) rangOut() {
	q.cancelTry()
	q.pause()
}

// cancelTry ends the legs. Asterisk tells each twice.
func (q *queue) cancelTry() {
	r := q.run
	for _, l := range r.legs {
		r.sim.emitDial(r.caller, l, "NOANSWER", "")
	}
	r.cancelLegs(true)
	r.endLegs(0, 0, "NO ANSWER")
}

// refused: a member is busy or rejects. Dial says NOANSWER whatever the cause.
func (q *queue) refused(l *leg, cause, tech int) {
	r := q.run
	r.sim.emitDial(r.caller, l, "NOANSWER", l.dialString)
	r.drop(l)
	r.writeCDR(l.ch, "NO ANSWER")
	l.end(cause, tech)
	if len(r.legs) > 0 {
		return
	}
	if q.ringNext(); len(r.legs) == 0 {
		q.pause()
	}
}

func (q *queue) answered(l *leg) {
	r := q.run
	q.stop()
	r.sim.emitDial(r.caller, l, "ANSWER", l.dialString)
	r.cancelLegs(false)
	if q.ringAll {
		r.sim.connect(r.caller, l.ch.caller)
	}
	r.cancelLegs(true)
	r.endLegs(26, 0, "NO ANSWER")
}

// expire: the caller has waited for as long as Queue() allows.
func (q *queue) expire() {
	q.cancelTry()
	q.run.over(16, 0)
}

func (q *queue) stop() {
	q.run.sim.cancel(q.try)
	q.run.sim.cancel(q.maxWait)
	q.run.sim.event("QueueCallerLeave", "Queue", q.name, "Uniqueid", q.run.caller.id)
}
