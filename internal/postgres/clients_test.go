package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"ringcard/crm"
	"ringcard/crm/client"
)

func TestClientCardRoundTrip_CC_03_CC_14_CC_18(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	potential := 80
	day := crm.Date{Year: 2021, Month: 3, Day: 14}
	made := must(o.clients.Create(o.ctx, o.operator, client.NewClient{
		Name: "Северный ветер", FullName: "ООО «Северный ветер»", Kind: client.Company, Activity: "рыболовство", City: "Мурманск",
		Note: "звонить утром", Source: "выставка", RelationType: "покупатель", ResponsibleID: &o.anna.UserID,
		Potential: &potential, DealSum: "12 480,5", FirstContactOn: &day,
		Phones:    phones("8 (921) 123-45-67 доб. 15", "45-67-89", "+49 30 901820"),
		Emails:    []client.EmailInput{{Email: "m.ivanova@sv-wind.ru"}, {Email: "info@sv-wind.ru", IsMain: true}},
		Addresses: []client.AddressInput{{Text: "ул. Ленина, 1", City: "Мурманск"}, {Kind: "legal", Text: "пр. Мира, 2"}},
		Person: &client.PersonInput{Name: "Иванова Марина Сергеевна", Position: "директор", IsPrimary: true,
			Phones: phones("+7 911 300-40-50"), Emails: []client.EmailInput{{Email: "marina@sv-wind.ru"}}},
	}))(t)
	card := must(o.clients.Get(o.ctx, o.operator, made.ID))(t)
	if card.Name != "Северный ветер" || card.FullName != "ООО «Северный ветер»" || card.Activity != "рыболовство" || card.City != "Мурманск" ||
		card.Note != "звонить утром" || card.Source != "выставка" || card.RelationType != "покупатель" ||
		card.DealSum != "12480.50" || *card.Potential != 80 || *card.FirstContactOn != day {
		t.Errorf("card = %+v", card)
	}
	if card.CreatedByName != "Оператор Ольга" || card.ResponsibleName != "Смирнова Анна" || card.CreatedAt.IsZero() {
		t.Errorf("created by %q, responsible %q, at %v", card.CreatedByName, card.ResponsibleName, card.CreatedAt)
	}
	if len(card.Phones) != 3 || card.Phones[0].E164 != "+79211234567" || card.Phones[0].Ext != "15" || !card.Phones[0].IsMain ||
		card.Phones[1].E164 != "+78152456789" || card.Phones[0].Kind != client.Mobile {
		t.Errorf("phones = %+v", card.Phones)
	}
	if len(card.Emails) != 2 || card.Emails[0].Email != "info@sv-wind.ru" || len(card.Addresses) != 2 {
		t.Errorf("emails %+v, addresses %+v", card.Emails, card.Addresses)
	}
	if len(card.Persons) != 1 || !card.Persons[0].IsPrimary || card.Persons[0].Position != "директор" ||
		len(card.Persons[0].Phones) != 1 || len(card.Persons[0].Emails) != 1 {
		t.Errorf("persons = %+v", card.Persons)
	}
	if n := o.count(`SELECT count(*) FROM crm.audit_log WHERE action = 'client.create' AND entity_id = $1::text AND actor_id = $2`,
		fmt.Sprint(made.ID), o.operator.UserID); n != 1 {
		t.Errorf("%d audit rows", n)
	}
	if n := o.count(`SELECT count(*) FROM crm.outbox WHERE topic = 'client.created'`); n != 1 {
		t.Errorf("%d outbox rows", n)
	}
}

func TestOnlyNameIsMandatory_LS_06(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	card := must(o.clients.Create(o.ctx, o.anna, client.NewClient{Name: " Вася "}))(t)
	if card.Name != "Вася" || card.Phones == nil || card.Persons == nil || card.DealSum != "0.00" {
		t.Errorf("card = %+v", card)
	}
	_, err := o.clients.Create(o.ctx, o.anna, client.NewClient{Name: "  "})
	wantCode(t, err, crm.CodeInvalid)
	for field, in := range map[string]client.NewClient{
		"phones[0].raw":     {Name: "x", Phones: phones("нет")},
		"emails[0].email":   {Name: "x", Emails: []client.EmailInput{{Email: "a@"}}},
		"potential":         {Name: "x", Potential: new(101)},
		"deal_sum":          {Name: "x", DealSum: "много"},
		"group_id":          {Name: "x", GroupID: new(int64(99))},
		"responsible_id":    {Name: "x", ResponsibleID: new(int64(99))},
		"addresses[0].text": {Name: "x", Addresses: []client.AddressInput{{}}},
		"person.name":       {Name: "x", Person: &client.PersonInput{}},
		"note":              {Name: "x", Note: "a\x00b"},
	} {
		_, err := o.clients.Create(o.ctx, o.anna, in)
		var e *crm.Error
		if !errors.As(err, &e) || e.Code != crm.CodeInvalid || e.Field != field {
			t.Errorf("%s: err = %v", field, err)
		}
	}
}

func TestStaleEditorGetsConflictWithCurrentCard_CC_08_GN_01(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка"})
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			name := fmt.Sprintf("Ромашка %d", i)
			_, errs[i] = o.clients.Update(o.ctx, o.admin, c.ID, c.Version, client.Patch{Name: &name})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		wantCode(t, err, crm.CodeConflict)
		var e *crm.Error
		if errors.As(err, &e); e.Detail.(client.Card).Version != c.Version+1 {
			t.Errorf("current = %+v", e.Detail)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d editors won", won, len(errs))
	}
}

func TestDeleteAndRestore_CC_09(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка"})
	wantCode(t, o.clients.Delete(o.ctx, o.operator, c.ID, c.Version), crm.CodeForbidden)
	wantCode(t, o.clients.Delete(o.ctx, o.admin, c.ID, c.Version+1), crm.CodeConflict)
	if err := o.clients.Delete(o.ctx, o.admin, c.ID, c.Version); err != nil {
		t.Fatal(err)
	}
	_, err := o.clients.Get(o.ctx, o.admin, c.ID)
	wantCode(t, err, crm.CodeNotFound)
	wantCode(t, o.clients.Delete(o.ctx, o.admin, c.ID, c.Version+1), crm.CodeNotFound)
	_, err = o.clients.Update(o.ctx, o.admin, c.ID, c.Version+1, client.Patch{})
	wantCode(t, err, crm.CodeNotFound)
	page := must(o.clients.List(o.ctx, o.admin, client.ListQuery{}))(t)
	if len(page.Items) != 0 || *page.Total != 0 {
		t.Errorf("list = %+v", page)
	}
	must(o.clients.Restore(o.ctx, o.admin, c.ID))(t)
	must(o.clients.Get(o.ctx, o.admin, c.ID))(t)
}

func TestContactsOfACard_CC_14(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001")})
	owner := client.Owner{ClientID: c.ID}
	p := must(o.clients.SavePhone(o.ctx, o.anna, owner, 0, client.PhoneInput{Raw: "89210000002", IsMain: true}))(t)
	card := must(o.clients.Get(o.ctx, o.anna, c.ID))(t)
	if card.Phone.E164 != "+79210000002" || card.Version == c.Version {
		t.Errorf("main phone %+v, version %d", card.Phone, card.Version)
	}
	_, err := o.clients.SavePhone(o.ctx, o.anna, owner, 0, client.PhoneInput{Raw: "+7 921 000-00-02"})
	wantCode(t, err, crm.CodeConflict)
	must(o.clients.SavePhone(o.ctx, o.anna, owner, p.ID, client.PhoneInput{Raw: "89210000003"}))(t)
	if len(o.lookup("89210000002").Matches) != 0 || len(o.lookup("89210000003").Matches) != 1 {
		t.Error("the index did not follow the change of a number")
	}
	wantCode(t, o.clients.DeletePhone(o.ctx, o.anna, client.Owner{ClientID: o.client(client.NewClient{Name: "Чужой"}).ID}, p.ID), crm.CodeNotFound)
	if err := o.clients.DeletePhone(o.ctx, o.anna, owner, p.ID); err != nil {
		t.Fatal(err)
	}
	e := must(o.clients.SaveEmail(o.ctx, o.anna, owner, 0, client.EmailInput{Email: "A@b.ru", IsMain: true}))(t)
	must(o.clients.SaveEmail(o.ctx, o.anna, owner, e.ID, client.EmailInput{Email: "c@b.ru"}))(t)
	a := must(o.clients.SaveAddress(o.ctx, o.anna, c.ID, 0, client.AddressInput{Text: "ул. Мира"}))(t)
	must(o.clients.SaveAddress(o.ctx, o.anna, c.ID, a.ID, client.AddressInput{Text: "ул. Мира, 2", Kind: "postal"}))(t)
	card = must(o.clients.Get(o.ctx, o.anna, c.ID))(t)
	if len(card.Phones) != 1 || card.Emails[0].Email != "c@b.ru" || card.Addresses[0].Kind != "postal" {
		t.Errorf("card = %+v", card)
	}
	if err := errors.Join(o.clients.DeleteEmail(o.ctx, o.anna, owner, e.ID), o.clients.DeleteAddress(o.ctx, o.anna, c.ID, a.ID)); err != nil {
		t.Error(err)
	}
}

func TestPersonWorksInTwoOrganisations_CP_01_CP_02_CP_04_CP_06(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a := o.client(client.NewClient{Name: "А"})
	b := o.client(client.NewClient{Name: "Б"})
	in := client.PersonInput{Name: "Щербаков Пётр", Position: "директор", IsPrimary: true, Phones: phones("+79210000001")}
	ref := must(o.clients.LinkPerson(o.ctx, o.anna, a.ID, in))(t)
	must(o.clients.LinkPerson(o.ctx, o.anna, b.ID, client.PersonInput{PersonID: ref.PersonID, Position: "консультант"}))(t)
	_, err := o.clients.LinkPerson(o.ctx, o.anna, b.ID, client.PersonInput{PersonID: ref.PersonID})
	wantCode(t, err, crm.CodeConflict)

	p := must(o.clients.Person(o.ctx, o.anna, ref.PersonID))(t)
	if len(p.Clients) != 2 || p.Clients[0].Position != "директор" || p.Clients[1].Position != "консультант" || len(p.Phones) != 1 {
		t.Errorf("person = %+v", p)
	}
	for _, q := range []string{"щерб", "Shcherbakov", "петр", "0001"} {
		if page := must(o.clients.Persons(o.ctx, o.anna, q, crm.PageRequest{}))(t); len(page.Items) != 1 || page.Items[0].Organisation != "А" {
			t.Errorf("persons %q = %+v", q, page.Items)
		}
	}
	t.Run("a second main contact takes the place of the first", func(t *testing.T) {
		second := must(o.clients.LinkPerson(o.ctx, o.anna, a.ID, client.PersonInput{Name: "Второй", IsPrimary: true}))(t)
		card := must(o.clients.Get(o.ctx, o.anna, a.ID))(t)
		if card.Persons[0].LinkID != second.LinkID || card.Persons[1].IsPrimary {
			t.Errorf("persons = %+v", card.Persons)
		}
		yes, name := true, "Щербаков П. П."
		ref := must(o.clients.UpdatePerson(o.ctx, o.anna, a.ID, ref.LinkID, client.LinkPatch{IsPrimary: &yes, Name: &name}))(t)
		if !ref.IsPrimary || ref.Name != name || ref.Position != "директор" {
			t.Errorf("ref = %+v", ref)
		}
	})
	t.Run("unlinked, he stays with the other", func(t *testing.T) {
		if err := o.clients.UnlinkPerson(o.ctx, o.anna, a.ID, ref.LinkID); err != nil {
			t.Fatal(err)
		}
		m := o.lookup("+79210000001").Matches
		if len(m) != 1 || m[0].ClientID != b.ID {
			t.Errorf("matches = %+v", m)
		}
	})
	t.Run("two hundred persons", func(t *testing.T) {
		for i := range 200 {
			must(o.clients.LinkPerson(o.ctx, o.anna, b.ID, client.PersonInput{Name: fmt.Sprintf("Сотрудник %d", i)}))(t)
		}
		if card := must(o.clients.Get(o.ctx, o.anna, b.ID))(t); len(card.Persons) != 201 {
			t.Errorf("%d persons", len(card.Persons))
		}
	})
}

func TestGroups_GR_02_GR_04_GR_05_GR_06_GR_07_GR_08_GR_09_GR_10(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	opt := must(o.clients.CreateGroup(o.ctx, o.super, "Опт"))(t)
	for _, bad := range []string{"", "  ", "опт"} {
		if _, err := o.clients.CreateGroup(o.ctx, o.super, bad); err == nil {
			t.Errorf("group %q was made", bad)
		}
	}
	for _, name := range []string{"ААА", "Жук", "Ёжики", "Ежи", "Еда"} {
		must(o.clients.CreateGroup(o.ctx, o.super, name))(t)
	}
	for i, sum := range []crm.Money{"100", "50", "0"} {
		in := client.NewClient{Name: fmt.Sprint("к", i), DealSum: sum, GroupID: &opt.ID}
		if i < 2 {
			in.Potential = new([]int{10, 30}[i])
		}
		o.client(in)
	}
	last := o.client(client.NewClient{Name: "к4"})
	groups := must(o.clients.Groups(o.ctx, o.super))(t)
	var names []string
	for _, g := range groups {
		names = append(names, g.Name)
	}
	if want := []string{"", "ААА", "Еда", "Ежи", "Ёжики", "Жук", "Опт"}; !slices.Equal(names, want) {
		t.Errorf("groups = %q", names)
	}
	all, tile := groups[0], groups[6]
	if !all.Virtual || all.Clients != 4 || all.DealSum != "150.00" {
		t.Errorf("all = %+v", all)
	}
	if tile.Clients != 3 || tile.DealSum != "150.00" || *tile.Potential != "13.33" {
		t.Errorf("tile = %+v", tile)
	}
	if groups[1].Potential != nil {
		t.Errorf("empty group has potential %s", *groups[1].Potential)
	}
	must(o.clients.Update(o.ctx, o.super, last.ID, last.Version, client.Patch{GroupID: crm.Of(opt.ID)}))(t)
	if g := must(o.clients.Groups(o.ctx, o.super))(t)[6]; g.Clients != 4 || *g.Potential != "10.00" {
		t.Errorf("after a move: %+v", g)
	}
	must(o.clients.RenameGroup(o.ctx, o.super, opt.ID, "Опт и розница"))(t)
	if err := o.clients.DeleteGroup(o.ctx, o.super, opt.ID); err != nil {
		t.Fatal(err)
	}
	if g := must(o.clients.Groups(o.ctx, o.super))(t); len(g) != 6 || g[0].Clients != 4 {
		t.Errorf("after deletion: %+v", g)
	}
	wantCode(t, o.clients.DeleteGroup(o.ctx, o.super, 0), crm.CodeNotFound)
	wantCode(t, o.clients.DeleteGroup(o.ctx, o.operator, groups[1].ID), crm.CodeForbidden)
}

func TestDuplicatesWarnAndForce_DM_01_DM_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: `"Ромашка", ООО`, Phones: phones("8 921 123-45-67"), Emails: []client.EmailInput{{Email: "A@b.ru"}},
		Person: &client.PersonInput{Name: "Пётр", Phones: phones("+7 911 000-00-01")}})
	for reason, in := range map[string]client.NewClient{
		"name":   {Name: "ООО «Ромашка»"},
		"phone":  {Name: "Другая", Phones: phones("+7 (921) 1234567")},
		"phone ": {Name: "Другая", Phones: phones("89110000001")},
		"email":  {Name: "Другая", Emails: []client.EmailInput{{Email: "a@B.RU"}}},
	} {
		_, err := o.clients.Create(o.ctx, o.operator, in)
		wantCode(t, err, crm.CodeDuplicate)
		var e *crm.Error
		errors.As(err, &e)
		same := e.Detail.([]client.Duplicate)
		if len(same) != 1 || same[0].ClientID != c.ID || same[0].Reason != strings.TrimSpace(reason) {
			t.Errorf("%s: %+v", reason, same)
		}
		in.Force = true
		forced := must(o.clients.Create(o.ctx, o.operator, in))(t)
		if n := o.count(`SELECT count(*) FROM crm.audit_log WHERE entity = 'client' AND entity_id = $1 AND (detail ->> 'forced')::boolean`, fmt.Sprint(forced.ID)); n != 1 {
			t.Errorf("forced save is not logged")
		}
		if err := o.clients.Delete(o.ctx, o.admin, forced.ID, forced.Version); err != nil {
			t.Fatal(err)
		}
	}
	must(o.clients.Create(o.ctx, o.operator, client.NewClient{Name: "Совсем другая"}))(t)
}

func TestVisibility_AC_01_AC_02_AC_03(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mine := o.client(client.NewClient{Name: "Аннин", ResponsibleID: &o.anna.UserID})
	free := o.client(client.NewClient{Name: "Ничей"})
	alien := o.client(client.NewClient{Name: "Петров", ResponsibleID: &o.petr.UserID, DealSum: "1000",
		Phones: phones("+79210000001"), Emails: []client.EmailInput{{Email: "x@y.ru"}},
		Person: &client.PersonInput{Name: "Скрытый Иван", Phones: phones("+79210000002")}})
	person := alien.Persons[0]

	page := must(o.clients.List(o.ctx, o.anna, client.ListQuery{}))(t)
	if len(page.Items) != 2 || page.Items[0].ID != mine.ID || page.Items[1].ID != free.ID || *page.Total != 2 {
		t.Errorf("list = %+v", page.Items)
	}
	for _, q := range []string{"Петров", "0001", "0002", "x@y.ru", "Скрытый"} {
		if hits, _, err := o.clients.Search(o.ctx, o.anna, q, 10); err != nil || len(hits) != 0 {
			t.Errorf("search %q = %+v, %v", q, hits, err)
		}
		if page := must(o.clients.Persons(o.ctx, o.anna, q, crm.PageRequest{}))(t); len(page.Items) != 0 {
			t.Errorf("persons %q = %+v", q, page.Items)
		}
	}
	if g := must(o.clients.Groups(o.ctx, o.anna))(t); g[0].Clients != 2 || g[0].DealSum != "0.00" {
		t.Errorf("counters = %+v", g[0])
	}
	if _, found, err := o.clients.Lookup(o.ctx, o.anna, "89210000001"); err != nil || len(found.Matches) != 0 {
		t.Errorf("lookup = %+v, %v", found, err)
	}
	name := "x"
	owner := client.Owner{ClientID: alien.ID}
	refused := map[string]error{}
	try := func(what string, err error) { refused[what] = err }
	_, err := o.clients.Get(o.ctx, o.anna, alien.ID)
	try("get", err)
	_, err = o.clients.Update(o.ctx, o.anna, alien.ID, alien.Version, client.Patch{Name: &name})
	try("update", err)
	try("delete", o.clients.Delete(o.ctx, o.anna, alien.ID, alien.Version))
	_, err = o.clients.SavePhone(o.ctx, o.anna, owner, 0, client.PhoneInput{Raw: "+79990000000"})
	try("phone", err)
	_, err = o.clients.SavePhone(o.ctx, o.anna, client.Owner{PersonID: person.PersonID}, 0, client.PhoneInput{Raw: "+79990000000"})
	try("person's phone", err)
	_, err = o.clients.Person(o.ctx, o.anna, person.PersonID)
	try("person", err)
	_, err = o.clients.LinkPerson(o.ctx, o.anna, mine.ID, client.PersonInput{PersonID: person.PersonID})
	try("link his person", err)
	_, err = o.clients.LinkPerson(o.ctx, o.anna, alien.ID, client.PersonInput{Name: "x"})
	try("link to his client", err)
	_, err = o.history.History(o.ctx, o.anna, alien.ID, nil, crm.PageRequest{})
	try("history", err)
	_, err = o.history.AddNote(o.ctx, o.anna, alien.ID, 0, "x")
	try("note", err)
	for what, err := range refused {
		if crm.CodeOf(err) != crm.CodeNotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	t.Run("handing over works although he loses sight", func(t *testing.T) {
		card := must(o.clients.Update(o.ctx, o.anna, mine.ID, mine.Version, client.Patch{ResponsibleID: crm.Of(o.petr.UserID)}))(t)
		if card.ResponsibleName != "Кузнецов Пётр" {
			t.Errorf("responsible = %q", card.ResponsibleName)
		}
		_, err := o.clients.Get(o.ctx, o.anna, mine.ID)
		wantCode(t, err, crm.CodeNotFound)
	})
	t.Run("nobody sees nothing", func(t *testing.T) {
		_, err := o.clients.List(o.ctx, crm.Actor{}, client.ListQuery{})
		wantCode(t, err, crm.CodeForbidden)
		page := must(o.store.List(o.ctx, crm.Actor{}, client.ListQuery{Sort: client.ByName}, crm.Search{}))(t)
		if len(page.Items) != 0 {
			t.Errorf("the store gave %d rows", len(page.Items))
		}
	})
}

func TestNameKeys_DM_01(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	same := func(fn, a, b string) {
		t.Helper()
		if o.count(fmt.Sprintf(`SELECT (crm.%s($1) = crm.%s($2) AND crm.%s($1) <> '')::int`, fn, fn, fn), a, b) != 1 {
			t.Errorf("%s(%q) and %s(%q) differ", fn, a, fn, b)
		}
	}
	same("name_key", `"Ромашка", ООО`, "ООО «Ромашка»")
	same("name_key", "ИП Ёлкин А.Б.", "Елкин А Б")
	same("name_key", "Общество с ограниченной ответственностью Ромашка", "ромашка")
	same("name_key", "Закрытое акционерное общество «Вега»", "ЗАО Вега")
	same("name_lat", "Щербаков", "Shcherbakov")
	same("name_lat", "Щербаков", "Scherbakov")
	same("name_lat", "Хабаров", "Khabarov")
	same("name_lat", "Кузнецов", "Kuznetsov")
	same("name_lat", "Алексей", "Alexey")
	same("name_lat", "Юлия", "Julia")
	if o.count(`SELECT (crm.name_key('Апортал ООО') = 'апортал')::int`) != 1 {
		t.Error("a legal form inside a word was cut")
	}
	if o.count(`SELECT (crm.name_lat('Кузнецов') = crm.name_lat('Петров'))::int`) != 0 {
		t.Error("different names meet")
	}
}
