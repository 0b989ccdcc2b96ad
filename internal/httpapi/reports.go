package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ringcard/crm"
	"ringcard/crm/report"
)

func (s *server) registerReports() {
	const detail = "Counts ended calls with the outside, begun in the time asked for. Hours, days, weekdays and months are those of the office's zone; " +
		"`group_by=heat` gives the busiest hours, by weekday and hour. A missed call counts for each user at whom it rang, an answered one for who answered; " +
		"the total counts each call once. Missed callers and call-back times are those of `/obligations`. Without `calls.read_all` only one's own figures."
	handle(s, operation{
		id: "reportCalls", method: http.MethodGet, path: "/reports/calls", tag: tagReports, needs: crm.ReportsRead,
		summary: "Calls in numbers, by group", detail: detail,
	}, s.reportCalls)
	handle(s, operation{
		id: "exportReport", method: http.MethodGet, path: "/reports/calls.csv", tag: tagReports, needs: crm.ReportsRead,
		summary: "The same as CSV, the total last", detail: "Shares are of 0 to 1, times seconds.",
	}, s.exportReport)
}

// ReportQuery selects what a report counts.
type ReportQuery struct {
	GroupBy   string    `query:"group_by" required:"true" enum:"user,hour,day,weekday,month,queue,did,source,pbx,result,heat"`
	From      time.Time `query:"from" required:"true" doc:"calls begun at or after"`
	To        time.Time `query:"to" required:"true" doc:"calls begun before"`
	SLA       int       `query:"sla_s" minimum:"1" maximum:"3600" default:"20" doc:"seconds within which an inbound call should be answered"`
	UserID    int64     `query:"user_id" minimum:"1" doc:"who talked, placed it, or at whom it rang"`
	Queue     string    `query:"queue" maxLength:"100"`
	DID       string    `query:"did" maxLength:"64"`
	PBX       string    `query:"pbx" maxLength:"64"`
	Direction string    `query:"direction" enum:"in,out"`
}

func (in ReportQuery) query(lang string) report.Query {
	return report.Query{Locale: lang, GroupBy: in.GroupBy, From: in.From, To: in.To, SLA: in.SLA, UserID: in.UserID,
		Queue: in.Queue, DID: in.DID, PBX: in.PBX, Direction: in.Direction}
}

func (s *server) reportCalls(ctx context.Context, c *caller, in *ReportQuery) (*bodyOf[report.Report], error) {
	r, err := s.deps.Reports.Calls(ctx, c.actor, in.query(s.lang("")))
	return body(r), err
}

var reportHeadings = map[string][]string{
	"ru": {"Ключ", "Название", "Звонков", "Входящих", "Отвечено", "Доля отвеченных", "Пропущено", "В срок", "Доля в срок", "Исходящих", "Дозвонились",
		"Разных клиентов", "Разговоры, с", "Ожидание среднее, с", "p50", "p90", "p95", "Разговор средний, с", "p50", "p90", "p95",
		"Пропущенных клиентов", "Перезвонили", "До перезвона в среднем, с", "p50", "p90", "p95"},
	"en": {"Key", "Name", "Calls", "Inbound", "Answered", "Answered share", "Missed", "In time", "In time share", "Outbound", "Outbound answered",
		"Different clients", "Talk, s", "Wait average, s", "p50", "p90", "p95", "Talk average, s", "p50", "p90", "p95",
		"Missed callers", "Called back", "Call-back average, s", "p50", "p90", "p95"},
}

func (s *server) exportReport(ctx context.Context, c *caller, in *struct {
	ReportQuery
	CSVFormat
}) (*huma.StreamResponse, error) {
	lang := s.lang(in.Lang)
	r, err := s.deps.Reports.Calls(ctx, c.actor, in.query(lang))
	if err != nil {
		return nil, err
	}
	r.Total.Key = map[string]string{"ru": "Всего", "en": "Total"}[lang]
	return s.streamCSV(ctx, "calls-by-"+r.GroupBy+".csv", in.CSVFormat, reportHeadings[lang], func(row func([]string) error) error {
		for _, line := range append(r.Rows, r.Total) {
			if err := row(reportCells(line, lang)); err != nil {
				return err
			}
		}
		return nil
	}), nil
}

func reportCells(r report.Row, lang string) []string {
	whole := func(n int64) string { return strconv.FormatInt(n, 10) }
	times := func(t report.Times) []string {
		out := make([]string, 0, 4)
		for _, ms := range []*float64{t.AvgMS, t.P50MS, t.P90MS, t.P95MS} {
			if ms != nil {
				s := *ms / 1000
				ms = &s
			}
			out = append(out, decimal(ms, 1, lang))
		}
		return out
	}
	cells := []string{r.Key, r.Label, whole(r.Calls), whole(r.Inbound), whole(r.Answered), decimal(r.AnsweredShare, 4, lang), whole(r.Missed),
		whole(r.WithinSLA), decimal(r.SLAShare, 4, lang), whole(r.Outbound), whole(r.OutboundAnswered), whole(r.UniqueClients), seconds(r.TalkTotalMS)}
	cells = append(cells, times(r.Wait)...)
	cells = append(cells, times(r.Talk)...)
	cells = append(cells, whole(r.MissedCallers), whole(r.CalledBack))
	return append(cells, times(r.CallBack)...)
}
