package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// Each kind of error has one status, and only errors of the domain show their text.
func TestReplyOf(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx    context.Context //nolint:containedctx // a case
		err    error
		status int
		text   string
	}{
		{t.Context(), shop.Invalid("name", "empty"), 400, "name: empty"},
		{t.Context(), httpjson.BadRequest("page", "0"), 400, "page: 0"},
		{t.Context(), fmt.Errorf("login: %w", api.ErrUnauthenticated), 401, "Authentication required"},
		{t.Context(), fmt.Errorf("recipe 7: %w", shop.ErrForbidden), 403, "recipe 7: forbidden"},
		{t.Context(), fmt.Errorf("recipe 7: %w", shop.ErrNotFound), 404, "recipe 7: not found"},
		{t.Context(), fmt.Errorf("email: %w", shop.ErrConflict), 409, "email: conflict"},
		{t.Context(), fmt.Errorf("eggs: %w", shop.ErrOutOfStock), 409, "eggs: out of stock"},
		{gone, errors.New("sql: " + context.Canceled.Error()), 499, "Client closed the request"},
		{gone, fmt.Errorf("recipe 7: %w", shop.ErrNotFound), 404, "recipe 7: not found"},
		{t.Context(), fmt.Errorf("feed: %w", redbrick.ErrUnavailable), 503, "Temporarily unavailable"},
		{t.Context(), fmt.Errorf("feed: %w", redbrick.ErrTimeout), 503, "Temporarily unavailable"},
		{t.Context(), context.DeadlineExceeded, 503, "Temporarily unavailable"},
		{t.Context(), errors.New("pq: password of shop is hunter2"), 500, "Internal server error"},
	} {
		got := replyOf(c.ctx, c.err)
		if got.Status != c.status || got.Text != c.text {
			t.Errorf("%v: %d %q, want %d %q", c.err, got.Status, got.Text, c.status, c.text)
		}
		if (got.RetryAfter > 0) != (got.Status == http.StatusServiceUnavailable) {
			t.Errorf("%v: try again after %v", c.err, got.RetryAfter)
		}
	}
}
