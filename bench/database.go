package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/internal/pgserver"
	"ringcard/internal/postgres"
)

// size is how much the database holds.
type size struct{ clients, persons, phones, calls int }

// firstNumber is the E.164 number of phone 1; phone n has firstNumber+n-1.
const firstNumber = 79000000001

// database is a private PostgreSQL with an office's clients and its past calls.
type database struct {
	server *pgserver.Server
	dir    string
	size   size
}

// Four phones of ten belong to clients, the rest to their contact persons;
// each client has its main contact and some have a second. Each past call was a
// client's, a minute before the next. Rows go in as
// pg_restore puts them: without triggers, indexes built at the end. The index
// of numbers is then computed by the product's own definition of it.
var fill = []struct{ what, sql string }{
	{"clients", `INSERT INTO crm.client (name, city, potential, deal_sum, last_contact_at)
		SELECT 'ООО «Клиент ' || i || '»', (ARRAY['Москва','Мурманск','Казань','Омск'])[1 + i % 4],
			i % 101, i % 1000000, now() - (i % 1000) * interval '1 hour'
		FROM generate_series(1, {clients}) i`},
	{"persons", `INSERT INTO crm.person (name)
		SELECT (ARRAY['Иванов','Петров','Сидоров','Кузнецов'])[1 + i % 4] || ' Иван ' || i FROM generate_series(1, {persons}) i`},
	{"links", `INSERT INTO crm.client_person (client_id, person_id, position, is_primary)
		SELECT 1 + (i - 1) % {clients}, i, 'менеджер', i <= {clients} FROM generate_series(1, {persons}) i`},
	{"phones of clients", `INSERT INTO crm.phone (client_id, e164, raw, kind, is_main)
		SELECT 1 + (i - 1) % {clients}, {first} + i - 1, '+' || ({first} + i - 1), 'work', i <= {clients}
		FROM generate_series(1, {phones} * 4 / 10) i`},
	{"phones of persons", `INSERT INTO crm.phone (person_id, e164, raw, kind, is_main)
		SELECT 1 + (i - 1) % {persons}, {first} + i - 1, '+' || ({first} + i - 1), 'mobile', i - {phones} * 4 / 10 <= {persons}
		FROM generate_series({phones} * 4 / 10 + 1, {phones}) i`},
	{"past calls", `INSERT INTO crm.call (id, version, pbx, direction, state, disposition, number_raw, number_e164, number_kind, number_display,
			did, client_id, started_at, answered_at, ended_at, wait_ms, talk_ms, snapshot)
		SELECT gen_random_uuid(), 1, 'office', CASE WHEN i % 3 = 0 THEN 'out' ELSE 'in' END, 'ended', 'answered',
			'+' || {first} + i % {clients}, {first} + i % {clients}, 'external', '+' || {first} + i % {clients},
			'+74952000300', 1 + i % {clients}, at, at + interval '5 seconds', at + interval '55 seconds', 5000, 50000, '{"legs":[]}'
		FROM generate_series(1, {calls}) i CROSS JOIN LATERAL (SELECT now() - i * interval '1 minute' AS at) t`},
	{"past interactions", `INSERT INTO crm.activity (client_id, kind, subject, done_at, call_id)
		SELECT client_id, 'call', '', started_at, id FROM crm.call`},
	{"index of numbers", `INSERT INTO crm.phone_lookup SELECT * FROM crm.phone_lookup_source`},
}

// filled are the tables of fill.
const filled = `('client'), ('person'), ('client_person'), ('phone'), ('phone_lookup'), ('call'), ('activity')`

// vacuum does what the server does by itself in the hours after an import. It
// leaves empty tables alone, as the server does: plans made for a table that is
// known to be empty do not suit it for long.
const vacuum = `VACUUM ANALYZE crm.client, crm.person, crm.client_person, crm.phone, crm.phone_lookup, crm.call, crm.activity`

// openDatabase makes, migrates and fills a PostgreSQL of its own, started as the
// product starts its private one. The caller must close it.
func openDatabase(ctx context.Context, s size, say func(string, ...any)) (*database, error) {
	// Not below a closed folder: as root the server runs as another user.
	dir, err := os.MkdirTemp("", "ringcard-bench-pg-")
	if err != nil {
		return nil, err
	}
	d := &database{dir: dir, size: s}
	if err := d.start(ctx, say); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *database) start(ctx context.Context, say func(string, ...any)) error {
	if err := os.Chmod(d.dir, 0o711); err != nil {
		return err
	}
	var err error
	if d.server, err = pgserver.Start(ctx, pgserver.Options{Dir: d.dir}); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, d.server.URL()); err != nil {
		return err
	}
	return d.fill(ctx, say)
}

func (d *database) fill(ctx context.Context, say func(string, ...any)) error {
	cfg, err := pgx.ParseConfig(d.server.AdminURL()) // only a superuser may do without triggers
	if err != nil {
		return err
	}
	if owner, err := pgx.ParseConfig(d.server.URL()); err == nil {
		cfg.Database = owner.Database
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `SET session_replication_role = replica; SET maintenance_work_mem = '512MB'`); err != nil {
		return err
	}
	rebuild, err := dropIndexes(ctx, conn)
	if err != nil {
		return err
	}
	numbers := strings.NewReplacer("{clients}", strconv.Itoa(d.size.clients), "{persons}", strconv.Itoa(d.size.persons),
		"{phones}", strconv.Itoa(d.size.phones), "{calls}", strconv.Itoa(d.size.calls), "{first}", strconv.Itoa(firstNumber))
	began := time.Now()
	for _, step := range fill {
		stepBegan := time.Now()
		if _, err := conn.Exec(ctx, numbers.Replace(step.sql)); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		say("  %s: %.1f s", step.what, time.Since(stepBegan).Seconds())
	}
	for _, sql := range rebuild {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("indexes: %w", err)
		}
	}
	// A checkpoint, and the base read into the server's buffers.
	for _, sql := range []string{vacuum, `CHECKPOINT`, `CREATE EXTENSION pg_prewarm`,
		`SELECT sum(pg_prewarm(c.oid)) FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'i')`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	say("  filled in %.1f s", time.Since(began).Seconds())
	return d.check(ctx, conn)
}

// dropIndexes drops the indexes of the tables to be filled that are no
// constraints, and returns the statements that make them again.
func dropIndexes(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
		FROM (VALUES `+filled+`) t (name)
		JOIN pg_index i ON i.indrelid = ('crm.' || t.name)::regclass
		WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)`)
	if err != nil {
		return nil, err
	}
	var name, definition string
	var drop, rebuild []string
	_, err = pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		drop, rebuild = append(drop, name), append(rebuild, definition)
		return nil
	})
	if err != nil || len(drop) == 0 {
		return nil, err
	}
	_, err = conn.Exec(ctx, `DROP INDEX `+strings.Join(drop, ", "))
	return rebuild, err
}

func (d *database) check(ctx context.Context, conn *pgx.Conn) error {
	var n int
	if err := conn.QueryRow(ctx, `SELECT count(DISTINCT e164) FROM crm.phone_lookup`).Scan(&n); err != nil {
		return err
	}
	if n != d.size.phones {
		return fmt.Errorf("%d numbers can be looked up, want %d", n, d.size.phones)
	}
	return nil
}

// close stops the server and removes its files.
func (d *database) close() error {
	var err error
	if d.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		err = d.server.Stop(ctx)
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}
