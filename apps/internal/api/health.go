package api

import (
	"context"
	"io"
	"net/http"
	"time"
)

// readyTime is how long the database may take to answer before the service
// counts as not ready.
const readyTime = 2 * time.Second

// Live says that the process answers. It asks nobody else.
func (f *Frame) Live(w http.ResponseWriter, _ *http.Request) error {
	health(w, http.StatusOK, "ok")
	return nil
}

// Ready says whether requests are served now, by a check that fails if not. Redis
// that is away is no reason against: what needs no session is answered.
func (f *Frame) Ready(check func(ctx context.Context) error) Handle {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), readyTime)
		defer cancel()
		if err := check(ctx); err != nil {
			f.Log.WarnContext(ctx, "not ready", "error", err)
			health(w, http.StatusServiceUnavailable, "unavailable")
			return nil
		}
		health(w, http.StatusOK, "ok")
		return nil
	}
}

// health tells everybody the state, and nobody the reason.
func health(w http.ResponseWriter, code int, state string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, `{"status":"`+state+`"}`+"\n") // a client that left reads nothing
}

// Describe sends the description of the service, which is JSON.
func Describe(description []byte) Handle {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(description)
		return nil
	}
}
