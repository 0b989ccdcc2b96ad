package app

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringcard/ari"
	"ringcard/configs"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/sip"
)

// Hints give telephones their numbers, queues their members' users.
func TestHintsAndQueuesAreMapped_PB_10(t *testing.T) {
	t.Parallel()
	cfg := configs.PBX{Name: "office", Context: "office", Extensions: configs.DefaultExtensions}
	staff := []employee.User{
		{ID: 1, Name: "Анна", Extension: "201"},
		{ID: 2, Name: "Пётр", Extension: "202", Devices: []employee.Device{{PBX: "office", Endpoint: "PJSIP/petr"}, {PBX: "branch", Endpoint: "PJSIP/anna"}}},
	}
	found := []ari.Endpoint{{Name: "PJSIP/anna", InboundAuth: true}, {Name: "PJSIP/hall", InboundAuth: true}, {Name: "PJSIP/petr", InboundAuth: true}}
	offered := offers{told: true, seen: []string{"sales", "old"}, Offered: ari.Offered{
		Hints: []ari.Hint{
			{Extension: "202", Context: "office", Devices: []string{"PJSIP/petr"}},
			{Extension: "201", Context: "office", Devices: []string{"PJSIP/anna"}},
			{Extension: "201", Context: "other", Devices: []string{"PJSIP/anna"}},
			{Extension: "300", Context: "office", Devices: []string{"PJSIP/anna", "PJSIP/petr"}}, // a group
			{Extension: "401", Context: "office", Devices: []string{"PJSIP/hall"}},
			{Extension: "402", Context: "office", Devices: []string{"PJSIP/hall"}}, // two numbers: neither is his
			{Extension: "700", Context: "office"},
		},
		Queues: []cti.QueueState{{Name: "sales", Members: []cti.QueueMember{
			{Device: "PJSIP/petr", Name: "P"}, {Device: "Local/202@agents/n", Name: "L"}, {Device: "Local/999@agents/n", Name: "X"},
		}}},
		AllHints: true,
	}}
	d, err := compare(cfg, found, staff, offered)
	if err != nil {
		t.Fatal(err)
	}
	numbers := make(map[string]string)
	for _, e := range d.Endpoints {
		numbers[e.Endpoint] = e.Extension
		if e.Suggestion != nil {
			numbers[e.Endpoint] += " " + e.Suggestion.UserName + " by " + e.Suggestion.Reason
		}
	}
	want := map[string]string{"PJSIP/anna": "201 Анна by hint", "PJSIP/hall": "", "PJSIP/petr": "202"}
	if diff := cmp.Diff(want, numbers); diff != "" {
		t.Errorf("telephones (-want +got):\n%s", diff)
	}
	queues := []httpapi.FoundQueue{
		{Name: "old", Members: []httpapi.FoundMember{}},
		{Name: "sales", AtPBX: true, Members: []httpapi.FoundMember{
			{Device: "Local/202@agents/n", Name: "L", UserID: 2, UserName: "Пётр"}, {Device: "Local/999@agents/n", Name: "X"},
			{Device: "PJSIP/petr", Name: "P", UserID: 2, UserName: "Пётр"},
		}},
	}
	if diff := cmp.Diff(queues, d.Queues); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
	if d.HintsBy != httpapi.ToldByList || d.QueuesBy != httpapi.ToldByNames || len(d.Hints) != 7 || d.Hints[0].Extension != "201" || d.Hints[0].Context != "office" {
		t.Errorf("%s %s %+v", d.HintsBy, d.QueuesBy, d.Hints)
	}
}

// Over SIP an extension is offered unless the PBX does not know it.
func TestExtensionsOverSIPAreMapped_PB_07_PB_10(t *testing.T) {
	t.Parallel()
	staff := []employee.User{{ID: 1, Name: "Анна", Extension: "101"}, {ID: 2, Name: "Пётр", Extension: "102"}, {ID: 3, Name: "Вера", Extension: "103"}}
	d := compareSIP(configs.PBX{Name: "branch", Context: "from-internal"}, []sip.Finding{
		{Extension: "101", Endpoint: "SIP/101", State: sip.Watched},
		{Extension: "102", Endpoint: "SIP/102", State: sip.NoHint, Advice: "add a hint"},
		{Extension: "103", Endpoint: "SIP/103", State: sip.Watched},
	}, map[string]employee.User{"103": staff[2]}, staff)
	var got []string
	for _, e := range d.Endpoints {
		line := e.Endpoint + " " + e.Watch + " " + e.UserName
		if e.Suggestion != nil {
			line += "? " + e.Suggestion.UserName
		}
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{"SIP/101 watched ? Анна", "SIP/102 no_hint ", "SIP/103 watched Вера"}, got); diff != "" {
		t.Error(diff)
	}
	if d.QueuesBy != httpapi.ToldByNone || d.Endpoints[1].Online || d.Endpoints[1].Advice == "" {
		t.Errorf("%+v", d)
	}
}
