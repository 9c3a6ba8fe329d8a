package pgtest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/redbrick-go/redbrick/apps/internal/pgtest"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func query(t *testing.T, url, statement string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) // the row's error counts
	if err := conn.QueryRow(t.Context(), statement).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestURLIsolatesAndCleansUp(t *testing.T) {
	t.Parallel()
	outer := pgtest.URL(t)
	var schema string
	t.Run("inner", func(t *testing.T) {
		inner := pgtest.URL(t)
		_, schema, _ = strings.Cut(inner, "search_path=")
		if n := query(t, inner, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = current_schema()"); n != 1 {
			t.Errorf("the connection's schema is there %d times", n)
		}
	})
	if n := query(t, outer, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '"+schema+"'"); n != 0 {
		t.Errorf("schema %q is left behind", schema)
	}
}
