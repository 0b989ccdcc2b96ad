package sample

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/employee"
)

// hours is how many calls of a hundred begin in each hour from 9:00.
var hours = []int{8, 14, 15, 12, 7, 11, 13, 12, 8}

const openAt = 9

// day is the midnight of so many days ago.
func (o *office) day(ago int) time.Time {
	now := o.opts.Now.In(o.opts.Zone)
	return time.Date(now.Year(), now.Month(), now.Day()-ago, 0, 0, 0, 0, o.opts.Zone)
}

func weekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

// workingTime draws a moment of the office's day by the distribution of hours.
func (o *office) workingTime(ago int) time.Time {
	at, hour := o.rnd.IntN(100), 0
	for at >= hours[hour] && hour < len(hours)-1 {
		at -= hours[hour]
		hour++
	}
	return o.day(ago).Add(time.Duration(openAt+hour)*time.Hour + time.Duration(o.rnd.IntN(3600_000))*time.Millisecond).UTC()
}

// call draws one ended call; false for one that would end after now.
func (o *office) call(at time.Time) (calllog.Record, bool) {
	id, err := uuid.NewRandomFromReader(o.bytes)
	if err != nil {
		panic(err) // a generator never fails to be read
	}
	who := o.employee()
	r := calllog.Record{
		ID: id.String(), Version: 1, PBX: o.opts.PBX, State: calllog.Ended, StartedAt: at,
		Number: o.number(), Direction: calllog.In, DID: "+74950102030",
	}
	ring := at.Add(time.Duration(300+o.rnd.IntN(900)) * time.Millisecond)
	wait := time.Duration(2000+o.rnd.IntN(18000)) * time.Millisecond
	talk := time.Duration(15000+o.rnd.ExpFloat64()*150_000) * time.Millisecond
	r.RingAt = &ring
	draw := o.rnd.IntN(100)
	switch {
	case draw < 50: // inbound, answered
		o.queue(&r, who)
		o.answer(&r, who, wait, talk)
	case draw < 62: // inbound, not answered
		o.queue(&r, who)
		o.end(&r, calllog.Missed, 16, wait+30*time.Second)
		if o.rnd.IntN(2) == 0 {
			r.Disposition = calllog.Abandoned
		}
	case draw < 90: // outbound, answered
		o.place(&r, who)
		o.answer(&r, who, wait, talk)
	case draw < 96:
		o.place(&r, who)
		o.end(&r, calllog.Missed, 19, 30*time.Second)
	default:
		o.place(&r, who)
		o.end(&r, calllog.Busy, 17, 3*time.Second)
	}
	return r, r.EndedAt.Before(o.opts.Now)
}

// number of a client, mostly; of a stranger; withheld.
func (o *office) number() calllog.Number {
	raw := "anonymous"
	switch draw := o.rnd.IntN(100); {
	case draw < 86:
		card := pick(o.rnd, o.cards)
		phones := card.Phones
		for _, p := range card.Persons {
			phones = append(phones, p.Phones...)
		}
		raw = pick(o.rnd, phones).E164
	case draw < 97:
		raw = mobile(50_000 + o.rnd.IntN(5000))
	}
	p := crm.ParsePhone(raw, o.opts.Rules)
	return calllog.Number{Raw: strings.TrimPrefix(raw, "+"), E164: p.E164Text(), Display: p.Display, Kind: string(p.Kind)}
}

// queue lets a call ring at who and, in half of the calls, at others too.
func (o *office) queue(r *calllog.Record, who employee.User) {
	r.UserIDs = []int64{who.ID}
	if o.rnd.IntN(2) == 0 {
		r.Queue = "Продажи"
		for _, u := range o.users[1:4] {
			if u.ID != who.ID {
				r.UserIDs = append(r.UserIDs, u.ID)
			}
		}
	}
}

func (o *office) place(r *calllog.Record, who employee.User) {
	r.Direction, r.DID = calllog.Out, ""
	r.PlacedBy = &calllog.Party{UserID: who.ID, Name: who.Name}
	r.UserIDs = []int64{who.ID}
}

func (o *office) answer(r *calllog.Record, who employee.User, wait, talk time.Duration) {
	answered := r.StartedAt.Add(wait)
	r.AnsweredAt, r.TalkMS = &answered, talk.Milliseconds()
	if r.Direction == calllog.In {
		r.AnsweredBy = &calllog.Party{UserID: who.ID, Name: who.Name}
	}
	r.Note = pick(o.rnd, callNotes)
	o.end(r, calllog.Answered, 16, wait+talk)
	r.WaitMS = wait.Milliseconds()
}

func (o *office) end(r *calllog.Record, disposition string, cause int, after time.Duration) {
	ended := r.StartedAt.Add(after)
	r.EndedAt, r.Disposition, r.Cause, r.WaitMS = &ended, disposition, cause, after.Milliseconds()
}
