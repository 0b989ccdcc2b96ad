package postgres

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/client"
)

const (
	// sqlLookup is the one probe (LU-02): an index-only scan of
	// phone_lookup_probe, sorted here in Go because there are few rows. The
	// limit bounds a number that a whole town shares.
	sqlLookup = `SELECT rank, client_id, person_id, name, organisation, last_contact_at, chosen, responsible_id
		FROM crm.phone_lookup WHERE e164 = $1 LIMIT 200`

	// summaryColumns of a client c and his person $2, by summaryJoins.
	summaryColumns = `c.id, c.name, c.kind, coalesce(h.id, 0) AS person_id, coalesce(h.name, '') AS person_name,
			coalesce(cp.position, '') AS position, coalesce(g.name, '') AS "group", c.city,
			coalesce(r.name, '') AS responsible, coalesce(r.id, 0) AS responsible_id,
			c.potential, c.deal_sum::text AS deal_sum, c.note, c.last_contact_at,
			coalesce(l.subject, '') AS last_contact_sum, coalesce(l.recent, '[]') AS recent, o.first_at AS owed_since`
	summaryJoins = `
		LEFT JOIN crm.client_group g ON g.id = c.group_id AND g.deleted_at IS NULL
		LEFT JOIN crm.employee r ON r.id = c.responsible_id
		LEFT JOIN crm.person h ON h.id = asked.person_id AND h.deleted_at IS NULL
		LEFT JOIN crm.client_person cp ON cp.client_id = c.id AND cp.person_id = h.id AND cp.valid_to IS NULL
		LEFT JOIN LATERAL (
			SELECT (array_agg(t.subject ORDER BY t.at DESC, t.id DESC))[1] AS subject,
			       jsonb_agg(jsonb_build_object('at', t.at, 'kind', t.kind, 'subject', t.subject) ORDER BY t.at DESC, t.id DESC) AS recent
			FROM (SELECT a.id, a.kind, a.occurred_at AS at, CASE WHEN a.subject <> '' THEN a.subject ELSE left(a.body, 200) END AS subject
			      FROM crm.activity a WHERE a.client_id = c.id AND a.deleted_at IS NULL AND a.done_at IS NOT NULL
			      ORDER BY a.occurred_at DESC, a.id DESC LIMIT 3) t) l ON true
		LEFT JOIN crm.obligation o ON o.client_id = c.id AND o.closed_at IS NULL`

	sqlSummary = `SELECT ` + summaryColumns + `
		FROM (SELECT $1::bigint AS client_id, nullif($2::bigint, 0) AS person_id) asked
		JOIN crm.client c ON c.id = asked.client_id` + summaryJoins + `
		WHERE c.deleted_at IS NULL`
	// bestFirstOrder puts the matches m of the number $1 in the order of the
	// function bestFirst; those of one bestRank are as good as each other. A
	// number marked as spam matches nobody.
	bestFirstOrder = `ORDER BY ` + bestRank + `, m.client_id, m.person_id`
	bestRank       = `m.rank < 0 DESC, m.chosen DESC, m.rank = 2 AND EXISTS (SELECT 1 FROM crm.phone_lookup p
		                 WHERE p.e164 = $1 AND p.client_id = m.client_id AND p.person_id IS NOT NULL),
		               m.rank, m.last_contact_at DESC NULLS LAST`
	// sqlBestSummaries are those of the first match of a number and of a few as
	// good.
	sqlBestSummaries = `SELECT ` + summaryColumns + `
		FROM (SELECT m.client_id, m.person_id, rank() OVER (ORDER BY ` + bestRank + `) AS place
		      FROM crm.phone_lookup m WHERE m.e164 = $1
		      ` + bestFirstOrder + ` LIMIT 5) asked
		JOIN crm.client c ON c.id = asked.client_id` + summaryJoins + `
		WHERE asked.place = 1 AND c.deleted_at IS NULL
		ORDER BY asked.client_id, asked.person_id`
	sqlSummaryPerson = `SELECT h.id, h.name FROM crm.person h WHERE h.id = $1 AND h.deleted_at IS NULL`

	sqlMarkSpam = `INSERT INTO crm.number_mark (e164, spam, marked_by) VALUES ($1, $2, nullif($3::bigint, 0))
		ON CONFLICT (e164) DO UPDATE SET spam = excluded.spam, marked_by = excluded.marked_by, marked_at = now()`
	sqlMarkDoNotCall = `INSERT INTO crm.number_mark (e164, spam, do_not_call, marked_by) VALUES ($1, false, $2, nullif($3::bigint, 0))
		ON CONFLICT (e164) DO UPDATE SET do_not_call = excluded.do_not_call, marked_by = excluded.marked_by, marked_at = now()`
	sqlDoNotCall = `SELECT EXISTS (SELECT 1 FROM crm.number_mark WHERE e164 = $1 AND do_not_call)`
)

const (
	rankSpam      = -1
	rankOwnNumber = 2
)

// Lookup implements client.Numbers.
func (s *ClientStore) Lookup(ctx context.Context, e164 int64) (client.Found, error) {
	rows, err := s.db.pool.Query(ctx, sqlLookup, e164)
	if err != nil {
		return client.Found{}, failure(err)
	}
	found, err := readFound(rows)
	return found, failure(err)
}

// LookupCard implements client.Numbers: both statements go in one round trip.
func (s *ClientStore) LookupCard(ctx context.Context, e164 int64) (found client.Found, cards []client.Summary, err error) {
	var batch pgx.Batch
	batch.Queue(sqlLookup, e164).Query(func(rows pgx.Rows) error {
		found, err = readFound(rows)
		return err
	})
	batch.Queue(sqlBestSummaries, e164).Query(func(rows pgx.Rows) error {
		cards, err = pgx.CollectRows(rows, pgx.RowToStructByName[client.Summary])
		return err
	})
	if err := s.db.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return client.Found{}, nil, failure(err)
	}
	if len(found.Matches) == 0 || found.Matches[0].ClientID == 0 {
		return found, nil, nil
	}
	// Between the two statements somebody may have edited the base.
	if first := found.Matches[0]; len(cards) == 0 || cards[0].ID != first.ClientID || cards[0].PersonID != first.PersonID {
		again, err := s.Summary(ctx, first.ClientID, first.PersonID)
		return found, []client.Summary{again}, err
	}
	return found, cards, nil
}

func readFound(rows pgx.Rows) (client.Found, error) {
	defer rows.Close()
	var found client.Found
	for rows.Next() {
		var m client.Match
		var clientID, personID, responsibleID *int64
		var chosen bool
		if err := rows.Scan(&m.Rank, &clientID, &personID, &m.Name, &m.Organisation, &m.LastContactAt, &chosen, &responsibleID); err != nil {
			return client.Found{}, err
		}
		if m.Rank == rankSpam {
			found.Spam = true
			continue
		}
		m.ClientID, m.PersonID, m.Reason = deref(clientID), deref(personID), client.ReasonOf(m.Rank)
		m.ResponsibleID = deref(responsibleID)
		if chosen {
			m.Reason = client.Chosen
		}
		found.Matches = append(found.Matches, m)
	}
	if err := rows.Err(); err != nil {
		return client.Found{}, err
	}
	if found.Spam {
		found.Matches = nil
	}
	found.Matches = bestFirst(found.Matches)
	return found, nil
}

// bestFirst sorts what was chosen before the rest, then by rank, then by last
// contact. A client's own number says nothing new where a person of that
// client matches too.
func bestFirst(matches []client.Match) []client.Match {
	if len(matches) < 2 {
		return matches
	}
	byPerson := map[int64]bool{}
	for _, m := range matches {
		if m.PersonID != 0 {
			byPerson[m.ClientID] = true
		}
	}
	matches = slices.DeleteFunc(matches, func(m client.Match) bool { return m.Rank == rankOwnNumber && byPerson[m.ClientID] })
	slices.SortFunc(matches, func(a, b client.Match) int {
		return cmp.Or(chosenFirst(a, b), cmp.Compare(a.Rank, b.Rank), laterFirst(a.LastContactAt, b.LastContactAt),
			cmp.Compare(a.ClientID, b.ClientID), cmp.Compare(a.PersonID, b.PersonID))
	})
	return matches
}

func chosenFirst(a, b client.Match) int {
	switch {
	case a.Reason == b.Reason:
		return 0
	case a.Reason == client.Chosen:
		return -1
	case b.Reason == client.Chosen:
		return 1
	}
	return 0
}

func laterFirst(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return b.Compare(*a)
}

// Summary implements client.Numbers.
func (s *ClientStore) Summary(ctx context.Context, clientID, personID int64) (client.Summary, error) {
	if clientID != 0 {
		return one[client.Summary](ctx, s.db.pool, "client", sqlSummary, clientID, personID)
	}
	var sum client.Summary
	err := s.db.pool.QueryRow(ctx, sqlSummaryPerson, personID).Scan(&sum.PersonID, &sum.PersonName)
	if errors.Is(err, pgx.ErrNoRows) {
		return client.Summary{}, crm.NotFound("person")
	}
	sum.Name, sum.Kind, sum.DealSum = sum.PersonName, client.PrivateOne, "0.00"
	return sum, failure(err)
}

// MarkDoNotCall implements client.Numbers.
func (s *ClientStore) MarkDoNotCall(ctx context.Context, actor crm.Actor, e164 int64, no bool) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlMarkDoNotCall, e164, no, actor.UserID); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "number.do_not_call", "number", e164, map[string]any{"do_not_call": no})
	})
}

// DoNotCall tells whether the owner of a number asked not to be called.
func (s *ClientStore) DoNotCall(ctx context.Context, e164 int64) (no bool, err error) {
	err = s.db.pool.QueryRow(ctx, sqlDoNotCall, e164).Scan(&no)
	return no, failure(err)
}

// MarkSpam implements client.Numbers.
func (s *ClientStore) MarkSpam(ctx context.Context, actor crm.Actor, e164 int64, spam bool) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlMarkSpam, e164, spam, actor.UserID); err != nil {
			return err
		}
		if err := followSpam(ctx, s.db, tx, e164); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "number.spam", "number", e164, map[string]any{"spam": spam})
	})
}
