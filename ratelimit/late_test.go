package ratelimit

import (
	"fmt"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/redistest"
)

// TestARefundThatComesLateGivesNothingOfWhatOthersTook: the window of the call is over, its bucket was full since.
func TestARefundThatComesLateGivesNothingOfWhatOthersTook(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ctx := t.Context()
	for _, a := range rateAlgorithms {
		l := patient(t, rb, Options{BlockEntries: -1, Policies: []Policy{
			{Name: fmt.Sprint("p", int(a)), Algorithm: a, Limit: 10, Window: time.Hour}, {Name: "wide", Limit: 1_000_000, Window: time.Hour},
		}})
		early := must(l.AllowN(ctx, "x", 5))(t)
		redistest.Advance(t, rb, 3*time.Hour)
		must(l.AllowN(ctx, "x", 4))(t)
		ok(t, l.Refund(ctx, early))
		equal(t, a.String(), must(l.Peek(ctx, "x"))(t).Remaining, int64(6))
	}
}

// TestShadowCountsNothingThatItWouldDeny.
func TestShadowCountsNothingThatItWouldDeny(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ctx := t.Context()
	l := patient(t, rb, one(Policy{Algorithm: FixedWindow, Limit: 2, Window: time.Hour, Shadow: true}))
	equal(t, "admitted", admit(t, l, "x", 6), 6)
	equal(t, "counted", must(rb.Do(ctx, rb.B().Get().Key(l.keys.key("x", &l.rules[0].Policy)).Build()).ToString())(t), "2")
}

// TestOnePlaceIsFreeWhenItsLeaseEndsThoughOthersGoOn.
func TestOnePlaceIsFreeWhenItsLeaseEndsThoughOthersGoOn(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ctx := t.Context()
	l := patient(t, rb, one(Policy{Algorithm: Concurrency, Limit: 2, Window: time.Hour}))
	died := must(l.Acquire(ctx, "x"))(t)
	redistest.Advance(t, rb, 40*time.Minute)
	lives := must(l.Acquire(ctx, "x"))(t)
	_, err := l.Acquire(ctx, "x")
	is(t, err, ErrDenied)
	redistest.Advance(t, rb, 30*time.Minute)
	next := must(l.Acquire(ctx, "x"))(t)
	_, err = l.Acquire(ctx, "x")
	is(t, err, ErrDenied)
	for _, p := range []*Permit{died, lives, next} {
		ok(t, p.Release(ctx))
	}
}
