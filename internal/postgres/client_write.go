package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/client"
)

const (
	sqlClientInsert = `INSERT INTO crm.client (name, full_name, kind, activity, city, note, relation_type, source,
			group_id, responsible_id, potential, deal_sum, first_contact_on, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::numeric, $13, nullif($14::bigint, 0))
		RETURNING id`
	sqlClientRefs = `SELECT
		$1::bigint IS NULL OR EXISTS (SELECT FROM crm.client_group WHERE id = $1 AND deleted_at IS NULL) AS "group",
		$2::bigint IS NULL OR EXISTS (SELECT FROM crm.employee WHERE id = $2 AND active) AS responsible`
	sqlClientDelete = `UPDATE crm.client c SET deleted_at = now(), updated_at = now(), version = version + 1
		WHERE c.id = $1 AND c.version = $2 AND c.deleted_at IS NULL AND {clients:c}`
	sqlClientRestore = `UPDATE crm.client c SET deleted_at = NULL, updated_at = now(), version = version + 1
		WHERE c.id = $1 AND c.deleted_at IS NOT NULL AND c.merged_into IS NULL AND {clients:c}`
	// sqlClientTouch claims a live client for a change of its parts.
	sqlClientTouch = `UPDATE crm.client c SET updated_at = now(), version = version + 1
		WHERE c.id = $1 AND c.deleted_at IS NULL AND {clients:c}`
)

// Create implements client.Writer.
func (s *ClientStore) Create(ctx context.Context, actor crm.Actor, in client.NewClient) (id int64, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := checkRefs(ctx, tx, in.GroupID, in.ResponsibleID); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, sqlClientInsert, in.Name, in.FullName, in.Kind, in.Activity, in.City, in.Note,
			in.RelationType, in.Source, in.GroupID, in.ResponsibleID, in.Potential, in.DealSum,
			dateValue(in.FirstContactOn), actor.UserID).Scan(&id)
		if err != nil {
			return err
		}
		owner := client.Owner{ClientID: id}
		if err := addContacts(ctx, tx, owner, in.Phones, in.Emails); err != nil {
			return err
		}
		for _, a := range in.Addresses {
			if _, err := tx.Exec(ctx, sqlAddressInsert, id, a.Kind, a.Text, a.City); err != nil {
				return err
			}
		}
		var personID int64
		if in.Person != nil {
			link, err := linkPerson(ctx, tx, actor, id, *in.Person)
			if err != nil {
				return err
			}
			personID = link.personID
		}
		if in.FromCallID != "" {
			if err := linkCalls(ctx, s.db, tx, actor, in.FromCallID, id, personID, len(in.Phones) == 0 && !hasPhones(in.Person)); err != nil {
				return err
			}
		}
		numbers := numbersOf(in.Phones, in.Person)
		if err := lockNumbers(ctx, tx, numbers); err != nil {
			return err
		}
		if err := numbersMoved(ctx, s.db, tx, numbers); err != nil {
			return err
		}
		detail := map[string]any{"name": in.Name, "forced": in.Force}
		if err := audit(ctx, tx, actor, "client.create", "client", id, detail); err != nil {
			return err
		}
		return publish(ctx, tx, "client.created", fmt.Sprintf("client.created:%d", id),
			map[string]any{"client_id": id, "name": in.Name, "by": actor.UserID})
	})
	return id, err
}

func hasPhones(p *client.PersonInput) bool { return p != nil && len(p.Phones) > 0 }

// checkRefs refuses a group or responsible that is not there to be chosen.
func checkRefs(ctx context.Context, tx pgx.Tx, groupID, responsibleID *int64) error {
	var group, responsible bool
	if err := tx.QueryRow(ctx, sqlClientRefs, groupID, responsibleID).Scan(&group, &responsible); err != nil {
		return err
	}
	if !group {
		return crm.Invalid("group_id", "there is no such group")
	}
	if !responsible {
		return crm.Invalid("responsible_id", "there is no such employee")
	}
	return nil
}

// Update implements client.Writer.
func (s *ClientStore) Update(ctx context.Context, actor crm.Actor, id, version int64, p client.Patch) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := checkRefs(ctx, tx, p.GroupID.Value, p.ResponsibleID.Value); err != nil {
			return err
		}
		sql, args, changes := updateSQL(id, version, p)
		sql, args = scoped(actor, sql, args...)
		tag, err := tx.Exec(ctx, sql, args...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return staleOrMissing(ctx, tx, actor, id)
		}
		return audit(ctx, tx, actor, "client.update", "client", id, changes)
	})
}

func updateSQL(id, version int64, p client.Patch) (sql string, args []any, changes map[string]any) {
	q := &query{}
	sets := []string{"version = version + 1", "updated_at = now()"}
	changes = map[string]any{}
	set := func(column, cast string, v any) {
		sets = append(sets, column+" = "+q.arg(v)+cast)
		changes[column] = v
	}
	text := func(column string, v *string) {
		if v != nil {
			set(column, "", *v)
		}
	}
	text("name", p.Name)
	text("full_name", p.FullName)
	text("activity", p.Activity)
	text("city", p.City)
	text("note", p.Note)
	text("relation_type", p.RelationType)
	text("source", p.Source)
	if p.Kind != nil {
		set("kind", "", string(*p.Kind))
	}
	if p.DealSum != nil {
		set("deal_sum", "::text::numeric", string(*p.DealSum))
	}
	if p.GroupID.Set {
		set("group_id", "", p.GroupID.Value)
	}
	if p.ResponsibleID.Set {
		set("responsible_id", "", p.ResponsibleID.Value)
	}
	if p.Potential.Set {
		set("potential", "", p.Potential.Value)
	}
	if p.FirstContactOn.Set {
		set("first_contact_on", "", dateValue(p.FirstContactOn.Value))
	}
	q.and("c.id = " + q.arg(id))
	q.and("c.version = " + q.arg(version))
	q.and("c.deleted_at IS NULL")
	q.and("{clients:c}")
	return "UPDATE crm.client c SET " + strings.Join(sets, ", ") + " WHERE " + q.conditions(), q.args, changes
}

// staleOrMissing tells why a versioned change found no row.
func staleOrMissing(ctx context.Context, tx pgx.Tx, actor crm.Actor, id int64) error {
	card, err := cardOf(ctx, tx, actor, id)
	if err != nil {
		return err
	}
	if card.DeletedAt != nil {
		return crm.NotFound("client")
	}
	return &crm.Error{Code: crm.CodeConflict, Message: "the card was changed in the meantime", Detail: card}
}

// Delete implements client.Writer.
func (s *ClientStore) Delete(ctx context.Context, actor crm.Actor, id, version int64) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		sql, args := scoped(actor, sqlClientDelete, id, version)
		tag, err := tx.Exec(ctx, sql, args...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return staleOrMissing(ctx, tx, actor, id)
		}
		return audit(ctx, tx, actor, "client.delete", "client", id, nil)
	})
}

// Restore implements client.Writer.
func (s *ClientStore) Restore(ctx context.Context, actor crm.Actor, id int64) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		sql, args := scoped(actor, sqlClientRestore, id)
		tag, err := tx.Exec(ctx, sql, args...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			_, err := cardOf(ctx, tx, actor, id) // a live one needs no restoring
			return err
		}
		return audit(ctx, tx, actor, "client.restore", "client", id, nil)
	})
}

// touchClient claims a live, visible client; a new version makes stale editors
// notice, and the row lock orders writers of its parts.
func touchClient(ctx context.Context, tx pgx.Tx, actor crm.Actor, id int64) error {
	sql, args := scoped(actor, sqlClientTouch, id)
	tag, err := tx.Exec(ctx, sql, args...)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return crm.NotFound("client")
	}
	return nil
}

func dateValue(d *crm.Date) *time.Time {
	if d == nil {
		return nil
	}
	t := d.Time()
	return &t
}

// notFound names the record when a statement with RETURNING found none.
func notFound(err error, what string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return crm.NotFound(what)
	}
	return err
}
