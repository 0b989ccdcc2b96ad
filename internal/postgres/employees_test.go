package postgres_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"ringcard/crm"
	"ringcard/crm/employee"
)

func TestLoginAndSession(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	token, user, err := o.staff.Login(o.ctx, " Anna ", password, "127.0.0.1", "test\xff")
	if err != nil || user.ID != o.anna.UserID {
		t.Fatalf("%+v, %v", user, err)
	}
	actor, session, err := o.staff.ActorBySession(o.ctx, token)
	if err != nil || actor.UserID != o.anna.UserID || actor.Role != crm.RoleManager || !actor.Can(crm.ClientsWrite) || actor.Can(crm.UsersManage) ||
		session.Address != "127.0.0.1" {
		t.Fatalf("%+v, %+v, %v", actor, session, err)
	}
	if n := o.count(`SELECT count(*) FROM crm.session WHERE position($1::bytea IN token_hash) > 0`, []byte(token)); n != 0 {
		t.Error("the token itself is stored")
	}
	for _, wrong := range [][2]string{{"anna", "wrong"}, {"nobody", password}, {"", ""}, {"anna", strings.Repeat("x", 5000)}, {"a'; --", password}} {
		_, _, err := o.staff.Login(o.ctx, wrong[0], wrong[1], "", "")
		wantCode(t, err, crm.CodeUnauthorized)
		if !strings.Contains(err.Error(), "wrong login or password") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	t.Run("used, it lives on; unused, it ends", func(t *testing.T) {
		for range 4 {
			o.now = o.now.Add(6 * 24 * time.Hour)
			if _, _, err := o.staff.ActorBySession(o.ctx, token); err != nil {
				t.Fatal(err)
			}
		}
		o.now = o.now.Add(7 * 24 * time.Hour)
		_, _, err := o.staff.ActorBySession(o.ctx, token)
		wantCode(t, err, crm.CodeUnauthorized)
		if n := must(o.staff.ExpireSessions(o.ctx))(t); n != 1 {
			t.Errorf("%d expired", n)
		}
	})
	t.Run("logout", func(t *testing.T) {
		token, _, err := o.staff.Login(o.ctx, "anna", password, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(o.staff.Logout(o.ctx, token), o.staff.Logout(o.ctx, token)); err != nil {
			t.Fatal(err)
		}
		_, _, err = o.staff.ActorBySession(o.ctx, token)
		wantCode(t, err, crm.CodeUnauthorized)
	})
}

func TestDismissedIsOutEverywhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	session, _, err := o.staff.Login(o.ctx, "anna", password, "", "")
	if err != nil {
		t.Fatal(err)
	}
	bearer, _, err := o.staff.CreateToken(o.ctx, o.anna, "anna", "сайт", []crm.Permission{crm.ClientsRead}, nil)
	if err != nil {
		t.Fatal(err)
	}
	no := false
	must(o.staff.Update(o.ctx, o.admin, o.anna.UserID, employee.Patch{Active: &no}))(t)
	_, _, err = o.staff.ActorBySession(o.ctx, session)
	wantCode(t, err, crm.CodeUnauthorized)
	_, err = o.staff.ActorByToken(o.ctx, bearer)
	wantCode(t, err, crm.CodeUnauthorized)
	_, _, err = o.staff.Login(o.ctx, "anna", password, "", "")
	wantCode(t, err, crm.CodeUnauthorized)
	names := must(o.staff.Names(o.ctx, o.petr))(t)
	if len(names) != 4 || slices.ContainsFunc(names, func(n employee.Name) bool { return n.ID == o.anna.UserID }) {
		t.Errorf("names = %+v", names)
	}
	yes := true
	must(o.staff.Update(o.ctx, o.admin, o.anna.UserID, employee.Patch{Active: &yes}))(t)
	_, err = o.staff.ActorByToken(o.ctx, bearer)
	wantCode(t, err, crm.CodeUnauthorized) // a token does not come back
	_, err = o.staff.Update(o.ctx, o.admin, o.admin.UserID, employee.Patch{Active: &no})
	wantCode(t, err, crm.CodeInvalid)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	until := o.now.Add(time.Hour)
	text, token, err := o.staff.CreateToken(o.ctx, o.admin, "anna", "обмен", []crm.Permission{crm.ClientsRead, crm.PBXManage}, &until)
	if err != nil {
		t.Fatal(err)
	}
	actor := must(o.staff.ActorByToken(o.ctx, text))(t)
	if actor.UserID != o.anna.UserID || !slices.Equal(actor.Permissions(), []crm.Permission{crm.ClientsRead}) {
		t.Errorf("a scope gave more than the role: %+v", actor.Permissions())
	}
	if list := must(o.staff.Tokens(o.ctx, o.anna, o.anna.UserID))(t); len(list) != 1 || list[0].UsedAt == nil || list[0].Name != "обмен" {
		t.Errorf("tokens = %+v", list)
	}
	_, _, err = o.staff.CreateToken(o.ctx, o.anna, "petr", "x", []crm.Permission{crm.ClientsRead}, nil)
	wantCode(t, err, crm.CodeForbidden)
	_, _, err = o.staff.CreateToken(o.ctx, o.anna, "anna", "x", []crm.Permission{crm.UsersManage}, nil)
	wantCode(t, err, crm.CodeForbidden)
	_, _, err = o.staff.CreateToken(o.ctx, o.anna, "anna", "x", nil, nil)
	wantCode(t, err, crm.CodeInvalid)
	wantCode(t, o.staff.RevokeToken(o.ctx, o.petr, token.ID), crm.CodeNotFound)
	o.now = until.Add(time.Second)
	_, err = o.staff.ActorByToken(o.ctx, text)
	wantCode(t, err, crm.CodeUnauthorized)
	if err := o.staff.RevokeToken(o.ctx, o.anna, token.ID); err != nil {
		t.Error(err)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	devices := []employee.Device{{PBX: "office", Endpoint: "PJSIP/101"}, {PBX: "branch", Endpoint: "SIP/101", Context: "internal"}}
	u := must(o.staff.Create(o.ctx, o.admin, employee.NewUser{Login: "Ivan", Name: "Иван", Role: crm.RoleOperator, Password: password, Extension: "101", Devices: devices}))(t)
	if u.Login != "ivan" || !slices.Equal(u.Devices, devices) || u.Extension != "101" || !u.Active || u.Status != employee.Free {
		t.Errorf("user = %+v", u)
	}
	for field, in := range map[string]employee.NewUser{
		"login":     {Login: "ив ан", Name: "x", Role: crm.RoleAdmin, Password: password},
		"role":      {Login: "x", Name: "x", Role: "boss", Password: password},
		"password":  {Login: "x", Name: "x", Role: crm.RoleAdmin, Password: "short"},
		"name":      {Login: "x", Name: " ", Role: crm.RoleAdmin, Password: password},
		"extension": {Login: "x", Name: "x", Role: crm.RoleAdmin, Password: password, Extension: "1o1"},
		"devices":   {Login: "x", Name: "x", Role: crm.RoleAdmin, Password: password, Devices: []employee.Device{{PBX: "o", Endpoint: "PJSIP/1&PJSIP/2"}}},
	} {
		_, err := o.staff.Create(o.ctx, o.admin, in)
		var e *crm.Error
		if !errors.As(err, &e) || e.Code != crm.CodeInvalid || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	t.Run("a login and a telephone have one owner", func(t *testing.T) {
		for field, in := range map[string]employee.NewUser{
			"login":   {Login: "IVAN", Name: "x", Role: crm.RoleAdmin, Password: password},
			"devices": {Login: "other", Name: "x", Role: crm.RoleAdmin, Password: password, Devices: devices[:1]},
		} {
			_, err := o.staff.Create(o.ctx, o.admin, in)
			var e *crm.Error
			if !errors.As(err, &e) || e.Code != crm.CodeConflict || e.Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
	name, none, fresh := "Иван Иванов", "", "another password"
	u = must(o.staff.Update(o.ctx, o.admin, u.ID, employee.Patch{Name: &name, Extension: &none, Devices: &[]employee.Device{devices[1]}, Password: &fresh}))(t)
	if u.Name != name || u.Extension != "" || len(u.Devices) != 1 || u.Role != crm.RoleOperator {
		t.Errorf("user = %+v", u)
	}
	if _, _, err := o.staff.Login(o.ctx, "ivan", fresh, "", ""); err != nil {
		t.Error(err)
	}
	if n := o.count(`SELECT count(*) FROM crm.audit_log WHERE detail::text LIKE '%password"%' AND (detail::text LIKE $1 OR detail::text LIKE '%argon%')`, "%"+fresh+"%"); n != 0 {
		t.Error("a password is in the audit log")
	}
	_, err := o.staff.List(o.ctx, o.super)
	wantCode(t, err, crm.CodeForbidden)
	_, err = o.staff.Create(o.ctx, o.super, employee.NewUser{})
	wantCode(t, err, crm.CodeForbidden)
	_, err = o.staff.Update(o.ctx, o.admin, 999, employee.Patch{Name: &name})
	wantCode(t, err, crm.CodeNotFound)
	if staff := must(o.staff.Staff(o.ctx))(t); len(staff) != 6 {
		t.Errorf("%d in the staff", len(staff))
	}
}

func TestMySettings(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	en, dark := "en", "dark"
	must(o.staff.UpdateMe(o.ctx, o.anna, employee.MePatch{Locale: &en, Theme: &dark, Settings: []byte(`{"pop":"window","sound":{"on":true,"file":null}}`)}))(t)
	me := must(o.staff.UpdateMe(o.ctx, o.anna, employee.MePatch{Settings: []byte(`{"pop":null,"volume":5}`)}))(t)
	var settings map[string]any
	if err := json.Unmarshal(me.Settings, &settings); err != nil || me.Locale != "en" || me.Theme != "dark" {
		t.Fatalf("me = %+v, %v", me, err)
	}
	sound, ok := settings["sound"].(map[string]any)
	if _, pop := settings["pop"]; pop || settings["volume"] != 5.0 || !ok || len(sound) != 2 {
		t.Errorf("settings = %v", settings)
	}
	for _, bad := range []string{`[]`, `null`, `{`, `{"a":"\u0000"}`} {
		_, err := o.staff.UpdateMe(o.ctx, o.anna, employee.MePatch{Settings: []byte(bad)})
		wantCode(t, err, crm.CodeInvalid)
	}
	if err := o.staff.SetStatus(o.ctx, o.anna, employee.Break); err != nil {
		t.Fatal(err)
	}
	if me := must(o.staff.Me(o.ctx, o.anna))(t); me.Status != employee.Break || !me.StatusAt.Equal(o.now) {
		t.Errorf("status %q at %v", me.Status, me.StatusAt)
	}
	wantCode(t, o.staff.SetStatus(o.ctx, o.anna, "holiday"), crm.CodeInvalid)
}
