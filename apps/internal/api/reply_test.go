package api

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Each kind of error has one status in every application, and only errors of the domain show their text.
func TestReplyOf(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx    context.Context //nolint:containedctx // a case
		err    error
		status int
		text   string
		after  time.Duration
	}{
		{t.Context(), domain.Invalid("name", "empty"), 400, "name: empty", 0},
		{t.Context(), httpjson.BadRequest("page", "0"), 400, "page: 0", 0},
		{t.Context(), fmt.Errorf("login: %w", ErrUnauthenticated), 401, "Authentication required", 0},
		{t.Context(), fmt.Errorf("logout: %w", session.ErrNoSession), 401, "Authentication required", 0},
		{t.Context(), domain.Refuse(domain.ErrForbidden, "only admins do"), 403, "only admins do", 0},
		{t.Context(), domain.Refuse(domain.ErrNotFound, "user %d is not there", 7), 404, "user 7 is not there", 0},
		{t.Context(), domain.Refuse(domain.ErrConflict, "taken"), 409, "taken", 0},
		{t.Context(), fmt.Errorf("save: %w", session.ErrReadOnly), 409, "The session has changed meanwhile: send the request again", 0},
		{t.Context(), fmt.Errorf("log in: %w", &guard.Throttled{RetryAfter: 1500 * time.Millisecond}), 429, "Too many failed attempts", 2 * time.Second},
		{t.Context(), &ratelimit.DeniedError{Result: ratelimit.Result{RetryAfter: time.Minute}}, 429, "Too many requests", time.Minute},
		{t.Context(), &ratelimit.DeniedError{Result: ratelimit.Result{RetryAfter: ratelimit.Never}}, 429, "Too many requests", 0},
		{gone, errors.New("sql: " + context.Canceled.Error()), statusClientGone, "Client closed the request", 0},
		{gone, domain.Refuse(domain.ErrNotFound, "gone"), 404, "gone", 0},
		{t.Context(), fmt.Errorf("feed: %w", redbrick.ErrUnavailable), 503, "Temporarily unavailable", retryAfter},
		{t.Context(), fmt.Errorf("feed: %w", redbrick.ErrTimeout), 503, "Temporarily unavailable", retryAfter},
		{t.Context(), password.ErrBusy, 503, "Temporarily unavailable", retryAfter},
		{t.Context(), errors.New("pq: password of shop is hunter2"), 500, "Internal server error", 0},
	} {
		if got := ReplyOf(c.ctx, c.err); got.Status != c.status || got.Text != c.text || got.RetryAfter != c.after {
			t.Errorf("%v: %d %q after %v, want %d %q after %v", c.err, got.Status, got.Text, got.RetryAfter, c.status, c.text, c.after)
		}
	}
}
