package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/redbrick-go/redbrick/apps/internal/pgtest"
	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
)

const firstMigration = "-- +goose Up\nCREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE);\n-- +goose Down\nDROP TABLE things;\n"

func migrations(more ...string) fs.FS {
	files := fstest.MapFS{}
	for _, folder := range []string{"sqlite", "postgres"} {
		for i, text := range append([]string{firstMigration}, more...) {
			files[fmt.Sprintf("%s/%05d_step.sql", folder, i+1)] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return files
}

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite://"+filepath.Join(t.TempDir(), "new folder", "shop.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, pgtest.URL(t))
	})
}

func open(t *testing.T, url string, files fs.FS) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Options{URL: url, Migrations: files})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func execute(t *testing.T, q sqldb.Querier, query string, args ...any) {
	t.Helper()
	if _, err := q.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, q sqldb.Querier) (n int) {
	t.Helper()
	if err := q.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM things").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenKeepsDataAndMigrates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := open(t, url, migrations())
		execute(t, db.Write, "INSERT INTO things (id, name) VALUES (1, 'one')")
		again := open(t, url, migrations("-- +goose Up\nALTER TABLE things ADD COLUMN size INTEGER;\n"))
		execute(t, again.Write, "UPDATE things SET size = 3")
		if n := count(t, again.Read); n != 1 {
			t.Errorf("%d rows after it was opened again, want 1", n)
		}
		if err := again.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Processes that start together each find the schema whole.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	var begin, done sync.WaitGroup
	begin.Add(1)
	for range 12 {
		done.Go(func() {
			begin.Wait()
			db, err := sqldb.Open(t.Context(), sqldb.Options{URL: url, Migrations: migrations()})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := db.Write.ExecContext(t.Context(), "INSERT INTO things (id) VALUES (1) ON CONFLICT DO NOTHING"); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	begin.Done()
	done.Wait()
}

func TestBrokenMigrationChangesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		broken := migrations("-- +goose Up\nCREATE TABLE others (id INTEGER);\nNONSENSE;\n")
		if _, err := sqldb.Open(t.Context(), sqldb.Options{URL: url, Migrations: broken}); err == nil || !strings.Contains(err.Error(), "00002_step.sql") {
			t.Fatalf("error is %v, want one that names the file", err)
		}
		db := open(t, url, migrations("-- +goose Up\nCREATE TABLE others (id INTEGER);\n"))
		execute(t, db.Write, "INSERT INTO others (id) VALUES (1)")
	})
}

func TestInTx(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := open(t, url, migrations())
		boom := errors.New("boom")
		insert := func(q sqldb.Querier) { execute(t, q, "INSERT INTO things (id) VALUES (1)") }
		if err := db.InTx(t.Context(), func(q sqldb.Querier) error { insert(q); return boom }); !errors.Is(err, boom) {
			t.Errorf("error is %v", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.InTx(t.Context(), func(q sqldb.Querier) error { insert(q); panic("boom") })
		}()
		if n := count(t, db.Read); n != 0 {
			t.Errorf("%d rows after two rollbacks", n)
		}
		if err := db.InTx(t.Context(), func(q sqldb.Querier) error { insert(q); return nil }); err != nil {
			t.Error(err)
		}
		if n := count(t, db.Read); n != 1 {
			t.Errorf("%d rows after a commit", n)
		}
	})
}

func TestDialect(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := open(t, url, migrations())
		execute(t, db.Write, `INSERT INTO things (id, name) VALUES (1, 'one'), (2, 'it''s "2"'), (3, 'three')`)
		sum := func(query string, arg any) int {
			t.Helper()
			var n sql.NullInt64
			if err := db.Read.QueryRowContext(t.Context(), query, arg).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return int(n.Int64)
		}
		ints, err := sqldb.Array([]int64{1, 3, 99})
		if err != nil {
			t.Fatal(err)
		}
		texts, err := sqldb.Array([]string{`it's "2"`, "three"})
		if err != nil {
			t.Fatal(err)
		}
		none, err := sqldb.Array[int64](nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := sum("SELECT SUM(id) FROM things WHERE id IN "+db.Dialect.Ints(1), ints); n != 4 {
			t.Errorf("ids add up to %d, want 4", n)
		}
		if n := sum("SELECT SUM(id) FROM things WHERE id IN "+db.Dialect.Ints(1), none); n != 0 {
			t.Errorf("no ids add up to %d", n)
		}
		if n := sum("SELECT SUM(id) FROM things WHERE name IN "+db.Dialect.Texts(1), texts); n != 5 {
			t.Errorf("ids add up to %d, want 5", n)
		}
		if n := sum("SELECT SUM(a.id * a.n) FROM "+db.Dialect.IntRows(1, "id", "n")+" AS a", `[{"id":2,"n":10},{"n":1,"id":3}]`); n != 23 {
			t.Errorf("rows add up to %d, want 23", n)
		}
		_, err = db.Write.ExecContext(t.Context(), "INSERT INTO things (id, name) VALUES (4, 'one')")
		if !sqldb.IsUnique(err) || sqldb.IsForeignKey(err) {
			t.Errorf("a taken name gives %v", err)
		}
	})
}

// A path may hold what an address gives a meaning to.
func TestSQLiteOddPath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "50% off?#&", "é shop.db")
	db := open(t, (&url.URL{Scheme: "sqlite", Path: path}).String(), migrations())
	execute(t, db.Write, "INSERT INTO things (id) VALUES (1)")
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestSQLiteReadersCannotWrite(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite://"+filepath.Join(t.TempDir(), "shop.db"), migrations())
	if _, err := db.Read.ExecContext(t.Context(), "INSERT INTO things (id) VALUES (1)"); err == nil {
		t.Error("a reader wrote")
	}
	// A reader does not wait for an open writing transaction.
	err := db.InTx(t.Context(), func(q sqldb.Querier) error {
		execute(t, q, "INSERT INTO things (id) VALUES (1)")
		if n := count(t, db.Read); n != 0 {
			t.Errorf("a reader sees %d rows of an open transaction", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	var mode, sync, keys string
	for pragma, into := range map[string]*string{"journal_mode": &mode, "synchronous": &sync, "foreign_keys": &keys} {
		if err := db.Write.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	if mode != "wal" || sync != "2" || keys != "1" {
		t.Errorf("journal_mode %s, synchronous %s, foreign_keys %s; want wal, 2, 1", mode, sync, keys)
	}
}

func TestBadURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, want string }{
		{"", "no scheme, expected sqlite:<path> or postgres://"},
		{"shop.db", "no scheme"},
		{"mysql://root:hunter2@localhost/shop", `scheme "mysql", expected sqlite or postgres`},
		{"sqlite:", `path "", expected a file`},
		{"sqlite::memory:", `path ":memory:", expected a file`},
		{"sqlite:///var/lib/", "expected a file"},
		{"sqlite://data/shop.db", "three slashes"},
		{"sqlite:shop.db?mode=ro", `takes no parameters, got "mode=ro"`},
		{"postgres://user:hunter2@local host/shop", "invalid"},
		{"postgres://user:hunter2@localhost:port/shop", "invalid port"},
		{"postgres://user:hunter2@localhost/shop?sslmode=sometimes", "sslmode"},
	} {
		_, err := sqldb.Open(t.Context(), sqldb.Options{URL: c.url, Migrations: migrations()})
		switch {
		case !errors.Is(err, sqldb.ErrURL):
			t.Errorf("%q: error is %v, want ErrURL", c.url, err)
		case !strings.Contains(err.Error(), c.want):
			t.Errorf("%q: error is %q, want %q in it", c.url, err, c.want)
		case strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%q: the error shows the password: %q", c.url, err)
		}
	}
}

func TestServerAway(t *testing.T) {
	t.Parallel()
	_, err := sqldb.Open(t.Context(), sqldb.Options{URL: "postgres://user:hunter2@127.0.0.1:1/shop", Migrations: migrations()})
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("error is %v, want one that names the server and not the password", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqldb.Open(t.Context(), sqldb.Options{URL: "sqlite://" + file + "/shop.db", Migrations: migrations()}); err == nil {
		t.Error("a file was taken for a folder")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sqldb.Open(ctx, sqldb.Options{URL: "postgres://127.0.0.1:1/shop", Migrations: migrations()}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}
