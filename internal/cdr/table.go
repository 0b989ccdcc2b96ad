package cdr

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/cti"
)

const (
	connectTimeout = 5 * time.Second
	queryTimeout   = 30 * time.Second
	// longestCall is how long before its row a call may have begun: rows are
	// found by their beginning, which is what the PBX's table is indexed by.
	longestCall = 24 * time.Hour
	// overlap is how late a row may come, by cdr.conf's batch mode and by
	// clocks that differ.
	overlap = 10 * time.Minute
)

// Table reads a table with the columns of cdr_pgsql (res/cdr_pgsql.c and
// "PostgreSQL CDR Backend" of Asterisk): calldate, clid, src, dst, dcontext,
// channel, dstchannel, lastapp, lastdata, duration, billsec, disposition,
// uniqueid, and, where they are, start, answer, end, linkedid and sequence.
// Rows have no number that grows, so a position is the end of the newest call
// read, and what ended shortly before it is read again. Not for concurrent use.
type Table struct {
	url  string
	name string // schema.table or table
	zone string // IANA name; of times without a zone

	conn *pgx.Conn
	sql  string
	seen map[cti.CDR]bool // of the overlap
}

// NewTable reads the table name of the database at url. zone is that of its
// times where they have none. Nothing is connected before the first Read.
func NewTable(url, name string, zone *time.Location) *Table {
	return &Table{url: url, name: name, zone: zone.String(), seen: make(map[cti.CDR]bool)}
}

// Name implements cti.CDRSource.
func (*Table) Name() string { return "cdr_pgsql" }

// Close ends the connection.
func (t *Table) Close(ctx context.Context) error {
	if t.conn == nil {
		return nil
	}
	conn := t.conn
	t.conn = nil
	return conn.Close(ctx)
}

// Read implements cti.CDRSource.
func (t *Table) Read(ctx context.Context, position string) ([]cti.CDRRow, string, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, next, err := t.read(ctx, position)
	if err != nil {
		t.drop()
		return nil, position, false, fmt.Errorf("cdr.database_url: %w", err)
	}
	return rows, next, false, nil
}

// drop closes a connection that failed; the next Read makes another.
func (t *Table) drop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = t.Close(ctx) // it is broken already
}

func (t *Table) read(ctx context.Context, position string) ([]cti.CDRRow, string, error) {
	if err := t.connect(ctx); err != nil {
		return nil, position, err
	}
	var from time.Time
	if position == "" {
		if err := t.conn.QueryRow(ctx, "SELECT now()").Scan(&from); err != nil {
			return nil, position, err
		}
		return nil, mark(from), nil
	}
	if err := json.Unmarshal([]byte(position), &from); err != nil {
		return nil, position, fmt.Errorf("position %q: %w", position, err)
	}
	found, err := t.query(ctx, from.Add(-overlap))
	if err != nil {
		return nil, position, err
	}
	seen := make(map[cti.CDR]bool, len(found))
	var rows []cti.CDRRow
	next := from
	for _, row := range found {
		seen[row] = true
		if !t.seen[row] {
			rows = append(rows, cti.CDRRow{CDR: row, At: mark(row.End)})
		}
		if row.End.After(next) {
			next = row.End
		}
	}
	t.seen = seen
	return rows, mark(next), nil
}

// mark is the position of a time.
func mark(at time.Time) string {
	b, err := at.UTC().MarshalJSON()
	if err != nil {
		return "" // a year beyond 9999
	}
	return string(b)
}

func (t *Table) query(ctx context.Context, from time.Time) ([]cti.CDR, error) {
	rows, err := t.conn.Query(ctx, t.sql, from, from.Add(-longestCall), t.zone)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (cti.CDR, error) {
		var c cti.CDR
		var answer *time.Time
		err := row.Scan(&c.UniqueID, &c.LinkedID, &c.Sequence, &c.Src, &c.Dst, &c.CallerID, &c.Context,
			&c.Channel, &c.DstChannel, &c.LastApp, &c.LastData, &c.Disposition, &c.Start, &answer, &c.End)
		c.Disposition, c.Start, c.End = disposition(c.Disposition), c.Start.UTC(), c.End.UTC()
		if answer != nil && c.Disposition == "ANSWERED" {
			c.Answer = answer.UTC()
		}
		return c, err
	})
}

// connect opens the connection and builds the query for the columns there are.
func (t *Table) connect(ctx context.Context) error {
	if t.conn != nil {
		return nil
	}
	cfg, err := pgx.ParseConfig(t.url)
	if err != nil {
		return err
	}
	cfg.ConnectTimeout = connectTimeout
	cfg.RuntimeParams["application_name"] = "ringcard cdr"
	cfg.RuntimeParams["default_transaction_read_only"] = "on"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	t.conn = conn
	rows, err := conn.Query(ctx, `SELECT attname::text, atttypid::regtype::text FROM pg_attribute
		WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`, t.name)
	if err != nil {
		return err
	}
	columns := make(map[string]string)
	var name, kind string
	if _, err := pgx.ForEachRow(rows, []any{&name, &kind}, func() error { columns[name] = kind; return nil }); err != nil {
		return err
	}
	t.sql, err = selectRows(t.name, columns)
	return err
}

// selectRows builds the query of the calls that ended at or after $1 and began
// at or after $2; $3 is the zone of times that have none.
func selectRows(table string, columns map[string]string) (string, error) {
	for _, need := range []string{"calldate", "src", "dst", "channel", "dstchannel", "duration", "billsec", "disposition"} {
		if columns[need] == "" {
			return "", fmt.Errorf("table %s has no column %s: these are not the columns of cdr_pgsql, or cdr.table names another table", table, need)
		}
	}
	if columns["uniqueid"] == "" && columns["linkedid"] == "" {
		return "", ErrNoIDs
	}
	text := func(name string) string {
		if columns[name] == "" {
			return "''"
		}
		return "coalesce(" + quoted(name) + "::text, '')"
	}
	at := func(name string) string {
		if columns[name] == "timestamp without time zone" {
			return quoted(name) + " AT TIME ZONE $3::text"
		}
		return quoted(name) + "::timestamptz"
	}
	either := func(name, otherwise string) string {
		if strings.HasPrefix(columns[name], "timestamp") {
			return "coalesce(" + at(name) + ", " + otherwise + ")"
		}
		return otherwise
	}
	start := at("calldate")
	since := "calldate >= $2::timestamptz"
	if columns["calldate"] == "timestamp without time zone" {
		since = "calldate >= $2::timestamptz AT TIME ZONE $3::text" // an index on the column serves
	}
	end := "(" + either("end", start+" + duration * interval '1 second'") + ")"
	answer := "CASE WHEN billsec > 0 OR disposition::text IN ('ANSWERED', '8') THEN " +
		either("answer", end+" - billsec * interval '1 second'") + " END"
	sequence := "0"
	if columns["sequence"] != "" {
		sequence = "coalesce(nullif(sequence::text, '')::bigint, 0)"
	}
	list := []string{text("uniqueid"), text("linkedid"), sequence, text("src"), text("dst"), text("clid"), text("dcontext"),
		text("channel"), text("dstchannel"), text("lastapp"), text("lastdata"), text("disposition"), start, answer, end}
	return "SELECT " + strings.Join(list, ", ") + " FROM " + tableName(table) +
		" WHERE " + since + " AND " + end + " >= $1 AND $3::text <> '' ORDER BY " + end + ", 3", nil
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

func tableName(name string) string { return pgx.Identifier(strings.Split(name, ".")).Sanitize() }
