// Package postgres keeps everything in PostgreSQL: all SQL statements and
// migrations are here, one file per area, as stores that implement the ports
// of crm/<area>.
//
// Conventions:
//   - Fixed statements are constants named sql…; a test prepares each of them
//     against the migrated schema. Statements with optional filters are built
//     with query, which only ever adds text of this package and parameters.
//   - The actor's visibility of clients and calls is added by scope.go and
//     nowhere else. What he may not see is not found.
//   - One method of a store is one transaction, with its audit_log rows and,
//     where others must hear of it, its outbox row.
package postgres
