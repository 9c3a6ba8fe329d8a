package sqldb

import (
	"context"
	"fmt"
	"strings"
)

// Queries is what the methods of a repository run on: a database, or a
// transaction of it. Make it with [DB.Queries].
type Queries struct {
	Dialect     Dialect
	Read, Write Querier

	inTx func(ctx context.Context, f func(Queries) error) error
}

// Queries returns the queries of a database outside of any transaction.
func (db *DB) Queries() Queries {
	return Queries{Dialect: db.Dialect, Read: db.Read, Write: db.Write, inTx: func(ctx context.Context, f func(Queries) error) error {
		return db.InTx(ctx, func(tx Querier) error {
			q := Queries{Dialect: db.Dialect, Read: tx, Write: tx}
			q.inTx = func(_ context.Context, f func(Queries) error) error { return f(q) }
			return f(q)
		})
	}}
}

// InTx runs f in a transaction; inside of one, in that one.
func (q Queries) InTx(ctx context.Context, f func(Queries) error) error { return q.inTx(ctx, f) }

// Ping reports whether the database answers.
func (q Queries) Ping(ctx context.Context) error {
	var one int
	if err := q.Read.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("sqldb: ping: %w", err)
	}
	return nil
}

// Assignments are the columns that an UPDATE sets.
type Assignments struct {
	columns []string
	args    []any
}

// Put sets a column.
func (a *Assignments) Put(column string, value any) {
	a.args = append(a.args, value)
	a.columns = append(a.columns, fmt.Sprintf("%s = $%d", column, len(a.args)))
}

// Assign sets a column to what value points at; nil leaves the column as it is.
func Assign[T any](a *Assignments, column string, value *T) {
	if value != nil {
		a.Put(column, *value)
	}
}

// Where is the rest of an UPDATE behind the table's name, for one row by its key, with its arguments.
func (a *Assignments) Where(key string, value any) (query string, args []any) {
	args = append(a.args[:len(a.args):len(a.args)], value)
	return fmt.Sprintf("SET %s WHERE %s = $%d", strings.Join(a.columns, ", "), key, len(args)), args
}
