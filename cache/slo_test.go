//go:build slo

package cache_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// Bounds of time, for a quiet machine: make slo.

func percentile(d []time.Duration, p float64) time.Duration {
	slices.Sort(d)
	return d[min(int(float64(len(d))*p), len(d)-1)]
}

// The lag is from before the writing process sends to the first read of the other process that has the new value, with
// reads in a loop on its near cache.
func TestSLONearLagP99Under5ms(t *testing.T) {
	server := redistest.Private(t)
	ctx := t.Context()
	var rows [64]atomic.Int64
	load := func(_ context.Context, id string) (int64, error) { return rows[id[0]%64].Load(), nil }
	writer := redistest.OpenURL(t, server.URL())
	reader := redistest.Another(t, writer)
	w, err := cache.New(writer, "n", cache.Options[int64]{Load: load})
	if err != nil {
		t.Fatal(err)
	}
	r, err := cache.New(reader, "n", cache.Options[int64]{Load: load})
	if err != nil {
		t.Fatal(err)
	}
	const rounds = 5000
	lags := make([]time.Duration, 0, rounds)
	near := 0
	for i := range rounds {
		id := string(rune('0' + i%64))
		for range 50 { // bring the old value into the reader's process
			if res, err := r.Lookup(ctx, id); err != nil {
				t.Fatal(err)
			} else if res.Level == cache.Near {
				near++
				break
			}
		}
		want := rows[id[0]%64].Add(1)
		began := time.Now()
		if err := w.Delete(ctx, id); err != nil {
			t.Fatal(err)
		}
		for {
			v, err := r.Get(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			if v == want {
				break
			}
		}
		lags = append(lags, time.Since(began))
	}
	p50, p99 := percentile(lags, 0.5), percentile(lags, 0.99)
	t.Logf("near lag over %d writes (%d of them of values in the process): p50 %v, p99 %v, max %v", rounds, near, p50, p99, lags[len(lags)-1])
	if near < rounds*9/10 {
		t.Errorf("only %d of %d values were in the process before they were written", near, rounds)
	}
	if p99 >= 5*time.Millisecond {
		t.Errorf("near lag p99 is %v, want under 5ms", p99)
	}
}

// Added latency is what a read costs over its loader while the breaker is open; the control run calls the loader alone.
func TestSLOBreakerOpenAddsUnder1ms(t *testing.T) {
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.HotTimeout = 250 * time.Millisecond })
	load := func(context.Context, string) (int, error) { return 1, nil }
	c, err := cache.New(rb, "n", cache.Options[int]{Load: load, DownTTL: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	ctx := t.Context()
	redistest.Eventually(t, 30*time.Second, func() error {
		_, err := c.Get(ctx, "x")
		if err == nil && rb.State().State == redbrick.StateReady {
			return context.DeadlineExceeded
		}
		return err
	})
	const rounds = 20_000
	measure := func(f func(id string) (int, error)) time.Duration {
		took := make([]time.Duration, rounds)
		for i := range took {
			id := string(rune('a' + i%26))
			began := time.Now()
			if _, err := f(id); err != nil {
				t.Fatal(err)
			}
			took[i] = time.Since(began)
		}
		return percentile(took, 0.99)
	}
	control := measure(func(id string) (int, error) { return load(ctx, id) })
	open := measure(func(id string) (int, error) { return c.Get(ctx, id) })
	t.Logf("p99: loader alone %v, through the cache with the breaker open %v", control, open)
	if open-control >= time.Millisecond {
		t.Errorf("the open breaker adds %v at p99, want under 1ms", open-control)
	}
}
