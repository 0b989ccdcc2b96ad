package app

import (
	"context"
	"fmt"
	"strings"

	"ringcard/ari/arisim"
	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/internal/httpapi"
)

// demoClient is a client of the demo. Names and numbers are made up; the
// numbers are of blocks that ring nobody's telephone in the simulation.
type demoClient struct {
	name, group, city, activity, note string
	kind                              client.Kind
	phone, email                      string
	person, position, mobile          string
	potential                         int
	deals                             string
}

func demoClients() []demoClient {
	return []demoClient{
		{"ООО «Северный ветер»", "Оптовые", "Мурманск", "рыбопродукты", "Отгрузка по вторникам", client.Company, "+7 8152 456-701", "zakaz@severveter.example", "Ильина Ольга Павловна", "начальник отдела закупок", "+7 921 300-10-01", 80, "1840000.00"},
		{"ООО «Ромашка»", "Розница", "Москва", "цветы и подарки", "Просит звонить после 11", client.Company, "+7 495 765-43-21", "info@romashka.example", "Фролова Мария Сергеевна", "директор", "+7 916 300-10-02", 60, "312500.00"},
		{"АО «Балтпромстрой»", "Оптовые", "Санкт-Петербург", "строительство", "", client.Company, "+7 812 330-45-61", "snab@baltprom.example", "Егоров Никита Андреевич", "снабженец", "+7 921 300-10-03", 90, "5720000.00"},
		{"ООО «Вологодский лён»", "Оптовые", "Вологда", "текстиль", "", client.Company, "+7 8172 456-712", "sale@len.example", "Крылова Вера Ивановна", "коммерческий директор", "+7 921 300-10-04", 55, "640000.00"},
		{"ИП Захаров", "Розница", "Тверь", "хозяйственный магазин", "Наличный расчёт", client.Entrepreneur, "+7 4822 456-713", "zaharov@shop.example", "Захаров Илья Петрович", "", "+7 910 300-10-05", 35, "87200.00"},
		{"ООО «Тихий Дон Агро»", "Оптовые", "Ростов-на-Дону", "сельское хозяйство", "", client.Company, "+7 863 245-67-14", "agro@tdon.example", "Мельник Олег Викторович", "главный инженер", "+7 928 300-10-06", 75, "2310000.00"},
		{"ООО «Уралтехснаб»", "Партнёры", "Екатеринбург", "оборудование", "Скидка 7 %", client.Company, "+7 343 245-67-15", "uts@ural.example", "Сафин Тимур Ринатович", "менеджер", "+7 912 300-10-06", 65, "990000.00"},
		{"Гостиница «Причал»", "Розница", "Петрозаводск", "гостиница", "", client.Company, "+7 8142 456-716", "hotel@prichal.example", "Лапина Софья Денисовна", "администратор", "+7 921 300-10-11", 40, "154000.00"},
		{"ООО «Медтехника Плюс»", "Партнёры", "Казань", "медицинская техника", "Тендер в декабре", client.Company, "+7 843 245-67-21", "tender@medplus.example", "Гарифуллина Алия Маратовна", "юрист", "+7 917 300-10-12", 85, "4105000.00"},
		{"Школа № 14", "Розница", "Псков", "образование", "", client.Company, "+7 8112 456-722", "school14@edu.example", "Тихонова Нина Львовна", "завхоз", "+7 911 300-10-13", 20, "45000.00"},
		{"Орлова Дарья", "Частные", "Москва", "", "Постоянный покупатель", client.PrivateOne, "+7 903 300-10-14", "d.orlova@mail.example", "", "", "", 30, "28400.00"},
		{"Никитин Глеб", "Частные", "Химки", "", "", client.PrivateOne, "+7 905 300-10-15", "", "", "", "", 15, "9900.00"},
	}
}

// seedClients writes the sample clients; the managers share them.
func seedClients(ctx context.Context, s httpapi.Services) error {
	system := crm.System()
	names, err := s.Employees.Names(ctx, system)
	if err != nil {
		return err
	}
	byName := make(map[string]int64)
	for _, n := range names {
		byName[n.Name] = n.ID
	}
	responsible := []int64{byName["Кузнецов Дмитрий"], byName["Попова Елена"], byName["Смирнова Анна"]}
	groups := make(map[string]int64)
	for i, c := range demoClients() {
		if groups[c.group] == 0 {
			group, err := s.Clients.CreateGroup(ctx, system, c.group)
			if err != nil {
				return fmt.Errorf("demo group %s: %w", c.group, err)
			}
			groups[c.group] = group.ID
		}
		group, owner, potential := groups[c.group], responsible[i%len(responsible)], c.potential
		in := client.NewClient{
			Name: c.name, Kind: c.kind, City: c.city, Activity: c.activity, Note: c.note, Source: "Сайт",
			GroupID: &group, ResponsibleID: &owner, Potential: &potential, DealSum: crm.Money(c.deals), Force: true,
			Phones: []client.PhoneInput{{Raw: c.phone, IsMain: true}},
		}
		if c.email != "" {
			in.Emails = []client.EmailInput{{Email: c.email, IsMain: true}}
		}
		if c.person != "" {
			in.Person = &client.PersonInput{Name: c.person, Position: c.position, IsPrimary: true,
				Phones: []client.PhoneInput{{Raw: c.mobile, Kind: client.Mobile, IsMain: true}}}
		}
		card, err := s.Clients.Create(ctx, system, in)
		if err != nil {
			return fmt.Errorf("demo client %s: %w", c.name, err)
		}
		if c.note != "" {
			if _, err := s.Interactions.AddNote(ctx, system, card.ID, 0, c.note); err != nil {
				return fmt.Errorf("demo note of %s: %w", c.name, err)
			}
		}
	}
	return nil
}

// demoCallers are the telephones of the sample clients, as a provider sends
// their numbers.
func demoCallers() []arisim.Person {
	digits := strings.NewReplacer("+", "", " ", "", "-", "")
	var out []arisim.Person
	for _, c := range demoClients() {
		out = append(out, arisim.Person{Number: digits.Replace(c.phone)})
		if c.mobile != "" {
			out = append(out, arisim.Person{Number: digits.Replace(c.mobile), Name: c.person})
		}
	}
	return out
}
