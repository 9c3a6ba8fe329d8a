package api

import (
	"net/http"

	"github.com/redbrick-go/redbrick/cache"
)

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
