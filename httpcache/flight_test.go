package httpcache

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestNobodyWaitsForWhatBeganBeforeAnotherProcessInvalidatedItsTag(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := New(rb, Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.route(Rule{})
		if err != nil {
			t.Fatal(err)
		}
		x := &exchange{
			handler: &handler{route: r}, r: httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody),
			p: &place{}, f: found{key: c.prefix + "{x}:g:-"},
		}
		if e := x.acquire(t.Context()); e != nil || x.seq == 0 {
			t.Fatalf("%v, %d", e, x.seq)
		}
		landed := &flight{e: &entry{tags: []string{"a", "b"}, seq: x.seq, fresh: rfc9111.Freshness{Lifetime: time.Hour}}}
		if _, ok := x.suits(landed, 0); !ok {
			t.Error("what nobody has invalidated does not suit")
		}
		if _, err := c.store.Bump(t.Context(), redistest.Another(t, rb), "b"); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, time.Minute, func() error {
			if _, ok := x.suits(landed, 0); ok {
				return errors.New("what another process has invalidated suits")
			}
			return nil
		})
	})
}

func TestWhoGivesUpWaitingGetsNoEmptyResponse(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := newReply(httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
	cancel()
	p.end(nil) // the cache returned without an answer, since nobody waits for it
	if p.response != nil {
		p.response.Body.Close()
	}
	if !errors.Is(p.err, context.Canceled) {
		t.Errorf("%v, %v", p.response, p.err)
	}
}
