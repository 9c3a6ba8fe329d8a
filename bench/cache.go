package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	goredis "github.com/go-redis/cache/v9"
	"github.com/maypok86/otter/v2"
	"github.com/redis/go-redis/v9"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/contrib/fastjson"
)

const keys = 1000

// rig is what the workloads of the cache stand on: the same entries for everybody.
type rig struct {
	rb      *redbrick.Client
	rdb     *redis.Client
	ids     [keys]string
	theirs  [keys]string // keys of the rival: it takes whole keys
	closers []func()
}

func newRig(ctx context.Context, address string) (*rig, error) {
	rb, err := redbrick.Open(ctx, redbrick.Options{URL: address, RequireRedis: true})
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	r := &rig{rb: rb, rdb: redis.NewClient(&redis.Options{Addr: u.Host})}
	for i := range keys {
		r.ids[i], r.theirs[i] = strconv.Itoa(i), "theirs:"+strconv.Itoa(i)
	}
	return r, nil
}

func (r *rig) close() {
	for _, f := range r.closers {
		f()
	}
	_ = r.rdb.Close()
	_ = r.rb.Close()
}

// fill makes a cache and brings all entries to Redis, and to the near level where it has one.
func (r *rig) fill(ctx context.Context, name string, o cache.Options[recipe]) (*cache.Cache[recipe], error) {
	o.Load = func(_ context.Context, id string) (recipe, error) {
		n, err := strconv.Atoi(id)
		return newRecipe(n), err
	}
	c, err := cache.New(r.rb, name, o)
	if err != nil {
		return nil, err
	}
	for range 200 {
		for _, id := range r.ids {
			if _, err := c.Get(ctx, id); err != nil {
				return nil, err
			}
		}
		if s := c.Stats(); o.NoNear || s.NearEntries == keys {
			return c, nil
		}
	}
	return nil, fmt.Errorf("near cache is not warm: %+v", c.Stats())
}

// rival is go-redis/cache, with or without its local TinyLFU.
func (r *rig) rival(ctx context.Context, local bool) (*goredis.Cache, error) {
	o := goredis.Options{Redis: r.rdb}
	if local {
		o.LocalCache = goredis.NewTinyLFU(100_000, time.Hour)
	}
	c := goredis.New(&o)
	for i, key := range r.theirs {
		if err := c.Set(&goredis.Item{Ctx: ctx, Key: key, Value: newRecipe(i), TTL: time.Hour}); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func setUpNear(ctx context.Context, address string) ([]contender, func(), error) {
	r, err := newRig(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	c, err := r.fill(ctx, "near", cache.Options[recipe]{})
	if err != nil {
		return nil, nil, err
	}
	theirs, err := r.rival(ctx, true)
	if err != nil {
		return nil, nil, err
	}
	bare := otter.Must(&otter.Options[string, recipe]{MaximumSize: 100_000})
	expiring := otter.Must(&otter.Options[string, recipe]{
		MaximumSize: 100_000, ExpiryCalculator: otter.ExpiryWriting[string, recipe](time.Hour),
	})
	for i, id := range r.ids {
		bare.Set(id, newRecipe(i))
		expiring.Set(id, newRecipe(i))
	}
	const goroutines = 2
	var failed error
	turn := func(op func(i int) error) func(context.Context, time.Duration) (int64, time.Duration, error) {
		return func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			ops, took, err := spin(goroutines, d, func(n int) {
				if err := op(n % keys); err != nil {
					failed = err
				}
			})
			if err == nil {
				err = failed
			}
			return ops, took, err
		}
	}
	return []contender{
		{"otter, bare (no expiry, never told of changes)", turn(func(i int) error {
			if v, ok := bare.GetIfPresent(r.ids[i]); !ok || v.ID != int64(i) {
				return fmt.Errorf("otter: %d is missing", i)
			}
			return nil
		})},
		{"otter with expiry", turn(func(i int) error {
			if v, ok := expiring.GetIfPresent(r.ids[i]); !ok || v.ID != int64(i) {
				return fmt.Errorf("otter: %d is missing", i)
			}
			return nil
		})},
		{"redbrick cache.Get, near hit", turn(func(i int) error {
			v, err := c.Get(calls, r.ids[i])
			if err != nil || v.ID != int64(i) {
				return fmt.Errorf("redbrick: %d: %w", i, err)
			}
			return nil
		})},
		{"go-redis/cache with TinyLFU", func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			return drive(goroutines, d, func(_, n int) error {
				var v recipe
				return theirs.Get(calls, r.theirs[n%keys], &v)
			})
		}},
	}, r.close, nil
}

func setUpRemote(ctx context.Context, address string) ([]contender, func(), error) {
	r, err := newRig(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	c, err := r.fill(ctx, "remote", cache.Options[recipe]{NoNear: true})
	if err != nil {
		return nil, nil, err
	}
	fast, err := r.fill(ctx, "fast", cache.Options[recipe]{NoNear: true, Codec: fastjson.Codec[recipe]()})
	if err != nil {
		return nil, nil, err
	}
	theirs, err := r.rival(ctx, false)
	if err != nil {
		return nil, nil, err
	}
	const goroutines = 64
	turn := func(op func(i int) error) func(context.Context, time.Duration) (int64, time.Duration, error) {
		return func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			return drive(goroutines, d, func(w, n int) error { return op((w*17 + n) % keys) })
		}
	}
	return []contender{
		{"go-redis/cache, decoded", turn(func(i int) error {
			var v recipe
			return theirs.Get(calls, r.theirs[i], &v)
		})},
		{"redbrick cache.Get, decoded", turn(func(i int) error {
			_, err := c.Get(calls, r.ids[i])
			return err
		})},
		{"redbrick cache.Get, decoded by contrib/fastjson", turn(func(i int) error {
			_, err := fast.Get(calls, r.ids[i])
			return err
		})},
		{"redbrick cache.GetBytes", turn(func(i int) error {
			_, err := c.GetBytes(calls, r.ids[i])
			return err
		})},
	}, r.close, nil
}

func setUpMany(ctx context.Context, address string) ([]contender, func(), error) {
	r, err := newRig(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	type small struct{ N int }
	c, err := cache.New(r.rb, "many", cache.Options[small]{NoNear: true, Load: func(_ context.Context, id string) (small, error) {
		n, err := strconv.Atoi(id)
		return small{n}, err
	}})
	if err != nil {
		return nil, nil, err
	}
	if _, err := c.GetMany(ctx, r.ids[:]); err != nil {
		return nil, nil, err
	}
	const many = 100
	return []contender{
		{"100 Gets in sequence", func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			return drive(1, d, func(_, n int) error {
				for i := range many {
					if _, err := c.Get(calls, r.ids[(n*many+i)%keys]); err != nil {
						return err
					}
				}
				return nil
			})
		}},
		{"GetMany of 100", func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			return drive(1, d, func(_, n int) error {
				from := n * many % keys
				got, err := c.GetMany(calls, r.ids[from:from+many])
				if err == nil && len(got) != many {
					err = fmt.Errorf("got %d values, want %d", len(got), many)
				}
				return err
			})
		}},
	}, r.close, nil
}

// setUpCodec shows what the codecs cost on one value, without Redis.
func setUpCodec(context.Context, string) ([]contender, func(), error) {
	text, err := json.Marshal(newRecipe(1))
	if err != nil {
		return nil, nil, err
	}
	codec := cache.JSON[recipe]()
	var failed error
	turn := func(op func() error) func(context.Context, time.Duration) (int64, time.Duration, error) {
		return func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			ops, took, err := drive(1, d, func(int, int) error { return op() })
			if err == nil {
				err = failed
			}
			return ops, took, err
		}
	}
	return []contender{
		{"encoding/json, decode", turn(func() error {
			var v recipe
			return json.Unmarshal(text, &v)
		})},
		{"cache.JSON, decode", turn(func() error {
			_, err := codec.Decode(text)
			return err
		})},
		{"encoding/json, encode", turn(func() error {
			_, err := json.Marshal(newRecipe(1))
			return err
		})},
		{"cache.JSON, encode", turn(func() error {
			_, err := codec.Encode(newRecipe(1))
			return err
		})},
	}, func() {}, nil
}
