package postgres_test

import (
	"testing"
	"time"

	"ringcard/crm/calllog"
	"ringcard/crm/client"
)

// A number that comes onto a card by hand brings its open obligation and its
// past calls, and takes what is still to be called back along when it goes.
func TestCallsFollowTheirNumber_AF_02_LU_05(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s := o.owed(nil)
	const number, other = "+79210000001", "+79210000002"
	owes := func(what string, clientID int64, attempts int) {
		t.Helper()
		open := o.open(s)
		if len(open) != 1 || open[0].ClientID != clientID || open[0].Attempts != attempts {
			t.Errorf("%s: %+v, want %d attempts of client %d", what, open, attempts, clientID)
		}
	}
	history := func(what string, clientID, want int64) {
		t.Helper()
		if n := o.count(`SELECT count(*) FROM crm.activity WHERE client_id = $1 AND kind = 'call'`, clientID); n != want {
			t.Errorf("%s: %d calls in the history of client %d, want %d", what, n, clientID, want)
		}
	}
	o.save(o.talk(calllog.In, number, o.now.Add(-5*time.Hour)))
	o.save(o.missed(number, o.now.Add(-3*time.Hour)))
	o.save(o.missed(number, o.now.Add(-2*time.Hour)))
	owes("nobody's", 0, 2)

	first := o.client(client.NewClient{Name: "Первый"})
	phone := must(o.clients.SavePhone(o.ctx, o.admin, client.Owner{ClientID: first.ID}, 0, client.PhoneInput{Raw: number}))(t)
	owes("number added", first.ID, 2)
	history("number added", first.ID, 3)

	o.save(o.missed(number, o.now.Add(-time.Hour)))
	owes("one more call", first.ID, 3)
	phone = must(o.clients.SavePhone(o.ctx, o.admin, client.Owner{ClientID: first.ID}, phone.ID, client.PhoneInput{Raw: number, Note: "мобильный"}))(t)
	owes("only its note changed", first.ID, 3)

	phone = must(o.clients.SavePhone(o.ctx, o.admin, client.Owner{ClientID: first.ID}, phone.ID, client.PhoneInput{Raw: other}))(t)
	owes("another number in its place", 0, 3)
	history("another number in its place", first.ID, 1) // the talk was his

	second := o.client(client.NewClient{Name: "Второй", Person: &client.PersonInput{Name: "Иван", Phones: phones(number)}})
	owes("a new client's person has it", second.ID, 3)
	history("a new client's person has it", second.ID, 3)

	third := o.client(client.NewClient{Name: "Третий"})
	must(o.clients.SavePhone(o.ctx, o.admin, client.Owner{ClientID: third.ID}, 0, client.PhoneInput{Raw: number}))(t)
	owes("another client has it too", second.ID, 3)
	person := second.Persons[0].PersonID
	ofPerson := must(o.clients.Person(o.ctx, o.admin, person))(t).Phones[0].ID
	if err := o.clients.DeletePhone(o.ctx, o.admin, client.Owner{PersonID: person}, ofPerson); err != nil {
		t.Fatal(err)
	}
	owes("only the other client has it", third.ID, 3)
	history("only the other client has it", second.ID, 0)

	o.save(o.talk(calllog.Out, number, o.now.Add(-time.Minute)))
	if open := o.open(s); len(open) != 0 {
		t.Errorf("called back, and still to be: %+v", open)
	}
	if err := o.clients.DeletePhone(o.ctx, o.admin, client.Owner{ClientID: first.ID}, phone.ID); err != nil {
		t.Fatal(err)
	}
	history("what was settled stays", third.ID, 4)
}

// Somebody who was known without a company is linked to one: whom to call
// back is the company then.
func TestObligationOfAPersonGoesToHisClient_AF_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s := o.owed(nil)
	const number = "+79210000003"
	first := o.client(client.NewClient{Name: "Первый", Person: &client.PersonInput{Name: "Иван", Phones: phones(number)}})
	link := first.Persons[0]
	if err := o.clients.UnlinkPerson(o.ctx, o.admin, first.ID, link.LinkID); err != nil {
		t.Fatal(err)
	}
	o.save(o.missed(number, o.now.Add(-time.Hour)))
	if open := o.open(s); len(open) != 1 || open[0].ClientID != 0 {
		t.Fatalf("%+v", open)
	}
	second := o.client(client.NewClient{Name: "Второй"})
	must(o.clients.LinkPerson(o.ctx, o.admin, second.ID, client.PersonInput{PersonID: link.PersonID}))(t)
	if open := o.open(s); len(open) != 1 || open[0].ClientID != second.ID {
		t.Errorf("%+v", open)
	}
}
