package postgres

import (
	"context"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/interaction"
	"ringcard/crm/obligation"
	"ringcard/crm/report"
)

// statementDatabase is set by the external test package, which may import the
// test databases without a cycle.
var statementDatabase func(testing.TB) string

// SetStatementDatabase is for TestMain.
func SetStatementDatabase(fn func(testing.TB) string) { statementDatabase = fn }

// LookupStatements are those a ringing call waits for; $1 is the number.
func LookupStatements() map[string]string {
	return map[string]string{"lookup": sqlLookup, "card": sqlBestSummaries}
}

// actors whose visibility gives different statements.
func statementActors() map[string]crm.Actor {
	return map[string]crm.Actor{
		"admin":   crm.NewActor(1, "a", "a", crm.RoleAdmin),
		"manager": crm.NewActor(2, "m", "m", crm.RoleManager),
		"nobody":  {},
	}
}

func TestEveryStatementPrepares(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, statementDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	statements := constants(t)
	if len(statements) < 50 {
		t.Fatalf("only %d statements found", len(statements))
	}
	for name, build := range builtStatements(t) {
		statements[name] = build
	}
	for name, st := range statements {
		for who, actor := range statementActors() {
			args := make([]any, highestParameter(st))
			sql, _ := scoped(actor, st, args...)
			if _, err := conn.Prepare(ctx, "", sql); err != nil {
				t.Errorf("%s for %s: %v\n%s", name, who, err, sql)
			}
		}
	}
}

// constants evaluates every string constant of the package named sql….
func constants(t *testing.T) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var parsed []*ast.File
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(fset, name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	cfg := types.Config{
		Importer: importer.ForCompiler(fset, "gc", nil),
		Error:    func(error) {}, // imports are not resolved; constants do not need them
	}
	pkg, _ := cfg.Check("postgres", fset, parsed, nil)
	out := map[string]string{}
	for _, name := range pkg.Scope().Names() {
		c, ok := pkg.Scope().Lookup(name).(*types.Const)
		if ok && strings.HasPrefix(name, "sql") && c.Val().Kind() == constant.String {
			out[name] = constant.StringVal(c.Val())
		}
	}
	return out
}

// builtStatements are those with optional conditions, each with all of them.
func builtStatements(t *testing.T) map[string]string {
	t.Helper()
	searches := map[string]crm.Search{
		"none":   {},
		"words":  crm.ParseSearch("ромашка ооо", crm.PhoneRules{Region: "RU"}),
		"number": crm.ParseSearch("+7 921 123-45-67", crm.PhoneRules{Region: "RU"}),
		"digits": crm.ParseSearch("4567", crm.PhoneRules{Region: "RU"}),
		"masked": crm.SearchFor(crm.NewActor(1, "agent", "Agent", crm.RoleAgent), "4567", crm.PhoneRules{Region: "RU"}),
		"hidden": {Words: []string{"34567"}, NumberOnly: true},
		"email":  crm.ParseSearch("a@b.ru", crm.PhoneRules{Region: "RU"}),
		"date":   crm.ParseSearch("01.02.2024", crm.PhoneRules{Region: "RU"}),
	}
	out := map[string]string{}
	potential, yes := 5, true
	for name, s := range searches {
		for sort := range orders {
			lq := client.ListQuery{GroupID: 1, ResponsibleID: 1, Unassigned: true, PotentialFrom: &potential, PotentialTo: &potential, Sort: sort}
			lq.Page.Cursor = crm.EncodeCursor(listCursor{Sort: sort, Key: "1", ID: 1})
			sql, _, err := listSQL(lq, listConditions(lq, s))
			if err != nil {
				t.Fatal(err)
			}
			out[fmt.Sprintf("list %s %s", sort, name)] = sql
		}
		for _, p := range findParts(s, 10) {
			out["find "+p.matched+" "+name] = p.sql
		}
		sql, _, err := personsSQL(s, crm.PageRequest{Cursor: crm.EncodeCursor(personCursor{"а", 1})})
		if err != nil {
			t.Fatal(err)
		}
		out["persons "+name] = sql
		wanted := calllog.Query{
			From: time.Now(), To: time.Now(), Directions: []string{"in"}, Dispositions: []string{"missed"}, UserID: 1,
			Queue: "q", PBX: "p", ClientID: 1, Q: "x", Unmatched: true, Recorded: &yes, HasNote: &yes, Transferred: &yes, ResultID: 1,
			Sort: calllog.SortNewest, Cursor: crm.EncodeCursor(journalCursor{Sort: calllog.SortNewest}),
		}
		for how, names := range map[string]*journalNames{
			"unknown": nil, "none": {}, "few": {Clients: []int64{1}, Persons: []int64{1}, Callers: []string{"x"}},
			"many": {Clients: make([]int64, maxNames+1), Persons: make([]int64, maxNames+1), Callers: make([]string, maxNames+1)},
		} {
			sql, _, err = journalSQL(wanted, s, names, 1, how == "unknown")
			if err != nil {
				t.Fatal(err)
			}
			out["journal "+name+", names "+how] = sql
		}
		if len(s.Words) > 0 {
			out["names "+name], _ = journalNamesSQL(s)
		}
	}
	for _, sort := range calllog.Sorts() {
		sql, _, err := journalSQL(calllog.Query{Sort: sort, Cursor: crm.EncodeCursor(journalCursor{Sort: sort})}, crm.Search{}, nil, 0, false)
		if err != nil {
			t.Fatal(err)
		}
		out["journal by "+sort] = sql
	}
	for _, state := range []string{"", obligation.Open, obligation.Closed} {
		sql, _, err := obligationsSQL(obligation.Query{State: state, OwnerID: 1, Unowned: true, ClientID: 1, Overdue: true,
			Cursor: crm.EncodeCursor(obligationCursor{State: state})}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		out["obligations "+state] = sql
	}
	for _, group := range append(report.Groups(), "") {
		rq := report.Query{SLA: 1, UserID: 1, Queue: "q", DID: "d", PBX: "p", Direction: "in"}
		out["report calls "+group], _ = reportCallsSQL(rq, group, "UTC", true, 1)
		out["report owed "+group], _ = reportOwedSQL(rq, group, "UTC", true, 1)
	}
	sql, _, err := historySQL(1, []interaction.Kind{interaction.Call}, crm.PageRequest{Cursor: crm.EncodeCursor(itemCursor{})})
	if err != nil {
		t.Fatal(err)
	}
	out["history"] = sql
	text, money := "x", crm.Money("1.00")
	kind := client.Company
	out["update"], _, _ = updateSQL(1, 1, client.Patch{
		Name: &text, FullName: &text, Kind: &kind, Activity: &text, City: &text, Note: &text, RelationType: &text, Source: &text,
		GroupID: crm.Of(int64(1)), ResponsibleID: crm.Empty[int64](), Potential: crm.Of(1), DealSum: &money,
		FirstContactOn: crm.Of(crm.Date{Year: 2024, Month: 1, Day: 1}),
	})
	return out
}

func highestParameter(sql string) int {
	highest := 0
	for i := 0; i < len(sql); i++ {
		if sql[i] != '$' {
			continue
		}
		n := 0
		for j := i + 1; j < len(sql) && sql[j] >= '0' && sql[j] <= '9'; j++ {
			n = n*10 + int(sql[j]-'0')
		}
		highest = max(highest, n)
	}
	return highest
}
