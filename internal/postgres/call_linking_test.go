package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
)

func TestUnknownNumberIsLinked_LU_05(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const number = "+7 921 000-00-01"
	past := []calllog.Record{o.call(number), o.call(number), o.call(number)}
	for _, r := range past {
		o.save(r)
	}
	live := o.call(number)
	live.State, live.Disposition, live.EndedAt = "talking", "", nil
	o.save(live)
	o.save(o.call("+79219999999"))

	unmatched := must(o.calls.List(o.ctx, o.admin, calllog.Query{Unmatched: true}))(t)
	if len(unmatched.Items) != 5 {
		t.Errorf("%d unmatched", len(unmatched.Items))
	}
	card := must(o.clients.Create(o.ctx, o.operator, client.NewClient{Name: "Новый", FromCallID: live.ID,
		Person: &client.PersonInput{Name: "Иван", IsPrimary: true}}))(t)
	if len(card.Phones) != 1 || card.Phones[0].E164 != "+79210000001" || !card.Phones[0].IsMain {
		t.Errorf("phones = %+v", card.Phones)
	}
	page := must(o.history.History(o.ctx, o.admin, card.ID, nil, crm.PageRequest{}))(t)
	if len(page.Items) != 3 {
		t.Errorf("%d past calls in the history", len(page.Items))
	}
	live.Version, live.State, live.Disposition, live.EndedAt = 2, calllog.Ended, calllog.Answered, live.AnsweredAt
	o.save(live)
	if page := must(o.history.History(o.ctx, o.admin, card.ID, nil, crm.PageRequest{}))(t); len(page.Items) != 4 || page.Items[0].PersonName != "Иван" {
		t.Errorf("history after the end = %+v", page.Items)
	}
	if n := len(must(o.calls.List(o.ctx, o.admin, calllog.Query{Unmatched: true}))(t).Items); n != 1 {
		t.Errorf("%d still unmatched", n)
	}
	t.Run("attach to an existing client", func(t *testing.T) {
		other := o.client(client.NewClient{Name: "Старый", Phones: phones("+79218888888")})
		a, b := o.call("+79217777777"), o.call("+79217777777")
		o.save(a)
		o.save(b)
		if err := o.calls.Link(o.ctx, o.operator, a.ID, other.ID, 0); err != nil {
			t.Fatal(err)
		}
		card := must(o.clients.Get(o.ctx, o.operator, other.ID))(t)
		if len(card.Phones) != 2 || card.Phones[1].E164 != "+79217777777" || card.Phones[1].IsMain || card.LastContactAt == nil {
			t.Errorf("card = %+v", card)
		}
		if o.interactions(a.ID) != 1 || o.interactions(b.ID) != 1 {
			t.Error("not every call became an interaction")
		}
		if m := o.lookup("+79217777777").Matches; len(m) != 1 || m[0].ClientID != other.ID {
			t.Errorf("matches = %+v", m)
		}
	})
	t.Run("what may not be linked", func(t *testing.T) {
		hidden := o.client(client.NewClient{Name: "Петров", ResponsibleID: &o.petr.UserID})
		r := o.call("+79216666666")
		o.save(r)
		wantCode(t, o.calls.Link(o.ctx, o.anna, r.ID, hidden.ID, 0), crm.CodeNotFound)
		wantCode(t, o.calls.Link(o.ctx, o.petr, r.ID, hidden.ID, 0), crm.CodeNotFound) // not his call
		wantCode(t, o.calls.Link(o.ctx, o.admin, "nonsense", hidden.ID, 0), crm.CodeNotFound)
		wantCode(t, o.calls.Link(o.ctx, o.admin, r.ID, hidden.ID, 5), crm.CodeInvalid)
		_, err := o.clients.Create(o.ctx, o.petr, client.NewClient{Name: "x", FromCallID: r.ID})
		wantCode(t, err, crm.CodeNotFound)
		if n := o.count(`SELECT count(*) FROM crm.client WHERE name = 'x'`); n != 0 {
			t.Error("the client was made without its call")
		}
	})
}

// TestLinkMeetsEndOfCall_LU_05 races the end of calls with the linking of
// their number: whoever is first, each call has its interaction.
func TestLinkMeetsEndOfCall_LU_05(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 15 {
		number := fmt.Sprintf("+792100001%02d", i)
		c := o.client(client.NewClient{Name: number})
		first, second := o.call(number), o.call(number)
		o.save(first)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := o.calls.Link(o.ctx, o.operator, first.ID, c.ID, 0); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := o.calls.Save(o.ctx, second); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if o.interactions(first.ID) != 1 || o.interactions(second.ID) != 1 {
			t.Fatalf("round %d: %d and %d interactions", i, o.interactions(first.ID), o.interactions(second.ID))
		}
	}
}

func TestChosenClientStays_LU_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a := o.client(client.NewClient{Name: "А", Phones: phones("+79210000001")})
	b := o.client(client.NewClient{Name: "Б", Phones: phones("+79210000001"), Person: &client.PersonInput{Name: "Пётр"}})
	r := o.call("+79210000001")
	r.ClientID = a.ID
	live := r
	live.State, live.Disposition, live.EndedAt = "talking", "", nil
	o.save(live)
	if err := o.calls.SetClient(o.ctx, o.anna, r.ID, b.ID, b.Persons[0].PersonID); err != nil {
		t.Fatal(err)
	}
	r.Version = 2
	o.save(r)
	if got := must(o.calls.Get(o.ctx, o.anna, r.ID))(t); got.ClientID != b.ID || got.PersonName != "Пётр" {
		t.Errorf("record = %+v", got)
	}
	if err := o.calls.SetClient(o.ctx, o.anna, r.ID, a.ID, 0); err != nil {
		t.Fatal(err)
	}
	if n := len(must(o.history.History(o.ctx, o.anna, a.ID, nil, crm.PageRequest{}))(t).Items); n != 1 || o.interactions(r.ID) != 1 {
		t.Errorf("%d items with А, %d interactions", n, o.interactions(r.ID))
	}
}
