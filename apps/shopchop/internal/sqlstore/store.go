package sqlstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

//go:embed migrations
var migrations embed.FS

// Store is the primary database of Shop & Chop. It is safe for concurrent use.
type Store struct {
	db *sqldb.DB
	queries
}

// queries are the repository's methods over a database or over a transaction.
type queries struct{ sqldb.Queries }

var _ shop.Repository = (*Store)(nil)

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

// Empty reports whether there are neither users nor recipes.
func (q queries) Empty(ctx context.Context) (bool, error) {
	var some bool
	err := q.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM recipes)`).Scan(&some)
	return !some, wrap("empty", err)
}

// atomically runs f in a transaction; inside of one, in that one.
func (q queries) atomically(ctx context.Context, f func(queries) error) error {
	return q.InTx(ctx, func(q sqldb.Queries) error { return f(queries{q}) })
}

// Atomically runs f in one transaction.
func (q queries) Atomically(ctx context.Context, f func(shop.Repository) error) error {
	return q.atomically(ctx, func(q queries) error { return f(q) })
}

// atomic runs f in a transaction and returns its value if that was committed.
func atomic[T any](ctx context.Context, q queries, doing string, f func(queries) (T, error)) (T, error) {
	var value, none T
	err := q.atomically(ctx, func(q queries) (err error) {
		value, err = f(q)
		return err
	})
	if err != nil {
		return none, wrap(doing, err)
	}
	return value, nil
}

// wrap says where an error of the database came from; errors of the domain
// name their subject already.
func wrap(doing string, err error) error {
	for _, known := range []error{nil, shop.ErrNotFound, shop.ErrForbidden, shop.ErrConflict, shop.ErrInvalid} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("sqlstore: %s: %w", doing, err)
}

func notFound(what string, id any) error {
	return fmt.Errorf("%s %v: %w", what, id, shop.ErrNotFound)
}
