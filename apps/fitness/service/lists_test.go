package service

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/apitest"
)

// names asks for a list and returns what is on it, and what the cache said.
func names(t *testing.T, c *apitest.Client, path string) (list []string, cache string) {
	t.Helper()
	got := c.Do(http.MethodGet, base+path, nil, http.StatusOK)
	for _, e := range apitest.Into[[]train.Exercise](t, got) {
		list = append(list, e.Name)
	}
	return list, got.Header.Get("X-Cache")
}

// expect asks for a list and expects what is on it, and what the cache says.
func expect(t *testing.T, c *apitest.Client, path, cache string, want ...string) {
	t.Helper()
	if got, said := names(t, c, path); !slices.Equal(got, want) || said != cache {
		t.Errorf("GET %s: %q, X-Cache %s; want %q, %s", path, got, said, want, cache)
	}
}

// Trainers and admins write exercises, and each write drops the cached lists before it answers, those of
// favourites, too.
func TestExercisesAreCachedAndFollowWrites(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		trainer, _ := s.member("tina", train.RoleTrainer)
		user, _ := s.member("ada", train.RoleUser)
		visitor := s.client()
		create := func(name, muscle string) train.Exercise {
			t.Helper()
			return apitest.Into[train.Exercise](t, trainer.Do(http.MethodPost, base+"/exercises", map[string]any{"name": name, "muscle": muscle}, http.StatusCreated))
		}
		plank, squat := create("Plank", "core"), create("Squat", "quads")
		expect(t, visitor, "/exercises?muscle=core&page=1", "MISS", "Plank")
		expect(t, visitor, "/exercises?unknown=x&page=1&muscle=CORE&limit=10", "HIT", "Plank") // one question, one entry
		expect(t, visitor, "/exercises", "MISS", "Plank", "Squat")
		expect(t, user, "/exercises/favorites", "MISS")
		user.Do(http.MethodPut, base+"/exercises/"+plank.ID+"/favorite", nil, http.StatusNoContent)
		expect(t, user, "/exercises/favorites", "MISS", "Plank")
		expect(t, user, "/exercises/favorites", "HIT", "Plank")
		expect(t, trainer, "/exercises/favorites", "MISS")

		user.Do(http.MethodPost, base+"/exercises", `{"name":"Mine","muscle":"core"}`, http.StatusForbidden)
		user.Do(http.MethodPut, base+"/exercises/"+plank.ID, `{"name":"Mine"}`, http.StatusForbidden)
		user.Do(http.MethodDelete, base+"/exercises/"+plank.ID, nil, http.StatusForbidden)
		expect(t, visitor, "/exercises", "HIT", "Plank", "Squat")

		trainer.Do(http.MethodPut, base+"/exercises/"+plank.ID, `{"name":"Long plank"}`, http.StatusOK)
		expect(t, visitor, "/exercises", "MISS", "Long plank", "Squat")
		expect(t, user, "/exercises/favorites", "MISS", "Long plank")
		got := visitor.Do(http.MethodGet, base+"/exercises/"+plank.ID, nil, http.StatusOK)
		if e := apitest.Into[train.Exercise](t, got); e.Name != "Long plank" || e.Muscle != "core" {
			t.Errorf("exercise %+v", e)
		}

		trainer.Do(http.MethodDelete, base+"/exercises/"+plank.ID, nil, http.StatusNoContent)
		expect(t, visitor, "/exercises", "MISS", "Squat")
		expect(t, user, "/exercises/favorites", "MISS")
		visitor.Do(http.MethodGet, base+"/exercises/"+plank.ID, nil, http.StatusNotFound)

		user.Do(http.MethodPut, base+"/exercises/"+squat.ID+"/favorite", nil, http.StatusNoContent)
		expect(t, user, "/exercises/favorites", "MISS", "Squat")
		user.Do(http.MethodDelete, base+"/exercises/"+squat.ID+"/favorite", nil, http.StatusNoContent)
		expect(t, user, "/exercises/favorites", "MISS")
	})
}

// workouts asks for a page of workouts and returns how many the user has, and what the cache said.
func workouts(t *testing.T, c *apitest.Client, query string) (total int, cache string) {
	t.Helper()
	got := c.Do(http.MethodGet, base+"/workouts"+query, nil, http.StatusOK)
	if n := len(apitest.Into[[]train.Workout](t, got)); n > got.Limit || got.Page == 1 && n != min(got.Total, got.Limit) {
		t.Errorf("GET /workouts%s: %d of %d on page %d", query, n, got.Total, got.Page)
	}
	return got.Total, got.Header.Get("X-Cache")
}

// A workout drops every page of its user before it is answered, whatever their size and number, and
// nobody else's; pages of the usual size are plain JSON under their documented key.
func TestAWorkoutDropsAllPagesOfItsUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		ada, login := s.member("ada", train.RoleUser)
		bob, _ := s.member("bob", train.RoleUser)
		e := s.exercise(login.User.ID, "Plank")
		post := func() {
			t.Helper()
			ada.Do(http.MethodPost, base+"/workouts", map[string]any{"exerciseId": e.ID, "sets": []train.Set{{Reps: 5, WeightKg: 10}}, "durationSec": 60}, http.StatusCreated)
		}
		for range 11 {
			post()
		}
		queries := []string{"", "?page=2", "?page=1&limit=20", "?page=3", "?page=200&limit=7"}
		key := "workouts:user:" + login.User.ID + ":page:"
		for round := range 2 {
			for _, query := range queries {
				for _, want := range []string{"MISS", "HIT"} {
					if total, cache := workouts(t, ada, query); total != 11+round || cache != want {
						t.Errorf("round %d: %s: %d workouts, X-Cache %s; want %d, %s", round, query, total, cache, 11+round, want)
					}
				}
			}
			workouts(t, bob, "")
			var page struct {
				Data  []train.Workout
				Total int
			}
			if text := s.redisDo("GET", key+"2"); json.Unmarshal([]byte(text), &page) != nil || page.Total != 11+round || len(page.Data) != 1+round {
				t.Errorf("round %d: the key %s2 holds %q, want a page of 1 of 11", round, key, text)
			}
			if ttl, err := strconv.Atoi(s.redisDo("TTL", key+"1")); err != nil || ttl < 1500 || ttl > 1800 {
				t.Errorf("TTL of a page is %d, want about 1800", ttl)
			}
			if got := s.redisDo("EXISTS", key+"1:limit:20"); got != "1" {
				t.Errorf("no key for another limit")
			}
			post()
			if got := s.redisDo("EXISTS", key+"1") + s.redisDo("EXISTS", key+"2"); got != "00" {
				t.Errorf("round %d: pages are left: %s", round, got)
			}
			if _, cache := workouts(t, bob, ""); cache != "HIT" {
				t.Errorf("round %d: another user's page was dropped: %s", round, cache)
			}
		}
	})
}

// Two services never show a page of workouts from before a workout that was answered.
func TestWorkoutsAreSeenByEveryProcess(t *testing.T) {
	t.Parallel()
	s := run(t)
	other := s.sharing()
	ada, login := s.member("ada", train.RoleUser)
	there := other.bearer(login.AccessToken)
	e := s.exercise(login.User.ID, "Plank")
	for n := range 10 {
		for _, query := range []string{"", "?limit=3", "?page=2"} {
			workouts(t, there, query)
		}
		ada.Do(http.MethodPost, base+"/workouts", fmt.Sprintf(`{"exerciseId":%q,"sets":[{"reps":%d}]}`, e.ID, n+1), http.StatusCreated)
		for _, query := range []string{"", "?limit=3", "?page=2"} {
			if total, _ := workouts(t, ada, query); total != n+1 {
				t.Errorf("%s: %d workouts after %d", query, total, n+1)
			}
		}
	}
}

// The popular list has ten exercises, and stays for its half hour under its documented key.
func TestPopular(t *testing.T) {
	t.Parallel()
	s := run(t)
	ada, login := s.member("ada", train.RoleUser)
	for i := range 12 {
		e := s.exercise(login.User.ID, fmt.Sprintf("Exercise %d", i))
		for range 12 - i {
			ada.Do(http.MethodPost, base+"/workouts", fmt.Sprintf(`{"exerciseId":%q,"sets":[{"reps":1}]}`, e.ID), http.StatusCreated)
		}
	}
	got := s.client().Do(http.MethodGet, base+"/workouts/popular", nil, http.StatusOK)
	list := apitest.Into[[]train.PopularExercise](t, got)
	if len(list) != 10 || list[0].Name != "Exercise 0" || list[0].Workouts != 12 || list[9].Workouts != 3 || list[0].Athletes != 1 {
		t.Errorf("popular: %+v", list)
	}
	if ttl, err := strconv.Atoi(s.redisDo("TTL", "workouts:popular")); err != nil || ttl < 1500 || ttl > 1800 || s.redis.Namespace() != "fitness-app:" {
		t.Errorf("TTL of %sworkouts:popular is %d, want about 1800", s.redis.Namespace(), ttl)
	}
}

// The profile is cached for a quarter of an hour, without any hash, and a change is seen at once.
func TestProfile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		ada, login := s.member("ada", train.RoleUser)
		s.member("bob", train.RoleUser)
		key := "user:profile:" + login.User.ID
		changed := apitest.Into[train.User](t, ada.Do(http.MethodPut, base+"/users/profile", `{"bio":"Đi bộ","weeklyGoal":4}`, http.StatusOK))
		if changed.Bio != "Đi bộ" || changed.WeeklyGoal != 4 || changed.Name != "ada" {
			t.Errorf("changed to %+v", changed)
		}
		var cached train.User
		if err := json.Unmarshal([]byte(s.redisDo("GET", key)), &cached); err != nil || cached.Bio != "Đi bộ" {
			t.Errorf("the key %s holds %+v, %v", key, cached, err)
		}
		if ttl, err := strconv.Atoi(s.redisDo("TTL", key)); err != nil || ttl < 700 || ttl > 900 {
			t.Errorf("TTL of a profile is %d, want about 900", ttl)
		}
		if got := profile(ada, http.StatusOK); got.Header.Get("X-Cache") != "HIT" || apitest.Into[train.User](t, got).Bio != "Đi bộ" {
			t.Errorf("profile: %s, X-Cache %s", got.Body, got.Header.Get("X-Cache"))
		}
		ada.Do(http.MethodPut, base+"/users/profile", `{"email":"bob@example.com"}`, http.StatusConflict)
	})
}

// An admin gives roles, and they hold from the next request on.
func TestRoles(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		root, _ := s.member("root", train.RoleAdmin)
		ada, login := s.member("ada", train.RoleUser)
		path := base + "/users/" + login.User.ID + "/role"
		ada.Do(http.MethodPut, path, `{"role":"admin"}`, http.StatusForbidden)
		ada.Do(http.MethodPost, base+"/exercises", `{"name":"x","muscle":"core"}`, http.StatusForbidden)
		root.Do(http.MethodPut, path, `{"role":"king"}`, http.StatusBadRequest)
		root.Do(http.MethodPut, path, `{"role":"trainer"}`, http.StatusOK)
		ada.Do(http.MethodPost, base+"/exercises", `{"name":"x","muscle":"core"}`, http.StatusCreated)
		s.bearer(login.AccessToken).Do(http.MethodPost, base+"/exercises", `{"name":"y","muscle":"core"}`, http.StatusCreated)
		root.Do(http.MethodPut, path, `{"role":"user"}`, http.StatusOK)
		ada.Do(http.MethodPost, base+"/exercises", `{"name":"x","muscle":"core"}`, http.StatusForbidden)
		s.bearer(login.AccessToken).Do(http.MethodPost, base+"/exercises", `{"name":"y","muscle":"core"}`, http.StatusForbidden)
	})
}
