package httpapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// newConfig describes the API as a whole.
func newConfig(version string) huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "Ringcard",
				Version: version,
				Description: "Telephony and CRM. Errors are RFC 9457 problems with a stable code; " +
					"lists are keyset pages; writes on versioned records take If-Match.",
			},
			Servers: []*huma.Server{{URL: prefix}},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"session": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "set by POST /login"},
					"token":   {Type: "http", Scheme: "bearer", Description: "made by ringcard token create"},
				},
			},
		},
		Formats:       huma.DefaultFormats,
		DefaultFormat: "application/json",
		// A misspelt filter would otherwise return the unfiltered list.
		RejectUnknownQueryParameters: true,
	}
}

// contractNames are the public names of types that are called otherwise in
// their packages.
var contractNames = map[string]string{
	"client.Row":            "Client",
	"client.Card":           "ClientCard",
	"client.Hit":            "SearchHit",
	"client.MainPhone":      "MainPhone",
	"client.Organisation":   "PersonClient",
	"interaction.Item":      "HistoryItem",
	"interaction.CallBrief": "HistoryCall",
	"calllog.Record":        "CallRecord",
	"calllog.Number":        "RecordNumber",
	"calllog.Party":         "RecordParty",
	"calllog.Correction":    "RecordCorrection",
	"calllog.Transfer":      "RecordTransfer",
	"calllog.Summary":       "CallSummary",
	"calllog.Result":        "WrapUpResult",
	"obligation.Number":     "CallBackNumber",
	"obligation.Counts":     "ObligationCounts",
	"obligation.Rules":      "MissedCallRules",
	"obligation.Interval":   "WorkingHours",
	"report.Report":         "CallReport",
	"report.Row":            "ReportRow",
	"report.Times":          "ReportTimes",
	"calllog.Hour":          "HourCount",
	"employee.Name":         "UserName",
	"client.Caller":         "CallerName",
	"client.Choice":         "NumberChoice",
	"client.Unsorted":       "UnsortedNumber",
	"routing.Answer":        "RoutingAnswer",
	"routing.Step":          "RoutingStep",
	"routing.Interval":      "WorkInterval",
	"recording.Party":       "RecordingParty",
	"cti.Client":            "CallClient",
	"cti.Contact":           "CallContact",
	"cti.Match":             "CallMatch",
	"cti.Step":              "WhyEvent",
	"cti.Recipient":         "WhyRecipient",
	"httpapi.ParsedNumber":  "ParsedNumber",
}

// schemaName gives the public name of a type; generic ones become ClientPage
// and GroupList.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name, ok := contractNames[t.String()]; ok {
		return name
	}
	name, arg, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return huma.DefaultSchemaNamer(t, hint)
	}
	arg = strings.TrimSuffix(arg, "]")
	arg = arg[strings.LastIndex(arg, "/")+1:]
	if public, ok := contractNames[arg]; ok {
		arg = public
	}
	arg = arg[strings.LastIndex(arg, ".")+1:]
	if name == "items" {
		name = "List"
	}
	return upperFirst(arg) + name
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// document renders the OpenAPI document. huma cannot say that a referenced
// object may be null, which is what a pointer without omitempty is in our
// answers; this adds it.
func document(api *huma.OpenAPI) ([]byte, error) {
	raw, err := json.Marshal(api)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	registry := api.Components.Schemas
	components, _ := doc["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	for name, schema := range schemas {
		t := registry.TypeFromRef("#/components/schemas/" + name)
		properties, ok := schema.(map[string]any)["properties"].(map[string]any)
		if t == nil || !ok {
			continue
		}
		for _, field := range nullableObjects(t) {
			if ref, ok := properties[field].(map[string]any); ok && ref["$ref"] != nil {
				doc := ref["description"]
				delete(ref, "description")
				nullable := map[string]any{"anyOf": []any{ref, map[string]any{"type": "null"}}}
				if doc != nil {
					nullable["description"] = doc
				}
				properties[field] = nullable
			}
		}
	}
	return json.MarshalIndent(doc, "", " ")
}

// nullableObjects lists the JSON names of a structure's fields that point to
// structures and are always present.
func nullableObjects(t reflect.Type) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names = append(names, nullableObjects(f.Type)...)
		case f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct && !strings.Contains(options, "omitempty"):
			names = append(names, name)
		}
	}
	return names
}
