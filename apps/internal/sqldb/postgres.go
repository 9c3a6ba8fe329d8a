package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// connectTimeout bounds the first connection, so that a start against a server
// that swallows packets fails with a message.
const connectTimeout = 10 * time.Second

func openPostgres(ctx context.Context, address string) (*DB, error) {
	if _, err := parse(address); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURL, err) // pgx takes the password out
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("sqldb: postgres: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	return &DB{
		Read: db, Write: db, Dialect: dialectPostgres,
		close: func() error {
			err := db.Close()
			pool.Close() // the pool is not db's to close
			return err
		},
	}, nil
}
