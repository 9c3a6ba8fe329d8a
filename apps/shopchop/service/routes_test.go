package service

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/redistest"
)

// Every way to ask wrongly has its status and a text that names what is wrong.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := run(t)
	s.create(ada, shop.RecipeDraft{Name: "Soup"})
	s.do(ada, http.MethodPut, "/api/inventory/eggs", `{"stock":5}`, http.StatusOK)
	large := `{"description":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, c := range []struct {
		user         int64
		method, path string
		body         any
		status       int
		text         string
	}{
		{0, "POST", "/api/recipes", `{"name":"x"}`, 401, "Authentication required"},
		{99, "POST", "/api/recipes", `{"name":"x"}`, 401, "Authentication required"},
		{0, "GET", "/api/me", nil, 401, "Authentication required"},
		{0, "PUT", "/api/recipes/1/favorite", nil, 401, "Authentication required"},
		{ada, "POST", "/api/recipes", `{}`, 400, "name: empty, expected 1 to 200 characters"},
		{ada, "POST", "/api/recipes", `{"name":"x","colour":"red"}`, 400, "colour: unknown field"},
		{ada, "POST", "/api/recipes", `{"name":"x","ingredients":[{"name":"egg","weight":1}]}`, 400, "weight: unknown field"},
		{ada, "POST", "/api/recipes", `{"name":"x","servings":"two"}`, 400, "servings: is a JSON string, expected a whole number"},
		{ada, "POST", "/api/recipes", `{"name":"x","servings":-1,"difficulty":"brutal"}`, 400, `difficulty: "brutal", expected easy, medium or hard`},
		{ada, "POST", "/api/recipes", ``, 400, "body is empty"},
		{ada, "POST", "/api/recipes", `{"name":`, 400, "in the middle"},
		{ada, "POST", "/api/recipes", `{"name":x}`, 400, "not JSON"},
		{ada, "POST", "/api/recipes", `[]`, 400, "body is a JSON array, expected an object"},
		{ada, "POST", "/api/recipes", `{"name":"x"} {}`, 400, "after the first JSON value"},
		{ada, "POST", "/api/recipes", large, 413, "larger than 1048576 bytes"},
		{ada, "PUT", "/api/recipes/1", `{"id":2}`, 400, "id: unknown field"},
		{ada, "PUT", "/api/recipes/1", `{"userId":2}`, 400, "userId: unknown field"},
		{ada, "PUT", "/api/recipes/1", `{"name":" "}`, 400, "name: empty"},
		{ada, "PUT", "/api/recipes/9", `{"name":"x"}`, 404, "recipe 9: not found"},
		{bob, "PUT", "/api/recipes/1", `{"name":"x"}`, 403, "belongs to another user"},
		{bob, "DELETE", "/api/recipes/1", nil, 403, "belongs to another user"},
		{ada, "DELETE", "/api/recipes/9", nil, 404, "recipe 9: not found"},
		{0, "GET", "/api/recipes/9", nil, 404, "recipe 9: not found"},
		{0, "GET", "/api/recipes/0", nil, 400, `id: "0", expected a positive whole number`},
		{0, "GET", "/api/recipes/-1", nil, 400, `id: "-1"`},
		{0, "GET", "/api/recipes/01", nil, 400, `id: "01"`},
		{0, "GET", "/api/recipes/soup", nil, 400, `id: "soup"`},
		{0, "GET", "/api/recipes/99999999999999999999", nil, 400, "expected a positive whole number"},
		{0, "GET", "/api/recipes?page=0", nil, 400, `page: "0", expected a whole number from 1`},
		{0, "GET", "/api/recipes?page=two", nil, 400, `page: "two"`},
		{0, "GET", "/api/recipes?limit=101", nil, 400, `limit: "101", expected a whole number from 1 to 100`},
		{0, "GET", "/api/recipes?limit=0", nil, 400, `limit: "0"`},
		{0, "GET", "/api/recipes?q=" + strings.Repeat("x", 201), nil, 400, "q: 201 characters, expected at most 200"},
		{0, "GET", "/api/recipes?tag=" + strings.Repeat("x", 41), nil, 400, "tag: 41 characters, expected at most 40"},
		{0, "GET", "/api/recipes?" + strings.Repeat("tag=x&", 11), nil, 400, "tag: 11 tags, expected at most 10"},
		{0, "GET", "/api/recipes/popular?limit=1000", nil, 400, `limit: "1000"`},
		{0, "GET", "/api/recipes/9/stats", nil, 404, "recipe 9: not found"},
		{ada, "PUT", "/api/recipes/9/favorite", nil, 404, "not found"},
		{ada, "DELETE", "/api/recipes/9/favorite", nil, 404, "not found"},
		{ada, "PUT", "/api/recipes/1/rating", `{"stars":6}`, 400, "stars: 6, expected 1 to 5"},
		{ada, "PUT", "/api/recipes/1/rating", `{}`, 400, "stars: 0, expected 1 to 5"},
		{ada, "PUT", "/api/recipes/9/rating", `{"stars":5}`, 404, "recipe 9: not found"},
		{ada, "PUT", "/api/me", `{"role":"admin"}`, 400, "role: unknown field"},
		{ada, "PUT", "/api/me", `{"email":"nobody"}`, 400, `email: "nobody", expected an address`},
		{ada, "PUT", "/api/me", `{"email":"bob@example.com"}`, 409, "has an account"},
		{ada, "GET", "/api/me/favorites?limit=x", nil, 400, "limit"},
		{0, "GET", "/api/inventory/milk", nil, 404, "item milk: not found"},
		{ada, "PUT", "/api/inventory/eggs", `{}`, 400, "stock: missing"},
		{ada, "PUT", "/api/inventory/eggs", `{"stock":-1}`, 400, "stock: -1, expected 0 to"},
		{ada, "POST", "/api/inventory/eggs/take", `{"n":0}`, 400, "n: 0, expected 1 to"},
		{ada, "POST", "/api/inventory/eggs/take", `{"n":6}`, 409, "6 wanted, 5 in store: out of stock"},
		{ada, "POST", "/api/inventory/milk/take", `{"n":1}`, 404, "item milk: not found"},
		{ada, "GET", "/api/meal-plan?week=2026-W60", nil, 400, `week: "2026-W60", expected an ISO week`},
		{ada, "POST", "/api/meal-plan", `{"days":{"someday":{"lunch":1}}}`, 400, `days: "someday"`},
		{ada, "POST", "/api/meal-plan", `{"days":{"monday":{"lunch":9}}}`, 400, "days.monday.lunch.recipeId: 9, expected a recipe that exists"},
		{ada, "POST", "/api/meal-plan", `{"days":{"monday":{"lunch":{"recipeId":1,"guests":2}}}}`, 400, "guests: unknown field"},
		{ada, "GET", "/api/shopping-list?week=x", nil, 400, `week: "x"`},
		{ada, "PATCH", "/api/recipes/1", `{}`, 405, "expected GET, HEAD, PUT, DELETE"},
		{ada, "DELETE", "/api/recipes", nil, 405, "expected GET, HEAD, POST"},
		{ada, "POST", "/api/recipes/popular", `{}`, 405, "expected GET, HEAD"},
	} {
		got, err := s.ask(c.user, c.method, c.path, c.body)
		name := fmt.Sprintf("%s %.60s %.60v", c.method, c.path, c.body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Status != c.status || !strings.Contains(got.Error, c.text) {
			t.Errorf("%s: status %d, error %q; want %d, %q", name, got.Status, got.Error, c.status, c.text)
		}
		if got.Success || string(got.Data) != "null" || !strings.Contains(got.Body, `"success":false`) {
			t.Errorf("%s: envelope %s", name, got.Body)
		}
	}
	got := s.do(ada, http.MethodPost, "/api/recipes", `{"name":"","servings":-1,"tags":[""]}`, http.StatusBadRequest)
	fields := []string{}
	for _, f := range got.Fields {
		fields = append(fields, f.Field)
	}
	if diff := cmp.Diff([]string{"name", "servings", "tags[0]"}, fields); diff != "" {
		t.Errorf("fields:\n%s", diff)
	}
}

// Routes of bricks that are not there yet do not exist.
func TestLaterRoutesAre404(t *testing.T) {
	t.Parallel()
	s := run(t)
	s.create(ada, shop.RecipeDraft{Name: "Soup"})
	for _, route := range []string{
		"POST /api/recipes/1/share",
		"GET /api/leaderboard", "GET /api/leaderboard/me", "GET /api/notifications", "PUT /api/notifications/read", "POST /api/admin/notify",
		"GET /ws", "GET /events", "GET /health/redis", "GET /metrics", "GET /metrics/redis", "GET /admin/backups", "GET /ops/", "GET /nowhere", "GET /api/nowhere", "GET /api/",
	} {
		method, path, _ := strings.Cut(route, " ")
		if got, err := s.ask(ada, method, path, nil); err != nil || got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, %v; want 404", route, got.Status, err)
		}
	}
}

func TestPageAndHealth(t *testing.T) {
	t.Parallel()
	s := run(t)
	if got := s.do(0, http.MethodGet, "/", nil, http.StatusOK); !strings.Contains(got.Body, "<html") {
		t.Errorf("the page: %.80s", got.Body)
	}
	for _, path := range []string{"/health/live", "/health/ready"} {
		if got := s.do(0, http.MethodGet, path, nil, http.StatusOK); got.Body != `{"status":"ok"}`+"\n" {
			t.Errorf("GET %s: %q", path, got.Body)
		}
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	s.do(0, http.MethodGet, "/health/live", nil, http.StatusOK)
	got := s.do(0, http.MethodGet, "/health/ready", nil, http.StatusServiceUnavailable)
	if got.Body != `{"status":"unavailable"}`+"\n" {
		t.Errorf("without a database: %q", got.Body)
	}
	failed := s.do(0, http.MethodGet, "/api/recipes/1", nil, http.StatusInternalServerError)
	if failed.Error != "Internal server error" || failed.RequestID == "" || failed.RequestID != failed.Header.Get("X-Request-Id") || !strings.Contains(s.logs.String(), failed.RequestID) {
		t.Errorf("500: %s, and the log has not request %q", failed.Body, failed.RequestID)
	}
}

// Only the service's own page and admitted sites may write from a browser.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	s := run(t, func(c *Config) { c.Origins = []string{"https://shop.example.com"} })
	const admitted, stranger = "https://shop.example.com", "https://evil.example.com"
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{nil, 201},
		{[]string{"Origin", "http://" + s.Addr()}, 201},
		{[]string{"Sec-Fetch-Site", "same-origin", "Origin", "http://" + s.Addr()}, 201},
		{[]string{"Sec-Fetch-Site", "cross-site", "Origin", admitted}, 201},
		{[]string{"Origin", admitted}, 201},
		{[]string{"Sec-Fetch-Site", "cross-site", "Origin", stranger}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
		{[]string{"Origin", stranger}, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Content-Type", "text/plain"}, 415},
		{[]string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
	} {
		if got, err := s.ask(ada, http.MethodPost, "/api/recipes", `{"name":"Soup"}`, c.headers...); err != nil || got.Status != c.status {
			t.Errorf("%q: status %d, %v; want %d", c.headers, got.Status, err, c.status)
		}
	}
	got := s.do(0, http.MethodGet, "/api/recipes", nil, http.StatusOK, "Origin", admitted)
	if got.Header.Get("Access-Control-Allow-Origin") != admitted || got.Header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("headers %v", got.Header)
	}
	got = s.do(0, http.MethodGet, "/api/recipes", nil, http.StatusOK, "Origin", stranger)
	if got.Header.Get("Access-Control-Allow-Origin") != "" || !slices.Contains(got.Header.Values("Vary"), "Origin") {
		t.Errorf("headers for a stranger %v", got.Header)
	}
	got = s.do(0, http.MethodOptions, "/api/recipes/1", nil, http.StatusNoContent, "Origin", admitted, "Access-Control-Request-Method", "PUT")
	if !strings.Contains(got.Header.Get("Access-Control-Allow-Methods"), "PUT") {
		t.Errorf("preflight %v", got.Header)
	}
}

// The header that named a user while there were no sessions is worth nothing.
func TestDebugHeaderIsGone(t *testing.T) {
	t.Parallel()
	s := run(t)
	for _, path := range []string{"/api/me", "/api/me/recipes", "/api/auth/sessions"} {
		s.do(0, http.MethodGet, path, nil, http.StatusUnauthorized, "X-Debug-User", "1")
	}
	s.do(0, http.MethodPost, "/api/recipes", `{"name":"x"}`, http.StatusUnauthorized, "X-Debug-User", "1")
	s.do(0, http.MethodGet, "/api/recipes", nil, http.StatusOK)
}

func TestMe(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		u := into[shop.User](t, s.do(ada, http.MethodGet, "/api/me", nil, http.StatusOK))
		if u.ID != ada || u.Email != "ada@example.com" || u.Preferences == nil {
			t.Errorf("profile %+v", u)
		}
		s.do(ada, http.MethodPut, "/api/me", `{"preferences":["vegan"]}`, http.StatusOK)
		entry := s.redisDo("GET", "user:1")
		got := s.do(ada, http.MethodGet, "/api/me", nil, http.StatusOK)
		sameJSON(t, "user:1", entry, string(got.Data))
		if !strings.Contains(entry, `"preferences":["vegan"]`) || strings.Contains(entry, "assword") {
			t.Errorf("entry %s", entry)
		}

		first, second := s.create(ada, shop.RecipeDraft{Name: "First"}), s.create(ada, shop.RecipeDraft{Name: "Second"})
		for _, r := range []shop.Recipe{first, second, first, first} {
			s.do(ada, http.MethodGet, recipePath(r.ID), nil, http.StatusOK)
		}
		s.do(bob, http.MethodGet, recipePath(second.ID), nil, http.StatusOK)
		lists := func(path string) (names []string, total int) {
			t.Helper()
			got := s.do(ada, http.MethodGet, path, nil, http.StatusOK)
			for _, r := range into[[]shop.Recipe](t, got) {
				names = append(names, r.Name)
			}
			return names, got.Total
		}
		if got, _ := lists("/api/me/recent"); !slices.Equal(got, []string{"First", "Second"}) {
			t.Errorf("recent %q, want First, Second", got)
		}
		if got, total := lists("/api/me/recipes?limit=1"); !slices.Equal(got, []string{"Second"}) || total != 2 {
			t.Errorf("own %q of %d, want Second of 2", got, total)
		}
		s.do(ada, http.MethodPut, recipePath(first.ID, "/favorite"), nil, http.StatusNoContent)
		s.do(ada, http.MethodPut, recipePath(first.ID, "/favorite"), nil, http.StatusNoContent)
		if got, total := lists("/api/me/favorites"); !slices.Equal(got, []string{"First"}) || total != 1 {
			t.Errorf("favourites %q of %d, want First of 1", got, total)
		}
		if got := s.redisDo("SMEMBERS", fmt.Sprintf("recipe:%d:favorited_by", first.ID)) + s.redisDo("SMEMBERS", "user:1:favorites"); got != fmt.Sprintf("[1][%d]", first.ID) {
			t.Errorf("admirers and favourites: %s", got)
		}
		s.do(ada, http.MethodDelete, recipePath(first.ID, "/favorite"), nil, http.StatusNoContent)
		if got, _ := lists("/api/me/favorites"); len(got) != 0 {
			t.Errorf("favourites %q, want none", got)
		}
		activities := into[[]catalog.Activity](t, s.do(ada, http.MethodGet, "/api/me/activity?limit=100", nil, http.StatusOK))
		kinds := []string{}
		for _, a := range slices.Backward(activities) {
			if a.Type != "user_activity" || a.UserID != ada || a.Timestamp < 1e12 {
				t.Errorf("activity %+v", a)
			}
			kinds = append(kinds, a.Activity)
		}
		want := []string{"logged_in", "profile_updated", "recipe_created", "recipe_created", "recipe_viewed", "recipe_viewed", "recipe_viewed", "recipe_viewed", "recipe_favorited", "recipe_unfavorited"}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("activities:\n%s", diff)
		}
	})
}

func TestKitchen(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		s.do(ada, http.MethodPut, "/api/inventory/olive%20oil", `{"stock":10}`, http.StatusOK)
		s.do(ada, http.MethodPut, "/api/inventory/eggs", `{"stock":3}`, http.StatusOK)
		taken := make(chan int, 20)
		for range cap(taken) {
			go func() {
				got, err := s.ask(ada, http.MethodPost, "/api/inventory/olive%20oil/take", `{"n":3}`)
				if err != nil {
					t.Error(err)
				}
				taken <- got.Status
			}()
		}
		counts := map[int]int{}
		for range cap(taken) {
			counts[<-taken]++
		}
		if diff := cmp.Diff(map[int]int{200: 3, 409: 17}, counts); diff != "" {
			t.Errorf("answers:\n%s", diff)
		}
		left := into[catalog.Stock](t, s.do(0, http.MethodGet, "/api/inventory/olive%20oil", nil, http.StatusOK))
		if left.Stock != 1 || s.redisDo("GET", "inventory:olive oil:stock") != "1" {
			t.Errorf("left %+v, in redis %s; want 1", left, s.redisDo("GET", "inventory:olive oil:stock"))
		}
		items := s.do(0, http.MethodGet, "/api/inventory?limit=1", nil, http.StatusOK)
		if got := into[[]shop.InventoryItem](t, items); len(got) != 1 || got[0].Item != "eggs" || items.Total != 2 {
			t.Errorf("items %s", items.Body)
		}

		a := s.create(ada, shop.RecipeDraft{Name: "A", Servings: 2, Ingredients: []shop.Ingredient{{Name: "Flour", Quantity: 100, Unit: "g"}, {Name: "egg", Quantity: 1}}})
		b := s.create(ada, shop.RecipeDraft{Name: "B", Servings: 1, Ingredients: []shop.Ingredient{{Name: "flour", Quantity: 50, Unit: "g"}}})
		s.do(ada, http.MethodPost, "/api/meal-plan", fmt.Sprintf(`{"week":"2026-W47","days":{"monday":{"lunch":{"recipeId":%d,"servings":4},"dinner":%d}}}`, a.ID, b.ID), http.StatusOK)
		list := func() (string, string) {
			t.Helper()
			got := s.do(ada, http.MethodGet, "/api/shopping-list?week=2026-W47", nil, http.StatusOK)
			return string(got.Data), got.Header.Get("X-Cache")
		}
		want := `{"week":"2026-W47","items":[{"name":"egg","quantity":2,"unit":""},{"name":"Flour","quantity":250,"unit":"g"}]}`
		got, _ := list()
		again, hit := list()
		if got != want || again != want || hit != "HIT" {
			t.Errorf("list %s, again %s with X-Cache %s", got, again, hit)
		}
		s.do(ada, http.MethodPut, recipePath(b.ID), `{"ingredients":[{"name":"flour","quantity":1,"unit":"kg"}]}`, http.StatusOK)
		want = `{"week":"2026-W47","items":[{"name":"egg","quantity":2,"unit":""},{"name":"Flour","quantity":200,"unit":"g"},{"name":"flour","quantity":1,"unit":"kg"}]}`
		if got, _ := list(); got != want {
			t.Errorf("after a change of a recipe: %s", got)
		}
		s.do(ada, http.MethodPost, "/api/meal-plan", `{"week":"2026-W47","days":{}}`, http.StatusOK)
		if got, _ := list(); got != `{"week":"2026-W47","items":[]}` {
			t.Errorf("after an empty plan: %s", got)
		}
		if got := s.do(bob, http.MethodGet, "/api/meal-plan", nil, http.StatusOK); string(into[shop.MealPlan](t, got).Week) == "" {
			t.Errorf("plan of this week: %s", got.Body)
		}
	})
}

// A view is counted in the process and reaches database, record and board with the next flush.
func TestViewsAreFlushed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		r := s.create(ada, shop.RecipeDraft{Name: "Soup"})
		for range 5 {
			s.do(0, http.MethodGet, recipePath(r.ID), nil, http.StatusOK)
		}
		s.do(bob, http.MethodPut, recipePath(r.ID, "/favorite"), nil, http.StatusNoContent)
		// By itself, within a second.
		redistest.Eventually(t, longTime, func() error {
			got, err := s.ask(0, http.MethodGet, recipePath(r.ID, "/stats"), nil)
			if err == nil && !strings.Contains(string(got.Data), `"views":5,"likes":1`) {
				err = fmt.Errorf("stats %s", got.Data)
			}
			return err
		})
		if got := s.redisDo("ZSCORE", "recipes:popular", fmt.Sprintf("recipe:%d", r.ID)); got != "7" {
			t.Errorf("score %s, want 7: five views and twice one like", got)
		}
		row, err := s.store.Stats(t.Context(), r.ID)
		if err != nil || row.Views != 5 {
			t.Errorf("database: %+v, %v", row, err)
		}
	})
}

// The service is seeded once, and has all of it on the next start.
func TestSeed(t *testing.T) {
	t.Parallel()
	s := run(t, func(c *Config) { c.Seed = true })
	if got := s.do(0, http.MethodGet, "/api/recipes", nil, http.StatusOK); got.Total != 200 {
		t.Errorf("%d recipes, want 200", got.Total)
	}
	popular := into[[]catalog.PopularRecipe](t, s.do(0, http.MethodGet, "/api/recipes/popular?limit=3", nil, http.StatusOK))
	if len(popular) != 3 || popular[0].Score < popular[1].Score || popular[2].Score <= 0 {
		t.Errorf("popular %+v", popular)
	}
	again := run(t, func(c *Config) { c.Seed, c.DataDir = true, s.config.DataDir })
	if got := again.do(0, http.MethodGet, "/api/recipes?tag=italian&tag=quick&limit=100", nil, http.StatusOK); got.Total == 0 || len(into[[]shop.Recipe](t, got)) != got.Total {
		t.Errorf("italian and quick: %d of %d", len(into[[]shop.Recipe](t, got)), got.Total)
	}
}

// CACHE_ENABLED=false leaves a slower service that says the same.
func TestWithoutCaches(t *testing.T) {
	t.Parallel()
	s := run(t, func(c *Config) { c.Redis.Cache.Disabled = true })
	r := s.create(ada, shop.RecipeDraft{Name: "Soup", Tags: []string{"hot"}})
	s.do(ada, http.MethodPut, recipePath(r.ID), `{"name":"Stew"}`, http.StatusOK)
	for _, path := range []string{recipePath(r.ID), "/api/recipes", "/api/recipes?tag=hot", "/api/recipes/popular", "/api/me/recipes"} {
		got := s.do(ada, http.MethodGet, path, nil, http.StatusOK)
		if !strings.Contains(string(got.Data), "Stew") || got.Header.Get("X-Cache") == "HIT" {
			t.Errorf("GET %s: %s, X-Cache %q", path, got.Data, got.Header.Get("X-Cache"))
		}
	}
	s.do(ada, http.MethodDelete, recipePath(r.ID), nil, http.StatusNoContent)
	s.do(0, http.MethodGet, recipePath(r.ID), nil, http.StatusNotFound)
}
