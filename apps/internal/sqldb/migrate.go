package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// migrate applies what is missing. Processes that start together on one
// PostgreSQL take turns; SQLite belongs to one process.
func migrate(ctx context.Context, db *DB, migrations fs.FS) error {
	files, err := fs.Sub(migrations, db.Dialect.Name)
	if err != nil {
		return fmt.Errorf("sqldb: migrations: %w", err)
	}
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.Dialect.Name == "postgres" {
		dialect = goose.DialectPostgres
		options = append(options, goose.WithSessionLocker(schemaLock{}))
	}
	provider, err := goose.NewProvider(dialect, db.Write, files, options...)
	if err != nil {
		return fmt.Errorf("sqldb: migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		if partial := new(goose.PartialError); errors.As(err, &partial) && partial.Failed != nil {
			return fmt.Errorf("sqldb: migrate %s: %s: %w", db.Dialect.Name, partial.Failed.Source.Path, partial.Err)
		}
		return fmt.Errorf("sqldb: migrate %s: %w", db.Dialect.Name, err)
	}
	return nil
}

// schemaLock is goose's session lock, held per schema and waited for without
// polling: goose's own has one number for the whole server and asks every few
// seconds.
type schemaLock struct{}

const schemaLockKey = "(hashtext('redbrick migrations'), hashtext(current_schema()))"

// SessionLock waits for the lock of the connection's schema.
func (schemaLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock"+schemaLockKey)
	return err
}

// SessionUnlock gives the lock back.
func (schemaLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock"+schemaLockKey)
	return err
}
