package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/apps/internal/program"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/redistest"
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
		return run(t, func(c *Config) { c.DataDir, c.Seed = dir, true })
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

// A process that is killed takes the last changes of its Redis with it, which the database has: the next one trusts
// nothing in the folder.
func TestKilledProcessLeavesNoStaleCopy(t *testing.T) {
	t.Parallel()
	talk := func(p *process) *running { return &running{t: t, base: p.url, http: http.DefaultClient} }
	cmd := command(t, nil)
	env := "DATA_DIR=" + cmd.Dir
	p := launch(t, cmd)
	mine := into[shop.Recipe](t, talk(p).do(1, http.MethodPost, "/api/recipes", `{"name":"Soup","tags":["old"]}`, http.StatusCreated))
	path := recipePath(mine.ID)
	log := filepath.Join(cmd.Dir, "redis", "000001.log")
	var older []byte
	redistest.Eventually(t, longTime, func() (err error) {
		older, err = os.ReadFile(log)
		for _, part := range []string{"shopchop:used", "shopchop:built", "Soup", "tag:old"} {
			if err == nil && !bytes.Contains(older, []byte(part)) {
				err = fmt.Errorf("%s is not written yet", part)
			}
		}
		return err
	})
	talk(p).do(1, http.MethodPut, path, `{"name":"Stew","tags":["new"]}`, http.StatusOK)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log, older, 0o600); err != nil {
		t.Fatal(err)
	}

	p = launch(t, command(t, nil, env))
	if got := into[shop.Recipe](t, talk(p).do(1, http.MethodGet, path, nil, http.StatusOK)); got.Name != "Stew" {
		t.Errorf("served %q, the database has Stew", got.Name)
	}
	for tag, want := range map[string]int{"old": 0, "new": 1} {
		if got := talk(p).do(1, http.MethodGet, "/api/recipes?tag="+tag, nil, http.StatusOK); got.Total != want {
			t.Errorf("%d recipes with tag %s, want %d", got.Total, tag, want)
		}
	}
	if !strings.Contains(p.stderr.String(), "did not end in order") {
		t.Errorf("the log does not say it:\n%s", p.stderr)
	}
	if err := p.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	p = launch(t, command(t, nil, env))
	if strings.Contains(p.stderr.String(), "did not end in order") {
		t.Errorf("an orderly end was taken for none:\n%s", p.stderr)
	}
}

// A second copy of the program on the same data says what to do, and does no harm.
func TestSecondCopyIsRefused(t *testing.T) {
	t.Parallel()
	cmd := command(t, nil)
	p := launch(t, cmd)
	for _, args := range [][]string{nil, {"rebuild"}} {
		out, err := command(t, args, "DATA_DIR="+cmd.Dir).CombinedOutput()
		if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != program.ExitFailed {
			t.Errorf("%q: ended with %v, want exit code %d", args, err, program.ExitFailed)
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
