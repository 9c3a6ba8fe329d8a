package ratelimit

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// listening waits until the limiter hears of resets, and returns a denial that it remembers.
func listening(t *testing.T, l *Limiter, id string) {
	t.Helper()
	redistest.Eventually(t, patience, func() error {
		r, err := l.Allow(t.Context(), id)
		if err != nil || r.Allowed || !r.Cached {
			return fmt.Errorf("%+v, %w: not answered from memory", r, err)
		}
		return nil
	})
}

// TestADenialIsRememberedAndCostsRedisNothing, for those calls that it is about.
func TestADenialIsRememberedAndCostsRedisNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL())
	l := patient(t, rb, Options{BlockFor: time.Hour, Policies: []Policy{{Limit: 10, Window: 10 * time.Hour}}})
	ctx := t.Context()
	equal(t, "admitted", admit(t, l, "x", 11), 10)
	listening(t, l, "x")
	server.ResetCommands()
	for range 1000 {
		r := must(l.Allow(ctx, "x"))(t)
		if r.Allowed || !r.Cached || r.RetryAfter <= 0 || r.RetryAfter > time.Hour || r.Policy != "default" || r.ResetAfter < 9*time.Hour {
			t.Fatalf("%+v", r)
		}
	}
	if sent := server.Commands(); sent.Total("evalsha", "eval", "get", "pttl") != 0 {
		t.Errorf("1,000 calls that are denied sent %v", sent)
	}
	if s := l.Stats(); s.Cached < 1000 || s.Allowed != 10 || s.Blocked != 1 {
		t.Errorf("%+v", s)
	}
	// A denial of many says nothing about one.
	equal(t, "others", admit(t, l, "y", 5), 5)
	redistest.Eventually(t, patience, func() error {
		if r, err := l.AllowN(ctx, "y", 6); err != nil || !r.Cached {
			return fmt.Errorf("%+v, %w", r, err)
		}
		return nil
	})
	equal(t, "one", must(l.Allow(ctx, "y"))(t).Allowed, true)
}

// TestAResetOrRefundEndsTheMemoryOfAllProcesses.
func TestAResetOrRefundEndsTheMemoryOfAllProcesses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := Options{BlockFor: time.Hour, Policies: []Policy{{Limit: 1, Window: 100 * time.Hour}}}
		here, there := patient(t, rb, o), patient(t, redistest.Another(t, rb), o)
		for what, release := range map[string]func(Result) error{
			"reset":  func(Result) error { return here.Reset(ctx, "x") },
			"refund": func(r Result) error { return here.Refund(ctx, r) },
		} {
			r := must(here.Allow(ctx, "x"))(t)
			equal(t, what+" first", r.Allowed, true)
			listening(t, here, "x")
			listening(t, there, "x")
			ok(t, release(r))
			redistest.Eventually(t, patience, func() error {
				r, err := there.Allow(ctx, "x")
				if err != nil || !r.Allowed {
					return fmt.Errorf("%s: %+v, %w: still denied", what, r, err)
				}
				return nil
			})
			ok(t, here.Reset(ctx, "x"))
			redistest.Eventually(t, patience, func() error {
				if r, err := there.Peek(ctx, "x"); err != nil || !r.Allowed {
					return fmt.Errorf("%+v, %w", r, err)
				}
				return nil
			})
		}
	})
}

// TestADenialThatCrossesAResetIsNotRemembered: it was decided before, and comes in after.
func TestADenialThatCrossesAResetIsNotRemembered(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := patient(t, rb, one(Policy{Limit: 1, Window: time.Hour}))
	admit(t, l, "x", 2)
	listening(t, l, "x")
	began, seen := time.Now(), l.blocks.seen()
	l.blocks.resets.heard("x")
	l.blocks.put("x", 1, began, seen, Result{RetryAfter: time.Hour})
	if r, remembered := l.blocks.get("x", 1); remembered {
		t.Errorf("%+v is remembered", r)
	}
	// Nor is anything while news do not arrive.
	l.blocks.put("x", 1, began, l.blocks.seen(), Result{RetryAfter: time.Hour})
	l.blocks.resets.alive(false)
	if r, remembered := l.blocks.get("x", 1); remembered {
		t.Errorf("%+v is served from a memory that hears of no reset", r)
	}
	l.blocks.resets.live.Store(true)
	if r, remembered := l.blocks.get("x", 1); remembered {
		t.Errorf("%+v outlived the loss of the subscription", r)
	}
}

// TestTheMemoryOfDenialsIsBounded whoever chooses the ids, and ends in time.
func TestTheMemoryOfDenialsIsBounded(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := patient(t, rb, Options{BlockEntries: 100, BlockFor: 50 * time.Millisecond})
	l.blocks.resets.live.Store(true)
	for i := range 10_000 {
		l.blocks.put(fmt.Sprint(i), 1, time.Now(), l.blocks.seen(), Result{RetryAfter: time.Hour})
	}
	if n := l.Stats().Blocked; n > 100+boundedShards || n < 50 {
		t.Errorf("%d entries, want about 100", n)
	}
	began := time.Now()
	l.blocks.put("last", 1, began, l.blocks.seen(), Result{RetryAfter: time.Hour})
	redistest.Eventually(t, patience, func() error {
		if _, remembered := l.blocks.get("last", 1); remembered {
			return fmt.Errorf("remembered after %v", time.Since(began))
		}
		return nil
	})
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("forgotten after %v", took)
	}
}

// TestAFullMapGivesUpWhatEndsSoonest of those it looks at.
func TestAFullMapGivesUpWhatEndsSoonest(t *testing.T) {
	t.Parallel()
	b := newBounded(boundedShards*evictionLook, func(d *time.Duration) time.Duration { return *d })
	put := func(key string, d time.Duration) { b.with(key, func(*time.Duration) *time.Duration { return &d }) }
	for i := range boundedShards * evictionLook * 20 {
		put(fmt.Sprint("short", i), time.Second)
	}
	put("long", time.Hour)
	for i := range boundedShards * evictionLook * 20 {
		put(fmt.Sprint("more", i), time.Second)
	}
	b.with("long", func(d *time.Duration) *time.Duration {
		if d == nil {
			t.Error("the entry that lasts longest is gone")
		}
		return d
	})
}

// TestShadowCountsAndReportsAndDeniesNothing.
func TestShadowCountsAndReportsAndDeniesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		for _, among := range []bool{false, true} {
			var mu sync.Mutex
			reported := map[string]int{}
			o := Options{
				Policies: []Policy{{Name: fmt.Sprint("new", among), Limit: 2, Window: time.Hour, Shadow: true}},
				OnShadow: func(id string, p PolicyResult) {
					mu.Lock()
					defer mu.Unlock()
					reported[id+" "+p.Name]++
				},
			}
			if among {
				o.Policies = append(o.Policies, Policy{Name: "old", Limit: 4, Window: time.Hour})
			}
			l := patient(t, rb, o)
			want := map[bool]int{false: 6, true: 4}[among]
			equal(t, "admitted", admit(t, l, "x", 6), want)
			r := must(l.Peek(context.Background(), "x"))(t)
			if p := r.Policies[0]; p.Allowed || !p.Shadow || p.Remaining != 0 {
				t.Errorf("%+v", r)
			}
			if n := reported["x "+o.Policies[0].Name]; n < 2 || n > 4 || len(reported) != 1 {
				t.Errorf("reported %v", reported)
			}
		}
	})
}

// TestShadowReportsTheIdentityOfAPlace, as it was given: its key has another name.
func TestShadowReportsTheIdentityOfAPlace(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	var reported []string
	l := patient(t, rb, Options{
		Policies: []Policy{{Name: "places", Algorithm: Concurrency, Limit: 1, Shadow: true}},
		OnShadow: func(id string, _ PolicyResult) { reported = append(reported, id) },
	})
	for range 2 {
		ok(t, must(l.Acquire(t.Context(), "user {7}"))(t).Release(t.Context()))
	}
	first, second := must(l.Acquire(t.Context(), "user {7}"))(t), must(l.Acquire(t.Context(), "user {7}"))(t)
	ok(t, first.Release(t.Context()))
	ok(t, second.Release(t.Context()))
	equal(t, "reported", reported, []string{"user {7}"})
}

// TestNothingIsFoundThatIsGone: the entry that was found last neither.
func TestNothingIsFoundThatIsGone(t *testing.T) {
	t.Parallel()
	b := newBounded(1, func(d *time.Duration) time.Duration { return *d })
	put := func(key string, d time.Duration) {
		b.with(key, func(*time.Duration) *time.Duration { return &d })
		for range 2 {
			if got := b.get(key); got == nil || *got != d {
				t.Fatalf("%q is %v after it was set to %v", key, got, d)
			}
		}
	}
	gone := func(key, why string) {
		if got := b.get(key); got != nil {
			t.Errorf("%q is %v, %s", key, *got, why)
		}
	}
	put("x", 1)
	put("x", 2)
	b.with("x", func(*time.Duration) *time.Duration { return nil })
	gone("x", "deleted")
	put("x", 3)
	b.clear()
	gone("x", "cleared")
	for i := range 20 * boundedShards { // some share a shard, which has room for one
		put(strconv.Itoa(i), time.Duration(i))
	}
	found := 0
	for i := range 20 * boundedShards {
		if b.get(strconv.Itoa(i)) != nil {
			found++
		}
	}
	if found > boundedShards {
		t.Errorf("%d entries are found, want at most %d", found, boundedShards)
	}
}
