package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/session"
)

// ErrUnauthenticated means that a request names no user, or none that there is.
var ErrUnauthenticated = errors.New("api: not authenticated")

// statusClientGone is what servers note down for a client that left; nobody reads it.
const statusClientGone = 499

// retryAfter is when Redis, or the database, may answer again.
const retryAfter = time.Second

// Unavailable is the answer while Redis or the database is away.
func Unavailable() *httpjson.Error {
	return &httpjson.Error{Status: http.StatusServiceUnavailable, Text: "Temporarily unavailable", RetryAfter: retryAfter}
}

// ReplyOf turns an error into what the client hears of it. Only errors of the domain
// show their text: any other may tell how the service works inside.
func ReplyOf(ctx context.Context, err error) *httpjson.Error {
	var ready *httpjson.Error
	var invalid *domain.InvalidError
	var refusal *domain.Refusal
	var throttled *guard.Throttled
	var denied *ratelimit.DeniedError
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &invalid):
		reply := &httpjson.Error{Status: http.StatusBadRequest, Fields: invalid.Fields}
		return reply.In(func(english string) string { return english })
	case errors.As(err, &refusal):
		return &httpjson.Error{Status: statusOf(refusal.Kind), Text: refusal.Text(), Format: refusal.Format, Args: refusal.Args}
	case errors.As(err, &denied):
		return tooMany(denied.Result)
	case errors.As(err, &throttled):
		return &httpjson.Error{Status: http.StatusTooManyRequests, Text: "Too many failed attempts", RetryAfter: time.Duration(throttled.Seconds()) * time.Second}
	case errors.Is(err, session.ErrReadOnly):
		return &httpjson.Error{Status: http.StatusConflict, Text: "The session has changed meanwhile: send the request again"}
	case errors.Is(err, ErrUnauthenticated), errors.Is(err, session.ErrNoSession):
		return &httpjson.Error{Status: http.StatusUnauthorized, Text: "Authentication required"}
	case ctx.Err() != nil:
		return &httpjson.Error{Status: statusClientGone, Text: "Client closed the request"}
	case errors.Is(err, redbrick.ErrUnavailable), errors.Is(err, redbrick.ErrTimeout), errors.Is(err, context.DeadlineExceeded), errors.Is(err, password.ErrBusy):
		return Unavailable()
	}
	return &httpjson.Error{Status: http.StatusInternalServerError, Text: "Internal server error"}
}

func statusOf(kind error) int {
	switch {
	case errors.Is(kind, domain.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(kind, domain.ErrForbidden):
		return http.StatusForbidden
	case errors.Is(kind, domain.ErrConflict):
		return http.StatusConflict
	}
	return http.StatusBadRequest
}
