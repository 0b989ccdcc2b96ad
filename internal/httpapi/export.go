package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ringcard/crm"
	"ringcard/crm/calllog"
)

func (s *server) registerExport() {
	handle(s, operation{
		id: "exportCalls", method: http.MethodGet, path: "/calls/export.csv", tag: tagCalls, needs: crm.CallsRead,
		summary: "Call journal as CSV, by the same filters and rights",
		detail: "Times are of the office's zone, as 2026-11-22 09:30:00, durations whole seconds. Texts that a spreadsheet would take for a formula " +
			"begin with an apostrophe. For a Russian Excel: `bom=true&separator=semicolon`. The file comes as it is read; it is whole only if the answer ends properly.",
	}, s.exportCalls)
}

// location of the office, UTC where none is configured.
func (s *server) location() *time.Location {
	if s.deps.Location == nil {
		return time.UTC
	}
	return s.deps.Location
}

// lang is the language of a file.
func (s *server) lang(asked string) string {
	if asked != "" {
		return asked
	}
	if s.deps.Info.Locale == "ru" {
		return "ru"
	}
	return "en"
}

var exportHeadings = map[string][]string{
	"ru": {"Начало", "Направление", "Результат", "Номер", "Имя звонившего", "Клиент", "Контактное лицо", "Кто говорил", "Очередь", "Наш номер",
		"Ожидание, с", "Разговор, с", "Удержание, с", "Запись", "Переведён", "Итог", "Следующий контакт", "Заметка", "АТС", "Звонок"},
	"en": {"Begun", "Direction", "Result", "Number", "Caller's name", "Client", "Person", "Talked", "Queue", "Our number",
		"Wait, s", "Talk, s", "Hold, s", "Recorded", "Transferred", "Came to", "Next contact", "Note", "PBX", "Call"},
}

var exportWords = map[string]map[string]string{
	"ru": {calllog.In: "входящий", calllog.Out: "исходящий", calllog.Internal: "внутренний", calllog.Answered: "отвечен",
		calllog.Missed: "пропущен", calllog.Abandoned: "не дождался", calllog.Busy: "занято", calllog.Failed: "не удался",
		calllog.Voicemail: "голосовая почта", "yes": "да", "no": "нет"},
	"en": {calllog.In: "inbound", calllog.Out: "outbound", calllog.Internal: "internal", calllog.Answered: "answered",
		calllog.Missed: "missed", calllog.Abandoned: "abandoned", calllog.Busy: "busy", calllog.Failed: "failed",
		calllog.Voicemail: "voicemail", "yes": "yes", "no": "no"},
}

func (s *server) exportCalls(ctx context.Context, c *caller, in *struct {
	CallFilter
	CSVFormat
}) (*huma.StreamResponse, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	lang := s.lang(in.Lang)
	masked := !c.actor.Can(crm.NumbersFull)
	return s.streamCSV(ctx, "calls.csv", in.CSVFormat, exportHeadings[lang], func(row func([]string) error) error {
		return s.deps.CallLog.Export(ctx, c.actor, q, func(r calllog.Record) error {
			return row(callCells(r, lang, s.location(), masked))
		})
	}), nil
}

// callCells is one row of the export; numbers are masked as in every other
// answer (PU-09).
func callCells(r calllog.Record, lang string, zone *time.Location, masked bool) []string {
	word := func(key string) string { return exportWords[lang][key] }
	yes := func(v bool) string {
		if v {
			return word("yes")
		}
		return word("no")
	}
	talked, came, next := "", "", ""
	switch {
	case r.AnsweredBy != nil:
		talked = r.AnsweredBy.Name
	case r.PlacedBy != nil:
		talked = r.PlacedBy.Name
	}
	if w := r.WrapUp; w != nil {
		came = w.NameEN
		if lang == "ru" {
			came = w.NameRU
		}
		if w.NextContactAt != nil {
			next = clockText(*w.NextContactAt, zone)
		}
	}
	number := r.Number.E164
	if number == "" {
		number = r.Number.Raw
	}
	cells := []string{clockText(r.StartedAt, zone), word(r.Direction), word(r.Disposition), number, r.CallerName, r.ClientName, r.PersonName,
		talked, r.Queue, r.DID, seconds(r.WaitMS), seconds(r.TalkMS), seconds(r.HoldMS), yes(r.Recorded), yes(r.Transferred),
		came, next, r.Note, r.PBX, r.ID}
	if masked {
		cells[3] = crm.MaskPhone(number) // however short; the other cells are masked as texts
	}
	return cells
}

func clockText(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateTime) }

// seconds rounds milliseconds to whole seconds.
func seconds(ms int64) string { return strconv.FormatInt((ms+500)/1000, 10) }

// decimal writes an optional figure for a spreadsheet of the language.
func decimal(v *float64, digits int, lang string) string {
	if v == nil {
		return ""
	}
	text := strconv.FormatFloat(*v, 'f', digits, 64)
	if lang == "ru" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}
