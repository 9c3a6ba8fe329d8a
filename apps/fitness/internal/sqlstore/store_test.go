package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/sqlstore"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/traintest"
	"github.com/redbrick-go/redbrick/apps/internal/pgtest"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func open(t *testing.T, url string) train.Repository {
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

func TestSQLite(t *testing.T) {
	t.Parallel()
	traintest.Run(t, func(t *testing.T) train.Repository {
		redistest.Ran(t, "sqlite")
		return open(t, "sqlite://"+filepath.Join(t.TempDir(), "fitness.db"))
	})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	traintest.Run(t, func(t *testing.T) train.Repository { return open(t, pgtest.URL(t)) })
}
