package postgres

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// query builds a statement with optional conditions. Texts come from this
// package only; values always go through arg.
type query struct {
	where []string
	args  []any
}

// arg adds a parameter and returns its place, as $3.
func (q *query) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// planned has a statement planned for its very values. A plan made once for all
// of them would walk the journal for a caller who never called, and sort the
// calls of a busy user to show the last fifty.
func planned(args []any) []any { return append([]any{pgx.QueryExecModeCacheDescribe}, args...) }

// and adds a condition.
func (q *query) and(condition string) { q.where = append(q.where, condition) }

// andf adds a condition with the places of its parameters put in.
func (q *query) andf(format string, places ...any) { q.and(fmt.Sprintf(format, places...)) }

// oneOf adds that a column is one of the values, if there are any. One value
// is compared as such: an index in another order serves then.
func (q *query) oneOf(column string, values []string) {
	switch len(values) {
	case 0:
	case 1:
		q.and(column + " = " + q.arg(values[0]))
	default:
		q.and(column + " = ANY (" + q.arg(values) + "::text[])")
	}
}

// conditions is the text after WHERE.
func (q *query) conditions() string {
	if len(q.where) == 0 {
		return "true"
	}
	return strings.Join(q.where, "\n  AND ")
}

var likeSpecials = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// like makes LIKE take the text as it is.
func like(text string) string { return likeSpecials.Replace(text) }
