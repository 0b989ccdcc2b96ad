package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/client"
)

const (
	// The mean counts an unset potential as 0 (GR-06); an empty group has none.
	sqlGroups = `
		SELECT 0::bigint AS id, '' AS name, true AS virtual, count(*) AS clients,
		       coalesce(sum(c.deal_sum), 0)::numeric(18,2)::text AS deal_sum,
		       round(avg(coalesce(c.potential, 0)), 2)::text AS potential, NULL::text AS sort_name
		FROM crm.client c WHERE c.deleted_at IS NULL AND {clients:c}
		UNION ALL
		SELECT g.id, g.name, false, count(c.id), coalesce(sum(c.deal_sum), 0)::numeric(18,2)::text,
		       CASE WHEN count(c.id) > 0 THEN round(avg(coalesce(c.potential, 0)), 2)::text END, g.name
		FROM crm.client_group g
		LEFT JOIN crm.client c ON c.group_id = g.id AND c.deleted_at IS NULL AND {clients:c}
		WHERE g.deleted_at IS NULL
		GROUP BY g.id`
	sqlGroupsSorted = `SELECT id, name, virtual, clients, deal_sum, potential FROM (` + sqlGroups + `) tiles
		ORDER BY virtual DESC, sort_name COLLATE "ru-x-icu", id`
	sqlGroupOne = `SELECT id, name, virtual, clients, deal_sum, potential FROM (` + sqlGroups + `) tiles WHERE id = $1`

	sqlGroupInsert = `INSERT INTO crm.client_group (name) VALUES ($1) RETURNING id`
	sqlGroupRename = `UPDATE crm.client_group SET name = $2, version = version + 1 WHERE id = $1 AND deleted_at IS NULL`
	sqlGroupDelete = `UPDATE crm.client_group SET deleted_at = now(), version = version + 1 WHERE id = $1 AND deleted_at IS NULL`
	sqlGroupEmpty  = `UPDATE crm.client SET group_id = NULL, version = version + 1, updated_at = now() WHERE group_id = $1`
)

// Groups implements client.Groups.
func (s *ClientStore) Groups(ctx context.Context, actor crm.Actor) ([]client.Group, error) {
	sql, args := scoped(actor, sqlGroupsSorted)
	return list[client.Group](ctx, s.db.pool, sql, args...)
}

// CreateGroup implements client.Groups.
func (s *ClientStore) CreateGroup(ctx context.Context, actor crm.Actor, name string) (client.Group, error) {
	var g client.Group
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		var id int64
		if err := tx.QueryRow(ctx, sqlGroupInsert, name).Scan(&id); err != nil {
			return err
		}
		if err := audit(ctx, tx, actor, "group.create", "client_group", id, map[string]any{"name": name}); err != nil {
			return err
		}
		var err error
		g, err = groupOf(ctx, tx, actor, id)
		return err
	})
	return g, err
}

// RenameGroup implements client.Groups.
func (s *ClientStore) RenameGroup(ctx context.Context, actor crm.Actor, id int64, name string) (client.Group, error) {
	var g client.Group
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := mustAffect(ctx, tx, "group", sqlGroupRename, id, name); err != nil {
			return err
		}
		if err := audit(ctx, tx, actor, "group.rename", "client_group", id, map[string]any{"name": name}); err != nil {
			return err
		}
		var err error
		g, err = groupOf(ctx, tx, actor, id)
		return err
	})
	return g, err
}

// DeleteGroup implements client.Groups.
func (s *ClientStore) DeleteGroup(ctx context.Context, actor crm.Actor, id int64) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := mustAffect(ctx, tx, "group", sqlGroupDelete, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlGroupEmpty, id); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "group.delete", "client_group", id, nil)
	})
}

func groupOf(ctx context.Context, tx pgx.Tx, actor crm.Actor, id int64) (client.Group, error) {
	sql, args := scoped(actor, sqlGroupOne, id)
	return one[client.Group](ctx, tx, "group", sql, args...)
}
