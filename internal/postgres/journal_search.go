package postgres

import (
	"context"
	"strings"

	"ringcard/crm"
)

// maxNames is how many clients, persons or caller names a search may mean and
// still be answered from the calls of each. Of more, the calls themselves are
// walked: among them a page is soon full.
const maxNames = 2000

// journalNames are the clients, persons and caller names that the words of a
// search mean: maxNames of each at most, or one more.
type journalNames struct {
	Clients, Persons []int64
	Callers          []string
}

// journalNames looks for names first, each kind by its own index, and only
// then for calls.
func (s *CallStore) journalNames(ctx context.Context, actor crm.Actor, search crm.Search) (*journalNames, error) {
	if len(search.Words) == 0 || search.NumberOnly {
		return nil, nil
	}
	sql, args := journalNamesSQL(search)
	sql, args = scoped(actor, sql, args...)
	names, err := one[journalNames](ctx, s.db.pool, "names", sql, planned(args)...)
	return &names, err
}

func journalNamesSQL(search crm.Search) (string, []any) {
	q := &query{}
	most := q.arg(maxNames + 1)
	sql := `SELECT ARRAY(SELECT c.id ` + clientsNamed(q, search) + ` LIMIT ` + most + `) AS clients,
		ARRAY(SELECT h.id ` + personsNamed(q, search) + ` LIMIT ` + most + `) AS persons,
		ARRAY(SELECT n.name FROM crm.caller_name n WHERE ` + callerNamed(q, "n.name", search) + ` LIMIT ` + most + `) AS callers`
	return sql, q.args
}

func clientsNamed(q *query, s crm.Search) string {
	return `FROM crm.client c WHERE c.deleted_at IS NULL AND {clients:c} AND ` + wordsMatch(q, s.Words, "c.search_fold", "c.name_lat")
}

func personsNamed(q *query, s crm.Search) string {
	return `FROM crm.person h WHERE h.deleted_at IS NULL AND {persons:h} AND ` + wordsMatch(q, s.Words, "h.name_fold", "h.name_lat")
}

func callerNamed(q *query, column string, s crm.Search) string {
	return `crm.name_fold(` + column + `) LIKE '%' || crm.name_fold(` + q.arg(like(strings.Join(s.Words, " "))) + `) || '%'`
}

// journalBranches select id and the column of the order of the first calls, by
// the client's or person's name, by the name the network sent, and by the
// number or its end. Where names is nil they are looked for among all calls.
func journalBranches(q *query, users usersCalls, text string, search crm.Search, names *journalNames, column, by, limit string) []string {
	if search.NumberOnly {
		names = &journalNames{}
	}
	conditions := q.conditions()
	var branches []string
	walk := func(match string) {
		branches = append(branches, "(SELECT k.id, "+column+" FROM "+users.from+" WHERE "+conditions+"\n  AND "+match+by+limit+")")
	}
	// The first calls of all are among those of the names with the first calls.
	merge := func(key, ids string) {
		of := "(SELECT k.id, " + column + " FROM crm.call k WHERE " + key + " = n.id AND " + conditions + users.each + by
		branches = append(branches, "(SELECT k.id, "+column+" FROM (SELECT n.id FROM unnest("+ids+") n (id) CROSS JOIN LATERAL "+
			of+" LIMIT 1) k"+by+limit+") n CROSS JOIN LATERAL "+of+limit+") k"+by+limit+")")
	}
	switch {
	case names == nil:
		walk("k.client_id IN (SELECT c.id " + clientsNamed(q, search) + ")")
	case len(names.Clients) > maxNames:
		walk("EXISTS (SELECT " + clientsNamed(q, search) + " AND c.id = k.client_id OFFSET 0)")
	case len(names.Clients) > 0:
		merge("k.client_id", q.arg(names.Clients)+"::bigint[]")
	}
	switch {
	case names == nil:
		walk("k.person_id IN (SELECT h.id " + personsNamed(q, search) + ")")
	case len(names.Persons) > maxNames:
		walk("EXISTS (SELECT " + personsNamed(q, search) + " AND h.id = k.person_id OFFSET 0)")
	case len(names.Persons) > 0:
		merge("k.person_id", q.arg(names.Persons)+"::bigint[]")
	}
	switch {
	case names == nil || len(names.Callers) > maxNames:
		// CASE, because the planner expects LIKE of a function to find few.
		walk("CASE WHEN k.caller_name <> '' THEN " + callerNamed(q, "k.caller_name", search) + " END")
	case len(names.Callers) > 0:
		merge("k.caller_name <> '' AND k.caller_name", q.arg(names.Callers)+"::text[]")
	}
	walk("k.number_e164 IS NULL AND k.number_raw = " + q.arg(text))
	if search.E164 != 0 {
		walk("k.number_e164 = " + q.arg(search.E164))
	}
	if search.Digits != "" {
		// Few calls end in the digits: all are read and sorted. OFFSET 0 keeps
		// the planner from walking the whole journal in its order for them.
		branches = append(branches, "(SELECT k.id, "+column+" FROM (SELECT k.* FROM crm.call k WHERE "+conditions+
			"\n  AND k.number_e164 IS NOT NULL AND "+numberMatch(q, crm.Search{Digits: search.Digits}, "k.number_e164")+users.each+" OFFSET 0) k"+by+limit+")")
	}
	return branches
}
