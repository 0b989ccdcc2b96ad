package routing

import (
	"fmt"
	"strings"
	"time"
)

// chainLength bounds how many deputies follow one another.
const chainLength = 4

// States of presence that keep an employee from taking a call; the names are
// those of the team panel.
const (
	stateOffline = "offline"
	stateBreak   = "break"
)

// decide applies the rules to the responsible and then to the deputies, each
// asked once. For each employee the first rule that speaks against him counts:
// dismissed, absent, outside working hours, no telephone at the PBX, not
// registered, on a break. An absence may name a deputy of its own. now is in
// the office's time zone; presence answers from memory.
func decide(p Plan, pbx string, now time.Time, presence func(userID int64) string) Answer {
	a := Answer{ClientID: p.ClientID, Client: p.ClientName, Reason: ReasonNobody, Why: []Step{}}
	switch {
	case p.ClientID == 0:
		a.Reason = ReasonUnknown
		return a
	case p.ResponsibleID == 0:
		a.Reason = ReasonNoResponsible
		return a
	}
	employees := make(map[int64]Employee, len(p.Employees))
	for _, e := range p.Employees {
		employees[e.UserID] = e
	}
	asked := map[int64]bool{}
	for next := p.ResponsibleID; next != 0 && len(asked) <= chainLength; {
		e, ok := employees[next]
		if !ok || asked[next] {
			break
		}
		asked[next] = true
		step, device, extension := judge(e, pbx, now, presence)
		a.Why = append(a.Why, step)
		if step.Code == CodeTakes {
			a.Extension, a.Device, a.UserID, a.Name, a.Presence = extension, device, e.UserID, e.Name, step.Presence
			a.Reason = ReasonDeputy
			if e.UserID == p.ResponsibleID {
				a.Reason = ReasonResponsible
			}
			return a
		}
		next = e.DeputyID
		if step.Code == CodeAbsent && e.Absence.DeputyID != 0 {
			next = e.Absence.DeputyID
		}
	}
	return a
}

// judge finds the first rule that speaks against an employee.
func judge(e Employee, pbx string, now time.Time, presence func(int64) string) (step Step, device, extension string) {
	step = Step{UserID: e.UserID, Name: e.Name}
	not := func(code Code, format string, args ...any) (Step, string, string) {
		step.Code, step.Text = code, e.Name+" "+fmt.Sprintf(format, args...)
		return step, "", ""
	}
	switch {
	case !e.Active:
		return not(CodeGone, "no longer works here")
	case e.Absence != nil:
		return not(CodeAbsent, "is absent (%s) until %s", e.Absence.Kind, e.Absence.ToAt.In(now.Location()).Format("2006-01-02 15:04"))
	case !works(e, now):
		whose := "the office's"
		if e.OwnHours {
			whose = "his own"
		}
		return not(CodeOffHours, "does not work at %s by %s hours", now.Format("Mon 15:04"), whose)
	}
	device, extension = telephone(e, pbx)
	if extension == "" {
		if pbx == "" {
			return not(CodeNoDevice, "has no telephone")
		}
		return not(CodeNoDevice, "has no telephone at %s", pbx)
	}
	step.Presence = presence(e.UserID)
	switch step.Presence {
	case stateOffline:
		return not(CodeOffline, "has no registered telephone")
	case stateBreak:
		return not(CodeBreak, "is on a break")
	}
	step.Code, step.Text = CodeTakes, fmt.Sprintf("%s takes the call at %s", e.Name, extension)
	return step, device, extension
}

// telephone picks the device at the PBX and the extension to dial there: the
// name of the endpoint where that is a number, else the employee's extension.
func telephone(e Employee, pbx string) (device, extension string) {
	for _, d := range e.Devices {
		if pbx != "" && d.PBX != pbx {
			continue
		}
		_, resource, _ := strings.Cut(d.Endpoint, "/")
		if resource != "" && strings.Trim(resource, "0123456789*#") == "" {
			return d.Endpoint, resource
		}
		return d.Endpoint, e.Extension
	}
	return "", ""
}

// works tells whether now is in the employee's hours. An interval past
// midnight reaches into the next day.
func works(e Employee, now time.Time) bool {
	if len(e.Hours) == 0 {
		return !e.OwnHours
	}
	today, minute := weekday(now), now.Hour()*60+now.Minute()
	yesterday := (today+5)%7 + 1
	for _, i := range e.Hours {
		from, _ := minuteOf(i.From)
		to, _ := minuteOf(i.To)
		switch {
		case from < to:
			if i.Day == today && from <= minute && minute < to {
				return true
			}
		case i.Day == today && minute >= from, i.Day == yesterday && minute < to:
			return true
		}
	}
	return false
}

// weekday is that of ISO 8601, Monday 1 to Sunday 7.
func weekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// minuteOf reads "09:30" as minutes of the day; "24:00" is 1440.
func minuteOf(clock string) (int, bool) {
	if len(clock) != 5 || clock[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if clock[i] < '0' || clock[i] > '9' {
			return 0, false
		}
	}
	h, m := int(clock[0]-'0')*10+int(clock[1]-'0'), int(clock[3]-'0')*10+int(clock[4]-'0')
	if h > 24 || m > 59 || h == 24 && m > 0 {
		return 0, false
	}
	return h*60 + m, true
}

// Clock writes minutes of the day as "09:30".
func Clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// Minute reads "09:30" as Clock writes it; false for anything else.
func Minute(clock string) (int, bool) { return minuteOf(clock) }
