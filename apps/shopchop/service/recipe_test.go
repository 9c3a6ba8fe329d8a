package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/copiestest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/redistest"
)

func sameJSON(t *testing.T, what, a, b string) {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%s: %q: %v", what, a, err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%s: %q: %v", what, b, err)
	}
	if diff := cmp.Diff(x, y); diff != "" {
		t.Errorf("%s (-first +second):\n%s", what, diff)
	}
}

// What redis-cli GET recipe:<id> shows is what GET /api/recipes/<id> answers as data, also over 1 KiB.
func TestEntryEqualsData(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		for _, draft := range []shop.RecipeDraft{{Name: "Small"}, big("Big")} {
			r := s.create(ada, draft)
			got := s.do(0, http.MethodGet, recipePath(r.ID), nil, http.StatusOK)
			if got.Header.Get("X-Cache") != "HIT" {
				t.Errorf("X-Cache is %q after POST, want HIT", got.Header.Get("X-Cache"))
			}
			entry := s.redisDo("GET", fmt.Sprintf("recipe:%d", r.ID))
			sameJSON(t, draft.Name, entry, string(got.Data))
			if draft.Name == "Big" && len(entry) <= 1024 {
				t.Errorf("entry has %d bytes, want more than 1024", len(entry))
			}
			if diff := cmp.Diff(r, into[shop.Recipe](t, got)); diff != "" {
				t.Error(diff)
			}
			again := s.do(0, http.MethodGet, recipePath(r.ID), nil, http.StatusOK) // from the process
			if string(again.Data) != string(got.Data) || again.Header.Get("X-Cache") != "HIT" {
				t.Errorf("again: %s, X-Cache %q", again.Data, again.Header.Get("X-Cache"))
			}
		}
	})
}

// On a server of its own, exactly as a person would look.
func TestRedisCLIShowsTheRecipe(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	s := run(t, func(c *Config) { c.Redis.URL = server.URL() })
	r := s.create(ada, big("Soup"))
	if r.ID != 1 {
		t.Fatalf("first recipe has id %d", r.ID)
	}
	sameJSON(t, "GET recipe:1", server.Do("GET", "recipe:1"), string(s.do(0, http.MethodGet, "/api/recipes/1", nil, http.StatusOK).Data))
	if score := server.Do("ZSCORE", "recipes:popular", "recipe:1"); score != "0" {
		t.Errorf("ZSCORE recipes:popular recipe:1 is %q, want 0", score)
	}
	ttl := server.Do("TTL", "recipe:1")
	if ttl < "3400" || len(ttl) != 4 || ttl > "3600" {
		t.Errorf("TTL recipe:1 is %s, want about 3600", ttl)
	}
	server.Do("SETEX", "recipe:2", "3600", `{"id":2,"userId":1,"name":"From Node"}`)
	if got := s.do(0, http.MethodGet, "/api/recipes/2", nil, http.StatusOK); got.Header.Get("X-Cache") != "HIT" {
		t.Errorf("SETEX recipe:2: X-Cache %q, want HIT", got.Header.Get("X-Cache"))
	}
}

// An entry that another program wrote is a hit, and is served as it lies there.
func TestForeignEntryIsServed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		r := s.insert(ada, shop.RecipeDraft{Name: "In the database"})
		foreign := fmt.Sprintf(`{ "id": %d, "userId": 1, "name": "From Node" }`, r.ID)
		s.redisDo("SETEX", fmt.Sprintf("recipe:%d", r.ID), "3600", foreign)
		for range 2 {
			got := s.do(0, http.MethodGet, recipePath(r.ID), nil, http.StatusOK)
			if string(got.Data) != foreign || got.Header.Get("X-Cache") != "HIT" {
				t.Errorf("data %s, X-Cache %q; want the foreign entry, HIT", got.Data, got.Header.Get("X-Cache"))
			}
		}
		// Where it is one of many, it has no null for a list.
		s.do(ada, http.MethodPut, recipePath(r.ID, "/favorite"), nil, http.StatusNoContent)
		list := s.do(ada, http.MethodGet, "/api/me/favorites", nil, http.StatusOK)
		if !strings.Contains(list.Body, "From Node") || !strings.Contains(list.Body, `"tags":[]`) || strings.Contains(list.Body, "null") {
			t.Errorf("favourites: %s", list.Body)
		}
	})
}

// A hash or garbage under recipe:<id> is a counted miss, and the database answers.
func TestGarbageIsACountedMiss(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		// What the service does at its start, the rebuild and the warming, reads recipes too: it would heal the first of
		// ours before we ask.
		redistest.Eventually(t, 30*time.Second, func() error {
			for _, done := range []string{"~once:{warm:recipe}:done", "shopchop:built"} {
				if s.redisDo("EXISTS", done) != "1" {
					return errors.New(done + " is not there yet")
				}
			}
			return nil
		})
		for name, put := range map[string]func(key string){
			"hash":      func(key string) { s.redisDo("HSET", key, "name", "x") },
			"garbage":   func(key string) { s.redisDo("SET", key, "garbage{") },
			"number":    func(key string) { s.redisDo("SET", key, "42") },
			"no recipe": func(key string) { s.redisDo("SET", key, "{}") },
			"array":     func(key string) { s.redisDo("SET", key, `[{"id":1}]`) },
		} {
			r := s.insert(ada, shop.RecipeDraft{Name: name})
			put(fmt.Sprintf("recipe:%d", r.ID))
			before := s.cat.CacheStats()["recipe"].Foreign
			got := s.do(0, http.MethodGet, recipePath(r.ID), nil, http.StatusOK)
			if into[shop.Recipe](t, got).Name != name || got.Header.Get("X-Cache") != "MISS" {
				t.Errorf("%s: %s, X-Cache %q; want the database's, MISS", name, got.Data, got.Header.Get("X-Cache"))
			}
			if n := s.cat.CacheStats()["recipe"].Foreign - before; n < 1 {
				t.Errorf("%s: counted %d times", name, n)
			}
			entry := s.redisDo("GET", fmt.Sprintf("recipe:%d", r.ID))
			sameJSON(t, name+" replaced", entry, string(got.Data))
		}
	})
}

// A partial PUT changes what it names, and never the stats.
func TestPartialPut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		r := s.create(ada, big("Soup"))
		s.do(0, http.MethodGet, recipePath(r.ID), nil, http.StatusOK)
		s.do(bob, http.MethodPut, recipePath(r.ID, "/favorite"), nil, http.StatusNoContent)
		s.do(bob, http.MethodPut, recipePath(r.ID, "/rating"), `{"stars":4}`, http.StatusOK)
		if err := s.cat.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		stats := into[shop.RecipeStats](t, s.do(0, http.MethodGet, recipePath(r.ID, "/stats"), nil, http.StatusOK))
		want := shop.RecipeStats{RecipeID: r.ID, Views: 1, Likes: 1, RatingAverage: 4, RatingCount: 1}
		if stats != want {
			t.Errorf("stats %+v, want %+v", stats, want)
		}
		for _, user := range []int64{ada, root} {
			name := fmt.Sprintf("Soup of %d", user)
			changed := into[shop.Recipe](t, s.do(user, http.MethodPut, recipePath(r.ID), map[string]any{"name": name, "servings": 9}, http.StatusOK))
			expected := r
			expected.Name, expected.Servings, expected.UpdatedAt = name, 9, changed.UpdatedAt
			if diff := cmp.Diff(expected, changed); diff != "" {
				t.Errorf("answer of PUT (-want +got):\n%s", diff)
			}
			entry := s.redisDo("GET", fmt.Sprintf("recipe:%d", r.ID))
			got := s.do(0, http.MethodGet, recipePath(r.ID), nil, http.StatusOK)
			sameJSON(t, "entry after PUT", entry, string(got.Data))
			if diff := cmp.Diff(expected, into[shop.Recipe](t, got)); diff != "" {
				t.Errorf("read after PUT (-want +got):\n%s", diff)
			}
		}
		s.do(ada, http.MethodPut, recipePath(r.ID), `{}`, http.StatusOK)
		s.do(ada, http.MethodPut, recipePath(r.ID), `{"tags":["z"]}`, http.StatusOK)
		if got := s.redisDo("SISMEMBER", "tag:x", fmt.Sprint(r.ID)) + s.redisDo("SISMEMBER", "tag:z", fmt.Sprint(r.ID)); got != "01" {
			t.Errorf("in tag:x and tag:z: %s, want 01", got)
		}
		refused := s.do(ada, http.MethodPut, recipePath(r.ID), `{"views":100}`, http.StatusBadRequest)
		if !strings.Contains(refused.Error, "views") {
			t.Errorf("error %q does not name the field", refused.Error)
		}
		s.do(bob, http.MethodPut, recipePath(r.ID), `{"name":"Mine"}`, http.StatusForbidden)
		s.agree(t) // once the last views are counted in both
	})
}

// Two concurrent PUTs, in two services, leave the last row in cache and database alike.
func TestConcurrentPuts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		other := s.sharing()
		r := s.create(ada, shop.RecipeDraft{Name: "Soup"})
		for round := range redistest.Scale(40) {
			var wg sync.WaitGroup
			for i, s := range []*running{s, other} {
				wg.Go(func() {
					got, err := s.ask(ada, http.MethodPut, recipePath(r.ID), map[string]any{"name": fmt.Sprintf("%d of %d", i, round)})
					if err != nil || got.Status != http.StatusOK {
						t.Errorf("PUT: status %d, %v", got.Status, err)
					}
				})
			}
			wg.Wait()
			row, err := s.store.Recipe(t.Context(), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			want, err := json.Marshal(row)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, fmt.Sprintf("entry after round %d", round), s.redisDo("GET", fmt.Sprintf("recipe:%d", r.ID)), string(want))
			for _, s := range []*running{s, other} {
				redistest.Eventually(t, longTime, func() error { // the push to the other's near cache is on its way
					got, err := s.ask(0, http.MethodGet, recipePath(r.ID), nil)
					if err == nil && !strings.Contains(string(got.Data), row.Name) {
						err = fmt.Errorf("round %d: serves %s, the database has %q", round, got.Data, row.Name)
					}
					return err
				})
			}
			if t.Failed() {
				return
			}
		}
	})
}

// When POST answers, the recipe is in the cache, on the board with score 0, under its tags and among its writer's.
func TestPostKeys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		id := fmt.Sprint(s.create(ada, shop.RecipeDraft{Name: "Soup", Tags: []string{"Hot", "soup"}, Ingredients: []shop.Ingredient{}, Instructions: []string{}}).ID)
		got := []string{
			s.redisDo("TYPE", "recipe:"+id), s.redisDo("ZSCORE", "recipes:popular", "recipe:"+id), s.redisDo("SISMEMBER", "tag:hot", id),
			s.redisDo("SISMEMBER", "tag:soup", id), s.redisDo("SISMEMBER", "user:1:recipes", id), s.redisDo("HGET", "recipe:"+id+":stats", "views"),
		}
		if want := []string{"string", "0", "1", "1", "1", "0"}; !slices.Equal(got, want) {
			t.Errorf("type, score, tags, owner, views: %q, want %q", got, want)
		}
	})
}

// DELETE leaves no key of the recipe behind.
func TestDeleteLeavesNoKey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		for range 20 { // so that no user or plan has the id of a recipe
			s.create(ada, shop.RecipeDraft{Name: "Before"})
		}
		kept := s.create(ada, shop.RecipeDraft{Name: "Kept", Tags: []string{"soup"}})
		r := s.create(ada, shop.RecipeDraft{Name: "Gone", Tags: []string{"soup", "cold"}})
		path := recipePath(r.ID)
		s.do(bob, http.MethodGet, path, nil, http.StatusOK)
		s.do(bob, http.MethodPut, path+"/favorite", nil, http.StatusNoContent)
		s.do(bob, http.MethodPut, path+"/rating", `{"stars":5}`, http.StatusOK)
		s.do(bob, http.MethodPost, "/api/meal-plan", fmt.Sprintf(`{"week":"2026-W47","days":{"monday":{"lunch":%d,"dinner":%d}}}`, r.ID, kept.ID), http.StatusOK)
		s.do(bob, http.MethodGet, "/api/shopping-list?week=2026-W47", nil, http.StatusOK)
		s.do(0, http.MethodGet, "/api/recipes?tag=soup", nil, http.StatusOK)
		s.do(0, http.MethodGet, "/api/recipes/popular", nil, http.StatusOK)
		if err := s.cat.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.do(bob, http.MethodDelete, path, nil, http.StatusForbidden)
		s.do(bob, http.MethodGet, path, nil, http.StatusOK) // a view that is flushed after the end
		s.do(ada, http.MethodDelete, path, nil, http.StatusNoContent)
		if err := s.cat.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.do(0, http.MethodGet, path, nil, http.StatusNotFound)
		s.do(0, http.MethodGet, path+"/stats", nil, http.StatusNotFound)
		s.do(ada, http.MethodDelete, path, nil, http.StatusNotFound)

		keys, err := copiestest.Keys(t.Context(), s.redis)
		if err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprint(r.ID)
		for _, key := range keys {
			if slices.Contains(strings.FieldsFunc(key, func(c rune) bool { return strings.ContainsRune(":{}", c) }), id) {
				t.Errorf("key %q is left behind", key)
			}
		}
		if err := copiestest.Agree(t.Context(), s.store, s.redis); err != nil {
			t.Error(err)
		}
		for _, path := range []string{"/api/recipes", "/api/recipes?tag=soup", "/api/recipes/popular", "/api/me/recent", "/api/me/favorites", "/api/me/recipes"} {
			if got := s.do(bob, http.MethodGet, path, nil, http.StatusOK); strings.Contains(string(got.Data), "Gone") {
				t.Errorf("GET %s still has it: %s", path, got.Data)
			}
		}
		plan := into[shop.MealPlan](t, s.do(bob, http.MethodGet, "/api/meal-plan?week=2026-W47", nil, http.StatusOK))
		if len(plan.Days["monday"]) != 1 || plan.Days["monday"]["dinner"].RecipeID != kept.ID {
			t.Errorf("plan %+v, want the dinner alone", plan.Days)
		}
	})
}

// A list is cached, and dropped by every change of a recipe before the change is answered.
func TestListsFollowChanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		names := func(path string) (list []string, cache string) {
			t.Helper()
			got := s.do(0, http.MethodGet, path, nil, http.StatusOK)
			for _, r := range into[[]shop.Recipe](t, got) {
				list = append(list, r.Name)
			}
			return list, got.Header.Get("X-Cache")
		}
		a := s.create(ada, shop.RecipeDraft{Name: "A", Tags: []string{"x", "y"}})
		s.create(bob, shop.RecipeDraft{Name: "B", Tags: []string{"x"}})
		for _, path := range []string{"/api/recipes?tag=y&tag=X", "/api/recipes?tag=X&tag=y&tag=x"} { // one question, one entry
			if got, _ := names(path); !slices.Equal(got, []string{"A"}) {
				t.Errorf("GET %s: %q, want A", path, got)
			}
		}
		got, _ := names("/api/recipes")
		cached, hit := names("/api/recipes?page=1&limit=10")
		if !slices.Equal(got, []string{"B", "A"}) || !slices.Equal(cached, got) || hit != "HIT" {
			t.Errorf("lists %q, then %q with X-Cache %s", got, cached, hit)
		}
		s.do(ada, http.MethodPut, recipePath(a.ID), `{"name":"C","tags":["z"]}`, http.StatusOK)
		for path, want := range map[string][]string{
			"/api/recipes": {"B", "C"}, "/api/recipes?tag=x&tag=y": nil, "/api/recipes?tag=z": {"C"}, "/api/recipes?q=c&tag=z": {"C"}, "/api/recipes/popular": {"C", "B"},
		} {
			got, _ := names(path)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("GET %s: %q, want %q", path, got, want)
			}
		}
	})
}
