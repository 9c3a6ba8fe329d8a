package catalog

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/sqlstore"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// longTime is ten times what anything here should take.
const longTime = 30 * time.Second

// newStore opens an empty database.
func newStore(t *testing.T) *sqlstore.Store {
	t.Helper()
	redistest.Ran(t, "sqlite")
	s, err := sqlstore.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "shop.db"))
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

// newCatalog makes a catalog that flushes when the test says so. It is stopped at the test's end.
func newCatalog(t *testing.T, repo shop.Repository, rb *redbrick.Client, start bool) *Catalog {
	t.Helper()
	c, err := New(Options{Repository: repo, Redis: rb, FlushEvery: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if start {
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := c.Stop(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return c
}

// newUser makes the n-th user.
func newUser(t *testing.T, repo shop.Repository, email string) shop.User {
	t.Helper()
	u, err := repo.CreateUser(t.Context(), shop.UserDraft{Name: email, Email: email + "@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func trusted(c *Catalog) bool { return c.keeper.known.Load() != nil }
