package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/ratelimit"
)

type visitorKey struct{}

// orVisitor answers with plain, which knows of no session, where session cannot
// know who asks: for what is the same for everybody.
func orVisitor(session, plain http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, plain)))
	})
}

// Unavailable answers in place of a handler while the session of a request cannot
// be read: 503, for nobody is taken for a visitor silently. It is for
// session.Options.Unavailable.
func Unavailable(w http.ResponseWriter, r *http.Request, _ error) {
	if plain, ok := r.Context().Value(visitorKey{}).(http.Handler); ok {
		w.Header().Del("Retry-After")
		w.Header().Del("Cache-Control")
		plain.ServeHTTP(w, r)
		return
	}
	httpjson.WriteError(w, &httpjson.Error{Status: http.StatusServiceUnavailable, Text: "Temporarily unavailable", RetryAfter: retryAfter})
}

// Denied answers what a limit does not admit. It is for ratelimit.HTTPOptions.Denied.
func Denied(w http.ResponseWriter, _ *http.Request, status int, _ ratelimit.Result) {
	text := "Too many requests"
	if status != http.StatusTooManyRequests {
		text = "Temporarily unavailable"
	}
	// The middleware has said when to come again, and the body says the same.
	seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
	if err != nil {
		seconds = int(retryAfter / time.Second)
	}
	httpjson.WriteError(w, &httpjson.Error{Status: status, Text: text, RetryAfter: time.Duration(seconds) * time.Second})
}
