package crm

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
)

func TestActorRights_AC_02(t *testing.T) {
	t.Parallel()
	if (Actor{}).Can(ClientsRead) {
		t.Error("nobody may read clients")
	}
	manager := NewActor(1, "a", "A", RoleManager)
	if manager.Can(ClientsReadAll) || manager.Can(UsersManage) || !manager.Can(ClientsWrite) {
		t.Errorf("manager: %v", manager.Permissions())
	}
	if err := manager.Require(UsersManage); CodeOf(err) != CodeForbidden {
		t.Errorf("err = %v", err)
	}
	limited := manager.Limit([]Permission{ClientsRead, UsersManage})
	if !slices.Equal(limited.Permissions(), []Permission{ClientsRead}) || !manager.Can(ClientsWrite) {
		t.Errorf("limited: %v, before: %v", limited.Permissions(), manager.Permissions())
	}
	for _, r := range Roles() {
		if !r.Valid() || len(r.Permissions()) == 0 {
			t.Errorf("role %q", r)
		}
	}
	if Role("boss").Valid() || Role("boss").Permissions() != nil {
		t.Error("an unknown role has rights")
	}
	if !System().Can(PBXManage) {
		t.Error("the system lacks a right")
	}
}

func TestParseMoney(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Money{
		"1500": "1500.00", "1 500,5": "1500.50", "-0,00": "0.00", "007.1": "7.10", "-12.34": "-12.34", "1\u00a0000": "1000.00", "0": "0.00",
	} {
		if got, err := ParseMoney(text); err != nil || got != want {
			t.Errorf("ParseMoney(%q) = %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1.234", "1e5", "NaN", "1,2,3", "12345678901234567", "пять"} {
		if _, err := ParseMoney(text); CodeOf(err) != CodeInvalid {
			t.Errorf("ParseMoney(%q): %v", text, err)
		}
	}
}

func TestDateAndOptional(t *testing.T) {
	t.Parallel()
	var in struct {
		Day    *Date          `json:"day"`
		Set    Optional[int]  `json:"set"`
		Null   Optional[int]  `json:"null"`
		Absent Optional[Date] `json:"absent"`
	}
	if err := json.Unmarshal([]byte(`{"day":"2024-02-29","set":5,"null":null}`), &in); err != nil {
		t.Fatal(err)
	}
	if *in.Day != (Date{2024, 2, 29}) || !in.Set.Set || *in.Set.Value != 5 || !in.Null.Set || in.Null.Value != nil || in.Absent.Set {
		t.Errorf("in = %+v", in)
	}
	if text, err := json.Marshal(in.Day); err != nil || string(text) != `"2024-02-29"` {
		t.Errorf("%s, %v", text, err)
	}
	if err := json.Unmarshal([]byte(`{"day":"2023-02-29"}`), &in); err == nil {
		t.Error("29 February 2023 was taken")
	}
}

func TestPageAndCursor(t *testing.T) {
	t.Parallel()
	page := NewPage([]int{1, 2, 3}, 2, func(n int) any { return n })
	if len(page.Items) != 2 || page.NextCursor == nil {
		t.Fatalf("page = %+v", page)
	}
	var n int
	if err := DecodeCursor(*page.NextCursor, &n); err != nil || n != 2 {
		t.Errorf("cursor %d, %v", n, err)
	}
	if last := NewPage([]int(nil), 2, func(n int) any { return n }); last.Items == nil || last.NextCursor != nil {
		t.Errorf("empty page = %+v", last)
	}
	if err := DecodeCursor("%%%", &n); CodeOf(err) != CodeInvalid {
		t.Errorf("err = %v", err)
	}
	for limit, want := range map[int]int{0: DefaultLimit, -1: DefaultLimit, 10: 10, 1000: MaxLimit} {
		if got := (PageRequest{Limit: limit}).Size(); got != want {
			t.Errorf("limit %d gives %d", limit, got)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := fmt.Errorf("outer: %w", &Error{Code: CodeInvalid, Field: "name", Message: "bad", Err: cause})
	if CodeOf(err) != CodeInvalid || !errors.Is(err, cause) || err.Error() != "outer: invalid: bad (name): cause" {
		t.Errorf("err = %v", err)
	}
	if CodeOf(cause) != "" || CodeOf(nil) != "" {
		t.Error("a foreign error has a code")
	}
}

// Who sees numbers masked cannot guess one by searching for more and more of
// its digits, neither in numbers nor in names that are numbers.
func TestSearchForMaskedReader_PU_09(t *testing.T) {
	t.Parallel()
	rules := PhoneRules{Region: "RU", AreaCode: "8152"}
	agent, operator := NewActor(1, "a", "A", RoleAgent), NewActor(2, "o", "O", RoleOperator)
	for q, want := range map[string]Search{
		"":               {},
		"ромашка 24":     {Words: []string{"ромашка", "24"}},
		"567":            {Words: []string{"567"}, Digits: "567", NumberOnly: true},
		"45-67":          {Words: []string{"45-67"}, Digits: "4567", NumberOnly: true},
		"34567":          {Words: []string{"34567"}, NumberOnly: true},
		"8 921 123 4567": {Words: []string{"8", "921", "123", "4567"}, E164: 79211234567, NumberOnly: true},
		"ромашка 9211":   {Words: []string{"ромашка"}},
		"тел92112":       {Words: []string{"тел92112"}, NumberOnly: true},
		"a921@b.ru":      {Words: []string{"a921@b.ru"}, Email: "a921@b.ru"},
	} {
		if got := SearchFor(agent, q, rules); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", q, got, want)
		}
		if full := SearchFor(operator, q, rules); full.NumberOnly || full.Digits != ParseSearch(q, rules).Digits {
			t.Errorf("%q of an operator: %+v", q, full)
		}
	}
}

func TestParseSearch(t *testing.T) {
	t.Parallel()
	rules := PhoneRules{Region: "RU", AreaCode: "8152"}
	for q, want := range map[string]Search{
		"":                {},
		"  ромашка  ооо ": {Words: []string{"ромашка", "ооо"}},
		"4567":            {Words: []string{"4567"}, Digits: "4567"},
		"45-67-89":        {Words: []string{"45-67-89"}, Digits: "456789", E164: 78152456789},
		"12":              {Words: []string{"12"}},
		"A@b.ru":          {Words: []string{"A@b.ru"}, Email: "a@b.ru"},
		"14.03.2021":      {Words: []string{"14.03.2021"}, Date: &Date{2021, 3, 14}},
	} {
		got := ParseSearch(q, rules)
		if fmt.Sprintf("%+v", got.Date) != fmt.Sprintf("%+v", want.Date) || !slices.Equal(got.Words, want.Words) ||
			got.Digits != want.Digits || got.E164 != want.E164 || got.Email != want.Email {
			t.Errorf("ParseSearch(%q) = %+v, want %+v", q, got, want)
		}
	}
}
