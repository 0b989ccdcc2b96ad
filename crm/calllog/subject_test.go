package calllog

import "testing"

func TestSubject(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		r      Record
		ru, en string
	}{
		{Record{Direction: In, Disposition: Answered, TalkMS: 252_000}, "Входящий, 4 мин 12 с", "Inbound, 4 min 12 s"},
		{Record{Direction: Out, Disposition: Answered, TalkMS: 3_725_000}, "Исходящий, 1 ч 2 мин", "Outbound, 1 h 2 min"},
		{Record{Direction: In, Disposition: Answered, TalkMS: 800}, "Входящий, 1 с", "Inbound, 1 s"},
		{Record{Direction: In, Disposition: Missed}, "Пропущенный", "Missed"},
		{Record{Direction: In, Disposition: Abandoned, Queue: "Продажи"}, "Пропущенный из очереди «Продажи»", "Missed in queue “Продажи”"},
		{Record{Direction: Out, Disposition: Missed}, "Исходящий, нет ответа", "Outbound, no answer"},
		{Record{Direction: Out, Disposition: Busy}, "Исходящий, занято", "Outbound, busy"},
		{Record{Direction: In, Disposition: Voicemail}, "Входящий, голосовая почта", "Inbound, voicemail"},
		{Record{Direction: Internal, Disposition: Failed}, "Внутренний, не удался", "Internal, failed"},
	} {
		if got := Subject(tt.r, "ru"); got != tt.ru {
			t.Errorf("ru: %q, want %q", got, tt.ru)
		}
		if got := Subject(tt.r, "en"); got != tt.en {
			t.Errorf("en: %q, want %q", got, tt.en)
		}
	}
}
