package service

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/apitest"
	"github.com/redbrick-go/redbrick/redistest"
)

// The favourites of one user are kept, and given to nobody else: neither to another, by cookie or by token, nor to somebody
// who is not known, nor as a 304 to who has another's entity tag.
func TestNobodyGetsTheFavouritesOfAnother(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		const path = "/exercises/favorites"
		ada, login := s.member("ada", train.RoleUser)
		_, other := s.member("bob", train.RoleUser)
		bob := s.bearer(other.AccessToken)
		for c, name := range map[*apitest.Client]string{ada: "Plank", bob: "Squat"} {
			e := s.exercise(login.User.ID, name)
			c.Do(http.MethodPut, base+"/exercises/"+e.ID+"/favorite", nil, http.StatusNoContent)
		}
		tags := map[string]string{}
		for _, said := range []string{"MISS", "HIT", "HIT"} {
			expect(t, ada, path, said, "Plank")
			expect(t, bob, path, said, "Squat")
			s.client().Do(http.MethodGet, base+path, nil, http.StatusUnauthorized)
			s.bearer("nothing").Do(http.MethodGet, base+path, nil, http.StatusUnauthorized)
			for c, name := range map[*apitest.Client]string{ada: "ada", bob: "bob"} {
				got := c.Do(http.MethodGet, base+path, nil, http.StatusOK)
				tags[name] = got.Header.Get("ETag")
				if control := got.Header.Get("Cache-Control"); control != "private, no-cache" {
					t.Errorf("%s's favourites have Cache-Control %q", name, control)
				}
			}
		}
		if tags["ada"] == "" || tags["ada"] == tags["bob"] {
			t.Errorf("entity tags %q", tags)
		}
		ada.Do(http.MethodGet, base+path, nil, http.StatusNotModified, "If-None-Match", tags["ada"])
		bob.Do(http.MethodGet, base+path, nil, http.StatusOK, "If-None-Match", tags["ada"])
		expect(t, s.bearer(login.AccessToken), path, "HIT", "Plank") // the same user by another proof

		ada.Do(http.MethodPost, base+"/auth/logout", nil, http.StatusOK)
		ada.Do(http.MethodGet, base+path, nil, http.StatusUnauthorized, "If-None-Match", tags["ada"])
		expect(t, bob, path, "HIT", "Squat")
	})
}

// The list of exercises is one for everybody, whoever they are; what a reply says of its request is that request's own. A
// browser is to ask each time, and hears that what it has is good still until something was changed.
func TestAListIsOneForEverybody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		trainer, login := s.member("tina", train.RoleTrainer)
		e := apitest.Into[train.Exercise](t, trainer.Do(http.MethodPost, base+"/exercises", `{"name":"Plank","muscle":"core"}`, http.StatusCreated))
		ids := map[string]bool{}
		tag := ""
		for c, who := range map[*apitest.Client]string{s.client(): "nobody", trainer: "cookie", s.bearer(login.AccessToken): "token", s.bearer("nothing"): "bad token"} {
			for range 2 {
				got := c.Do(http.MethodGet, base+"/exercises", nil, http.StatusOK)
				if said := got.Header.Get("X-Cache"); said != "HIT" && len(ids) > 0 || got.Header.Get("Set-Cookie") != "" {
					t.Errorf("%s: X-Cache %s, headers %v", who, said, got.Header)
				}
				if id := got.Header.Get("X-Request-Id"); ids[id] || id == "" {
					t.Errorf("%s: the request's id is %q", who, id)
				}
				ids[got.Header.Get("X-Request-Id")] = true
				tag = got.Header.Get("ETag")
				if got.Header.Get("Cache-Control") != "no-cache" || tag == "" || !strings.Contains(strings.Join(got.Header["Cache-Status"], ","), "redbrick") {
					t.Errorf("%s: headers %v", who, got.Header)
				}
			}
		}
		ask := func(status int) {
			t.Helper()
			trainer.Do(http.MethodGet, base+"/exercises", nil, status, "If-None-Match", tag)
		}
		ask(http.StatusNotModified)
		trainer.Do(http.MethodPut, base+"/exercises/"+e.ID, `{"name":"Long plank"}`, http.StatusOK)
		ask(http.StatusOK)
	})
}

// Lists that another process keeps follow a change too, as soon as it has heard of it.
func TestListsOfExercisesAreSeenByEveryProcess(t *testing.T) {
	t.Parallel()
	s := run(t)
	other := s.sharing()
	trainer, login := s.member("tina", train.RoleTrainer)
	there := other.bearer(login.AccessToken)
	sees := func(path string, want ...string) {
		t.Helper()
		redistest.Eventually(t, apitest.Patience, func() error {
			if got, _ := names(t, there, path); !slices.Equal(got, want) {
				return fmt.Errorf("GET %s: %q, want %q", path, got, want)
			}
			return nil
		})
	}
	e := s.exercise(login.User.ID, "Plank")
	for _, name := range []string{"Long plank", "Longer plank"} {
		trainer.Do(http.MethodPut, base+"/exercises/"+e.ID, fmt.Sprintf(`{"name":%q}`, name), http.StatusOK)
		trainer.Do(http.MethodPut, base+"/exercises/"+e.ID+"/favorite", nil, http.StatusNoContent)
		sees("/exercises", name)
		sees("/exercises/favorites", name)
		trainer.Do(http.MethodDelete, base+"/exercises/"+e.ID+"/favorite", nil, http.StatusNoContent)
		sees("/exercises/favorites")
	}
}
