package main

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/ratelimit"
)

const (
	limitGoroutines = 64
	limitKeys       = 1000
	// limitTimeout lets a busy machine decide no call without Redis: that would be none of the work measured.
	limitTimeout = 2 * time.Second
)

// equalScript does what a limiter's script for whole milliseconds does, for a client without anything around it.
const equalScript = `local level = redis.call('PTTL', KEYS[1])
if level < 0 then
  level = 0
end
local after = level + ARGV[1]
if after > tonumber(ARGV[2]) then
  return -1 - level
end
redis.call('SET', KEYS[1], '1', 'PX', after)
return after`

// limiterClients are the clients of a table of limiters.
type limiterClients struct {
	rb     *redbrick.Client
	theirs *redis.Client
	ids    [limitKeys]string
}

func newLimiterClients(ctx context.Context, address string) (*limiterClients, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	c := &limiterClients{theirs: redis.NewClient(&redis.Options{Addr: u.Host})}
	for i := range c.ids {
		c.ids[i] = "192.0.2." + strconv.Itoa(i)
	}
	c.rb, err = redbrick.Open(ctx, redbrick.Options{URL: address, RequireRedis: true})
	return c, err
}

func (c *limiterClients) close() {
	_ = c.theirs.Close()
	_ = c.rb.Close()
}

// id spreads the calls over the identities.
func (c *limiterClients) id(worker, n int) string { return c.ids[(worker*31+n)%limitKeys] }

// contender turns a call into a contender of 64 goroutines.
func (c *limiterClients) contender(name string, allow func(id string) error) contender {
	return contender{name, func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
		return drive(limitGoroutines, d, func(w, n int) error { return allow(c.id(w, n)) })
	}}
}

// rates are redis_rate as it comes and on the client that pipelines by itself.
func (c *limiterClients) rates() ([]contender, error) {
	piped, err := c.theirs.AutoPipeline()
	if err != nil {
		return nil, err
	}
	limit := redis_rate.PerSecond(1000)
	plain, pipelined := redis_rate.NewLimiter(c.theirs), redis_rate.NewLimiter(piped)
	return []contender{
		c.contender("redis_rate", func(id string) error { _, err := plain.Allow(calls, id, limit); return err }),
		c.contender("redis_rate, go-redis pipelining by itself", func(id string) error { _, err := pipelined.Allow(calls, id, limit); return err }),
	}, nil
}

// setUpLimit compares a decision of a token bucket of 1,000 a second for 1,000 identities.
func setUpLimit(ctx context.Context, address string) ([]contender, func(), error) {
	c, err := newLimiterClients(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	coarse, err := ratelimit.New(c.rb, ratelimit.Options{Timeout: limitTimeout, Policies: []ratelimit.Policy{{Name: "coarse", Limit: 1000, Window: time.Second}}})
	if err != nil {
		return nil, nil, err
	}
	fine, err := ratelimit.New(c.rb, ratelimit.Options{Timeout: limitTimeout, Policies: []ratelimit.Policy{{Name: "fine", Limit: 1001, Window: time.Second}}})
	if err != nil {
		return nil, nil, err
	}
	window, err := ratelimit.New(c.rb, ratelimit.Options{Timeout: limitTimeout, Policies: []ratelimit.Policy{{Algorithm: ratelimit.FixedWindow, Limit: math.MaxInt32, Shared: true}}})
	if err != nil {
		return nil, nil, err
	}
	several, err := ratelimit.New(c.rb, ratelimit.Options{Timeout: limitTimeout, Policies: []ratelimit.Policy{
		{Name: "second", Limit: 1000, Window: time.Second}, {Name: "day", Limit: 100_000_000, Window: 24 * time.Hour},
	}})
	if err != nil {
		return nil, nil, err
	}
	sha, err := c.rb.Do(ctx, c.rb.B().ScriptLoad().Script(equalScript).Build()).ToString()
	if err != nil {
		return nil, nil, err
	}
	allow := func(l *ratelimit.Limiter) func(string) error {
		return func(id string) error {
			r, err := l.Allow(calls, id)
			if r.Degraded {
				return fmt.Errorf("decided without Redis: %+v", r)
			}
			return err
		}
	}
	all := []contender{
		c.contender("redbrick", allow(coarse)),
		c.contender("an equal script by EVALSHA, redbrick's client", func(id string) error {
			key := "raw:{" + id + "}:coarse"
			return c.rb.Do(calls, c.rb.B().Evalsha().Sha1(sha).Numkeys(1).Key(key).Arg("1", "1000").Build()).Error()
		}),
	}
	rates, err := c.rates()
	if err != nil {
		return nil, nil, err
	}
	all = append(all, rates...)
	all = append(all,
		c.contender("redbrick, microseconds (1,001 a second)", allow(fine)),
		c.contender("redbrick, fixed window", allow(window)),
		c.contender("redbrick, two policies at once", allow(several)))
	return all, c.close, nil
}

// setUpLeased compares decisions at memory speed: leased quota, and denials that are remembered.
func setUpLeased(ctx context.Context, address string) ([]contender, func(), error) {
	c, err := newLimiterClients(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	leased, err := ratelimit.NewLeased(c.rb, ratelimit.LeasedOptions{
		Timeout: limitTimeout, Policy: ratelimit.Policy{Name: "leased", Limit: 1_000_000_000, Window: time.Second}, Batch: 10_000_000,
	})
	if err != nil {
		return nil, nil, err
	}
	tight, err := ratelimit.New(c.rb, ratelimit.Options{Timeout: limitTimeout, BlockFor: time.Hour, Policies: []ratelimit.Policy{{Name: "tight", Limit: 1, Window: 1000 * time.Hour}}})
	if err != nil {
		return nil, nil, err
	}
	for r := (ratelimit.Result{}); !r.Cached; {
		if r, err = tight.Allow(ctx, c.ids[0]); err != nil {
			return nil, nil, err
		}
	}
	spins := func(name string, goroutines int, allow func() (ratelimit.Result, error), want bool) contender {
		return contender{name, func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			var failed atomic.Pointer[error]
			ops, took, err := spin(goroutines, d, func(int) {
				if r, err := allow(); err != nil || r.Allowed != want {
					err = fmt.Errorf("unexpected answer: %+v, %w", r, err)
					failed.Store(&err)
				}
			})
			if f := failed.Load(); err == nil && f != nil {
				err = *f
			}
			return ops, took, err
		}}
	}
	rates, err := c.rates()
	if err != nil {
		return nil, nil, err
	}
	return append([]contender{
		spins("leased, 64 goroutines, one identity", limitGoroutines, func() (ratelimit.Result, error) { return leased.Allow(calls, c.ids[0]) }, true),
		spins("leased, one goroutine", 1, func() (ratelimit.Result, error) { return leased.Allow(calls, c.ids[1]) }, true),
		spins("a denial from memory, one goroutine", 1, func() (ratelimit.Result, error) { return tight.Allow(calls, c.ids[0]) }, false),
		spins("a denial from memory, 64 goroutines", limitGoroutines, func() (ratelimit.Result, error) { return tight.Allow(calls, c.ids[0]) }, false),
	}, rates...), c.close, nil
}

// limitWorkloads measure limiters.
var limitWorkloads = []workload{
	{name: "limit", about: fmt.Sprintf("A decision of a token bucket (GCRA), %d identities, %d goroutines.", limitKeys, limitGoroutines), setUp: setUpLimit, tolls: true},
	{name: "leased", about: "Decisions at memory speed beside redis_rate.", setUp: setUpLeased, tolls: true},
}
