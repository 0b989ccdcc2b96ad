package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/client"
)

const (
	sqlPersonInsert = `INSERT INTO crm.person (name, created_by) VALUES ($1, nullif($2::bigint, 0)) RETURNING id`
	sqlPersonSee    = `SELECT h.id FROM crm.person h WHERE h.id = $1 AND h.deleted_at IS NULL AND {persons:h} FOR NO KEY UPDATE`
	sqlLinkInsert   = `INSERT INTO crm.client_person (client_id, person_id, position, is_primary)
		VALUES ($1, $2, $3, $4) RETURNING id`
	sqlLinkOnePrimary = `UPDATE crm.client_person SET is_primary = false
		WHERE client_id = $1 AND id <> $2 AND is_primary AND valid_to IS NULL`
	sqlLinkUpdate = `UPDATE crm.client_person SET position = coalesce($3, position), is_primary = coalesce($4, is_primary)
		WHERE client_id = $1 AND id = $2 AND valid_to IS NULL RETURNING person_id`
	sqlLinkEnd = `UPDATE crm.client_person SET valid_to = now(), is_primary = false
		WHERE client_id = $1 AND id = $2 AND valid_to IS NULL`
	sqlPersonRename = `UPDATE crm.person SET name = $2, version = version + 1 WHERE id = $1 AND deleted_at IS NULL`

	sqlPerson = `SELECT h.id, h.version, h.name, h.note FROM crm.person h
		WHERE h.id = $1 AND h.deleted_at IS NULL AND {persons:h}`
	sqlPersonPhones = `SELECT id, raw, e164, ext, kind, is_main, note FROM crm.phone
		WHERE person_id = $1 ORDER BY is_main DESC, id`
	sqlPersonEmails = `SELECT id, email, kind, is_main FROM crm.email_addr
		WHERE person_id = $1 ORDER BY is_main DESC, id`
	sqlPersonClients = `SELECT c.id AS client_id, cp.id AS link_id, c.name, cp.position, cp.is_primary
		FROM crm.client_person cp JOIN crm.client c ON c.id = cp.client_id AND c.deleted_at IS NULL
		WHERE cp.person_id = $1 AND cp.valid_to IS NULL AND {clients:c}
		ORDER BY cp.is_primary DESC, c.name COLLATE "ru-x-icu", c.id`
)

type personCursor struct {
	Name string `json:"n"`
	ID   int64  `json:"i"`
}

type personListRow struct {
	ID           int64
	Name         string
	PhoneID      *int64
	E164         *int64
	Raw          *string
	Organisation string
	Position     string
}

// Persons implements client.Persons.
func (s *ClientStore) Persons(ctx context.Context, actor crm.Actor, search crm.Search, page crm.PageRequest) (crm.Page[client.PersonRow], error) {
	var none crm.Page[client.PersonRow]
	sql, args, err := personsSQL(search, page)
	if err != nil {
		return none, err
	}
	sql, args = scoped(actor, sql, args...)
	rows, err := all[personListRow](ctx, s.db.pool, sql, args...)
	if err != nil {
		return none, err
	}
	cut := crm.NewPage(rows, page.Size(), func(r personListRow) any { return personCursor{r.Name, r.ID} })
	out := crm.Page[client.PersonRow]{Items: make([]client.PersonRow, len(cut.Items)), NextCursor: cut.NextCursor}
	for i, r := range cut.Items {
		out.Items[i] = client.PersonRow{ID: r.ID, Name: r.Name, Phone: mainPhone(r.PhoneID, r.E164, r.Raw),
			Organisation: r.Organisation, Position: r.Position}
	}
	return out, nil
}

func personsSQL(search crm.Search, page crm.PageRequest) (string, []any, error) {
	q := &query{}
	q.and("h.deleted_at IS NULL")
	q.and("{persons:h}")
	if len(search.Words) > 0 {
		match := "false"
		if !search.NumberOnly {
			match = wordsMatch(q, search.Words, "h.name_fold", "h.name_lat")
		}
		if byNumber(search) {
			match += " OR h.id IN (SELECT m.person_id FROM crm.phone m WHERE m.person_id IS NOT NULL AND " + numberMatch(q, search, "m.e164") + ")"
		}
		if search.Email != "" {
			match += " OR h.id IN (SELECT m.person_id FROM crm.email_addr m WHERE m.person_id IS NOT NULL AND m.email_fold LIKE '%' || " +
				q.arg(like(search.Email)) + " || '%')"
		}
		q.and("(" + match + ")")
	}
	if page.Cursor != "" {
		var c personCursor
		if err := crm.DecodeCursor(page.Cursor, &c); err != nil {
			return "", nil, err
		}
		q.and(`(h.name COLLATE "ru-x-icu", h.id) > (` + q.arg(c.Name) + "::text, " + q.arg(c.ID) + "::bigint)")
	}
	sql := `SELECT h.id, h.name, p.id AS phone_id, p.e164, p.raw, coalesce(o.name, '') AS organisation, coalesce(o.position, '') AS position
		FROM (SELECT h.id, h.name FROM crm.person h WHERE ` + q.conditions() + `
		      ORDER BY h.name COLLATE "ru-x-icu", h.id LIMIT ` + q.arg(page.Size()+1) + `) h
		LEFT JOIN LATERAL (SELECT id, e164, raw FROM crm.phone WHERE person_id = h.id ORDER BY is_main DESC, id LIMIT 1) p ON true
		LEFT JOIN LATERAL (
			SELECT c.name, cp.position FROM crm.client_person cp
			JOIN crm.client c ON c.id = cp.client_id AND c.deleted_at IS NULL AND {clients:c}
			WHERE cp.person_id = h.id AND cp.valid_to IS NULL ORDER BY cp.is_primary DESC, cp.id LIMIT 1) o ON true
		ORDER BY h.name COLLATE "ru-x-icu", h.id`
	return sql, q.args, nil
}

// Person implements client.Persons.
func (s *ClientStore) Person(ctx context.Context, actor crm.Actor, id int64) (client.Person, error) {
	type row struct {
		ID      int64
		Version int64
		Name    string
		Note    string
	}
	sql, args := scoped(actor, sqlPerson, id)
	r, err := one[row](ctx, s.db.pool, "person", sql, args...)
	if err != nil {
		return client.Person{}, err
	}
	p := client.Person{ID: r.ID, Version: r.Version, Name: r.Name, Note: r.Note}
	if p.Phones, err = phonesOf(ctx, s.db.pool, sqlPersonPhones, id); err != nil {
		return client.Person{}, err
	}
	if p.Emails, err = list[client.Email](ctx, s.db.pool, sqlPersonEmails, id); err != nil {
		return client.Person{}, err
	}
	sql, args = scoped(actor, sqlPersonClients, id)
	p.Clients, err = list[client.Organisation](ctx, s.db.pool, sql, args...)
	return p, err
}

type linkIDs struct{ linkID, personID int64 }

// Link implements client.Persons.
func (s *ClientStore) Link(ctx context.Context, actor crm.Actor, clientID int64, in client.PersonInput) (client.PersonRef, error) {
	var ref client.PersonRef
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		numbers := numbersOf(in.Phones, nil)
		if in.PersonID != 0 {
			var err error
			if numbers, err = personNumbers(ctx, tx, in.PersonID); err != nil {
				return err
			}
		}
		if err := lockNumbers(ctx, tx, numbers); err != nil {
			return err
		}
		if err := touchClient(ctx, tx, actor, clientID); err != nil {
			return err
		}
		link, err := linkPerson(ctx, tx, actor, clientID, in)
		if err != nil {
			return err
		}
		if err := numbersMoved(ctx, s.db, tx, numbers); err != nil {
			return err
		}
		detail := map[string]any{"person_id": link.personID, "position": in.Position}
		if err := audit(ctx, tx, actor, "person.link", "client", clientID, detail); err != nil {
			return err
		}
		ref, err = refOf(ctx, tx, clientID, link.linkID)
		return err
	})
	return ref, err
}

// linkPerson makes the person unless one is given, and links him.
func linkPerson(ctx context.Context, tx pgx.Tx, actor crm.Actor, clientID int64, in client.PersonInput) (linkIDs, error) {
	ids := linkIDs{personID: in.PersonID}
	if in.PersonID != 0 {
		sql, args := scoped(actor, sqlPersonSee, in.PersonID)
		if err := tx.QueryRow(ctx, sql, args...).Scan(&ids.personID); err != nil {
			return ids, notFound(err, "person")
		}
	} else if err := tx.QueryRow(ctx, sqlPersonInsert, in.Name, actor.UserID).Scan(&ids.personID); err != nil {
		return ids, err
	}
	if in.IsPrimary {
		if _, err := tx.Exec(ctx, sqlLinkOnePrimary, clientID, 0); err != nil {
			return ids, err
		}
	}
	if err := tx.QueryRow(ctx, sqlLinkInsert, clientID, ids.personID, in.Position, in.IsPrimary).Scan(&ids.linkID); err != nil {
		return ids, err
	}
	if in.PersonID != 0 {
		return ids, nil
	}
	return ids, addContacts(ctx, tx, client.Owner{PersonID: ids.personID}, in.Phones, in.Emails)
}

// UpdateLink implements client.Persons.
func (s *ClientStore) UpdateLink(ctx context.Context, actor crm.Actor, clientID, linkID int64, p client.LinkPatch) (client.PersonRef, error) {
	var ref client.PersonRef
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := touchClient(ctx, tx, actor, clientID); err != nil {
			return err
		}
		if p.IsPrimary != nil && *p.IsPrimary {
			if _, err := tx.Exec(ctx, sqlLinkOnePrimary, clientID, linkID); err != nil {
				return err
			}
		}
		var personID int64
		if err := tx.QueryRow(ctx, sqlLinkUpdate, clientID, linkID, p.Position, p.IsPrimary).Scan(&personID); err != nil {
			return notFound(err, "person")
		}
		if p.Name != nil {
			if err := mustAffect(ctx, tx, "person", sqlPersonRename, personID, *p.Name); err != nil {
				return err
			}
		}
		if err := audit(ctx, tx, actor, "person.update", "person", personID, p); err != nil {
			return err
		}
		var err error
		ref, err = refOf(ctx, tx, clientID, linkID)
		return err
	})
	return ref, err
}

// Unlink implements client.Persons.
func (s *ClientStore) Unlink(ctx context.Context, actor crm.Actor, clientID, linkID int64) error {
	o := client.Owner{ClientID: clientID}
	return s.change(ctx, actor, o, "person.unlink", map[string]any{"link_id": linkID}, func(tx pgx.Tx) error {
		return mustAffect(ctx, tx, "person", sqlLinkEnd, clientID, linkID)
	})
}

func refOf(ctx context.Context, tx pgx.Tx, clientID, linkID int64) (client.PersonRef, error) {
	refs, err := personsOf(ctx, tx, clientID)
	if err != nil {
		return client.PersonRef{}, err
	}
	for _, r := range refs {
		if r.LinkID == linkID {
			return r, nil
		}
	}
	return client.PersonRef{}, crm.NotFound("person")
}
