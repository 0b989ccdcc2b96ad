package postgres_test

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the tests, wherever they run

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/obligation"
	"ringcard/crm/report"
	"ringcard/internal/postgres"
)

// naive computes the figures of a group of calls in the plainest way.
func naive(key string, calls []calllog.Record, owed []obligation.Obligation, sla time.Duration) report.Row {
	row := report.Row{Key: key}
	var wait, talk, back []float64
	who := map[string]bool{}
	for _, c := range calls {
		row.Calls++
		switch {
		case c.ClientID != 0:
			who[fmt.Sprint("client", c.ClientID)] = true
		case c.Number.E164 != "":
			who[c.Number.E164] = true
		}
		answered := c.Disposition == calllog.Answered
		if answered {
			talk = append(talk, float64(c.TalkMS))
			row.TalkTotalMS += c.TalkMS
		}
		if c.Direction == calllog.Out {
			row.Outbound++
			if answered {
				row.OutboundAnswered++
			}
			continue
		}
		row.Inbound++
		if answered {
			row.Answered++
			wait = append(wait, float64(c.WaitMS))
			if time.Duration(c.WaitMS)*time.Millisecond <= sla {
				row.WithinSLA++
			}
		} else if c.Disposition != calllog.Voicemail {
			row.Missed++
		}
	}
	row.UniqueClients = int64(len(who))
	for _, o := range owed {
		row.MissedCallers++
		if o.ClosedHow == obligation.ByContact {
			row.CalledBack++
			back = append(back, float64(o.ClosedAt.Sub(o.FirstAt).Milliseconds()))
		}
	}
	row.Wait, row.Talk, row.CallBack = timesOf(wait), timesOf(talk), timesOf(back)
	row.Shares()
	return row
}

func timesOf(values []float64) report.Times {
	if len(values) == 0 {
		return report.Times{}
	}
	sort.Float64s(values)
	at := func(p float64) *float64 { // linear interpolation between the nearest ranks
		x := p * float64(len(values)-1)
		low := math.Floor(x)
		v := values[int(low)]
		if high := int(math.Ceil(x)); high != int(low) {
			v += (x - low) * (values[high] - v)
		}
		return &v
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	avg := sum / float64(len(values))
	return report.Times{AvgMS: &avg, P50MS: at(0.5), P90MS: at(0.9), P95MS: at(0.95)}
}

// TestReportsEqualAnIndependentCount_AF_04 saves random calls around both
// changes of the clocks and compares reports by all groups with a count in Go.
func TestReportsEqualAnIndependentCount_AF_04(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	zone := must(time.LoadLocation("Europe/Berlin"))(t)
	reports := report.NewService(postgres.NewReportStore(o.db), zone)
	owed := o.owed(nil)
	site := o.client(client.NewClient{Name: "С сайта", Source: "Сайт", Phones: phones("+79210000001"), ResponsibleID: &o.anna.UserID})
	plain := o.client(client.NewClient{Name: "Без источника", Phones: phones("+79210000002")})
	clients := map[string]client.Card{"+79210000001": site, "+79210000002": plain}
	results := must(o.calls.Results(o.ctx, o.admin, false))(t)
	from := time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC) // the clocks go back at 01:00 UTC of the 25th
	users := []int64{o.anna.UserID, o.petr.UserID, o.operator.UserID}
	rapid.Check(t, func(rt *rapid.T) {
		o.exec(`WITH a AS (DELETE FROM crm.obligation), b AS (DELETE FROM crm.activity) DELETE FROM crm.call`)
		var calls []calllog.Record
		for range rapid.IntRange(1, 12).Draw(rt, "calls") {
			number := rapid.SampledFrom([]string{"+79210000001", "+79210000002", "+79210000003", "anonymous"}).Draw(rt, "number")
			at := from.Add(time.Duration(rapid.IntRange(0, 12*60).Draw(rt, "minute")) * time.Minute)
			r := o.talk(rapid.SampledFrom([]string{calllog.In, calllog.In, calllog.Out}).Draw(rt, "direction"), number, at)
			r.StartedAt = at.Add(-5 * time.Second)
			r.Queue = rapid.SampledFrom([]string{"", "Продажи"}).Draw(rt, "queue")
			r.DID = rapid.SampledFrom([]string{"+74950000001", "+74950000002"}).Draw(rt, "did")
			r.WaitMS, r.TalkMS = int64(rapid.IntRange(0, 40_000).Draw(rt, "wait")), int64(rapid.IntRange(0, 900_000).Draw(rt, "talk"))
			user := rapid.SampledFrom(users).Draw(rt, "user")
			r.UserIDs = []int64{user}
			disposition := rapid.SampledFrom([]string{calllog.Answered, calllog.Answered, calllog.Missed, calllog.Abandoned, calllog.Busy, calllog.Failed, calllog.Voicemail}).Draw(rt, "disposition")
			r.AnsweredBy, r.PlacedBy = nil, nil
			switch {
			case r.Direction == calllog.Out:
				r.PlacedBy = &calllog.Party{UserID: user}
			case disposition == calllog.Answered:
				r.AnsweredBy = &calllog.Party{UserID: user}
			default:
				r.UserIDs = rapid.SampledFrom([][]int64{{}, {user}, users}).Draw(rt, "rang")
			}
			if r.Disposition = disposition; disposition != calllog.Answered {
				r.AnsweredAt, r.TalkMS = nil, 0
			}
			if c, ok := clients[number]; ok {
				r.ClientID = c.ID
			}
			o.save(r)
			if rapid.IntRange(0, 3).Draw(rt, "wrapup") == 0 {
				result := rapid.SampledFrom(results).Draw(rt, "result")
				if !result.RequiresNote {
					r = must(o.calls.WrapUp(o.ctx, o.admin, r.ID, calllog.WrapUp{ResultID: result.ID}))(t)
				}
			}
			calls = append(calls, r)
		}
		other := o.call("101")
		other.Direction, other.StartedAt = calllog.Internal, from
		o.save(other) // no report counts it
		missed := must(owed.List(o.ctx, o.admin, obligation.Query{Limit: 200}))(t).Items
		to := from.Add(24 * time.Hour)
		for range 3 {
			group := rapid.SampledFrom(report.Groups()).Draw(rt, "group")
			got := must(reports.Calls(o.ctx, o.admin, report.Query{GroupBy: group, From: from.Add(-time.Hour), To: to, SLA: 20}))(t)
			byKey, owedByKey := map[string][]calllog.Record{}, map[string][]obligation.Obligation{}
			for _, c := range calls {
				for _, key := range keysOf(group, c, zone, clients) {
					byKey[key] = append(byKey[key], c)
				}
			}
			for _, m := range missed {
				last := calls[slices.IndexFunc(calls, func(c calllog.Record) bool { return c.ID == m.LastCall })]
				like := last
				like.StartedAt = m.FirstAt
				key := keysOf(group, like, zone, clients)[0]
				if group == report.ByUser {
					key = strconv.FormatInt(m.OwnerID, 10)
				}
				owedByKey[key] = append(owedByKey[key], m)
			}
			keys := map[string]bool{}
			for key := range byKey {
				keys[key] = true
			}
			for key := range owedByKey {
				keys[key] = true
			}
			want := map[string]report.Row{}
			for key := range keys {
				want[key] = naive(key, byKey[key], owedByKey[key], 20*time.Second)
			}
			rows := map[string]report.Row{}
			for _, r := range got.Rows {
				r.Label = ""
				rows[r.Key] = r
			}
			near := cmpopts.EquateApprox(1e-9, 1e-3)
			if diff := cmp.Diff(want, rows, near); diff != "" {
				rt.Fatalf("by %s (-counted +report):\n%s", group, diff)
			}
			if diff := cmp.Diff(naive("", calls, missed, 20*time.Second), got.Total, near); diff != "" {
				rt.Fatalf("total by %s (-counted +report):\n%s", group, diff)
			}
		}
	})
}

// keysOf are the groups that a call counts in.
func keysOf(group string, c calllog.Record, zone *time.Location, clients map[string]client.Card) []string {
	local := c.StartedAt.In(zone)
	weekday := strconv.Itoa((int(local.Weekday())+6)%7 + 1)
	switch group {
	case report.ByUser:
		users := c.UserIDs
		switch {
		case c.AnsweredBy != nil:
			users = []int64{c.AnsweredBy.UserID}
		case c.PlacedBy != nil:
			users = []int64{c.PlacedBy.UserID}
		case len(users) == 0:
			users = []int64{0}
		}
		var keys []string
		for _, u := range users {
			keys = append(keys, strconv.FormatInt(u, 10))
		}
		return keys
	case report.ByHour:
		return []string{local.Format("15")}
	case report.ByDay:
		return []string{local.Format(time.DateOnly)}
	case report.ByWeekday:
		return []string{weekday}
	case report.ByMonth:
		return []string{local.Format("2006-01")}
	case report.ByQueue:
		return []string{c.Queue}
	case report.ByDID:
		return []string{c.DID}
	case report.BySource:
		return []string{clients[c.Number.E164].Source}
	case report.ByPBX:
		return []string{c.PBX}
	case report.ByResult:
		if c.WrapUp != nil {
			return []string{strconv.FormatInt(c.WrapUp.ResultID, 10)}
		}
		return []string{"0"}
	}
	return []string{weekday + "-" + local.Format("15")}
}

func TestReportsShowOnesOwnFiguresUnlessAllowed_AF_04(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	reports := report.NewService(postgres.NewReportStore(o.db), nil)
	day := report.Query{GroupBy: report.ByUser, From: o.now.Add(-24 * time.Hour), To: o.now}
	o.save(o.talk(calllog.In, "+79210000001", o.now.Add(-time.Hour))) // anna's
	both := o.missed("+79210000002", o.now.Add(-2*time.Hour))
	both.UserIDs = []int64{o.anna.UserID, o.petr.UserID}
	o.save(both)
	mine := must(reports.Calls(o.ctx, o.petr, day))(t)
	if !mine.Own || len(mine.Rows) != 1 || mine.Rows[0].Label != o.petr.Name || mine.Rows[0].Missed != 1 || mine.Total.Calls != 1 || mine.SLA != 20 {
		t.Errorf("petr's = %+v", mine)
	}
	everybody := must(reports.Calls(o.ctx, o.super, day))(t)
	if everybody.Own || len(everybody.Rows) != 3 || everybody.Total.Calls != 2 || everybody.Total.MissedCallers != 1 { // the third: nobody owns the missed caller
		t.Errorf("everybody's = %+v", everybody)
	}
	filtered := day
	filtered.UserID, filtered.Direction = o.anna.UserID, calllog.In
	if got := must(reports.Calls(o.ctx, o.super, filtered))(t); len(got.Rows) != 1 || got.Total.Calls != 2 {
		t.Errorf("anna's = %+v", got)
	}
	_, err := reports.Calls(o.ctx, o.operator, day)
	wantCode(t, err, crm.CodeForbidden)
	for _, bad := range []report.Query{
		{GroupBy: "x", From: day.From, To: day.To}, {GroupBy: report.ByDay, To: day.To}, {GroupBy: report.ByDay, From: day.To, To: day.From},
		{GroupBy: report.ByDay, From: day.From, To: day.To, SLA: 4000}, {GroupBy: report.ByDay, From: day.From.AddDate(-9, 0, 0), To: day.To},
		{GroupBy: report.ByDay, From: day.From, To: day.To, Direction: calllog.Internal},
	} {
		_, err := reports.Calls(o.ctx, o.admin, bad)
		wantCode(t, err, crm.CodeInvalid)
	}
}
