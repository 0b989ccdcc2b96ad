package postgres_test

import (
	"fmt"
	"slices"
	"testing"

	"ringcard/crm"
	"ringcard/crm/client"
)

func TestSearchFindsByAnyMainField_SF_01_SF_03_SF_04_SF_06(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	day := crm.Date{Year: 2021, Month: 3, Day: 14}
	c := o.client(client.NewClient{
		Name: "Алхимовские ёлки", FullName: "Общество «Хабаровский лес»", Activity: "лесопилка", FirstContactOn: &day,
		Phones: phones("+7 921 123-45-67"), Emails: []client.EmailInput{{Email: "Sales@Elki.ru"}},
		Addresses: []client.AddressInput{{Text: "ул. Полярные Зори, 5"}},
		Person:    &client.PersonInput{Name: "Щербаков Юрий", Phones: phones("+7 911 555-66-77"), Emails: []client.EmailInput{{Email: "yuri@elki.ru"}}},
	})
	o.client(client.NewClient{Name: "Посторонний", Phones: phones("+7 999 000-00-00")})
	for _, q := range []string{
		"алхим", "ЕЛКИ", "ёлки алхим", "Khabarovsk", "лесопил", "14.03.2021", "2021-03-14", "sales@elki", "yuri@elki.ru",
		"4567", "8 921 123-45-67", "+79211234567", "полярные зори", "щербак", "Scherbakov Yuri", "6677",
	} {
		page := must(o.clients.List(o.ctx, o.anna, client.ListQuery{Q: q}))(t)
		if len(page.Items) != 1 || page.Items[0].ID != c.ID || *page.Total != 1 {
			t.Errorf("list %q: %+v", q, page.Items)
		}
	}
	for q, want := range map[string]string{
		"алхим": "name", "4567": "number", "6677": "number", "yuri@elki.ru": "email", "щербак": "person", "Shcherbakov": "person",
	} {
		hits, _, err := o.clients.Search(o.ctx, o.anna, q, 10)
		if err != nil || len(hits) != 1 || hits[0].ClientID != c.ID || hits[0].Matched != want {
			t.Errorf("search %q: %+v, %v, want %s", q, hits, err, want)
		}
	}
	t.Run("a number that can be dialled", func(t *testing.T) {
		hits, number, err := o.clients.Search(o.ctx, o.anna, "8 912 000 11 22", 10)
		if err != nil || len(hits) != 0 || number == nil || number.E164 != 79120001122 {
			t.Errorf("%+v %+v %v", hits, number, err)
		}
	})
	t.Run("LIKE's own signs are plain characters", func(t *testing.T) {
		for _, q := range []string{"%", "_", `\`, "' OR true --"} {
			if page := must(o.clients.List(o.ctx, o.anna, client.ListQuery{Q: q}))(t); len(page.Items) != 0 {
				t.Errorf("%q found %d", q, len(page.Items))
			}
		}
	})
}

func TestListOrdersAndPages_LS_04_SF_02_SF_07(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i, name := range []string{"Жук", "Ёжики", "Еда", "Ежи", "Яблоко", "Арбуз", "арбуз", "Бор", "Вяз"} {
		in := client.NewClient{Name: name, DealSum: crm.Money(fmt.Sprint(i / 2))}
		if i%3 > 0 {
			in.Potential = new(i % 3 * 10)
		}
		o.client(in)
	}
	for _, sort := range []client.Sort{client.ByName, client.ByPotential, client.ByDealSum, client.ByLastContact, client.ByCreated} {
		var ids []int64
		lq := client.ListQuery{Sort: sort, Page: crm.PageRequest{Limit: 2}}
		for {
			page := must(o.clients.List(o.ctx, o.anna, lq))(t)
			for _, r := range page.Items {
				ids = append(ids, r.ID)
			}
			if page.NextCursor == nil {
				break
			}
			lq.Page.Cursor = *page.NextCursor
		}
		whole := must(o.clients.List(o.ctx, o.anna, client.ListQuery{Sort: sort}))(t)
		var want []int64
		for _, r := range whole.Items {
			want = append(want, r.ID)
		}
		if !slices.Equal(ids, want) || len(ids) != 9 {
			t.Errorf("%s: pages %v, whole %v", sort, ids, want)
		}
	}
	t.Run("Russian order", func(t *testing.T) {
		page := must(o.clients.List(o.ctx, o.anna, client.ListQuery{}))(t)
		var names []string
		for _, r := range page.Items {
			names = append(names, r.Name)
		}
		want := []string{"арбуз", "Арбуз", "Бор", "Вяз", "Еда", "Ежи", "Ёжики", "Жук", "Яблоко"}
		if !slices.Equal(names, want) {
			t.Errorf("names = %v", names)
		}
	})
	t.Run("potential from-to and unassigned", func(t *testing.T) {
		page := must(o.clients.List(o.ctx, o.anna, client.ListQuery{PotentialFrom: new(10), PotentialTo: new(10), Unassigned: true}))(t)
		if len(page.Items) != 3 {
			t.Errorf("%d rows", len(page.Items))
		}
	})
	_, err := o.clients.List(o.ctx, o.anna, client.ListQuery{Page: crm.PageRequest{Cursor: "!"}})
	wantCode(t, err, crm.CodeInvalid)
	_, err = o.clients.List(o.ctx, o.anna, client.ListQuery{Sort: "; drop"})
	wantCode(t, err, crm.CodeInvalid)
}
