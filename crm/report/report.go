// Package report counts calls: by user, time, queue, line and source, how fast
// they were answered and how soon missed callers were called back (AF-04).
package report

import "time"

// Groups of a report of calls. Times are of the office's zone; hours and
// weekdays are those of the clock on the wall, so that the day on which the
// clocks change counts its repeated hour once more and its skipped one never.
const (
	ByUser    = "user"    // key: id; who talked, or for a missed call each at whom it rang
	ByHour    = "hour"    // key: 00 … 23
	ByDay     = "day"     // key: 2026-11-22
	ByWeekday = "weekday" // key: 1 Monday … 7 Sunday
	ByMonth   = "month"   // key: 2026-11
	ByQueue   = "queue"   // key: name, empty: none
	ByDID     = "did"     // key: our number, empty: unknown
	BySource  = "source"  // key: source of the client, empty: unknown
	ByPBX     = "pbx"     // key: name
	ByResult  = "result"  // key: id of the wrap-up result, 0: none
	ByHeat    = "heat"    // key: weekday-hour, as 1-09: the busiest hours
)

// Groups lists them all.
func Groups() []string {
	return []string{ByUser, ByHour, ByDay, ByWeekday, ByMonth, ByQueue, ByDID, BySource, ByPBX, ByResult, ByHeat}
}

// Query selects the ended calls with the outside that a report counts;
// conditions combine by AND.
type Query struct {
	GroupBy   string
	From      time.Time // inclusive, needed
	To        time.Time // exclusive, needed
	SLA       int       // seconds within which an inbound call should be answered
	UserID    int64     // who talked, placed it, or at whom it rang
	Queue     string
	DID       string
	PBX       string
	Direction string // in or out
	Locale    string // of labels: ru, otherwise English
}

// Report is the answer: one row per group and one of everything.
type Report struct {
	GroupBy  string    `json:"group_by" enum:"user,hour,day,weekday,month,queue,did,source,pbx,result,heat"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	TimeZone string    `json:"time_zone" doc:"of hours, days, weekdays and months"`
	SLA      int       `json:"sla_s" doc:"seconds within which an inbound call should be answered"`
	Own      bool      `json:"own" doc:"only the reader's own calls are counted: he has not calls.read_all"`
	Rows     []Row     `json:"rows" doc:"by key; groups without calls are left out"`
	Total    Row       `json:"total"`
}

// Row counts the calls of a group. Shares are of 0 to 1, null where there is
// nothing to divide by; times are milliseconds, null without calls.
type Row struct {
	Key   string `json:"key" doc:"see group_by"`
	Label string `json:"label" doc:"name of the key, where it has one"`

	Calls    int64 `json:"calls" doc:"inbound and outbound"`
	Inbound  int64 `json:"inbound"`
	Answered int64 `json:"answered" doc:"inbound, by people"`
	// Missed: inbound that nobody answered, whatever the reason. What voicemail
	// took is neither answered nor missed.
	Missed           int64    `json:"missed"`
	AnsweredShare    *float64 `json:"answered_share" doc:"answered of inbound"`
	WithinSLA        int64    `json:"within_sla" doc:"inbound, answered within sla_s"`
	SLAShare         *float64 `json:"sla_share" doc:"within_sla of inbound"`
	Outbound         int64    `json:"outbound"`
	OutboundAnswered int64    `json:"outbound_answered"`
	UniqueClients    int64    `json:"unique_clients" doc:"different clients, and numbers that are nobody's"`
	TalkTotalMS      int64    `json:"talk_total_ms"`
	Wait             Times    `json:"wait" doc:"of answered inbound calls until the answer"`
	Talk             Times    `json:"talk" doc:"of answered calls, both ways"`
	// Obligations begun in the group (AF-02). By user: of the owner.
	MissedCallers int64 `json:"missed_callers" doc:"clients and numbers that became an obligation"`
	CalledBack    int64 `json:"called_back" doc:"of them settled by a talk"`
	CallBack      Times `json:"call_back" doc:"from the first missed call to that talk"`
}

// Times are the average and percentiles of durations, interpolated between
// the two nearest (PostgreSQL's percentile_cont).
type Times struct {
	AvgMS *float64 `json:"avg_ms"`
	P50MS *float64 `json:"p50_ms"`
	P90MS *float64 `json:"p90_ms"`
	P95MS *float64 `json:"p95_ms"`
}

// Shares fills in what follows from the counts.
func (r *Row) Shares() {
	r.AnsweredShare, r.SLAShare = share(r.Answered, r.Inbound), share(r.WithinSLA, r.Inbound)
}

func share(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	v := float64(part) / float64(whole)
	return &v
}
