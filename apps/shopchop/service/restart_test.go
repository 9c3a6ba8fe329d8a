package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// stopped ends a service in order before the test does.
func (s *running) stopped() {
	s.t.Helper()
	if err := s.Close(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// What the default keeps in Redis is there after a restart: views, the popular list, and what is cached.
func TestRestartKeepsWhatRedisHolds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := func() *running {
		return run(t, patient, func(c *Config) { c.DataDir, c.Seed = dir, true })
	}
	s := start()
	r := s.create(ada, shop.RecipeDraft{Name: "Soup", Tags: []string{"hot"}}) // no view, so it is not warmed at a start
	path := recipePath(r.ID)
	s.do(0, http.MethodGet, path, nil, http.StatusOK)
	s.do(bob, http.MethodGet, path, nil, http.StatusOK)
	s.do(bob, http.MethodPut, recipePath(1, "/favorite"), nil, http.StatusNoContent)
	s.do(bob, http.MethodPut, recipePath(1, "/rating"), `{"stars":4}`, http.StatusOK)
	s.agree(t)
	paths := []string{recipePath(r.ID, "/stats"), recipePath(1, "/stats"), "/api/recipes/popular?limit=50", "/api/me/recent", "/api/me/favorites", "/api/recipes?tag=hot"}
	before := map[string]string{}
	for _, p := range paths {
		before[p] = string(s.do(bob, http.MethodGet, p, nil, http.StatusOK).Data)
	}
	marker := s.redisDo("GET", "shopchop:built")
	s.stopped()

	s = start()
	after := map[string]string{}
	for _, p := range paths {
		after[p] = string(s.do(bob, http.MethodGet, p, nil, http.StatusOK).Data)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
	if got := s.redisDo("GET", "shopchop:built"); got != marker || marker == "" || strings.Contains(s.logs.String(), "rebuilt the copies") {
		t.Errorf("the marker was %q and is %q: the copies were not kept but rebuilt", marker, got)
	}
	s.stopped()

	// A change behind the service's back tells an entry that was kept from one that was loaded again.
	s = start()
	other := "Other"
	if _, err := s.store.UpdateRecipe(t.Context(), shop.Actor{UserID: ada}, r.ID, shop.RecipePatch{Name: &other}); err != nil {
		t.Fatal(err)
	}
	got := s.do(0, http.MethodGet, path, nil, http.StatusOK)
	if name := into[shop.Recipe](t, got).Name; name != "Soup" || got.Header.Get("X-Cache") != "HIT" {
		t.Errorf("%q with X-Cache %s, want the entry of before", name, got.Header.Get("X-Cache"))
	}
}

// A second copy of the program on the same data says what to do, and does no harm.
func TestSecondCopyIsRefused(t *testing.T) {
	t.Parallel()
	cmd := command(t, nil)
	p := launch(t, cmd)
	for _, args := range [][]string{nil, {"rebuild"}} {
		out, err := command(t, args, "DATA_DIR="+cmd.Dir).CombinedOutput()
		if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
			t.Errorf("%q: ended with %v, want exit code %d", args, err, exitFailed)
		}
		for _, want := range []string{filepath.Join(cmd.Dir, "redis"), "another process has it open", "DATA_DIR", "REDIS_URL"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%q: no %q in:\n%s", args, want, out)
			}
		}
	}
	r, err := http.Get(fmt.Sprint(p.url, "/api/recipes/popular"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("status %d of the first copy", r.StatusCode)
	}
}
