package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/session"
)

// ErrUnauthenticated means that a request names no user, or none that there is.
var ErrUnauthenticated = errors.New("web: not authenticated")

// statusClientGone is what servers note down for a client that left; nobody reads it.
const statusClientGone = 499

// retryAfter is when Redis, or the database, may answer again.
const retryAfter = time.Second

// fail is the one place that turns an error into a reply. What a client may not
// know goes into the log, under the request's id.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	reply := replyOf(r.Context(), err)
	if reply.Status >= http.StatusInternalServerError {
		h.log.ErrorContext(r.Context(), "request failed", "request", httpjson.RequestID(w), "method", r.Method, "path", r.URL.Path,
			"status", reply.Status, "error", err)
	}
	httpjson.WriteError(w, reply)
}

func replyOf(ctx context.Context, err error) *httpjson.Error {
	var ready *httpjson.Error
	var throttled *guard.Throttled
	var invalid *shop.InvalidError
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &invalid):
		reply := &httpjson.Error{Status: http.StatusBadRequest, Text: strings.TrimPrefix(invalid.Error(), shop.ErrInvalid.Error()+": ")}
		for _, f := range invalid.Fields {
			reply.Fields = append(reply.Fields, httpjson.Field{Field: f.Field, Message: f.Message})
		}
		return reply
	case errors.As(err, &throttled):
		return &httpjson.Error{Status: http.StatusTooManyRequests, Text: "Too many failed attempts", RetryAfter: time.Duration(throttled.Seconds()) * time.Second}
	case errors.Is(err, account.ErrCredentials):
		return &httpjson.Error{Status: http.StatusUnauthorized, Text: "Invalid email or password"}
	case errors.Is(err, account.ErrToken):
		return httpjson.BadRequest("token", "unknown, used or too old: ask for a new link")
	case errors.Is(err, account.ErrBusy):
		return &httpjson.Error{Status: http.StatusServiceUnavailable, Text: "Too busy", RetryAfter: retryAfter}
	case errors.Is(err, session.ErrReadOnly):
		return &httpjson.Error{Status: http.StatusConflict, Text: "The session has changed meanwhile: send the request again"}
	case errors.Is(err, ErrUnauthenticated), errors.Is(err, session.ErrNoSession):
		return &httpjson.Error{Status: http.StatusUnauthorized, Text: "Authentication required"}
	case errors.Is(err, shop.ErrNotFound):
		return &httpjson.Error{Status: http.StatusNotFound, Text: clean(err, shop.ErrNotFound, "not found")}
	case errors.Is(err, shop.ErrForbidden):
		return &httpjson.Error{Status: http.StatusForbidden, Text: clean(err, shop.ErrForbidden, "forbidden")}
	case errors.Is(err, shop.ErrOutOfStock):
		return &httpjson.Error{Status: http.StatusConflict, Text: clean(err, shop.ErrOutOfStock, "out of stock")}
	case errors.Is(err, shop.ErrConflict):
		return &httpjson.Error{Status: http.StatusConflict, Text: clean(err, shop.ErrConflict, "conflict")}
	case ctx.Err() != nil:
		return &httpjson.Error{Status: statusClientGone, Text: "Client closed the request"}
	case errors.Is(err, redbrick.ErrUnavailable), errors.Is(err, redbrick.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return &httpjson.Error{Status: http.StatusServiceUnavailable, Text: "Temporarily unavailable", RetryAfter: retryAfter}
	}
	return &httpjson.Error{Status: http.StatusInternalServerError, Text: "Internal server error"}
}

// clean takes what only programmers want out of a domain error's text: the
// packages it came through.
func clean(err, sentinel error, words string) string {
	text := strings.ReplaceAll(err.Error(), sentinel.Error(), words)
	for _, prefix := range []string{"cache: not found: ", "shop: ", "domain: "} {
		text = strings.ReplaceAll(text, prefix, "")
	}
	return text
}
