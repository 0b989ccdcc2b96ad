package app

import (
	"context"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/cti"
)

// directory finds clients for the call engine. It asks the store and not the
// service: a call rings whoever may see the client.
type directory struct{ numbers client.Numbers }

var _ cti.Directory = directory{}

// Lookup implements cti.Directory. A number marked as spam matches nobody.
func (d directory) Lookup(ctx context.Context, e164 string) (cti.Found, error) {
	number, ok := crm.ParseE164(e164)
	if !ok {
		return cti.Found{}, nil
	}
	found, cards, err := d.numbers.LookupCard(ctx, number)
	if err != nil || found.Spam {
		return cti.Found{}, err
	}
	matches := make([]cti.Match, len(found.Matches))
	for i, m := range found.Matches {
		matches[i] = cti.Match{
			ClientID: m.ClientID, PersonID: m.PersonID, Name: m.Name, Organisation: m.Organisation,
			Reason: string(m.Reason), Rank: m.Rank, ResponsibleID: m.ResponsibleID,
		}
	}
	out := cti.Found{Matches: matches}
	for i, c := range cards {
		if i == 0 {
			out.Client = card(c)
		} else {
			out.AsGood = append(out.AsGood, card(c))
		}
	}
	return out, nil
}

// Card implements cti.Directory.
func (d directory) Card(ctx context.Context, clientID, personID int64) (*cti.Client, error) {
	s, err := d.numbers.Summary(ctx, clientID, personID)
	if err != nil {
		return nil, err
	}
	return card(s), nil
}

func card(s client.Summary) *cti.Client {
	recent := make([]cti.Contact, len(s.Recent))
	for i, r := range s.Recent {
		recent[i] = cti.Contact(r)
	}
	return &cti.Client{
		ID: s.ID, Name: s.Name, Kind: string(s.Kind), PersonID: s.PersonID, PersonName: s.PersonName, Position: s.Position,
		Group: s.Group, City: s.City, Responsible: s.Responsible, ResponsibleID: s.ResponsibleID, Potential: s.Potential,
		DealSum: string(s.DealSum), Note: s.Note, LastContactAt: s.LastContactAt, LastContactSum: s.LastContactSum,
		Recent: recent, OwedSince: s.OwedSince,
	}
}

// numberParser understands numbers by the rules of the office.
func numberParser(rules crm.PhoneRules) cti.NumberParser {
	kinds := map[crm.PhoneKind]cti.NumberKind{
		crm.PhoneExternal: cti.External, crm.PhoneExtension: cti.Extension,
		crm.PhoneAnonymous: cti.Anonymous, crm.PhoneInvalid: cti.Invalid,
	}
	return func(raw string) cti.Number {
		p := crm.ParsePhone(raw, rules)
		return cti.Number{Raw: p.Raw, E164: p.E164Text(), Display: p.Display, Kind: kinds[p.Kind]}
	}
}
