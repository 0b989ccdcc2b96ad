package httpapi

import (
	"context"
	"net/http"

	"ringcard/crm"
	"ringcard/crm/employee"
)

func (s *server) registerPops() {
	handle(s, operation{
		id: "getSettings", method: http.MethodGet, path: "/me/settings", tag: tagSession,
		summary: "How one wants to be told of calls",
	}, s.getSettings)
	handle(s, operation{
		id: "setSettings", method: http.MethodPut, path: "/me/settings", tag: tagSession,
		summary: "Replace how one wants to be told of calls",
		detail:  "`mode` holds from the next call on; a call on the screen stays there.",
	}, s.setSettings)
	handle(s, operation{
		id: "getPopLink", method: http.MethodGet, path: "/settings/pop-link", tag: tagUsers, needs: crm.SettingsManage,
		summary: "The installation's link to a foreign CRM",
	}, s.getPopLink)
	handle(s, operation{
		id: "setPopLink", method: http.MethodPut, path: "/settings/pop-link", tag: tagUsers, needs: crm.SettingsManage,
		summary: "Replace the installation's link to a foreign CRM",
		detail: "`open`: the users' pages open it, by a stream message `link` {call_id, url}. `post`: the server posts the fields as JSON, " +
			"to hosts of `pop_link.hosts` only.",
	}, s.setPopLink)
	handle(s, operation{
		id: "previewPopLink", method: http.MethodPost, path: "/settings/pop-link/preview", tag: tagUsers,
		summary: "Fill a template with an example, or say what is wrong with it",
	}, s.previewPopLink)
}

func (s *server) getSettings(ctx context.Context, c *caller, _ *none) (*bodyOf[employee.PopSettings], error) {
	settings, err := s.deps.Employees.Pop(ctx, c.actor)
	return body(settings), err
}

func (s *server) setSettings(ctx context.Context, c *caller, in *bodyIn[employee.PopSettings]) (*bodyOf[employee.PopSettings], error) {
	if err := s.deps.Employees.SetPop(ctx, c.actor, in.Body); err != nil {
		return nil, err
	}
	s.deps.PopsChanged(ctx)
	return s.getSettings(ctx, c, nil)
}

func (s *server) getPopLink(ctx context.Context, _ *caller, _ *none) (*bodyOf[employee.PopLink], error) {
	link, err := s.deps.Employees.PopLink(ctx)
	link.Events = notNil(link.Events)
	return body(link), err
}

func (s *server) setPopLink(ctx context.Context, c *caller, in *bodyIn[employee.PopLink]) (*bodyOf[employee.PopLink], error) {
	if err := s.deps.Employees.SetPopLink(ctx, c.actor, in.Body); err != nil {
		return nil, err
	}
	s.deps.PopsChanged(ctx)
	return s.getPopLink(ctx, c, nil)
}

// PreviewInput is a template to try.
type PreviewInput struct {
	Mode     employee.LinkMode `json:"mode,omitempty" enum:"open,post" default:"open"`
	Template string            `json:"template" maxLength:"2000"`
}

// Preview is a template filled with an example.
type Preview struct {
	URL     string            `json:"url"`
	Fields  []string          `json:"fields" doc:"all there are, for {field}"`
	Example map[string]string `json:"example" doc:"fields of the example call, by name; mode post sends such an object as JSON"`
}

func (s *server) previewPopLink(_ context.Context, c *caller, in *bodyIn[PreviewInput]) (*bodyOf[Preview], error) {
	url, example, err := s.deps.Employees.PreviewLink(c.actor, employee.PopLink{Mode: in.Body.Mode, Template: in.Body.Template})
	return body(Preview{URL: url, Fields: employee.LinkFields(), Example: example}), err
}
