package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/redbrick-go/redbrick/apps/internal/pgtest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shoptest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/sqlstore"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func open(t *testing.T, url string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openSQLite(t *testing.T) shop.Repository {
	redistest.Ran(t, "sqlite")
	return open(t, "sqlite://"+filepath.Join(t.TempDir(), "shop.db"))
}

func openPostgres(t *testing.T) shop.Repository { return open(t, pgtest.URL(t)) }

func TestSQLite(t *testing.T) {
	t.Parallel()
	shoptest.Run(t, openSQLite)
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	shoptest.Run(t, openPostgres)
}
