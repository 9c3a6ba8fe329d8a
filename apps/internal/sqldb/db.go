package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
)

// ErrURL means that an address names no database this package can open.
var ErrURL = errors.New("sqldb: bad database URL")

// Options says what to open.
type Options struct {
	// URL is sqlite:<path> (sqlite:data/shop.db, sqlite:///var/lib/shop.db; the
	// folder is made if need be) or postgres://user:password@host:port/name with
	// the parameters of libpq and pgx (sslmode, pool_max_conns, search_path...).
	URL string
	// Migrations holds the folders sqlite and postgres with goose's SQL files.
	Migrations fs.FS
}

// DB is an open database. Read and Write are one pool on PostgreSQL; on SQLite
// Write is a single connection and Read refuses to write.
type DB struct {
	Read, Write *sql.DB
	Dialect     Dialect

	close func() error
}

// Querier runs statements: *sql.DB, *sql.Tx.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Open connects, applies the migrations that are missing, and returns the
// database. Errors never hold the password.
func Open(ctx context.Context, o Options) (*DB, error) {
	scheme, _, found := strings.Cut(o.URL, ":")
	var db *DB
	var err error
	switch {
	case found && scheme == "sqlite":
		db, err = openSQLite(ctx, o.URL)
	case found && (scheme == "postgres" || scheme == "postgresql"):
		db, err = openPostgres(ctx, o.URL)
	case !found:
		return nil, fmt.Errorf("%w: no scheme, expected sqlite:<path> or postgres://<server>/<name>", ErrURL)
	default:
		return nil, fmt.Errorf("%w: scheme %q, expected sqlite or postgres", ErrURL, scheme)
	}
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db, o.Migrations); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// InTx runs f in a writing transaction: committed if f returns nil, rolled
// back if it returns an error or panics.
func (db *DB) InTx(ctx context.Context, f func(Querier) error) error {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sqldb: begin: %w", err)
	}
	defer tx.Rollback() // after a commit it has nothing to do
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sqldb: commit: %w", err)
	}
	return nil
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.Read.PingContext(ctx) }

// Close waits for running statements and closes all connections.
func (db *DB) Close() error { return db.close() }

// parse returns the parts of an address; its errors hold no password.
func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		// url.Error repeats the whole address, password included.
		if inner := new(url.Error); errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fmt.Errorf("%w: %w", ErrURL, err)
	}
	return u, nil
}
