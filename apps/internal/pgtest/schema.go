package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/internal/testreport"
)

// URLEnv names a server to use, instead of one started here.
const URLEnv = "TEST_DATABASE_URL"

var (
	started sync.Once
	own     *server // nil if URLEnv names one, or none could be started
	address string
	missing error
)

// Main runs the tests of a package that uses [URL], stops the server, checks
// that no goroutine is left, and exits: func TestMain(m *testing.M) { pgtest.Main(m) }.
func Main(m *testing.M) {
	code := m.Run()
	if own != nil {
		if err := own.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			code = 1
		}
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// URL returns the address of a new and empty schema, which is dropped when the
// test ends. Every connection to it finds and makes its tables there.
func URL(t testing.TB) string {
	t.Helper()
	started.Do(func() {
		if address = os.Getenv(URLEnv); address != "" {
			return
		}
		if own, missing = start(); missing == nil {
			address = own.url
		}
	})
	if missing != nil {
		if err := testreport.Skipped("postgres", missing.Error()); err != nil {
			t.Error(err)
		}
		if testreport.Required("postgres") {
			t.Fatalf("postgres is required and cannot run: %v", missing)
		}
		t.Skipf("no postgres: %v", missing)
	}
	if err := testreport.Ran("postgres"); err != nil {
		t.Error(err)
	}
	schema := "t_" + strings.ToLower(rand.Text())
	execute(t, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { execute(t, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("%s: %v", URLEnv, err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// execute runs one statement on a connection of its own.
func execute(t testing.TB, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatalf("postgres: %v", err)
	}
	defer conn.Close(ctx) // the statement's error is the one that counts
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("postgres: %s: %v", statement, err)
	}
}
