package httpapi

import (
	"encoding/json"
	"regexp"
	"testing"
)

type openapiDoc struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string                `json:"operationId"`
		Summary     string                `json:"summary"`
		Tags        []string              `json:"tags"`
		Responses   map[string]any        `json:"responses"`
		Security    []map[string][]string `json:"security"`
		Parameters  []struct {
			Name     string `json:"name"`
			In       string `json:"in"`
			Required bool   `json:"required"`
		} `json:"parameters"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]any `json:"properties"`
			Required   []string       `json:"required"`
		} `json:"schemas"`
	} `json:"components"`
}

func readDocument(t *testing.T) openapiDoc {
	t.Helper()
	raw, err := OpenAPI("test")
	if err != nil {
		t.Fatal(err)
	}
	var doc openapiDoc
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestEveryOperationIsDocumented(t *testing.T) {
	doc := readDocument(t)
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("version %q", doc.OpenAPI)
	}
	camelCase := regexp.MustCompile(`^[a-z]+([A-Z]+[a-z]*)*$`)
	public := map[string]bool{"login": true, "logout": true, "getInfo": true}
	seen := make(map[string]string)
	for path, item := range doc.Paths {
		for method, op := range item {
			at := method + " " + path
			if !camelCase.MatchString(op.OperationID) {
				t.Errorf("%s: operationId %q is not camelCase", at, op.OperationID)
			}
			if other, ok := seen[op.OperationID]; ok {
				t.Errorf("%s: operationId %q is also that of %s", at, op.OperationID, other)
			}
			seen[op.OperationID] = at
			if op.Summary == "" || len(op.Tags) != 1 {
				t.Errorf("%s: summary %q, tags %v", at, op.Summary, op.Tags)
			}
			if public[op.OperationID] == (len(op.Security) > 0) {
				t.Errorf("%s: security %v", at, op.Security)
			}
		}
	}
}

func TestSchemasHaveTheNamesOfTheContract(t *testing.T) {
	doc := readDocument(t)
	for _, name := range []string{
		"Me", "Info", "Client", "ClientCard", "ClientPage", "HistoryItem", "HistoryItemPage", "CallRecord", "CallRecordPage",
		"Call", "Match", "Presence", "PresenceList", "PBXStatus", "User", "UserList", "Why", "Problem", "StreamSnapshot", "GroupList",
	} {
		if _, ok := doc.Components.Schemas[name]; !ok {
			t.Errorf("no schema %s", name)
		}
	}
}

func TestObjectsThatMayBeNullSaySo(t *testing.T) {
	doc := readDocument(t)
	for schema, field := range map[string]string{
		"Client": "phone", "ClientCard": "phone", "Call": "client", "CallRecord": "answered_by", "SearchResult": "number", "HistoryItem": "call",
	} {
		property, _ := doc.Components.Schemas[schema].Properties[field].(map[string]any)
		if property["anyOf"] == nil {
			t.Errorf("%s.%s is not nullable: %v", schema, field, property)
		}
	}
}
