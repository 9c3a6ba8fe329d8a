package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/lock"
)

const lockGoroutines = 64

// setUpLock compares taking and giving back a lock that nobody else wants: each goroutine has names of its own.
func setUpLock(ctx context.Context, address string) ([]contender, func(), error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, nil, err
	}
	rb, err := redbrick.Open(ctx, redbrick.Options{URL: address, RequireRedis: true})
	if err != nil {
		return nil, nil, err
	}
	locks, err := lock.New(rb, lock.Options{})
	if err != nil {
		_ = rb.Close()
		return nil, nil, err
	}
	theirs := redis.NewClient(&redis.Options{Addr: u.Host})
	sync := redsync.New(goredis.NewPool(theirs))
	name := func(w, n int) string { return fmt.Sprintf("bench:%d:%d", w, n%16) }
	return []contender{
			{"redbrick", func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
				return drive(lockGoroutines, d, func(w, n int) error {
					lease, err := locks.Acquire(calls, name(w, n))
					if err != nil {
						return err
					}
					return lease.Release(calls)
				})
			}},
			{"redsync on go-redis", func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
				return drive(lockGoroutines, d, func(w, n int) error {
					m := sync.NewMutex("theirs:" + name(w, n))
					if err := m.LockContext(calls); err != nil {
						return err
					}
					_, err := m.UnlockContext(calls)
					return err
				})
			}},
		}, func() {
			_ = theirs.Close()
			_ = rb.Close()
		}, nil
}
