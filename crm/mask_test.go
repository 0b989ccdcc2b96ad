package crm

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestMask_PU_09(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"+7 (921) 123-45-67":        "+7 (•••) •••-45-67",
		"+7 (921) 123-45-67, 15":    "+7 (•••) •••-45-67, 15",
		"8 (921) 123-45-67 доб. 15": "• (•••) •••-45-67 доб. 15",
		"+79211234567":              "+7••••••4567",
		"79211234567":               "•••••••4567",
		"+375 17 123-45-67":         "+••• •• •••-45-67",
		"+49 30 901820":             "+•• •• ••1820",
		"перезвонить на 8-921-123-45-67 в 15:00": "перезвонить на •-•••-•••-45-67 в 15:00",
		"89211234567 89217654321":                "••••••••••• •••••••4321",
		"Local/79211234567@ctx-0001;2":           "Local/•••••••4567@ctx-0001;2",
		"nobody has the number +79211234567":     "nobody has the number +7••••••4567",
		"PJSIP/trunk-00000007":                   "PJSIP/trunk-00000007",
		"1732258800.15":                          "1732258800.15",
		"1500000000.00":                          "1500000000.00",
		"2026-11-22T06:00:00.123456789Z":         "2026-11-22T06:00:00.123456789Z",
		"встреча 2026-11-22 10:30":               "встреча 2026-11-22 10:30",
		"встреча 22.11.2026 10:30":               "встреча 22.11.2026 10:30",
		"7b0d3f6e-0000-4000-8000-000000000001":   "7b0d3f6e-0000-4000-8000-000000000001",
		"звонил 101, потом 102":                  "звонил 101, потом 102",
		"":                                       "",
	} {
		if got := Mask(text); got != want {
			t.Errorf("Mask(%q) = %q, want %q", text, got, want)
		}
		if again := Mask(Mask(text)); again != want {
			t.Errorf("Mask twice of %q = %q", text, again)
		}
	}
	for number, want := range map[string]string{"45-67-89": "••-67-89", "101": "101", "10123": "10123", "anonymous": "anonymous"} {
		if got := MaskPhone(number); got != want {
			t.Errorf("MaskPhone(%q) = %q, want %q", number, got, want)
		}
	}
	if IsMasked("+7 921") || !IsMasked(MaskPhone("+79211234567")) {
		t.Error("a masked number is not told from another")
	}
}

func TestMaskJSON_PU_09(t *testing.T) {
	t.Parallel()
	const doc = `{"id":"1732258800.15","call_id":"7b0d3f6e-0000-4000-8000-000000000001","version":9007199254740993,
		"number":{"raw":"45-67-89","e164":"+78152456789","display":"+7 (815) 245-67-89"},
		"legs":[{"id":"asterisk-1732258800.15","dialed_by":"asterisk-1732258800.15","number":"79211234567"}],
		"phone":"+7 (921) 123-45-67","note":"тел. 89211234567","deal_sum":"1500000000.00","started_at":"2026-11-22T06:00:00Z","n":null}`
	const want = `{"id":"1732258800.15","call_id":"7b0d3f6e-0000-4000-8000-000000000001","version":9007199254740993,
		"number":{"raw":"••-67-89","e164":"","display":"+7 (•••) •••-67-89"},
		"legs":[{"id":"asterisk-1732258800.15","dialed_by":"asterisk-1732258800.15","number":"•••••••4567"}],
		"phone":"+7 (•••) •••-45-67","note":"тел. •••••••4567","deal_sum":"1500000000.00","started_at":"2026-11-22T06:00:00Z","n":null}`
	got, err := MaskJSON([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if string(x) != string(y) {
		t.Errorf("%s\nwant\n%s", x, y)
	}
	if !strings.Contains(string(got), "9007199254740993") {
		t.Error("an integer lost digits")
	}
	if _, err := MaskJSON([]byte("{")); err == nil {
		t.Error("a broken document passed")
	}
}

// However a number is written, its hidden digits never come out.
func FuzzMask(f *testing.F) {
	for _, s := range []string{"8 (921) 123-45-67 доб. 15", "tel:+79211234567", "a79211234567b", "8 921 123 45 67 8 921 765 43 21", "\xff79211234567"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Mask(text)
		if Mask(got) != got {
			t.Errorf("Mask(%q) = %q, and again %q", text, got, Mask(got))
		}
		if noNumber(text) {
			return
		}
		digits := 0
		for i := range len(got) { // no eleven digits in a row survive
			if got[i] >= '0' && got[i] <= '9' {
				if digits++; digits >= maskDigits {
					t.Fatalf("Mask(%q) = %q", text, got)
				}
			} else {
				digits = 0
			}
		}
	})
}
