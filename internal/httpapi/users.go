package httpapi

import (
	"context"
	"net/http"

	"ringcard/crm"
	"ringcard/crm/employee"
)

func (s *server) registerUsers() {
	handle(s, operation{
		id: "listUsers", method: http.MethodGet, path: "/users", tag: tagUsers, needs: crm.UsersManage,
		summary: "All users, the dismissed last",
	}, s.listUsers)
	handle(s, operation{
		id: "listUserNames", method: http.MethodGet, path: "/users/names", tag: tagUsers,
		summary: "Active users, for choices",
	}, s.listUserNames)
	handle(s, operation{
		id: "createUser", method: http.MethodPost, path: "/users", tag: tagUsers, needs: crm.UsersManage, status: http.StatusCreated,
		summary: "Create a user",
	}, s.createUser)
	handle(s, operation{
		id: "updateUser", method: http.MethodPatch, path: "/users/{id}", tag: tagUsers, needs: crm.UsersManage,
		summary: "Change a user, his devices or password; active=false dismisses him",
	}, s.updateUser)
}

// User is an employee as administrators see him.
type User struct {
	ID        int64             `json:"id"`
	Login     string            `json:"login"`
	Name      string            `json:"name"`
	Role      crm.Role          `json:"role" enum:"admin,supervisor,manager,operator,agent"`
	Extension string            `json:"extension"`
	Devices   []employee.Device `json:"devices"`
	Active    bool              `json:"active"`
}

func userOf(u employee.User) User {
	return User{
		ID: u.ID, Login: u.Login, Name: u.Name, Role: u.Role, Extension: u.Extension, Devices: notNil(u.Devices), Active: u.Active,
	}
}

func (s *server) listUsers(ctx context.Context, c *caller, _ *none) (*bodyOf[items[User]], error) {
	users, err := s.deps.Employees.List(ctx, c.actor)
	out := make([]User, len(users))
	for i, u := range users {
		out[i] = userOf(u)
	}
	return listOf(out), err
}

func (s *server) listUserNames(ctx context.Context, c *caller, _ *none) (*bodyOf[items[employee.Name]], error) {
	names, err := s.deps.Employees.Names(ctx, c.actor)
	return listOf(names), err
}

// UserInput is a new user. With an extension and no devices he gets the
// device PJSIP/EXTENSION at the first PBX.
type UserInput struct {
	Login     string        `json:"login" minLength:"1" maxLength:"64"`
	Name      string        `json:"name" minLength:"1" maxLength:"200"`
	Role      crm.Role      `json:"role" enum:"admin,supervisor,manager,operator,agent"`
	Password  string        `json:"password" minLength:"8" maxLength:"256" format:"password"`
	Extension string        `json:"extension,omitempty" maxLength:"20"`
	Devices   []DeviceInput `json:"devices,omitempty" maxItems:"20"`
}

// DeviceInput is a telephone of a user.
type DeviceInput struct {
	PBX        string `json:"pbx" minLength:"1" maxLength:"64"`
	Endpoint   string `json:"endpoint" minLength:"3" maxLength:"100" doc:"technology/resource, as PJSIP/101"`
	Context    string `json:"context,omitempty" maxLength:"80" doc:"dialplan context for its calls; empty: the PBX's default"`
	AutoAnswer string `json:"auto_answer,omitempty" enum:"yealink,grandstream,snom,cisco,fanvil,panasonic" doc:"vendor by whose header it answers click-to-call itself; empty: it rings"`
}

func devices(list []DeviceInput) []employee.Device {
	out := make([]employee.Device, len(list))
	for i, d := range list {
		out[i] = employee.Device{PBX: d.PBX, Endpoint: d.Endpoint, Context: d.Context, AutoAnswer: d.AutoAnswer}
	}
	return out
}

func (s *server) createUser(ctx context.Context, c *caller, in *bodyIn[UserInput]) (*bodyOf[User], error) {
	u := in.Body
	list := devices(u.Devices)
	if pbxs := s.deps.PBXs(); len(list) == 0 && u.Extension != "" && len(pbxs) > 0 {
		list = []employee.Device{{PBX: pbxs[0].Name, Endpoint: "PJSIP/" + u.Extension}}
	}
	user, err := s.deps.Employees.Create(ctx, c.actor, employee.NewUser{
		Login: u.Login, Name: u.Name, Role: u.Role, Password: u.Password, Extension: u.Extension, Devices: list,
	})
	if err != nil {
		return nil, err
	}
	s.deps.UsersChanged(ctx)
	return body(userOf(user)), nil
}

// UserPatch changes the fields that are present.
type UserPatch struct {
	Name      *string        `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Role      *crm.Role      `json:"role,omitempty" enum:"admin,supervisor,manager,operator,agent"`
	Extension *string        `json:"extension,omitempty" maxLength:"20"`
	Devices   *[]DeviceInput `json:"devices,omitempty" maxItems:"20"`
	Active    *bool          `json:"active,omitempty"`
	Password  *string        `json:"password,omitempty" minLength:"8" maxLength:"256" format:"password"`
}

func (s *server) updateUser(ctx context.Context, c *caller, in *struct {
	IDPath
	Body UserPatch
}) (*bodyOf[User], error) {
	p := in.Body
	patch := employee.Patch{Name: p.Name, Role: p.Role, Extension: p.Extension, Active: p.Active, Password: p.Password}
	if p.Devices != nil {
		list := devices(*p.Devices)
		patch.Devices = &list
	}
	user, err := s.deps.Employees.Update(ctx, c.actor, in.ID, patch)
	if err != nil {
		return nil, err
	}
	if p.Role != nil || p.Password != nil || p.Active != nil && !*p.Active {
		// Open streams were allowed by what no longer holds.
		s.deps.Hub.CloseUser(user.ID)
	}
	s.deps.UsersChanged(ctx)
	return body(userOf(user)), nil
}
