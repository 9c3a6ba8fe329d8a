package service

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/program"
	"github.com/redbrick-go/redbrick/apps/internal/settings"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/copiestest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/redistest"
)

// load keeps goroutines busy until it is stopped.
type load struct {
	wg   sync.WaitGroup
	end  atomic.Bool
	done atomic.Int64
}

func startLoad(workers int, work func(random *rand.Rand)) *load {
	l := &load{}
	for w := range workers {
		random := rand.New(rand.NewPCG(uint64(w), 1)) //nolint:gosec // a test's
		l.wg.Go(func() {
			for !l.end.Load() {
				work(random)
				l.done.Add(1)
			}
		})
	}
	return l
}

// more waits until the load has done n more things.
func (l *load) more(t *testing.T, n int64) {
	t.Helper()
	from := l.done.Load()
	redistest.Eventually(t, longTime, func() error {
		if got := l.done.Load() - from; got < n {
			return fmt.Errorf("%d of %d requests", got, n)
		}
		return nil
	})
}

func (l *load) stop() {
	l.end.Store(true)
	l.wg.Wait()
}

// agree waits until the copies are whole and say what the database says.
func (s *running) agree(t *testing.T) {
	t.Helper()
	redistest.Eventually(t, longTime, func() error {
		if err := s.cat.Flush(t.Context()); err != nil {
			return err
		}
		built, err := s.redis.Do(t.Context(), s.redis.B().Exists().Key(s.redis.Namespace()+"shopchop:built").Build()).AsInt64()
		if err == nil && built == 0 {
			err = errors.New("no marker: the copies are not rebuilt yet")
		}
		return errors.Join(err, copiestest.Agree(t.Context(), s.store, s.redis))
	})
}

// askAgain is ask by somebody who logs in again when he was logged out.
func (s *running) askAgain(user int64, method, path string, body any) (got reply, err error) {
	for range 10 {
		if got, err = s.ask(user, method, path, body); err == nil && got.Status != http.StatusUnauthorized {
			return got, nil
		}
		s.forget()
	}
	return got, err
}

// A Redis that is emptied under load loses no recipe, favourite or rating; everybody is logged out, and no request
// fails otherwise.
func TestFlushAllUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	s := run(t, func(c *Config) { c.Redis.URL = server.URL() })
	for i := range 5 {
		s.create(ada, shop.RecipeDraft{Name: fmt.Sprintf("Recipe %d", i), Tags: []string{"soup"}})
	}
	var mu sync.Mutex
	confirmed := map[int64]bool{} // recipes whose POST was answered
	stars := map[string]int{}     // confirmed ratings; each pair belongs to one worker at a time
	var pair sync.Mutex
	l := startLoad(6, func(random *rand.Rand) {
		user, recipe := int64(1+random.IntN(3)), int64(1+random.IntN(5))
		var got reply
		var err error
		ask := s.askAgain
		switch random.IntN(6) {
		case 0:
			got, err = ask(ada, http.MethodPost, "/api/recipes", `{"name":"New","tags":["new"]}`)
			if err == nil && got.Status == http.StatusCreated {
				mu.Lock()
				confirmed[into[shop.Recipe](t, got).ID] = true
				mu.Unlock()
			}
		case 1:
			method := []string{http.MethodPut, http.MethodDelete}[random.IntN(2)]
			got, err = ask(user, method, recipePath(recipe, "/favorite"), nil)
		case 2:
			n := 1 + random.IntN(5)
			pair.Lock()
			got, err = ask(user, http.MethodPut, recipePath(recipe, "/rating"), fmt.Sprintf(`{"stars":%d}`, n))
			stars[fmt.Sprint(user, recipe)] = n
			pair.Unlock()
		case 3:
			got, err = ask(user, http.MethodGet, "/api/recipes?tag=new", nil)
		default:
			got, err = s.ask(0, http.MethodGet, recipePath(recipe), nil)
		}
		if err != nil || got.Status >= 400 {
			t.Errorf("status %d, %v: %s", got.Status, err, got.Body)
		}
	})
	for range 5 {
		l.more(t, 60)
		server.Do("FLUSHALL") //repotest:allow commands a private server
	}
	l.more(t, 60)
	l.stop()
	s.forget()
	s.agree(t)
	for id := range confirmed {
		s.do(0, http.MethodGet, recipePath(id), nil, http.StatusOK)
	}
	if got := s.do(0, http.MethodGet, "/api/recipes?tag=new", nil, http.StatusOK); got.Total != len(confirmed) {
		t.Errorf("%d new recipes in the list, %d were confirmed", got.Total, len(confirmed))
	}
	for key, n := range stars {
		var user, recipe int64
		if _, err := fmt.Sscan(key, &user, &recipe); err != nil {
			t.Fatal(err)
		}
		if got, err := s.store.Stars(t.Context(), user, recipe); err != nil || got != n {
			t.Errorf("user %d gave recipe %d %d stars, %v; want %d", user, recipe, got, err, n)
		}
	}
	for _, user := range []int64{ada, bob, root} {
		want, err := s.store.Favorites(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.do(user, http.MethodGet, "/api/me/favorites?limit=100", nil, http.StatusOK); got.Total != len(want) {
			t.Errorf("user %d has %d favourites, the database %d", user, got.Total, len(want))
		}
	}
}

// entered waits until a user can log in, to a Redis that came back with nothing in it.
func (s *running) entered(t *testing.T, user int64) {
	t.Helper()
	redistest.Eventually(t, longTime, func() error {
		s.forget()
		got, err := s.ask(user, http.MethodGet, "/api/me/recent", nil)
		if err == nil && got.Status != http.StatusOK {
			err = fmt.Errorf("status %d: %s", got.Status, got.Body)
		}
		return err
	})
}

// Redis that is killed under load fails no request, and is used again when it is back.
func TestRedisKilledUnderLoad(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	s := run(t, func(c *Config) { c.Redis.URL, c.Redis.RetryDelay = server.URL(), 100*time.Millisecond })
	for i := range 20 {
		s.create(ada, shop.RecipeDraft{Name: fmt.Sprintf("Recipe %d", i)})
	}
	l := startLoad(8, func(random *rand.Rand) {
		got, err := s.ask(0, http.MethodGet, recipePath(int64(1+random.IntN(20))), nil)
		if err != nil || got.Status != http.StatusOK || !strings.Contains(string(got.Data), "Recipe ") {
			t.Errorf("status %d, %v: %s", got.Status, err, got.Body)
		}
	})
	defer l.stop() // also where the test ends early
	for range 2 {
		s.entered(t, bob)
		l.more(t, 200)
		server.Kill()
		redistest.Eventually(t, longTime, func() error {
			if s.redis.State().State == redbrick.StateReady {
				return errors.New("the client has not noticed yet")
			}
			return nil
		})
		loads, began := s.cat.CacheStats()["recipe"].Loads, time.Now()
		l.more(t, 2000)
		// What was loaded answers for a second, however many ask; one more second for its beginning and end.
		if got, most := s.cat.CacheStats()["recipe"].Loads-loads, int64(20*(2+time.Since(began)/time.Second)); got > most {
			t.Errorf("%d loads of 20 recipes in %v, want at most %d", got, time.Since(began), most)
		}
		if got := s.do(bob, http.MethodGet, "/api/me/recent", nil, http.StatusServiceUnavailable); got.Header.Get("Retry-After") == "" {
			t.Errorf("503 without Retry-After: %v", got.Header)
		}
		// Who has a session gets nothing done; what the service does besides goes on, and its copies are repaired.
		if err := s.cat.SetFavorite(t.Context(), bob, 1, true); err != nil {
			t.Error(err)
		}
		changed := "Recipe 2, changed"
		if _, err := s.cat.UpdateRecipe(t.Context(), shop.Actor{UserID: ada}, 2, shop.RecipePatch{Name: &changed}); err != nil {
			t.Error(err)
		}
		if got, err := s.cat.Favorites(t.Context(), bob, 1, 10); err != nil || got.Total != 1 {
			t.Errorf("%d favourites without Redis, %v; want 1", got.Total, err)
		}
		s.do(0, http.MethodGet, "/health/ready", nil, http.StatusOK)
		loads, began = s.cat.CacheStats()["recipe"].Loads, time.Now()
		server.Restart()
		redistest.Eventually(t, longTime, func() error {
			got, err := s.ask(0, http.MethodGet, recipePath(1), nil)
			if err == nil && got.Header.Get("X-Cache") != "HIT" {
				err = errors.New("no hit yet")
			}
			return err
		})
		l.more(t, 2000)
		// It comes back with nothing in it: each recipe is loaded for it once, beside those loaded until it
		// answers everybody, and by the warming.
		if got, most := s.cat.CacheStats()["recipe"].Loads-loads, int64(20*(6+time.Since(began)/time.Second)); got > most {
			t.Errorf("%d loads of 20 recipes in %v after the restart, want at most %d", got, time.Since(began), most)
		}
	}
	l.stop()
	s.agree(t)
	s.entered(t, bob)
	if got := s.do(bob, http.MethodGet, "/api/me/favorites", nil, http.StatusOK); got.Total != 1 {
		t.Errorf("%d favourites in the end, want 1", got.Total)
	}
}

// A copy that could not be written while Redis was away is repaired when it is back with its old data.
func TestStaleCopiesAreRepaired(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t, "appendonly yes", "appendfsync always")
	s := run(t, func(c *Config) { c.Redis.URL, c.Redis.RetryDelay = server.URL(), 100*time.Millisecond })
	r := s.create(ada, shop.RecipeDraft{Name: "Soup", Tags: []string{"hot"}})
	gone := s.create(ada, shop.RecipeDraft{Name: "Gone", Tags: []string{"hot"}})
	s.do(bob, http.MethodPut, recipePath(r.ID, "/favorite"), nil, http.StatusNoContent)
	s.agree(t)
	marker := server.Do("GET", "shopchop:built")

	server.Kill()
	owner := shop.Actor{UserID: ada}
	_, err := s.cat.UpdateRecipe(t.Context(), owner, r.ID, shop.RecipePatch{Tags: &[]string{"cold"}})
	if err := errors.Join(err, s.cat.SetFavorite(t.Context(), bob, r.ID, false), s.cat.DeleteRecipe(t.Context(), owner, gone.ID)); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		if got, err := s.cat.Favorites(t.Context(), bob, 1, 10); err != nil || got.Total != 0 {
			t.Errorf("%s: %d favourites, %v; want none", when, got.Total, err)
		}
		s.do(0, http.MethodGet, recipePath(gone.ID), nil, http.StatusNotFound)
		if got := s.do(0, http.MethodGet, "/api/recipes?tag=cold", nil, http.StatusOK); got.Total != 1 {
			t.Errorf("%s: %d cold recipes, want 1", when, got.Total)
		}
	}
	check("without Redis")
	server.RestartKeeping()
	check("just after")
	s.agree(t)
	check("after the repair")
	if got := server.Do("GET", "shopchop:built"); got == marker {
		t.Error("the copies were not rebuilt")
	}
	if got := server.Do("EXISTS", fmt.Sprintf("recipe:%d", gone.ID), fmt.Sprintf("recipe:%d:stats", gone.ID)); got != "0" {
		t.Errorf("%s keys of the deleted recipe", got)
	}
}

// Without Redis the service starts, says so, serves, and uses Redis when it comes.
func TestStartsDegraded(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	server.Kill()
	began := time.Now()
	s := run(t, func(c *Config) {
		c.Redis.URL, c.Redis.ConnectTimeout, c.Redis.RetryDelay = server.URL(), time.Second, 100*time.Millisecond
	})
	if took := time.Since(began); took > longTime {
		t.Errorf("start took %v", took)
	}
	if !strings.Contains(s.logs.String(), "starting degraded") {
		t.Errorf("the log does not say it:\n%s", s.logs)
	}
	if got := s.do(0, http.MethodPost, "/api/auth/login", map[string]any{"email": emails[ada], "password": testPassword}, http.StatusServiceUnavailable); got.Header.Get("Retry-After") == "" {
		t.Errorf("503 without Retry-After: %v", got.Header)
	}
	r, err := s.cat.CreateRecipe(t.Context(), shop.Actor{UserID: ada}, shop.RecipeDraft{Name: "Soup", Tags: []string{"soup"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.do(0, http.MethodGet, recipePath(r.ID), nil, http.StatusOK)
	}
	s.do(0, http.MethodGet, "/health/ready", nil, http.StatusOK)
	if got := s.do(0, http.MethodGet, "/api/recipes?tag=soup", nil, http.StatusOK); got.Total != 1 {
		t.Errorf("%d recipes, want 1", got.Total)
	}
	server.Restart()
	s.agree(t)
	redistest.Eventually(t, longTime, func() error {
		got, err := s.ask(0, http.MethodGet, recipePath(r.ID), nil)
		if err == nil && got.Header.Get("X-Cache") != "HIT" {
			err = errors.New("no hit yet")
		}
		return err
	})
}

// A wrong password, a wrong scheme and a database that cannot be opened stop the start.
func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t, "requirepass secret")
	for name, c := range map[string]struct {
		edit func(*Config)
		text string
		is   error
	}{
		"password": {func(c *Config) { c.Redis.URL = "redis://:wrong@" + server.Addr() }, server.Addr(), redbrick.ErrConfig},
		"scheme":   {func(c *Config) { c.Redis.URL = "http://localhost" }, "http", redbrick.ErrConfig},
		"database": {func(c *Config) { c.DatabaseURL = "mongodb://localhost/shop" }, `scheme "mongodb", expected sqlite:<path> or postgres://`, nil},
		"secret":   {func(c *Config) { c.Production = true }, "SESSION_SECRET is not set", settings.ErrInvalid},
	} {
		config := Config{Config: program.Config{DataDir: t.TempDir()}}
		c.edit(&config)
		m, err := Start(t.Context(), config)
		if err == nil {
			err = m.Close(t.Context())
			t.Errorf("%s: started, closed with %v", name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.text) || c.is != nil && !errors.Is(err, c.is) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: error %q, want one with %q and no secret", name, err, c.text)
		}
	}
}
