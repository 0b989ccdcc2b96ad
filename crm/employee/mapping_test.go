package employee

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"ringcard/crm"
)

func staffOf() []User {
	return []User{
		{ID: 1, Login: "anna", Name: "Анна Белова", Extension: "101", Active: true, Devices: []Device{{PBX: "office", Endpoint: "PJSIP/101"}}},
		{ID: 2, Login: "boris", Name: "Борис Ветров", Active: true, Devices: []Device{{PBX: "office", Endpoint: "PJSIP/102", Context: "own"}}},
		{ID: 3, Login: "gone", Name: "Галина Орлова"},
	}
}

// Each row of a mapping does one thing, or has one fault (PB-10).
func TestMappingRows_PB_10(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"PJSIP/101": true, "PJSIP/102": true, "PJSIP/103": true}
	tests := []struct {
		name  string
		row   MapRow
		does  string // action, "unchanged", or "fault CODE FIELD"
		from  string
		to    string
		check func(Remap) bool
	}{
		{"assign by login", MapRow{Endpoint: "PJSIP/103", Login: " Anna "}, MapAssign, "", "anna", func(r Remap) bool { return r.Devices[0].UserID == 1 }},
		{"assign by id", MapRow{Endpoint: "PJSIP/103", UserID: 2}, MapAssign, "", "boris", nil},
		{"move", MapRow{Endpoint: "PJSIP/102", Login: "anna"}, MapMove, "boris", "anna", nil},
		{"remove", MapRow{Endpoint: "PJSIP/102"}, MapRemove, "boris", "", func(r Remap) bool { return slices.Equal(r.Released, []string{"PJSIP/102"}) }},
		{"as it is", MapRow{Endpoint: "PJSIP/101", Login: "anna", Extension: "101"}, "unchanged", "", "", nil},
		{"nobody's as it is", MapRow{Endpoint: "PJSIP/103"}, "unchanged", "", "", nil},
		{"other context", MapRow{Endpoint: "PJSIP/102", Login: "boris"}, MapUpdate, "boris", "boris", func(r Remap) bool { return r.Devices[0].Context == "" }},
		{"other extension", MapRow{Endpoint: "PJSIP/101", Login: "anna", Extension: "701"}, MapUpdate, "anna", "anna", func(r Remap) bool { return r.Ext[1] == "701" }},
		{"new user", MapRow{Endpoint: "PJSIP/103", Login: "vera", Name: " Вера ", Extension: "103"}, MapCreate, "", "vera",
			func(r Remap) bool {
				return r.Create[0].Name == "Вера" && r.Create[0].Role == crm.RoleOperator && r.Create[0].Extension == "103" && r.Devices[0].Login == "vera"
			}},
		{"no endpoint", MapRow{Login: "anna"}, "fault bad_endpoint endpoint", "", "", nil},
		{"number for endpoint", MapRow{Endpoint: "101", Login: "anna"}, "fault bad_endpoint endpoint", "", "", nil},
		{"typing error", MapRow{Endpoint: "PJSIP/110", Login: "anna"}, "fault unknown_endpoint endpoint", "", "", nil},
		{"unknown login", MapRow{Endpoint: "PJSIP/103", Login: "nobody"}, "fault unknown_user login", "", "", nil},
		{"unknown id", MapRow{Endpoint: "PJSIP/103", UserID: 99}, "fault unknown_user user_id", "", "", nil},
		{"dismissed", MapRow{Endpoint: "PJSIP/103", Login: "gone"}, "fault dismissed_user login", "", "", nil},
		{"bad new login", MapRow{Endpoint: "PJSIP/103", Login: "вера", Name: "Вера"}, "fault bad_login login", "", "", nil},
		{"bad role", MapRow{Endpoint: "PJSIP/103", Login: "vera", Name: "Вера", Role: "king"}, "fault bad_role role", "", "", nil},
		{"bad name", MapRow{Endpoint: "PJSIP/103", Login: "vera", Name: strings.Repeat("я", 201)}, "fault bad_name name", "", "", nil},
		{"bad extension", MapRow{Endpoint: "PJSIP/103", Login: "anna", Extension: "1o1"}, "fault bad_extension extension", "", "", nil},
		{"bad context", MapRow{Endpoint: "PJSIP/103", Login: "anna", Context: "a b"}, "fault bad_context context", "", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMapper("office", staffOf(), known)
			tt.row.Line = 7
			m.row(tt.row)
			got := "unchanged"
			switch {
			case len(m.plan.Faults) == 1:
				f := m.plan.Faults[0]
				got = "fault " + f.Code + " " + f.Field
				if f.Line != 7 || f.Message == "" {
					t.Errorf("%+v", f)
				}
			case len(m.plan.Changes) == 1:
				c := m.plan.Changes[0]
				got = c.Action
				if c.Line != 7 || c.From != tt.from || c.To != tt.to || c.Endpoint != tt.row.Endpoint {
					t.Errorf("%+v", c)
				}
			}
			if got != tt.does {
				t.Errorf("%s, want %s: %+v", got, tt.does, m.plan)
			}
			if tt.check != nil && !tt.check(m.order) {
				t.Errorf("order %+v", m.order)
			}
		})
	}
	t.Run("a telephone twice", func(t *testing.T) {
		t.Parallel()
		m := newMapper("office", staffOf(), nil)
		m.row(MapRow{Line: 2, Endpoint: "PJSIP/103", Login: "anna"})
		m.row(MapRow{Line: 3, Endpoint: "PJSIP/103", Login: "boris"})
		if len(m.plan.Faults) != 1 || m.plan.Faults[0].Code != FaultRepeated || !strings.Contains(m.plan.Faults[0].Message, "line 2") {
			t.Errorf("%+v", m.plan)
		}
	})
	t.Run("two telephones of one new user", func(t *testing.T) {
		t.Parallel()
		m := newMapper("office", staffOf(), nil)
		m.row(MapRow{Line: 2, Endpoint: "PJSIP/103", Login: "vera", Name: "Вера"})
		m.row(MapRow{Line: 3, Endpoint: "PJSIP/104", Login: "vera", Name: "Вера"})
		if len(m.plan.Faults) != 0 || len(m.order.Create) != 1 || len(m.order.Devices) != 2 || m.plan.Changes[1].Action != MapAssign {
			t.Errorf("%+v %+v", m.plan, m.order)
		}
	})
}

func TestMappingFile_PB_10(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		want MapRow // of the first row
		says string // of the error
	}{
		"commas":           {"endpoint,login\nPJSIP/101,anna\n", MapRow{Line: 2, Endpoint: "PJSIP/101", Login: "anna"}, ""},
		"Russian Windows":  {"\ufeffEndpoint;Login;Name\r\nPJSIP/101;anna;\"Белова; Анна\"\r\n", MapRow{Line: 2, Endpoint: "PJSIP/101", Login: "anna", Name: "Белова; Анна"}, ""},
		"tabs":             {"endpoint\textension\trole\nPJSIP/101\t101\tManager\n", MapRow{Line: 2, Endpoint: "PJSIP/101", Extension: "101", Role: crm.RoleManager}, ""},
		"short and empty":  {"endpoint,login,name\n\n,,\nPJSIP/101\n", MapRow{Line: 4, Endpoint: "PJSIP/101"}, ""},
		"formula":          {"endpoint,name\nPJSIP/101,'=1+1\n", MapRow{Line: 2, Endpoint: "PJSIP/101", Name: "=1+1"}, ""},
		"nothing":          {"", MapRow{}, "empty"},
		"only the head":    {"endpoint,login\n", MapRow{}, "no telephone"},
		"unknown column":   {"endpoint,user\nPJSIP/101,anna\n", MapRow{}, `no column "user"`},
		"column twice":     {"endpoint,login,login\n", MapRow{}, "twice"},
		"no endpoint":      {"login\nanna\n", MapRow{}, "column endpoint is missing"},
		"too many values":  {"endpoint,name\nPJSIP/101,Белова, Анна\n", MapRow{}, "line 2: 3 values for 2 columns"},
		"quote not closed": {"endpoint,name\nPJSIP/101,\"Анна\n", MapRow{}, "line 2"},
		"not UTF-8":        {"endpoint,name\nPJSIP/101,\xc0\xed\xed\xe0\n", MapRow{}, "CSV UTF-8"},
		"a spreadsheet":    {"PK\x03\x04\x00\x00", MapRow{}, "CSV UTF-8"},
		"endless":          {"endpoint\n" + strings.Repeat("PJSIP/101\n", maxMapRows+1), MapRow{}, "split the file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, err := ParseMapping([]byte(tt.text))
			if tt.says != "" {
				if crm.CodeOf(err) != crm.CodeInvalid || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("error %v does not say %q", err, tt.says)
				}
				return
			}
			if err != nil || len(rows) != 1 || rows[0] != tt.want {
				t.Errorf("%+v %v", rows, err)
			}
		})
	}
}

// FuzzMapping: whatever a file holds, it is rows or a fault that can be shown;
// what is written is read again.
func FuzzMapping(f *testing.F) {
	f.Add([]byte("endpoint,login,name,role,extension,context\nPJSIP/101,anna,Анна,manager,101,office\n"))
	f.Add([]byte("\ufeffendpoint;name\r\nPJSIP/101;\"=cmd|'/c'!A1\"\r\n"))
	f.Add([]byte("endpoint\t\n\"\"\"\t'"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := ParseMapping(text)
		if err != nil {
			if crm.CodeOf(err) != crm.CodeInvalid {
				t.Fatalf("%v", err)
			}
			return
		}
		var out bytes.Buffer
		if err := WriteMapping(&out, rows); err != nil {
			t.Fatal(err)
		}
		again, err := ParseMapping(out.Bytes())
		if err != nil || len(again) != len(rows) {
			t.Fatalf("%d rows became %d: %v\n%s", len(rows), len(again), err, out.Bytes())
		}
		for i := range rows {
			again[i].Line = rows[i].Line
			if again[i] != rows[i] {
				t.Fatalf("%+v became %+v", rows[i], again[i])
			}
		}
	})
}
