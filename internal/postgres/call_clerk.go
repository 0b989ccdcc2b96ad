package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/client"
)

const (
	sqlCallNote     = `UPDATE crm.call k SET note = $2 WHERE k.id = $1 AND {calls:k}`
	sqlActivityBody = `UPDATE crm.activity SET body = $2, updated_at = now(), version = version + 1 WHERE call_id = $1`

	sqlCallChoose = `UPDATE crm.call k SET client_id = $2, person_id = nullif($3::bigint, 0), client_chosen = true
		WHERE k.id = $1 AND {calls:k} RETURNING k.number_e164`
	sqlCallForLink = `SELECT k.number_raw, k.number_e164, k.number_kind, k.client_id FROM crm.call k
		WHERE k.id = $1 AND {calls:k}`
	sqlCallsLink = `UPDATE crm.call SET client_id = $3, person_id = nullif($4::bigint, 0),
			client_chosen = client_chosen OR id = $1
		WHERE id = $1 OR (number_e164 = $2 AND client_id IS NULL AND person_id IS NULL AND direction <> 'internal')
		RETURNING id`

	sqlClientAndPerson = `SELECT EXISTS (SELECT FROM crm.client c WHERE c.id = $1 AND c.deleted_at IS NULL AND {clients:c}) AS client,
		$2::bigint = 0 OR EXISTS (SELECT FROM crm.client_person cp JOIN crm.person h ON h.id = cp.person_id AND h.deleted_at IS NULL
			WHERE cp.client_id = $1 AND cp.person_id = $2 AND cp.valid_to IS NULL) AS person`
	sqlClientHasNumber = `SELECT EXISTS (SELECT FROM crm.phone WHERE client_id = $1 AND e164 = $2)
		OR EXISTS (SELECT FROM crm.phone p JOIN crm.client_person cp ON cp.person_id = p.person_id AND cp.valid_to IS NULL
			WHERE cp.client_id = $1 AND p.e164 = $2)`
	sqlClientHasMain = `SELECT EXISTS (SELECT FROM crm.phone WHERE client_id = $1 AND is_main)`
)

// SetNote implements calllog.Clerk.
func (s *CallStore) SetNote(ctx context.Context, actor crm.Actor, id, text string) error {
	key, err := callID(id)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		sql, args := scoped(actor, sqlCallNote, key, text)
		if err := mustAffect(ctx, tx, "call", sql, args...); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlActivityBody, key, text); err != nil {
			return err
		}
		return auditKey(ctx, tx, actor, "call.note", "call", key.String(), nil)
	})
}

// SetClient implements calllog.Clerk.
func (s *CallStore) SetClient(ctx context.Context, actor crm.Actor, id string, clientID, personID int64) error {
	key, err := callID(id)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := checkClientAndPerson(ctx, tx, actor, clientID, personID); err != nil {
			return err
		}
		sql, args := scoped(actor, sqlCallChoose, key, clientID, personID)
		var e164 *int64
		if err := tx.QueryRow(ctx, sql, args...).Scan(&e164); err != nil {
			return notFound(err, "call")
		}
		if e164 != nil {
			if _, err := tx.Exec(ctx, sqlChoose, *e164, clientID, personID, actor.UserID); err != nil {
				return err
			}
		}
		if err := follow(ctx, s.db, tx, []uuid.UUID{key}); err != nil {
			return err
		}
		return auditKey(ctx, tx, actor, "call.client", "call", key.String(), map[string]any{"client_id": clientID, "person_id": personID})
	})
}

// Link implements calllog.Clerk.
func (s *CallStore) Link(ctx context.Context, actor crm.Actor, id string, clientID, personID int64) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := checkClientAndPerson(ctx, tx, actor, clientID, personID); err != nil {
			return err
		}
		return linkCalls(ctx, s.db, tx, actor, id, clientID, personID, true)
	})
}

func checkClientAndPerson(ctx context.Context, tx pgx.Tx, actor crm.Actor, clientID, personID int64) error {
	var haveClient, havePerson bool
	sql, args := scoped(actor, sqlClientAndPerson, clientID, personID)
	if err := tx.QueryRow(ctx, sql, args...).Scan(&haveClient, &havePerson); err != nil {
		return err
	}
	if !haveClient {
		return crm.NotFound("client")
	}
	if !havePerson {
		return crm.Invalid("person_id", "the person does not work for this client")
	}
	return nil
}

// linkCalls gives a call, and the other calls of its number without a client,
// to the client, with an interaction for each that has ended; addPhone also
// puts the number on the card. Calls are locked before the client, as Save
// does.
func linkCalls(ctx context.Context, db *DB, tx pgx.Tx, actor crm.Actor, id string, clientID, personID int64, addPhone bool) error {
	key, err := callID(id)
	if err != nil {
		return err
	}
	var raw, kind string
	var e164, current *int64
	sql, args := scoped(actor, sqlCallForLink, key)
	if err := tx.QueryRow(ctx, sql, args...).Scan(&raw, &e164, &kind, &current); err != nil {
		return notFound(err, "call")
	}
	number := deref(e164)
	if number != 0 {
		if err := lockNumbers(ctx, tx, []int64{number}); err != nil {
			return err
		}
	}
	rows, err := tx.Query(ctx, sqlCallsLink, key, number, clientID, personID)
	if err != nil {
		return err
	}
	calls, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	if addPhone && number != 0 && kind == string(crm.PhoneExternal) {
		if err := addNumber(ctx, tx, clientID, raw, number); err != nil {
			return err
		}
	}
	if number != 0 {
		// Where others have the number too, attaching it is a choice (LU-04).
		if _, err := tx.Exec(ctx, sqlChooseAmong, number, clientID, personID, actor.UserID); err != nil {
			return err
		}
	}
	if err := follow(ctx, db, tx, calls); err != nil {
		return err
	}
	detail := map[string]any{"client_id": clientID, "person_id": personID, "calls": len(calls), "before": current}
	return auditKey(ctx, tx, actor, "call.link", "call", key.String(), detail)
}

// addNumber puts a number on a card that has it nowhere yet.
func addNumber(ctx context.Context, tx pgx.Tx, clientID int64, raw string, e164 int64) error {
	var has, hasMain bool
	if err := tx.QueryRow(ctx, sqlClientHasNumber, clientID, e164).Scan(&has); err != nil || has {
		return err
	}
	if err := tx.QueryRow(ctx, sqlClientHasMain, clientID).Scan(&hasMain); err != nil {
		return err
	}
	in := client.PhoneInput{Raw: raw, Kind: client.KindOf(e164), IsMain: !hasMain, Parsed: crm.Phone{E164: e164}}
	_, err := savePhone(ctx, tx, client.Owner{ClientID: clientID}, 0, in)
	return err
}
