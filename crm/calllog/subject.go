package calllog

import (
	"fmt"
	"time"
)

// Subject is the line of a call in the client's history, in the language of
// the installation (ru, otherwise English): «Входящий, 4 мин 12 с».
func Subject(r Record, locale string) string {
	words := english
	if locale == "ru" {
		words = russian
	}
	direction := words[r.Direction]
	switch r.Disposition {
	case Answered:
		return direction + ", " + spell(time.Duration(r.TalkMS)*time.Millisecond, words)
	case Missed, Abandoned:
		if r.Direction == Out {
			return direction + ", " + words["no answer"]
		}
		if r.Queue != "" {
			return fmt.Sprintf(words["missed in queue"], r.Queue)
		}
		return words["missed"]
	case Busy, Failed, Voicemail:
		return direction + ", " + words[r.Disposition]
	}
	return direction
}

func spell(d time.Duration, words map[string]string) string {
	d = d.Round(time.Second)
	h, m, s := int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case h > 0:
		return fmt.Sprintf("%d %s %d %s", h, words["h"], m, words["min"])
	case m > 0:
		return fmt.Sprintf("%d %s %d %s", m, words["min"], s, words["s"])
	}
	return fmt.Sprintf("%d %s", s, words["s"])
}

var russian = map[string]string{
	In: "Входящий", Out: "Исходящий", Internal: "Внутренний",
	"missed": "Пропущенный", "missed in queue": "Пропущенный из очереди «%s»", "no answer": "нет ответа",
	Busy: "занято", Failed: "не удался", Voicemail: "голосовая почта",
	"h": "ч", "min": "мин", "s": "с",
}

var english = map[string]string{
	In: "Inbound", Out: "Outbound", Internal: "Internal",
	"missed": "Missed", "missed in queue": "Missed in queue “%s”", "no answer": "no answer",
	Busy: "busy", Failed: "failed", Voicemail: "voicemail",
	"h": "h", "min": "min", "s": "s",
}
