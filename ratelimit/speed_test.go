package ratelimit

import (
	"context"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/redistest"
)

// BenchmarkDeniedFromMemory is a call whose denial the process remembers.
func BenchmarkDeniedFromMemory(b *testing.B) {
	rb := redistest.Open(b, "embedded")
	l := patient(b, rb, Options{BlockFor: time.Hour, Policies: []Policy{{Limit: 1, Window: 1000 * time.Hour}}})
	for r := (Result{}); !r.Cached; {
		r = must(l.Allow(b.Context(), "192.0.2.1"))(b)
	}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := l.Allow(b.Context(), "192.0.2.1"); err != nil || !r.Cached {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkLeased is a call that a process answers from what it has drawn.
func BenchmarkLeased(b *testing.B) {
	rb := redistest.Open(b, "embedded")
	l := leased(b, rb, LeasedOptions{Policy: Policy{Limit: 1_000_000_000, Window: time.Second}, Batch: 10_000_000})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r, err := l.Allow(b.Context(), "192.0.2.1"); err != nil || !r.Allowed {
				b.Error(r, err)
			}
		}
	})
}

// BenchmarkAllow is a decision of a token bucket, beside its script without a limiter around it.
func BenchmarkAllow(b *testing.B) {
	rb := redistest.Open(b, "redis")
	l := patient(b, rb, one(Policy{Limit: 1_000_000, Window: 1000 * time.Second, Burst: 1 << 40}))
	for name, allow := range map[string]func(ctx context.Context) error{
		"limiter": func(ctx context.Context) error {
			_, err := l.Allow(ctx, "192.0.2.1")
			return err
		},
		"script": func(ctx context.Context) error {
			return bucketScript.Do(ctx, rb, []string{"rl:{192.0.2.1}:raw"}, []string{"1", "1000000000000"}).Error()
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(64)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := allow(context.Background()); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
