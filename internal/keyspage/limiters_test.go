package keyspage_test

import (
	"errors"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/ratelimit"
)

// everyLimiter constructs limiters with each kind of policy.
func everyLimiter(rb *redbrick.Client) error {
	_, rates := ratelimit.New(rb, ratelimit.Options{Policies: []ratelimit.Policy{
		{Name: "bucket-policy", Limit: 20, Window: time.Second},
		{Name: "log-policy", Algorithm: ratelimit.SlidingLog, Limit: 100},
		{Name: "counter-policy", Algorithm: ratelimit.SlidingCounter, Limit: 5000, Window: 24 * time.Hour},
		{Name: "places-policy", Algorithm: ratelimit.Concurrency, Limit: 5},
	}})
	_, shared := ratelimit.New(rb, ratelimit.Options{Policies: []ratelimit.Policy{
		{Name: "shared-policy", Algorithm: ratelimit.FixedWindow, Limit: 100, Window: time.Hour, Shared: true},
		{Name: "beside-shared", Limit: 20, Window: time.Second},
	}})
	_, leased := ratelimit.NewLeased(rb, ratelimit.LeasedOptions{Policy: ratelimit.Policy{Name: "leased-policy", Limit: 100_000}})
	return errors.Join(rates, shared, leased)
}
