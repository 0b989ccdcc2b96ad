package postgres

import (
	"fmt"
	"regexp"

	"ringcard/crm"
)

// A statement asks for the actor's visibility with {clients:ALIAS},
// {persons:ALIAS}, {calls:ALIAS} or {owners:ALIAS} (of obligations, with the
// owner as id) in its condition; scoped puts the predicate there. It is written into the query, not left to row-level security, because
// LIKE and @> are not leakproof: under RLS lists would not use their indexes.
var scopeMark = regexp.MustCompile(`\{(clients|persons|calls|owners):(\w+)\}`)

// scoped returns the statement for the actor, with his id as one more
// parameter after args where it is needed.
func scoped(actor crm.Actor, sql string, args ...any) (string, []any) {
	me := fmt.Sprintf("$%d", len(args)+1)
	used := false
	sql = scopeMark.ReplaceAllStringFunc(sql, func(mark string) string {
		m := scopeMark.FindStringSubmatch(mark)
		text, needsMe := predicate(actor, m[1], m[2], me)
		used = used || needsMe
		return text
	})
	if used {
		args = append(args[:len(args):len(args)], actor.UserID)
	}
	return sql, args
}

const nobody = -1

// ownOnly is the user whose calls alone the actor sees: 0 when he sees
// everybody's, nobody when he sees none.
func ownOnly(actor crm.Actor) int64 {
	switch {
	case actor.Can(crm.CallsReadAll):
		return 0
	case actor.Can(crm.CallsRead):
		return actor.UserID
	}
	return nobody
}

func predicate(actor crm.Actor, what, alias, me string) (text string, needsMe bool) {
	switch what {
	case "clients":
		switch {
		case actor.Can(crm.ClientsReadAll):
			return "true", false
		case actor.Can(crm.ClientsRead):
			return fmt.Sprintf("(%[1]s.responsible_id = %[2]s OR %[1]s.responsible_id IS NULL)", alias, me), true
		}
	case "persons":
		// Those of visible clients, and those who work nowhere.
		switch {
		case actor.Can(crm.ClientsReadAll):
			return "true", false
		case actor.Can(crm.ClientsRead):
			return fmt.Sprintf(`(EXISTS (
				SELECT FROM crm.client_person sp JOIN crm.client sc ON sc.id = sp.client_id AND sc.deleted_at IS NULL
				WHERE sp.person_id = %[1]s.id AND sp.valid_to IS NULL
				  AND (sc.responsible_id = %[2]s OR sc.responsible_id IS NULL))
			OR NOT EXISTS (
				SELECT FROM crm.client_person sp WHERE sp.person_id = %[1]s.id AND sp.valid_to IS NULL))`, alias, me), true
		}
	case "calls":
		switch {
		case actor.Can(crm.CallsReadAll):
			return "true", false
		case actor.Can(crm.CallsRead):
			return fmt.Sprintf("%s.user_ids @> ARRAY[%s::bigint]", alias, me), true
		}
	case "owners":
		switch {
		case actor.Can(crm.CallsReadAll):
			return "true", false
		case actor.Can(crm.CallsRead):
			return fmt.Sprintf("(%[1]s.id = %[2]s OR %[1]s.id IS NULL)", alias, me), true
		}
	}
	return "false", false
}
