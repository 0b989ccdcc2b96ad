package postgres

import (
	"ringcard/crm"
	"ringcard/crm/calllog"
)

// JournalStatement is the statement of a page of the journal, for the tests
// that ask the database how it reads it.
func JournalStatement(actor crm.Actor, q calllog.Query, s crm.Search) (string, []any, error) {
	sql, args, err := journalSQL(q, s, false)
	if err != nil {
		return "", nil, err
	}
	sql, args = scoped(actor, sql, args...)
	return sql, args, nil
}
