package pgtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redbrick-go/redbrick/redistest"
)

// URL returns the address of a new and empty schema, which is dropped when the
// test ends. Every connection to it finds and makes its tables there. Without a
// PostgreSQL the test is skipped as redistest.Missing says.
func URL(t testing.TB) string {
	t.Helper()
	server := redistest.Postgres(t)
	schema := "t_" + strings.ToLower(rand.Text())
	execute(t, server, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { execute(t, server, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// execute runs one statement on a connection of its own.
func execute(t testing.TB, server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("postgres: %v", err)
	}
	defer conn.Close(ctx) // the statement's error is the one that counts
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("postgres: %s: %v", statement, err)
	}
}
