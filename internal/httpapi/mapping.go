package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	"ringcard/crm"
	"ringcard/crm/employee"
)

func (s *server) discover(ctx context.Context, _ *caller, in *PBXPath) (*bodyOf[Discovery], error) {
	d, err := s.deps.Discovery.Discover(ctx, in.PBX)
	d.Endpoints, d.Trunks = notNil(d.Endpoints), notNil(d.Trunks)
	d.Contexts, d.Queues, d.Hints = notNil(d.Contexts), notNil(d.Queues), notNil(d.Hints)
	return body(d), err
}

func (s *server) mapEndpoints(ctx context.Context, c *caller, in *struct {
	PBXPath
	Body MappingInput
}) (*bodyOf[MappingResult], error) {
	rows := make([]employee.MapRow, len(in.Body.Rows))
	for i, r := range in.Body.Rows {
		rows[i] = employee.MapRow{
			Line: i + 1, Endpoint: r.Endpoint, UserID: r.UserID, Login: r.Login, Name: r.Name,
			Role: crm.Role(r.Role), Extension: r.Extension, Context: r.Context,
		}
	}
	return s.mapRows(ctx, c, in.PBX, rows, in.Body.DryRun)
}

func (s *server) mapEndpointsCSV(ctx context.Context, c *caller, in *struct {
	PBXPath
	DryRun  bool   `query:"dry_run" doc:"check and tell what would change, and change nothing"`
	RawBody []byte `contentType:"text/csv"`
}) (*bodyOf[MappingResult], error) {
	rows, err := employee.ParseMapping(in.RawBody)
	if err != nil {
		return nil, err
	}
	return s.mapRows(ctx, c, in.PBX, rows, in.DryRun)
}

// mapRows checks the rows against what the PBX has; while it is out of reach
// nothing can be mapped, since a typing error would go unseen.
func (s *server) mapRows(ctx context.Context, c *caller, pbx string, rows []employee.MapRow, dryRun bool) (*bodyOf[MappingResult], error) {
	found, err := s.deps.Discovery.Discover(ctx, pbx)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(found.Endpoints))
	for _, e := range found.Endpoints {
		known[e.Endpoint] = true
	}
	plan, err := s.deps.Employees.MapDevices(ctx, c.actor, pbx, rows, known, dryRun)
	if err != nil {
		return nil, err
	}
	if plan.Applied {
		s.deps.UsersChanged(ctx)
	}
	out := MappingResult{Applied: plan.Applied, Unchanged: plan.Unchanged, Changes: []MappingChange{}, Errors: []MappingError{}}
	for _, ch := range plan.Changes {
		out.Changes = append(out.Changes, MappingChange(ch))
	}
	for _, f := range plan.Faults {
		out.Errors = append(out.Errors, MappingError(f))
	}
	return body(out), nil
}

// csvOut is a file to save.
type csvOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *server) endpointsCSV(ctx context.Context, c *caller, in *PBXPath) (*csvOut, error) {
	found, err := s.deps.Discovery.Discover(ctx, in.PBX)
	if err != nil {
		return nil, err
	}
	users, err := s.deps.Employees.List(ctx, c.actor)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]employee.User, len(users))
	for _, u := range users {
		byID[u.ID] = u
	}
	var rows []employee.MapRow
	for _, e := range found.Endpoints {
		if e.Kind != KindTelephone {
			continue
		}
		row := employee.MapRow{Endpoint: e.Endpoint, Extension: e.Extension, Name: e.CallerName}
		id := e.UserID
		if id == 0 && e.Suggestion != nil {
			id = e.Suggestion.UserID
		}
		if u, ok := byID[id]; ok {
			row.Login, row.Name, row.Role, row.Extension = u.Login, u.Name, u.Role, cmp.Or(u.Extension, e.Extension)
			for _, d := range u.Devices {
				if d.PBX == in.PBX && d.Endpoint == e.Endpoint {
					row.Context = d.Context
				}
			}
		}
		rows = append(rows, row)
	}
	var file bytes.Buffer
	if err := employee.WriteMapping(&file, rows); err != nil {
		return nil, err
	}
	return &csvOut{
		ContentType: "text/csv; charset=utf-8", Body: file.Bytes(),
		Disposition: fmt.Sprintf(`attachment; filename="telephones-%s.csv"`, in.PBX),
	}, nil
}
