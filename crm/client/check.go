package client

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode/utf8"

	"ringcard/crm"
)

const (
	maxName  = 300   // characters
	maxShort = 1000  // full names, addresses
	maxNote  = 20000 // notes
	maxList  = 200   // phones, e-mails or addresses in one request
)

func (s *Service) checkNew(in *NewClient) error {
	if err := checkName("name", &in.Name); err != nil {
		return err
	}
	if in.Kind == "" {
		in.Kind = Company
	}
	if !in.Kind.valid() {
		return crm.Invalid("kind", "unknown kind %q", in.Kind)
	}
	texts := []field{
		{"full_name", &in.FullName, maxShort}, {"activity", &in.Activity, maxShort}, {"city", &in.City, maxName},
		{"note", &in.Note, maxNote}, {"relation_type", &in.RelationType, maxName}, {"source", &in.Source, maxName},
	}
	if err := checkTexts(texts); err != nil {
		return err
	}
	if err := checkPotential(in.Potential); err != nil {
		return err
	}
	if in.DealSum == "" {
		in.DealSum = "0.00"
	}
	if err := checkMoney("deal_sum", &in.DealSum); err != nil {
		return err
	}
	if err := s.checkPhones("phones", in.Phones); err != nil {
		return err
	}
	if err := checkEmails("emails", in.Emails); err != nil {
		return err
	}
	if len(in.Addresses) > maxList {
		return crm.Invalid("addresses", "at most %d at once", maxList)
	}
	for i := range in.Addresses {
		if err := checkAddress(index("addresses", i)+".", &in.Addresses[i]); err != nil {
			return err
		}
	}
	if in.Person != nil {
		return s.checkPerson("person.", in.Person)
	}
	return nil
}

func checkPatch(p *Patch) error {
	if p.Name != nil {
		if err := checkName("name", p.Name); err != nil {
			return err
		}
	}
	if p.Kind != nil && !p.Kind.valid() {
		return crm.Invalid("kind", "unknown kind %q", *p.Kind)
	}
	texts := []field{
		{"full_name", p.FullName, maxShort}, {"activity", p.Activity, maxShort}, {"city", p.City, maxName},
		{"note", p.Note, maxNote}, {"relation_type", p.RelationType, maxName}, {"source", p.Source, maxName},
	}
	if err := checkTexts(texts); err != nil {
		return err
	}
	if err := checkPotential(p.Potential.Value); err != nil {
		return err
	}
	if p.DealSum != nil {
		return checkMoney("deal_sum", p.DealSum)
	}
	return nil
}

type field struct {
	name string
	text *string
	max  int // characters
}

func checkTexts(fields []field) error {
	for _, f := range fields {
		if f.text == nil {
			continue
		}
		if err := checkText(f.name, f.text, f.max); err != nil {
			return err
		}
	}
	return nil
}

func checkText(name string, text *string, limit int) error {
	*text = strings.TrimSpace(*text)
	if !utf8.ValidString(*text) || strings.ContainsRune(*text, 0) {
		return crm.Invalid(name, "it holds characters that are no text")
	}
	if utf8.RuneCountInString(*text) > limit {
		return crm.Invalid(name, "at most %d characters", limit)
	}
	return nil
}

func checkName(name string, text *string) error {
	if err := checkText(name, text, maxName); err != nil {
		return err
	}
	if *text == "" {
		return crm.Invalid(name, "it must not be empty")
	}
	return nil
}

func checkPotential(v *int) error {
	if v != nil && (*v < 0 || *v > 100) {
		return crm.Invalid("potential", "it is a number from 0 to 100")
	}
	return nil
}

func checkMoney(name string, m *crm.Money) error {
	parsed, err := crm.ParseMoney(string(*m))
	if err != nil {
		return crm.Invalid(name, "%q is not an amount, as 1500.00", string(*m))
	}
	*m = parsed
	return nil
}

func (s *Service) checkPhones(name string, phones []PhoneInput) error {
	if len(phones) > maxList {
		return crm.Invalid(name, "at most %d at once", maxList)
	}
	for i := range phones {
		if err := s.checkPhone(index(name, i)+".raw", &phones[i]); err != nil {
			return err
		}
	}
	onlyMain(len(phones), func(i int) *bool { return &phones[i].IsMain })
	return nil
}

// checkPhone keeps a number it cannot understand, but asks for at least some
// digits: a word is a mistake of the form.
func (s *Service) checkPhone(name string, in *PhoneInput) error {
	if crm.IsMasked(in.Raw) {
		return crm.Invalid(name, "this is a masked number; you may add a number, but not change one you do not see")
	}
	in.Parsed = crm.ParsePhone(in.Raw, s.rules)
	in.Raw = in.Parsed.Raw
	if in.Parsed.Kind == crm.PhoneAnonymous || !strings.ContainsAny(in.Raw, "0123456789") {
		return crm.Invalid(name, "%q is not a number", in.Raw)
	}
	if in.Kind == "" {
		in.Kind = KindOf(in.Parsed.E164)
	}
	if !in.Kind.valid() {
		return crm.Invalid(strings.TrimSuffix(name, "raw")+"kind", "unknown kind %q", in.Kind)
	}
	return checkText(strings.TrimSuffix(name, "raw")+"note", &in.Note, maxShort)
}

// KindOf guesses from a number what it is for: in Russia mobile numbers begin with 9.
func KindOf(e164 int64) PhoneKind {
	if e164/1_000_000_000 == 79 {
		return Mobile
	}
	return Work
}

func checkEmails(name string, emails []EmailInput) error {
	if len(emails) > maxList {
		return crm.Invalid(name, "at most %d at once", maxList)
	}
	for i := range emails {
		if err := checkEmail(index(name, i)+".email", &emails[i]); err != nil {
			return err
		}
	}
	onlyMain(len(emails), func(i int) *bool { return &emails[i].IsMain })
	return nil
}

func checkEmail(name string, in *EmailInput) error {
	in.Email = strings.TrimSpace(in.Email)
	parsed, err := mail.ParseAddress(in.Email)
	if err != nil || parsed.Address != in.Email || len(in.Email) > 254 {
		return crm.Invalid(name, "%q is not an e-mail address", in.Email)
	}
	switch in.Kind {
	case "":
		in.Kind = "work"
	case "work", "personal", "other":
	default:
		return crm.Invalid(strings.TrimSuffix(name, "email")+"kind", "unknown kind %q", in.Kind)
	}
	return nil
}

func checkAddress(prefix string, in *AddressInput) error {
	if err := checkText(prefix+"text", &in.Text, maxShort); err != nil {
		return err
	}
	if in.Text == "" {
		return crm.Invalid(prefix+"text", "it must not be empty")
	}
	switch in.Kind {
	case "":
		in.Kind = "actual"
	case "legal", "actual", "postal":
	default:
		return crm.Invalid(prefix+"kind", "unknown kind %q", in.Kind)
	}
	return checkText(prefix+"city", &in.City, maxName)
}

func (s *Service) checkPerson(prefix string, in *PersonInput) error {
	if in.PersonID == 0 {
		if err := checkName(prefix+"name", &in.Name); err != nil {
			return err
		}
	}
	if err := checkText(prefix+"position", &in.Position, maxName); err != nil {
		return err
	}
	if err := s.checkPhones(prefix+"phones", in.Phones); err != nil {
		return err
	}
	return checkEmails(prefix+"emails", in.Emails)
}

// onlyMain leaves one main item: the first marked, or the first of all.
func onlyMain(n int, flag func(int) *bool) {
	main := 0
	for i := range n {
		if *flag(i) {
			main = i
			break
		}
	}
	for i := range n {
		*flag(i) = i == main
	}
}

func index(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }
