package postgres

import (
	"strconv"
	"strings"
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

// and adds a condition.
func (q *query) and(condition string) { q.where = append(q.where, condition) }

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
