package httpjson

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"
)

const requestIDHeader = "X-Request-Id"

var (
	process  = rand.Text()[:10] // tells the ids of processes apart
	requests atomic.Uint64
)

// Requests gives every request an id (the client's own X-Request-Id, if it is a
// short word), tells it in the reply, logs requests at level Debug, and turns a
// panic into a 500 and a line in the log. logger nil is silent.
func Requests(logger *slog.Logger, next http.Handler) http.Handler {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !validID(id) {
			id = process + "-" + strconv.FormatUint(requests.Add(1), 36)
		}
		w.Header()[requestIDHeader] = []string{id}
		began := time.Now()
		seen := &statusWriter{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares so too
					panic(p)
				}
				logger.ErrorContext(r.Context(), "handler panicked", "request", id, "method", r.Method, "path", r.URL.Path,
					"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				if seen.status != 0 {
					panic(http.ErrAbortHandler) // half a reply must not look like a whole one
				}
				WriteError(seen, &Error{Status: http.StatusInternalServerError, Text: "Internal server error"})
			}
			if logger.Enabled(r.Context(), slog.LevelDebug) {
				logger.DebugContext(r.Context(), "request", "request", id, "method", r.Method, "path", r.URL.Path,
					"status", seen.status, "took", time.Since(began))
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

// RequestID returns the id that [Requests] gave to the request being answered on w.
func RequestID(w http.ResponseWriter) string { return w.Header().Get(requestIDHeader) }

func validID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter

	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
