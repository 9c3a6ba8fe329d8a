package token_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/token"
)

// Without Redis every call says so at once, and none that a token is bad; also that of a client that never had a connection.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	away, err := redbrick.Open(t.Context(), redbrick.Options{URL: "redis+cluster://127.0.0.1:1", ConnectTimeout: 50 * time.Millisecond})
	ok(t, err)
	t.Cleanup(func() { away.Close() })
	closed := redistest.Open(t, "embedded")
	type all struct {
		one     *token.OneTime[reset]
		opaque  *token.Opaque[rights]
		refresh *token.Refresh
	}
	open := func(rb *redbrick.Client) all {
		return all{newOneTime(t, rb, "reset", token.OneTimeOptions{}), newOpaque(t, rb, token.OpaqueOptions{}), newRefresh(t, rb, &logins{})}
	}
	there := open(closed)
	onetime, opaque := must(there.one.Issue(t.Context(), "7", reset{}))(t).Token, must(there.opaque.Issue(t.Context(), "7", rights{}))(t).Token
	family := must(there.refresh.Issue(t.Context(), login("7", "s"), ""))(t)
	closed.Close()
	for name, a := range map[string]all{"away": open(away), "closed": there} {
		for call, f := range map[string]func(ctx context.Context) error{
			"OneTime.Issue":        func(ctx context.Context) error { _, err := a.one.Issue(ctx, "7", reset{}); return err },
			"OneTime.Peek":         func(ctx context.Context) error { _, err := a.one.Peek(ctx, onetime); return err },
			"OneTime.Consume":      func(ctx context.Context) error { _, err := a.one.Consume(ctx, onetime); return err },
			"OneTime.Revoke":       func(ctx context.Context) error { return a.one.Revoke(ctx, "7") },
			"Opaque.Issue":         func(ctx context.Context) error { _, err := a.opaque.Issue(ctx, "7", rights{}); return err },
			"Opaque.Verify":        func(ctx context.Context) error { _, err := a.opaque.Verify(ctx, opaque); return err },
			"Opaque.List":          func(ctx context.Context) error { _, err := a.opaque.List(ctx, "7"); return err },
			"Opaque.Revoke":        func(ctx context.Context) error { return a.opaque.Revoke(ctx, opaque) },
			"Opaque.RevokeID":      func(ctx context.Context) error { _, err := a.opaque.RevokeID(ctx, "7", "aaaaaaaaaaaaaaaa"); return err },
			"Opaque.RevokeAll":     func(ctx context.Context) error { return a.opaque.RevokeAll(ctx, "7") },
			"Refresh.Issue":        func(ctx context.Context) error { _, err := a.refresh.Issue(ctx, login("7", "s"), ""); return err },
			"Refresh.Rotate":       func(ctx context.Context) error { _, err := a.refresh.Rotate(ctx, family.Token, ""); return err },
			"Refresh.Rebind":       func(ctx context.Context) error { return a.refresh.Rebind(ctx, family.Session, family.Session) },
			"Refresh.Revoke":       func(ctx context.Context) error { return a.refresh.Revoke(ctx, family.Token) },
			"Refresh.RevokeFamily": func(ctx context.Context) error { _, err := a.refresh.RevokeFamily(ctx, "7", family.Family); return err },
			"Refresh.RevokeAll":    func(ctx context.Context) error { return a.refresh.RevokeAll(ctx, "7") },
			"Refresh.List":         func(ctx context.Context) error { _, err := a.refresh.List(ctx, "7"); return err },
		} {
			began := time.Now()
			err := f(t.Context())
			if !errors.Is(err, redbrick.ErrUnavailable) || errors.Is(err, token.ErrInvalid) {
				t.Errorf("%s %s: error %v, expected %v", name, call, err, redbrick.ErrUnavailable)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s %s took %v, expected an answer at once", name, call, took)
			}
			if status := token.Challenge(http.Header{}, "x", err); status != http.StatusServiceUnavailable {
				t.Errorf("%s %s: status %d, expected 503", name, call, status)
			}
		}
	}
}
