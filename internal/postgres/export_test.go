package postgres

import (
	"context"

	"ringcard/crm"
	"ringcard/crm/calllog"
)

// JournalStatement is the statement of a page of the journal, for the tests
// that ask the database how it reads it.
func JournalStatement(ctx context.Context, db *DB, actor crm.Actor, q calllog.Query, s crm.Search) (string, []any, error) {
	names, err := NewCallStore(db).journalNames(ctx, actor, s)
	if err != nil {
		return "", nil, err
	}
	sql, args, err := journalSQL(q, s, names, ownOnly(actor), false)
	if err != nil {
		return "", nil, err
	}
	sql, args = scoped(actor, sql, args...)
	return sql, args, nil
}
