package client

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"ringcard/crm"
)

// NameStyle is how a caller's name is written for a telephone's display.
type NameStyle struct {
	// ASCII writes it in Latin letters by GOST 7.79-2000, system B, for
	// displays without Cyrillic. Signs for ъ and ь are left out.
	ASCII bool
	Max   int // characters; 0: DefaultNameLength
}

// DefaultNameLength is what displays of desk telephones show.
const DefaultNameLength = 60

// Caller is the answer to "who calls" for the dialplan (LU-06).
type Caller struct {
	Name     string `json:"name" doc:"as a display shows it; empty when nobody is found"`
	ClientID int64  `json:"client_id,omitempty"`
	PersonID int64  `json:"person_id,omitempty"`
	Reason   Reason `json:"reason,omitempty" enum:"chosen,main_contact,affiliation,client_number,person"`
	Spam     bool   `json:"spam"`
}

// CallerName finds the name to show for a number, by the one probe of the
// phone index. An unknown, inner or withheld number gives an empty name.
func (s *Service) CallerName(ctx context.Context, actor crm.Actor, number string, style NameStyle) (Caller, error) {
	if err := actor.Require(crm.Hooks); err != nil {
		return Caller{}, err
	}
	p := crm.ParsePhone(number, s.rules)
	if p.Kind != crm.PhoneExternal {
		return Caller{}, nil
	}
	found, err := s.stores.Numbers.Lookup(ctx, p.E164)
	if err != nil || found.Spam || len(found.Matches) == 0 {
		return Caller{Spam: found.Spam}, err
	}
	m := found.Matches[0]
	return Caller{Name: DisplayName(m, style), ClientID: m.ClientID, PersonID: m.PersonID, Reason: m.Reason}, nil
}

// DisplayName writes a match on one line: the person and, while there is room,
// the organisation. Characters that mean something in a SIP header or in a
// dialplan are left out.
func DisplayName(m Match, style NameStyle) string {
	limit := style.Max
	if limit <= 0 {
		limit = DefaultNameLength
	}
	clean := func(s string) string {
		if style.ASCII {
			s = transliterate(s)
		}
		return displayable(s)
	}
	name, organisation := clean(m.Name), clean(m.Organisation)
	if organisation != "" && utf8.RuneCountInString(name)+2+utf8.RuneCountInString(organisation) <= limit {
		name += ", " + organisation
	}
	if r := []rune(name); len(r) > limit {
		name = strings.TrimRight(string(r[:limit]), " ,")
	}
	return name
}

// displayable leaves out what would end a quoted SIP display name (RFC 3261,
// 25.1) or be read by Asterisk's dialplan, and control characters.
func displayable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("\"\\<>`$[]{}|;", r), unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}

// transliterate writes Cyrillic in Latin letters by GOST 7.79-2000, system B.
// What has no Latin form is left out.
func transliterate(s string) string {
	runes := []rune(s)
	var out strings.Builder
	for i, r := range runes {
		if r < utf8.RuneSelf {
			out.WriteRune(r)
			continue
		}
		latin, ok := latinOf[unicode.ToLower(r)]
		if unicode.ToLower(r) == 'ц' && i+1 < len(runes) && strings.ContainsRune("иеыйіИЕЫЙІ", runes[i+1]) {
			latin = "c"
		}
		switch {
		case !ok:
			continue
		case !unicode.IsUpper(r):
			out.WriteString(latin)
		case i+1 < len(runes) && unicode.IsUpper(runes[i+1]) || i > 0 && unicode.IsUpper(runes[i-1]):
			out.WriteString(strings.ToUpper(latin)) // ЩУКА: SHHUKA
		case latin != "":
			out.WriteString(strings.ToUpper(latin[:1]) + latin[1:]) // Щука: Shhuka
		}
	}
	return out.String()
}

var latinOf = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "yo", 'ж': "zh", 'з': "z", 'и': "i", 'й': "j",
	'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f",
	'х': "x", 'ц': "cz", 'ч': "ch", 'ш': "sh", 'щ': "shh", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya",
	'і': "i", 'ї': "yi", 'є': "ye", 'ґ': "g", 'ў': "u",
	'ä': "a", 'á': "a", 'à': "a", 'â': "a", 'å': "a", 'ã': "a", 'æ': "ae", 'ç': "c", 'é': "e", 'è': "e", 'ê': "e", 'ë': "e",
	'í': "i", 'ì': "i", 'î': "i", 'ï': "i", 'ñ': "n", 'ö': "o", 'ó': "o", 'ò': "o", 'ô': "o", 'õ': "o", 'ø': "o", 'ß': "ss",
	'ü': "u", 'ú': "u", 'ù': "u", 'û': "u", '–': "-", '—': "-", '‑': "-", '№': "No", '\u00a0': " ", '’': "'",
}
