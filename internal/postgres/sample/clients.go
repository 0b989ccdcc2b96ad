package sample

import (
	"fmt"
	"strings"

	"ringcard/crm"
	"ringcard/crm/client"
)

// northWind is the client of the product's own pictures.
func (o *office) northWind() client.NewClient {
	potential := 90
	day := crm.Date{Year: 2021, Month: 3, Day: 14}
	in := client.NewClient{
		Name: "ООО «Северный ветер»", FullName: "Общество с ограниченной ответственностью «Северный ветер»", Kind: client.Company,
		Activity: "оптовая торговля", City: "Москва", Note: "Договор № 2481/А, тариф «Бизнес 100».", Source: "рекомендация",
		GroupID: &o.groups[0].ID, ResponsibleID: &o.users[2].ID, Potential: &potential, DealSum: "12480.50", FirstContactOn: &day,
		Phones:    []client.PhoneInput{{Raw: o.cityNumber("495"), Kind: client.Work}},
		Emails:    []client.EmailInput{{Email: "office@sv-wind.example"}},
		Addresses: []client.AddressInput{{Kind: "legal", Text: "ул. Садовая, 12, офис 301", City: "Москва"}},
	}
	in.Person = &client.PersonInput{Name: "Иванова Марина Сергеевна", Position: "директор", IsPrimary: true,
		Phones: []client.PhoneInput{{Raw: o.nextMobile(), Kind: client.Mobile}}, Emails: []client.EmailInput{{Email: "m.ivanova@sv-wind.example"}}}
	return in
}

func (o *office) company(i int) client.NewClient {
	name := companyNames[i*7%len(companyNames)]
	town := pick(o.rnd, cities)
	form, long := "ООО", "Общество с ограниченной ответственностью"
	if i%9 == 0 {
		form, long = "АО", "Акционерное общество"
	}
	if i > len(companyNames) {
		name += " " + town.name // a second company of the name, elsewhere
	}
	domain := latin(name) + ".example"
	in := client.NewClient{
		Name: form + " «" + name + "»", FullName: long + " «" + name + "»", Kind: client.Company,
		Activity: pick(o.rnd, activities), City: town.name,
		Phones: []client.PhoneInput{{Raw: o.cityNumber(town.code), Kind: client.Work}},
		Emails: []client.EmailInput{{Email: "info@" + domain}},
		Addresses: []client.AddressInput{{Kind: "actual", City: town.name,
			Text: fmt.Sprintf("%s, %d", pick(o.rnd, streets), 1+o.rnd.IntN(120))}},
	}
	o.common(&in)
	who := o.name()
	in.Person = &client.PersonInput{Name: who, Position: pick(o.rnd, positions), IsPrimary: true,
		Phones: []client.PhoneInput{{Raw: o.nextMobile(), Kind: client.Mobile}},
		Emails: []client.EmailInput{{Email: latin(strings.Fields(who)[0]) + "@" + domain}}}
	return in
}

func (o *office) privateClient(i int) client.NewClient {
	name := o.name()
	town := pick(o.rnd, cities)
	in := client.NewClient{Name: name, Kind: client.PrivateOne, City: town.name,
		Phones: []client.PhoneInput{{Raw: o.nextMobile(), Kind: client.Mobile}},
		Emails: []client.EmailInput{{Email: fmt.Sprintf("%s%d@mail.example", latin(strings.Fields(name)[0]), i), Kind: "personal"}}}
	if i%8 == 7 {
		in.Kind, in.Name, in.FullName = client.Entrepreneur, "ИП "+name, "Индивидуальный предприниматель "+name
		in.Activity = pick(o.rnd, activities)
	}
	if i%3 == 0 {
		in.Phones = append(in.Phones, client.PhoneInput{Raw: o.cityNumber(town.code), Kind: client.Home})
	}
	o.common(&in)
	return in
}

// common draws what every client has.
func (o *office) common(in *client.NewClient) {
	in.Note, in.Source = pick(o.rnd, clientNotes), pick(o.rnd, sources)
	in.GroupID = &o.groups[min(len(o.groups)-1, int(o.rnd.ExpFloat64()*1.6))].ID
	if o.rnd.IntN(10) > 0 {
		who := o.employee().ID
		in.ResponsibleID = &who
	}
	if o.rnd.IntN(5) > 0 {
		potential := 5 * o.rnd.IntN(21)
		in.Potential = &potential
		in.DealSum = crm.Money(fmt.Sprintf("%d.%02d", potential*o.rnd.IntN(9000), o.rnd.IntN(100)))
	}
	first := crm.DateOf(o.opts.Now.AddDate(0, 0, -days-o.rnd.IntN(2000)))
	in.FirstContactOn = &first
}

func (o *office) name() string {
	if o.rnd.IntN(2) == 0 {
		return pick(o.rnd, menLast) + " " + pick(o.rnd, men) + " " + pick(o.rnd, menPat)
	}
	return pick(o.rnd, womenLast) + " " + pick(o.rnd, women) + " " + pick(o.rnd, womenPat)
}

func (o *office) nextMobile() string {
	o.mobiles++
	return mobile(o.mobiles - 1)
}

// cityNumber begins with 0 behind the area code: no subscriber has such.
func (o *office) cityNumber(code string) string {
	o.locals++ // keeps numbers different
	local := fmt.Sprintf("%07d", (o.locals*7919)%1_000_000)
	return "+7" + code + local[len(local)-(10-len(code)):]
}

var latinLetters = strings.NewReplacer(
	"а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "ё", "e", "ж", "zh", "з", "z", "и", "i", "й", "y", "к", "k", "л", "l",
	"м", "m", "н", "n", "о", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "х", "h", "ц", "ts", "ч", "ch", "ш", "sh",
	"щ", "sch", "ъ", "", "ы", "y", "ь", "", "э", "e", "ю", "yu", "я", "ya", " ", "-", "«", "", "»", "", "№", "n",
)

func latin(s string) string { return strings.Trim(latinLetters.Replace(strings.ToLower(s)), "-") }
