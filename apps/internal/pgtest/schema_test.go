package pgtest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/redbrick-go/redbrick/apps/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

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

// TestWithoutServer runs this binary again where no server can be started: in
// a temporary folder that does not exist.
func TestWithoutServer(t *testing.T) {
	t.Parallel()
	if os.Getenv("PGTEST_CHILD") != "" {
		pgtest.URL(t)
		return
	}
	report := filepath.Join(t.TempDir(), "report")
	run := func(required string) (string, error) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWithoutServer$", "-test.v", "-test.count=1")
		cmd.Env = append(os.Environ(), "PGTEST_CHILD=1", pgtest.URLEnv+"=", "TMPDIR=/does/not/exist",
			"REDISTEST_REPORT="+report, "REDISTEST_REQUIRE="+required)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run("redis"); err != nil || !strings.Contains(out, "--- SKIP: TestWithoutServer") {
		t.Errorf("not required: %v\n%s", err, out)
	}
	if text, err := os.ReadFile(report); err != nil || !strings.HasPrefix(string(text), "postgres: ") {
		t.Errorf("report is %q, %v", text, err)
	}
	if out, err := run("redis,postgres"); err == nil || !strings.Contains(out, "postgres is required and cannot run") {
		t.Errorf("required: %v\n%s", err, out)
	}
}
