package service

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/redistest"
)

// The list of recipes is one for everybody, whoever they are; what a reply says of its request is that request's own, and
// what is for one user is not kept. A browser is to ask each time, and hears that what it has is good still until something
// was changed.
func TestAListIsOneForEverybody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		r := s.create(ada, shop.RecipeDraft{Name: "Soup"})
		ids := map[string]bool{}
		tag := ""
		for i, user := range []int64{0, ada, bob, 0} {
			got := s.do(user, http.MethodGet, "/api/recipes", nil, http.StatusOK)
			if said := got.Header.Get("X-Cache"); (said == "HIT") != (i > 0) || got.Header.Get("Set-Cookie") != "" {
				t.Errorf("user %d: X-Cache %s, headers %v", user, said, got.Header)
			}
			if id := got.Header.Get("X-Request-Id"); ids[id] || id == "" {
				t.Errorf("user %d: the request's id is %q", user, id)
			}
			ids[got.Header.Get("X-Request-Id")] = true
			if tag = got.Header.Get("ETag"); tag == "" || got.Header.Get("Cache-Control") != "no-cache" || got.Header.Get("Cache-Status") == "" {
				t.Errorf("user %d: headers %v", user, got.Header)
			}
		}
		s.do(bob, http.MethodGet, "/api/recipes", nil, http.StatusNotModified, "If-None-Match", tag)
		s.do(ada, http.MethodPut, recipePath(r.ID), `{"name":"Stew"}`, http.StatusOK)
		s.do(bob, http.MethodGet, "/api/recipes", nil, http.StatusOK, "If-None-Match", tag)
		if got := s.do(0, http.MethodGet, "/api/recipes?page=0", nil, http.StatusBadRequest); got.Header.Get("X-Cache") != "BYPASS" {
			t.Errorf("a question that is none has X-Cache %q", got.Header.Get("X-Cache"))
		}
		for user, want := range map[int64]string{ada: "ada", bob: "bob"} {
			got := s.do(user, http.MethodGet, "/api/me", nil, http.StatusOK)
			if name := into[shop.User](t, got).Name; name != want || got.Header.Get("Cache-Control") != "private, no-store" || got.Header.Get("ETag") != "" {
				t.Errorf("%s is told to be %s, headers %v", want, name, got.Header)
			}
		}
	})
}

// A list that another process keeps follows a change too, as soon as it has heard of it.
func TestListsAreSeenByEveryProcess(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	s := run(t, func(c *Config) { c.Redis.URL = server.URL(); patient(c) })
	other := s.sharing()
	r := s.create(ada, shop.RecipeDraft{Name: "Soup"})
	for _, want := range []string{"Stew", "Broth"} {
		other.do(0, http.MethodGet, "/api/recipes", nil, http.StatusOK)
		s.do(ada, http.MethodPut, recipePath(r.ID), fmt.Sprintf(`{"name":%q}`, want), http.StatusOK)
		redistest.Eventually(t, longTime, func() error {
			got, err := other.ask(0, http.MethodGet, "/api/recipes", nil)
			if err == nil {
				if list := into[[]shop.Recipe](t, got); len(list) != 1 || list[0].Name != want {
					err = fmt.Errorf("the other process shows %+v, want %s", list, want)
				}
			}
			return err
		})
	}
}
