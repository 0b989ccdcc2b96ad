package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/employee"
)

const (
	sqlDevicesRelease = `DELETE FROM crm.employee_device WHERE pbx = $1 AND endpoint = ANY ($2::text[])`
	// sqlDevicesGive appends telephones to those a user has; one that was his
	// keeps its place.
	sqlDevicesGive = `INSERT INTO crm.employee_device AS d (pbx, endpoint, employee_id, context, position)
		SELECT $1, n.endpoint, n.employee_id, n.context,
			(SELECT coalesce(max(h.position) + 1, 0) FROM crm.employee_device h WHERE h.employee_id = n.employee_id)
			+ row_number() OVER (PARTITION BY n.employee_id ORDER BY n.at) - 1
		FROM unnest($2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY AS n (endpoint, employee_id, context, at)
		ON CONFLICT (pbx, endpoint) DO UPDATE SET employee_id = excluded.employee_id, context = excluded.context,
			position = CASE WHEN d.employee_id = excluded.employee_id THEN d.position ELSE excluded.position END`
	sqlUserExtension = `UPDATE crm.employee SET extension = $2, version = version + 1, updated_at = now() WHERE id = $1`
)

// Remap implements employee.Users.
func (s *EmployeeStore) Remap(ctx context.Context, actor crm.Actor, r employee.Remap) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		made := make(map[string]int64, len(r.Create))
		for _, u := range r.Create {
			var id int64
			if err := tx.QueryRow(ctx, sqlUserInsert, u.Login, u.Name, u.Role, u.Hash, u.Extension).Scan(&id); err != nil {
				return err
			}
			made[u.Login] = id
			if err := audit(ctx, tx, actor, "user.create", "employee", id, map[string]any{"login": u.Login, "role": u.Role}); err != nil {
				return err
			}
		}
		for id, extension := range r.Ext {
			if err := mustAffect(ctx, tx, "user", sqlUserExtension, id, extension); err != nil {
				return err
			}
		}
		endpoints, owners, contexts := []string{}, []int64{}, []string{}
		for _, d := range r.Devices {
			id := d.UserID
			if id == 0 {
				id = made[d.Login]
			}
			endpoints, owners, contexts = append(endpoints, d.Endpoint), append(owners, id), append(contexts, d.Context)
		}
		if _, err := tx.Exec(ctx, sqlDevicesRelease, r.PBX, r.Released); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlDevicesGive, r.PBX, endpoints, owners, contexts); err != nil {
			return err
		}
		return auditKey(ctx, tx, actor, "devices.map", "pbx", r.PBX,
			map[string]any{"given": endpoints, "to": owners, "released": r.Released, "created": len(r.Create)})
	})
}
