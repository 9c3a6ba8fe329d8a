package sqldb

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dialect is what the two databases spell differently.
type Dialect struct {
	// Name is "sqlite" or "postgres", and the folder of the migrations.
	Name string
	// JSONArray is the aggregate function that makes a JSON array.
	JSONArray string
	// ForUpdate ends a SELECT in a transaction that locks its rows until the
	// end. Empty on SQLite, where a writing transaction is alone anyway.
	// It is the weaker lock that lets others insert rows that refer to these.
	ForUpdate string
}

var (
	dialectSQLite   = Dialect{Name: "sqlite", JSONArray: "json_group_array"}
	dialectPostgres = Dialect{Name: "postgres", JSONArray: "jsonb_agg", ForUpdate: " FOR NO KEY UPDATE"}
)

// Ints is a subquery with the integers of the JSON array in parameter $n.
func (d Dialect) Ints(n int) string {
	if d.Name == "sqlite" {
		return fmt.Sprintf("(SELECT value FROM json_each($%d))", n)
	}
	return fmt.Sprintf("(SELECT value::bigint FROM jsonb_array_elements_text($%d::jsonb))", n)
}

// Texts is a subquery with the strings of the JSON array in parameter $n.
func (d Dialect) Texts(n int) string {
	if d.Name == "sqlite" {
		return fmt.Sprintf("(SELECT value FROM json_each($%d))", n)
	}
	return fmt.Sprintf("(SELECT value FROM jsonb_array_elements_text($%d::jsonb))", n)
}

// IntRows is a subquery with one row for each object of the JSON array in
// parameter $n, and the named integer members as columns.
func (d Dialect) IntRows(n int, names ...string) string {
	columns := ""
	for i, name := range names {
		if i > 0 {
			columns += ", "
		}
		if d.Name == "sqlite" {
			columns += fmt.Sprintf("value->>'%s' AS %s", name, name)
		} else {
			columns += fmt.Sprintf("(value->>'%s')::bigint AS %s", name, name)
		}
	}
	if d.Name == "sqlite" {
		return fmt.Sprintf("(SELECT %s FROM json_each($%d))", columns, n)
	}
	return fmt.Sprintf("(SELECT %s FROM jsonb_array_elements($%d::jsonb))", columns, n)
}

// IsUnique reports whether err says that a unique value is taken.
func IsUnique(err error) bool {
	return violates(err, "23505", sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// IsForeignKey reports whether err says that a row refers to one that is not there.
func IsForeignKey(err error) bool {
	return violates(err, "23503", sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY)
}

func violates(err error, state string, codes ...int) bool {
	if pg := new(pgconn.PgError); errors.As(err, &pg) {
		return pg.Code == state
	}
	if lite := new(sqlite.Error); errors.As(err, &lite) {
		for _, code := range codes {
			if lite.Code() == code {
				return true
			}
		}
	}
	return false
}
