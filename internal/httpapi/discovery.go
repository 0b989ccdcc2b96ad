package httpapi

import (
	"context"
	"net/http"

	"ringcard/crm"
	"ringcard/crm/employee"
)

// Discoverer reads what a PBX has (PB-10).
type Discoverer interface {
	Discover(ctx context.Context, pbx string) (Discovery, error)
}

// Kinds of FoundEndpoint.
const (
	KindTelephone = "telephone"
	KindTrunk     = "trunk"
)

// Discovery is what a PBX has, beside what Ringcard knows of it.
type Discovery struct {
	PBX       string          `json:"pbx"`
	Endpoints []FoundEndpoint `json:"endpoints" doc:"by name"`
	Trunks    []string        `json:"trunks" doc:"endpoints that lead out, as PJSIP/provider"`
	TrunkLine string          `json:"trunk_line,omitempty" doc:"line for ringcard.yaml where pbx.trunks differs from the trunks found"`
	Contexts  []string        `json:"contexts" doc:"dialplan contexts of the telephones"`
	Queues    []FoundQueue    `json:"queues" doc:"by name"`
	Hints     []FoundHint     `json:"hints" doc:"extensions of the dialplan whose state can be seen"`
	QueuesBy  string          `json:"queues_by" enum:"list,names,none" doc:"list: the PBX listed them all (AMI); names: it was asked for those of calls and of the configuration; none: it does not tell"`
	HintsBy   string          `json:"hints_by" enum:"list,names,none" doc:"as queues_by; names: of the telephones and users"`
}

// Values of Discovery.QueuesBy and HintsBy.
const (
	ToldByList  = "list"
	ToldByNames = "names"
	ToldByNone  = "none"
)

// FoundQueue is a call queue.
type FoundQueue struct {
	Name    string        `json:"name"`
	AtPBX   bool          `json:"at_pbx" doc:"the PBX has it now; false: only calls or the configuration tell of it"`
	Members []FoundMember `json:"members"`
}

// FoundMember is a telephone that a queue rings, and whose it is.
type FoundMember struct {
	Device   string `json:"device" doc:"as PJSIP/101"`
	Name     string `json:"name" doc:"as the queue calls it"`
	UserID   int64  `json:"user_id,omitempty"`
	UserName string `json:"user_name,omitempty"`
}

// FoundHint is an extension and the telephones it stands for.
type FoundHint struct {
	Extension string   `json:"extension"`
	Context   string   `json:"context"`
	Devices   []string `json:"devices" doc:"as PJSIP/101; none: it is no telephone's"`
}

// FoundEndpoint is one endpoint of a PBX.
type FoundEndpoint struct {
	Endpoint     string             `json:"endpoint" doc:"as PJSIP/101"`
	Online       bool               `json:"online" doc:"registered; over SIP: its state comes"`
	Kind         string             `json:"kind" enum:"telephone,trunk" doc:"what it looks like"`
	Why          string             `json:"why" enum:"configured_trunk,user_device,outbound_auth,static_contact,extension,inbound_auth,name,watched" doc:"what decided the kind"`
	Context      string             `json:"context,omitempty" doc:"dialplan context of its calls"`
	CallerName   string             `json:"caller_name,omitempty" doc:"of the caller id it is configured with"`
	CallerNumber string             `json:"caller_number,omitempty"`
	Extension    string             `json:"extension,omitempty" doc:"number that rings it, where the PBX tells"`
	Watch        string             `json:"watch,omitempty" enum:"watched,no_hint,forbidden,refused,no_state" doc:"of a PBX over SIP: whether the state of the extension comes"`
	Advice       string             `json:"advice,omitempty" doc:"what to change at the PBX, English"`
	UserID       int64              `json:"user_id,omitempty" doc:"who uses it"`
	UserName     string             `json:"user_name,omitempty"`
	Suggestion   *MappingSuggestion `json:"suggestion,omitempty" doc:"of a telephone of nobody"`
}

// MappingSuggestion is a user an endpoint probably belongs to.
type MappingSuggestion struct {
	UserID   int64  `json:"user_id"`
	UserName string `json:"user_name"`
	Reason   string `json:"reason" enum:"extension,hint,caller_id_number,caller_id_name,login" doc:"what is equal"`
}

// MappingInput gives telephones to users, all rows or none.
type MappingInput struct {
	Rows   []MappingRow `json:"rows" minItems:"1" maxItems:"5000"`
	DryRun bool         `json:"dry_run,omitempty" doc:"check and tell what would change, and change nothing"`
}

// MappingRow is one telephone and whose it is.
type MappingRow struct {
	Endpoint  string `json:"endpoint" maxLength:"100" doc:"as PJSIP/101"`
	UserID    int64  `json:"user_id,omitempty" doc:"whose it is; or login; neither: nobody's"`
	Login     string `json:"login,omitempty" maxLength:"64" doc:"whose it is; a login nobody has makes a new user when a name is given"`
	Name      string `json:"name,omitempty" maxLength:"200" doc:"of a new user"`
	Role      string `json:"role,omitempty" maxLength:"20" doc:"of a new user; default operator"`
	Extension string `json:"extension,omitempty" maxLength:"20" doc:"of a new user, or to change that of an existing one"`
	Context   string `json:"context,omitempty" maxLength:"80" doc:"dialplan context; empty: the PBX's default"`
}

// MappingResult tells what changed, or would.
type MappingResult struct {
	Applied   bool            `json:"applied" doc:"false: a dry run, or rows with faults"`
	Changes   []MappingChange `json:"changes"`
	Unchanged int             `json:"unchanged" doc:"rows that say what is so already"`
	Errors    []MappingError  `json:"errors" doc:"faults; with any of them nothing was changed"`
}

// MappingChange is one telephone that gets another user.
type MappingChange struct {
	Line     int    `json:"line" doc:"of the file, or number of the row, from 1"`
	Endpoint string `json:"endpoint"`
	Action   string `json:"action" enum:"assign,move,remove,create_user,update"`
	From     string `json:"from,omitempty" doc:"login of the user who had it"`
	To       string `json:"to,omitempty" doc:"login of the user who gets it"`
	Password string `json:"password,omitempty" doc:"of a user just created; shown only now"`
}

// MappingError is one fault of a row.
type MappingError struct {
	Line    int    `json:"line"`
	Field   string `json:"field"`
	Code    string `json:"code" doc:"stable, as unknown_endpoint"`
	Message string `json:"message"`
}

func (s *server) registerDiscovery() {
	handle(s, operation{
		id: "discoverPBX", method: http.MethodGet, path: "/pbx/{pbx}/discovery", tag: tagPBX, needs: crm.PBXManage,
		summary: "Endpoints, hints, queues, trunks and contexts that the PBX has",
		detail:  "Without AMI a PBX lists no hints and queues and is asked for known names; over SIP it tells only whether the state of an extension comes.",
	}, s.discover)
	handle(s, operation{
		id: "mapEndpoints", method: http.MethodPost, path: "/pbx/{pbx}/mapping", tag: tagPBX, needs: crm.UsersManage,
		summary: "Give telephones to users, all rows or none",
		detail:  "Rows with faults change nothing: the answer lists them by row and field, with `applied` false.",
	}, s.mapEndpoints)
	handle(s, operation{
		id: "mapEndpointsCSV", method: http.MethodPost, path: "/pbx/{pbx}/mapping.csv", tag: tagPBX, needs: crm.UsersManage,
		summary: "Give telephones to users by a CSV file",
		detail: "Columns by the names of the first line: endpoint, login, name, role, extension, context; " +
			"separated by comma, semicolon or tab. An empty login makes the telephone nobody's.",
	}, s.mapEndpointsCSV)
	handle(s, operation{
		id: "getEndpointsCSV", method: http.MethodGet, path: "/pbx/{pbx}/mapping.csv", tag: tagPBX, needs: crm.UsersManage,
		summary: "The telephones of the PBX and whose they are, as a CSV file to fill in",
	}, s.endpointsCSV)
	handle(s, operation{
		id: "setUserDevices", method: http.MethodPut, path: "/users/{id}/devices", tag: tagUsers, needs: crm.UsersManage,
		summary: "Replace the telephones of a user",
	}, s.setUserDevices)
}

// DevicesInput are all telephones of a user, the one that rings for
// click-to-call first.
type DevicesInput struct {
	Devices []DeviceInput `json:"devices" maxItems:"20"`
}

func (s *server) setUserDevices(ctx context.Context, c *caller, in *struct {
	IDPath
	Body DevicesInput
}) (*bodyOf[User], error) {
	list := devices(in.Body.Devices)
	user, err := s.deps.Employees.Update(ctx, c.actor, in.ID, employee.Patch{Devices: &list})
	if err != nil {
		return nil, err
	}
	s.deps.UsersChanged(ctx)
	return body(userOf(user)), nil
}
