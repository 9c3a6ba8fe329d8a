package api

import (
	"net/http"

	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/httpcache"
)

// Cached makes a gate that answers from what is kept by a rule, and says so in X-Cache. Browsers, and caches on the way to
// them, are to ask each time: nobody tells them of a change. By the entity tag they hear that there was none.
func Cached(pages *httpcache.Cache, rule httpcache.Rule) Gate {
	route := pages.Route(rule)
	ask := []string{"no-cache"}
	if rule.Private != nil {
		ask = []string{"private, no-cache"}
	}
	return func(next http.Handler) http.Handler {
		kept := route(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Cache-Control"] = ask // before the cache: it is not what the handler says of the response
			kept.ServeHTTP(w, r)
		})
	}
}

// SetXCache tells where the data of a reply came from.
func SetXCache(w http.ResponseWriter, level cache.Level) {
	said := "MISS"
	switch level {
	case cache.Near, cache.Remote:
		said = "HIT"
	case cache.Stale:
		said = "STALE"
	case cache.Loaded:
	}
	w.Header()["X-Cache"] = []string{said}
}
