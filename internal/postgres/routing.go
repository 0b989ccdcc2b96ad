package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/routing"
)

const (
	// hoursOf an employee ($ID) or of the office (NULL), as routing.Interval.
	hoursJSON = `coalesce(jsonb_agg(jsonb_build_object('day', w.weekday,
			'from', to_char(make_interval(mins => w.from_minute), 'HH24:MI'),
			'to', to_char(make_interval(mins => w.to_minute), 'HH24:MI')) ORDER BY w.weekday, w.from_minute), '[]')`

	// sqlPlanClient is the first match of a number, in the order of bestFirst,
	// with the responsible of that client.
	sqlPlanClient = `SELECT c.id, c.name, coalesce(c.responsible_id, 0) AS responsible_id
		FROM (SELECT m.client_id FROM crm.phone_lookup m
		      WHERE m.e164 = $1
		      ` + bestFirstOrder + `
		      LIMIT 1) asked
		JOIN crm.client c ON c.id = asked.client_id
		WHERE c.deleted_at IS NULL`
	// sqlPlanEmployees are that responsible, and the deputies that follow from
	// him now ($2) within four steps.
	sqlPlanEmployees = `WITH RECURSIVE chain (id, depth) AS (
			SELECT p.responsible_id, 0 FROM (` + sqlPlanClient + `) p WHERE p.responsible_id <> 0
			UNION
			SELECT d.id, chain.depth + 1 FROM chain CROSS JOIN LATERAL (
				SELECT r.deputy_id AS id FROM crm.employee_routing r WHERE r.employee_id = chain.id
				UNION
				SELECT a.deputy_id FROM crm.absence a WHERE a.employee_id = chain.id AND a.from_at <= $2 AND a.to_at > $2) d
			WHERE d.id IS NOT NULL AND chain.depth < 4
		)
		SELECT u.id AS user_id, u.name, u.active, coalesce(u.extension, '') AS extension,
			coalesce(r.own_hours, false) AS own_hours, coalesce(r.deputy_id, 0) AS deputy_id,
			(SELECT coalesce(jsonb_agg(jsonb_build_object('pbx', d.pbx, 'endpoint', d.endpoint) ORDER BY d.position, d.pbx, d.endpoint), '[]')
			 FROM crm.employee_device d WHERE d.employee_id = u.id) AS devices,
			(SELECT ` + hoursJSON + ` FROM crm.work_hours w
			 WHERE w.employee_id IS NOT DISTINCT FROM CASE WHEN r.own_hours THEN u.id END) AS hours,
			(SELECT jsonb_build_object('id', a.id, 'kind', a.kind, 'from_at', a.from_at, 'to_at', a.to_at, 'deputy_id', coalesce(a.deputy_id, 0))
			 FROM crm.absence a WHERE a.employee_id = u.id AND a.from_at <= $2 AND a.to_at > $2
			 ORDER BY a.to_at DESC, a.id DESC LIMIT 1) AS absence
		FROM (SELECT DISTINCT id FROM chain) k JOIN crm.employee u ON u.id = k.id
		LEFT JOIN crm.employee_routing r ON r.employee_id = u.id`

	sqlOfficeHours       = `SELECT ` + hoursJSON + ` FROM crm.work_hours w WHERE w.employee_id IS NULL`
	sqlOfficeHoursDelete = `DELETE FROM crm.work_hours WHERE employee_id IS NULL`
	sqlHoursInsert       = `INSERT INTO crm.work_hours (employee_id, weekday, from_minute, to_minute) VALUES (nullif($1::bigint, 0), $2, $3, $4)`
	sqlSchedule          = `SELECT coalesce(r.own_hours, false) AS own_hours, coalesce(r.deputy_id, 0) AS deputy_id,
			(SELECT ` + hoursJSON + ` FROM crm.work_hours w WHERE w.employee_id = u.id) AS hours
		FROM crm.employee u LEFT JOIN crm.employee_routing r ON r.employee_id = u.id WHERE u.id = $1`
	sqlScheduleClaim = `SELECT id FROM crm.employee WHERE id = $1 FOR UPDATE`
	sqlScheduleSave  = `INSERT INTO crm.employee_routing (employee_id, own_hours, deputy_id) VALUES ($1, $2, nullif($3::bigint, 0))
		ON CONFLICT (employee_id) DO UPDATE SET own_hours = excluded.own_hours, deputy_id = excluded.deputy_id`
	sqlHoursDelete = `DELETE FROM crm.work_hours WHERE employee_id = $1`
	sqlActiveUser  = `SELECT $1::bigint = 0 OR EXISTS (SELECT FROM crm.employee WHERE id = $1 AND active)`
	sqlAbsences    = `SELECT a.id, a.kind, a.from_at, a.to_at, coalesce(a.deputy_id, 0) AS deputy_id, a.note
		FROM crm.absence a WHERE a.employee_id = $1 AND a.to_at > $2 ORDER BY a.from_at, a.id LIMIT 500`
	sqlAbsenceInsert = `INSERT INTO crm.absence (employee_id, kind, from_at, to_at, deputy_id, note, created_by)
		SELECT u.id, $2, $3, $4, nullif($5::bigint, 0), $6, nullif($7::bigint, 0) FROM crm.employee u WHERE u.id = $1
		RETURNING id`
	sqlAbsenceDelete = `DELETE FROM crm.absence WHERE employee_id = $1 AND id = $2`
)

// RoutingStore keeps schedules and absences and finds who takes a call.
type RoutingStore struct{ db *DB }

var (
	_ routing.Store    = (*RoutingStore)(nil)
	_ routing.Absences = (*RoutingStore)(nil)
)

// NewRoutingStore makes a store on the pool.
func NewRoutingStore(db *DB) *RoutingStore { return &RoutingStore{db: db} }

type planClient struct {
	ID            int64
	Name          string
	ResponsibleID int64
}

// Plan implements routing.Store: both statements go in one round trip.
func (s *RoutingStore) Plan(ctx context.Context, e164 int64, now time.Time) (routing.Plan, error) {
	var plan routing.Plan
	var batch pgx.Batch
	batch.Queue(sqlPlanClient, e164).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToStructByName[planClient])
		if len(found) > 0 {
			plan.ClientID, plan.ClientName, plan.ResponsibleID = found[0].ID, found[0].Name, found[0].ResponsibleID
		}
		return err
	})
	batch.Queue(sqlPlanEmployees, e164, now).Query(func(rows pgx.Rows) error {
		var err error
		plan.Employees, err = pgx.CollectRows(rows, pgx.RowToStructByName[routing.Employee])
		return err
	})
	if err := s.db.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return routing.Plan{}, failure(err)
	}
	return plan, nil
}

// OfficeHours implements routing.Store.
func (s *RoutingStore) OfficeHours(ctx context.Context) ([]routing.Interval, error) {
	var hours []routing.Interval
	err := s.db.pool.QueryRow(ctx, sqlOfficeHours).Scan(&hours)
	return hours, failure(err)
}

// SetOfficeHours implements routing.Store.
func (s *RoutingStore) SetOfficeHours(ctx context.Context, actor crm.Actor, hours []routing.Interval) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlOfficeHoursDelete); err != nil {
			return err
		}
		if err := addHours(ctx, tx, 0, hours); err != nil {
			return err
		}
		return auditKey(ctx, tx, actor, "office_hours.set", "office", "hours", hours)
	})
}

func addHours(ctx context.Context, tx pgx.Tx, userID int64, hours []routing.Interval) error {
	for _, h := range hours {
		from, _ := routing.Minute(h.From)
		to, _ := routing.Minute(h.To)
		if _, err := tx.Exec(ctx, sqlHoursInsert, userID, h.Day, from, to); err != nil {
			return err
		}
	}
	return nil
}

// Schedule implements routing.Store.
func (s *RoutingStore) Schedule(ctx context.Context, userID int64) (routing.Schedule, error) {
	return one[routing.Schedule](ctx, s.db.pool, "user", sqlSchedule, userID)
}

// SetSchedule implements routing.Store.
func (s *RoutingStore) SetSchedule(ctx context.Context, actor crm.Actor, userID int64, sch routing.Schedule) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := mustAffect(ctx, tx, "user", sqlScheduleClaim, userID); err != nil {
			return err
		}
		if err := checkDeputy(ctx, tx, sch.DeputyID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlScheduleSave, userID, sch.OwnHours, sch.DeputyID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlHoursDelete, userID); err != nil {
			return err
		}
		if err := addHours(ctx, tx, userID, sch.Hours); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "schedule.set", "employee", userID, sch)
	})
}

func checkDeputy(ctx context.Context, tx pgx.Tx, id int64) error {
	var ok bool
	if err := tx.QueryRow(ctx, sqlActiveUser, id).Scan(&ok); err != nil {
		return err
	}
	if !ok {
		return crm.Invalid("deputy_id", "there is no such employee")
	}
	return nil
}

// Absences implements routing.Absences.
func (s *RoutingStore) Absences(ctx context.Context, userID int64, after time.Time) ([]routing.Absence, error) {
	return all[routing.Absence](ctx, s.db.pool, sqlAbsences, userID, after)
}

// AddAbsence implements routing.Absences.
func (s *RoutingStore) AddAbsence(ctx context.Context, actor crm.Actor, userID int64, a routing.Absence) (id int64, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := checkDeputy(ctx, tx, a.DeputyID); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, sqlAbsenceInsert, userID, a.Kind, a.FromAt, a.ToAt, a.DeputyID, a.Note, actor.UserID).Scan(&id)
		if err != nil {
			return notFound(err, "user")
		}
		return audit(ctx, tx, actor, "absence.add", "employee", userID, a)
	})
	return id, err
}

// DeleteAbsence implements routing.Absences.
func (s *RoutingStore) DeleteAbsence(ctx context.Context, actor crm.Actor, userID, id int64) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := mustAffect(ctx, tx, "absence", sqlAbsenceDelete, userID, id); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "absence.delete", "employee", userID, map[string]any{"id": id})
	})
}
