package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Store is the primary database of Fitness. It is safe for concurrent use.
type Store struct {
	db *sqldb.DB
	queries
}

// queries are the repository's methods over a database or over a transaction.
type queries struct {
	sqldb.Queries
}

var _ train.Repository = (*Store)(nil)

// Open opens the database at a sqlite: or postgres: address, see
// sqldb.Options.URL, and brings its schema up to date.
func Open(ctx context.Context, url string) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	db, err := sqldb.Open(ctx, sqldb.Options{URL: url, Migrations: files})
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return &Store{db, queries{db.Queries()}}, nil
}

// Dialect names the database: "sqlite" or "postgres".
func (s *Store) Dialect() string { return s.db.Dialect.Name }

// Close waits for running statements and closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Empty reports whether there are neither users nor exercises.
func (q queries) Empty(ctx context.Context) (bool, error) {
	var some bool
	err := q.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM exercises)`).Scan(&some)
	return !some, wrap("empty", err)
}

// Atomically runs f in one transaction.
func (q queries) Atomically(ctx context.Context, f func(train.Repository) error) error {
	return q.InTx(ctx, func(q sqldb.Queries) error { return f(queries{q}) })
}

// one reads the row that a statement selects or returns; what and id are for the
// error where there is none.
func one[T any](row *sql.Row, scan func(sqldb.Row) (T, error), doing, what, id string) (T, error) {
	v, err := scan(row)
	if err == nil {
		return v, nil
	}
	var none T
	if errors.Is(err, sql.ErrNoRows) {
		return none, notFound(what, id)
	}
	return none, wrap(doing, err)
}

// changed runs a statement and reports whether it changed anything.
func (q queries) changed(ctx context.Context, doing, query string, args ...any) (bool, error) {
	done, err := q.Write.ExecContext(ctx, query, args...)
	if err != nil {
		return false, wrap(doing, err)
	}
	n, err := done.RowsAffected()
	return n > 0, wrap(doing, err)
}

// wrap says where an error of the database came from; errors of the domain
// name their subject already.
func wrap(doing string, err error) error {
	if err == nil || domain.Known(err) {
		return err
	}
	return fmt.Errorf("sqlstore: %s: %w", doing, err)
}

func notFound(what, id string) error {
	return domain.Refuse(domain.ErrNotFound, what+" %s is not there", id)
}
