package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/client"
)

const (
	sqlPhoneInsert = `INSERT INTO crm.phone (client_id, person_id, e164, raw, ext, kind, is_main, note)
		VALUES (nullif($1::bigint, 0), nullif($2::bigint, 0), nullif($3::bigint, 0), $4, $5, $6, $7, $8)
		RETURNING id, raw, e164, ext, kind, is_main, note`
	sqlPhoneUpdate = `UPDATE crm.phone SET e164 = nullif($4::bigint, 0), raw = $5, ext = $6, kind = $7, is_main = $8, note = $9
		WHERE id = $3 AND client_id IS NOT DISTINCT FROM nullif($1::bigint, 0) AND person_id IS NOT DISTINCT FROM nullif($2::bigint, 0)
		RETURNING id, raw, e164, ext, kind, is_main, note`
	sqlPhoneOneMain = `UPDATE crm.phone SET is_main = false
		WHERE is_main AND id <> $3 AND (client_id = nullif($1::bigint, 0) OR person_id = nullif($2::bigint, 0))`
	sqlPhoneDelete = `DELETE FROM crm.phone
		WHERE id = $3 AND client_id IS NOT DISTINCT FROM nullif($1::bigint, 0) AND person_id IS NOT DISTINCT FROM nullif($2::bigint, 0)`

	sqlEmailInsert = `INSERT INTO crm.email_addr (client_id, person_id, email, kind, is_main)
		VALUES (nullif($1::bigint, 0), nullif($2::bigint, 0), $3, $4, $5)
		RETURNING id, email, kind, is_main`
	sqlEmailUpdate = `UPDATE crm.email_addr SET email = $4, kind = $5, is_main = $6
		WHERE id = $3 AND client_id IS NOT DISTINCT FROM nullif($1::bigint, 0) AND person_id IS NOT DISTINCT FROM nullif($2::bigint, 0)
		RETURNING id, email, kind, is_main`
	sqlEmailOneMain = `UPDATE crm.email_addr SET is_main = false
		WHERE is_main AND id <> $3 AND (client_id = nullif($1::bigint, 0) OR person_id = nullif($2::bigint, 0))`
	sqlEmailDelete = `DELETE FROM crm.email_addr
		WHERE id = $3 AND client_id IS NOT DISTINCT FROM nullif($1::bigint, 0) AND person_id IS NOT DISTINCT FROM nullif($2::bigint, 0)`

	sqlAddressInsert = `INSERT INTO crm.address (client_id, kind, text, city) VALUES ($1, $2, $3, $4)
		RETURNING id, kind, text, city`
	sqlAddressUpdate = `UPDATE crm.address SET kind = $3, text = $4, city = $5 WHERE client_id = $1 AND id = $2
		RETURNING id, kind, text, city`
	sqlAddressDelete = `DELETE FROM crm.address WHERE client_id = $1 AND id = $2`

	// sqlPersonClaim locks a live, visible person for a change of its parts.
	sqlPersonClaim = `UPDATE crm.person h SET version = version + 1 WHERE h.id = $1 AND h.deleted_at IS NULL AND {persons:h}`
)

// claim locks whoever owns a phone or e-mail, before its parts are changed.
func claim(ctx context.Context, tx pgx.Tx, actor crm.Actor, o client.Owner) (entity string, id int64, err error) {
	if o.ClientID != 0 {
		return "client", o.ClientID, touchClient(ctx, tx, actor, o.ClientID)
	}
	sql, args := scoped(actor, sqlPersonClaim, o.PersonID)
	tag, err := tx.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		err = crm.NotFound("person")
	}
	return "person", o.PersonID, err
}

// change claims the owner, makes the change and audits it.
func (s *ClientStore) change(ctx context.Context, actor crm.Actor, o client.Owner, action string, detail any, fn func(pgx.Tx) error) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error { return claimed(ctx, tx, actor, o, action, detail, fn) })
}

func claimed(ctx context.Context, tx pgx.Tx, actor crm.Actor, o client.Owner, action string, detail any, fn func(pgx.Tx) error) error {
	entity, id, err := claim(ctx, tx, actor, o)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	return audit(ctx, tx, actor, action, entity, id, detail)
}

// changePhone changes a phone, 0 a new one, to have the number, 0 none. Calls
// of the number follow it (AF-02, LU-05), and those of the number it had.
func (s *ClientStore) changePhone(ctx context.Context, actor crm.Actor, o client.Owner, action string, detail any, id, number int64, fn func(pgx.Tx) error) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		var before int64
		if err := tx.QueryRow(ctx, sqlPhoneNumber, id).Scan(&before); err != nil {
			return err
		}
		var numbers []int64
		if before != number {
			numbers = outside(before, number)
		}
		if err := lockNumbers(ctx, tx, numbers); err != nil {
			return err
		}
		if err := claimed(ctx, tx, actor, o, action, detail, fn); err != nil {
			return err
		}
		return numbersMoved(ctx, s.db, tx, numbers)
	})
}

// SavePhone implements client.Contacts.
func (s *ClientStore) SavePhone(ctx context.Context, actor crm.Actor, o client.Owner, id int64, in client.PhoneInput) (client.Phone, error) {
	var saved client.Phone
	err := s.changePhone(ctx, actor, o, "phone.save", map[string]any{"raw": in.Raw}, id, in.Parsed.E164, func(tx pgx.Tx) error {
		if in.IsMain { // first, because one main phone at most is a rule of the table
			if _, err := tx.Exec(ctx, sqlPhoneOneMain, o.ClientID, o.PersonID, id); err != nil {
				return err
			}
		}
		var err error
		saved, err = savePhone(ctx, tx, o, id, in)
		return err
	})
	return saved, err
}

func savePhone(ctx context.Context, tx pgx.Tx, o client.Owner, id int64, in client.PhoneInput) (client.Phone, error) {
	var r phoneRow
	var err error
	if id == 0 {
		r, err = one[phoneRow](ctx, tx, "phone", sqlPhoneInsert, o.ClientID, o.PersonID,
			in.Parsed.E164, in.Raw, in.Parsed.Ext, in.Kind, in.IsMain, in.Note)
	} else {
		r, err = one[phoneRow](ctx, tx, "phone", sqlPhoneUpdate, o.ClientID, o.PersonID, id,
			in.Parsed.E164, in.Raw, in.Parsed.Ext, in.Kind, in.IsMain, in.Note)
	}
	return r.phone(), err
}

// DeletePhone implements client.Contacts.
func (s *ClientStore) DeletePhone(ctx context.Context, actor crm.Actor, o client.Owner, id int64) error {
	return s.changePhone(ctx, actor, o, "phone.delete", map[string]any{"id": id}, id, 0, func(tx pgx.Tx) error {
		return mustAffect(ctx, tx, "phone", sqlPhoneDelete, o.ClientID, o.PersonID, id)
	})
}

// SaveEmail implements client.Contacts.
func (s *ClientStore) SaveEmail(ctx context.Context, actor crm.Actor, o client.Owner, id int64, in client.EmailInput) (client.Email, error) {
	var saved client.Email
	err := s.change(ctx, actor, o, "email.save", map[string]any{"email": in.Email}, func(tx pgx.Tx) error {
		if in.IsMain {
			if _, err := tx.Exec(ctx, sqlEmailOneMain, o.ClientID, o.PersonID, id); err != nil {
				return err
			}
		}
		var err error
		saved, err = saveEmail(ctx, tx, o, id, in)
		return err
	})
	return saved, err
}

func saveEmail(ctx context.Context, tx pgx.Tx, o client.Owner, id int64, in client.EmailInput) (client.Email, error) {
	if id == 0 {
		return one[client.Email](ctx, tx, "e-mail", sqlEmailInsert, o.ClientID, o.PersonID, in.Email, in.Kind, in.IsMain)
	}
	return one[client.Email](ctx, tx, "e-mail", sqlEmailUpdate, o.ClientID, o.PersonID, id, in.Email, in.Kind, in.IsMain)
}

// DeleteEmail implements client.Contacts.
func (s *ClientStore) DeleteEmail(ctx context.Context, actor crm.Actor, o client.Owner, id int64) error {
	return s.change(ctx, actor, o, "email.delete", map[string]any{"id": id}, func(tx pgx.Tx) error {
		return mustAffect(ctx, tx, "e-mail", sqlEmailDelete, o.ClientID, o.PersonID, id)
	})
}

// SaveAddress implements client.Contacts.
func (s *ClientStore) SaveAddress(ctx context.Context, actor crm.Actor, clientID, id int64, in client.AddressInput) (client.Address, error) {
	var saved client.Address
	err := s.change(ctx, actor, client.Owner{ClientID: clientID}, "address.save", map[string]any{"text": in.Text}, func(tx pgx.Tx) error {
		var err error
		if id == 0 {
			saved, err = one[client.Address](ctx, tx, "address", sqlAddressInsert, clientID, in.Kind, in.Text, in.City)
		} else {
			saved, err = one[client.Address](ctx, tx, "address", sqlAddressUpdate, clientID, id, in.Kind, in.Text, in.City)
		}
		return err
	})
	return saved, err
}

// DeleteAddress implements client.Contacts.
func (s *ClientStore) DeleteAddress(ctx context.Context, actor crm.Actor, clientID, id int64) error {
	return s.change(ctx, actor, client.Owner{ClientID: clientID}, "address.delete", map[string]any{"id": id}, func(tx pgx.Tx) error {
		return mustAffect(ctx, tx, "address", sqlAddressDelete, clientID, id)
	})
}

// addContacts inserts the phones and e-mails of a new owner. The same number
// given twice is kept once.
func addContacts(ctx context.Context, tx pgx.Tx, o client.Owner, phones []client.PhoneInput, emails []client.EmailInput) error {
	type number struct {
		e164 int64
		raw  string
		ext  string
	}
	seen := map[number]bool{}
	for _, p := range phones {
		key := number{p.Parsed.E164, "", p.Parsed.Ext}
		if key.e164 == 0 {
			key.raw = p.Raw
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		if _, err := savePhone(ctx, tx, o, 0, p); err != nil {
			return err
		}
	}
	seenEmail := map[string]bool{}
	for _, e := range emails {
		if seenEmail[foldEmail(e.Email)] {
			continue
		}
		seenEmail[foldEmail(e.Email)] = true
		if _, err := saveEmail(ctx, tx, o, 0, e); err != nil {
			return err
		}
	}
	return nil
}

func foldEmail(e string) string { return strings.ToLower(e) }

// mustAffect runs a statement that has to change a row.
func mustAffect(ctx context.Context, tx querier, what, sql string, args ...any) error {
	tag, err := tx.Exec(ctx, sql, args...)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return crm.NotFound(what)
	}
	return nil
}
