package collection_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// Without Redis every call says so at once, also that of a client that never had a connection.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	away, err := redbrick.Open(t.Context(), redbrick.Options{URL: "redis+cluster://127.0.0.1:1", ConnectTimeout: 50 * time.Millisecond})
	ok(t, err)
	t.Cleanup(func() { away.Close() })
	closed := redistest.Open(t, "embedded")
	a := openAll(t, closed)
	closed.Close()
	for name, calls := range map[string]map[string]call{"away": openAll(t, away).calls(), "closed": a.calls()} {
		for call, c := range calls {
			began := time.Now()
			err := c.do(t.Context(), "x")
			if !errors.Is(err, redbrick.ErrUnavailable) {
				t.Errorf("%s %s: error %v, expected %v", name, call, err, redbrick.ErrUnavailable)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s %s took %v, expected an answer at once", name, call, took)
			}
		}
	}
}
