package postgres

import (
	"context"
	"fmt"
	"strings"

	"ringcard/crm"
	"ringcard/crm/client"
)

// wordsMatch is the condition that every word occurs in the folded text, or
// every word in the Latin skeleton.
func wordsMatch(q *query, words []string, fold, lat string) string {
	var inFold, inLat []string
	for _, w := range words {
		p := q.arg(like(w))
		inFold = append(inFold, fmt.Sprintf("%s LIKE '%%' || crm.name_fold(%s) || '%%'", fold, p))
		inLat = append(inLat, fmt.Sprintf("(crm.name_lat(%[2]s) <> '' AND %[1]s LIKE '%%' || crm.name_lat(%[2]s) || '%%')", lat, p))
	}
	return "(" + strings.Join(inFold, " AND ") + " OR " + strings.Join(inLat, " AND ") + ")"
}

// byNumber tells whether a search compares with numbers.
func byNumber(s crm.Search) bool { return s.Digits != "" || s.E164 != 0 || s.NumberOnly }

// numberMatch is the condition on a column of numbers: the number itself, or
// its last digits by the index on the reversed text.
func numberMatch(q *query, s crm.Search, column string) string {
	var ways []string
	if s.E164 != 0 {
		ways = append(ways, column+" = "+q.arg(s.E164))
	}
	if s.Digits != "" {
		ways = append(ways, fmt.Sprintf("reverse(%s::text) LIKE reverse(%s) || '%%'", column, q.arg(s.Digits)))
	}
	if len(ways) == 0 {
		return "false"
	}
	return "(" + strings.Join(ways, " OR ") + ")"
}

// clientsMatch is the condition that a client, or one of its persons, is what
// is searched for (SF-01, SF-06). Each kind of match is a branch of its own,
// so that each uses its own index.
func clientsMatch(q *query, s crm.Search, alias string) string {
	if s.NumberOnly {
		return alias + ".id IN (" + ownersOf("crm.phone", numberMatch(q, s, "m.e164")) + ")"
	}
	branches := []string{
		"SELECT m.id FROM crm.client m WHERE m.deleted_at IS NULL AND " + wordsMatch(q, s.Words, "m.search_fold", "m.name_lat"),
		`SELECT cp.client_id FROM crm.person m JOIN crm.client_person cp ON cp.person_id = m.id AND cp.valid_to IS NULL
		WHERE m.deleted_at IS NULL AND ` + wordsMatch(q, s.Words, "m.name_fold", "m.name_lat"),
	}
	var inAddress []string
	for _, w := range s.Words {
		inAddress = append(inAddress, fmt.Sprintf("m.text_fold LIKE '%%' || crm.name_fold(%s) || '%%'", q.arg(like(w))))
	}
	branches = append(branches, "SELECT m.client_id FROM crm.address m WHERE "+strings.Join(inAddress, " AND "))
	if byNumber(s) {
		branches = append(branches, ownersOf("crm.phone", numberMatch(q, s, "m.e164")))
	}
	if s.Email != "" {
		branches = append(branches, ownersOf("crm.email_addr", "m.email_fold LIKE '%' || "+q.arg(like(s.Email))+" || '%'"))
	}
	if s.Date != nil {
		branches = append(branches, "SELECT m.id FROM crm.client m WHERE m.first_contact_on = "+q.arg(s.Date.Time()))
	}
	return alias + ".id IN (\n" + strings.Join(branches, "\nUNION\n") + ")"
}

// ownersOf selects the clients that own a phone or e-mail, or whose person
// does.
func ownersOf(table, condition string) string {
	return fmt.Sprintf(`SELECT coalesce(m.client_id, cp.client_id) FROM %s m
		LEFT JOIN crm.client_person cp ON cp.person_id = m.person_id AND cp.valid_to IS NULL
		WHERE coalesce(m.client_id, cp.client_id) IS NOT NULL AND %s`, table, condition)
}

type hitRow struct {
	ClientID     *int64
	PersonID     *int64
	Name         string
	Organisation string
	E164         *int64
	Raw          *string
}

func (r hitRow) hit(matched string) client.Hit {
	h := client.Hit{Name: r.Name, Organisation: r.Organisation, Matched: matched, ClientID: deref(r.ClientID), PersonID: deref(r.PersonID)}
	if r.E164 != nil {
		h.E164, h.Phone = crm.E164Text(*r.E164), crm.FormatE164(*r.E164)
	} else if r.Raw != nil {
		h.Phone = *r.Raw
	}
	return h
}

// Find implements client.Cards.
func (s *ClientStore) Find(ctx context.Context, actor crm.Actor, search crm.Search, limit int) ([]client.Hit, error) {
	hits := []client.Hit{}
	seen := map[[2]int64]bool{}
	for _, part := range findParts(search, limit) {
		if len(hits) >= limit {
			break
		}
		sql, args := scoped(actor, part.sql, part.args...)
		rows, err := all[hitRow](ctx, s.db.pool, sql, args...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			h := r.hit(part.matched)
			key := [2]int64{h.ClientID, h.PersonID}
			if !seen[key] && len(hits) < limit {
				seen[key] = true
				hits = append(hits, h)
			}
		}
	}
	return hits, nil
}

type findPart struct {
	matched string
	sql     string
	args    []any
}

// findParts are the statements of Find in the order of their worth.
func findParts(s crm.Search, limit int) []findPart {
	var parts []findPart
	if byNumber(s) {
		var q query
		match := numberMatch(&q, s, "p.e164")
		parts = append(parts, findPart{"number", `
			SELECT l.client_id, l.person_id, l.name, l.organisation, l.e164, NULL::text AS raw
			FROM crm.phone_lookup l LEFT JOIN crm.client c ON c.id = l.client_id
			WHERE l.rank >= 0 AND (c.id IS NULL OR {clients:c})
			  AND l.e164 IN (SELECT p.e164 FROM crm.phone p WHERE ` + match + ` LIMIT 200)
			ORDER BY l.rank, l.last_contact_at DESC NULLS LAST, l.name COLLATE "ru-x-icu" LIMIT ` + q.arg(limit), q.args})
	}
	if s.Email != "" {
		var q query
		match := "e.email_fold LIKE '%' || " + q.arg(like(s.Email)) + " || '%'"
		parts = append(parts, findPart{"email", `
			SELECT c.id AS client_id, h.id AS person_id, coalesce(h.name, c.name, '') AS name,
			       CASE WHEN h.id IS NULL THEN '' ELSE coalesce(c.name, '') END AS organisation, NULL::bigint AS e164, NULL::text AS raw
			FROM crm.email_addr e
			LEFT JOIN crm.person h ON h.id = e.person_id AND h.deleted_at IS NULL
			LEFT JOIN crm.client_person cp ON cp.person_id = h.id AND cp.valid_to IS NULL
			LEFT JOIN crm.client c ON c.id = coalesce(e.client_id, cp.client_id) AND c.deleted_at IS NULL
			WHERE ` + match + ` AND (c.id IS NOT NULL AND {clients:c} OR h.id IS NOT NULL AND cp.id IS NULL)
			ORDER BY e.email_fold LIMIT ` + q.arg(limit), q.args})
	}
	if len(s.Words) > 0 && !s.NumberOnly {
		parts = append(parts, findClientsByName(s, limit), findPersonsByName(s, limit))
	}
	return parts
}

func findClientsByName(s crm.Search, limit int) findPart {
	var q query
	match := wordsMatch(&q, s.Words, "c.search_fold", "c.name_lat")
	first := q.arg(like(s.Words[0]))
	n := q.arg(limit)
	return findPart{"name", `
		SELECT f.id AS client_id, NULL::bigint AS person_id, f.name, '' AS organisation, p.e164, p.raw
		FROM (SELECT c.id, c.name, c.search_fold LIKE crm.name_fold(` + first + `) || '%' AS begins
		      FROM crm.client c
		      WHERE c.deleted_at IS NULL AND {clients:c} AND ` + match + `
		      ORDER BY begins DESC, c.name COLLATE "ru-x-icu", c.id LIMIT ` + n + `) f
		LEFT JOIN LATERAL (SELECT p.e164, p.raw FROM crm.phone p WHERE p.client_id = f.id ORDER BY p.is_main DESC, p.id LIMIT 1) p ON true
		ORDER BY f.begins DESC, f.name COLLATE "ru-x-icu", f.id`, q.args}
}

func findPersonsByName(s crm.Search, limit int) findPart {
	var q query
	match := wordsMatch(&q, s.Words, "h.name_fold", "h.name_lat")
	n := q.arg(limit)
	return findPart{"person", `
		SELECT o.client_id, f.id AS person_id, f.name, coalesce(o.name, '') AS organisation, p.e164, p.raw
		FROM (SELECT h.id, h.name FROM crm.person h
		      WHERE h.deleted_at IS NULL AND {persons:h} AND ` + match + `
		      ORDER BY h.name COLLATE "ru-x-icu", h.id LIMIT ` + n + `) f
		LEFT JOIN LATERAL (
			SELECT c.id AS client_id, c.name FROM crm.client_person cp
			JOIN crm.client c ON c.id = cp.client_id AND c.deleted_at IS NULL AND {clients:c}
			WHERE cp.person_id = f.id AND cp.valid_to IS NULL
			ORDER BY cp.is_primary DESC, cp.id LIMIT 1) o ON true
		LEFT JOIN LATERAL (SELECT p.e164, p.raw FROM crm.phone p WHERE p.person_id = f.id ORDER BY p.is_main DESC, p.id LIMIT 1) p ON true
		ORDER BY f.name COLLATE "ru-x-icu", f.id`, q.args}
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
