// Package caches holds what all caches of one client have in common, whatever they keep: the store, those who wait for
// another's load, the numbers of the tags, and the clock. So a tag reaches every one of them.
package caches

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick/internal/clock"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/near"
	"github.com/redbrick-go/redbrick/internal/push"
	"github.com/redbrick-go/redbrick/internal/script"
	"github.com/redbrick-go/redbrick/internal/store"
)

// Client is what is needed of *redbrick.Client.
type Client interface {
	Namespace() string
	Announce() string
	Generation() *atomic.Uint64
	Subscribe(ctx context.Context, channel string, message func(payload string), live func(bool)) (stop func(), err error)
	Track(ctx context.Context, prefix string, invalidated func(key string), flushed func()) error
	Part(name string, made func() (part any, closer func(), err error)) (any, error)
}

// Common is what the caches of one client share.
type Common struct {
	Store *store.Store
	Hub   *push.Hub
	Tags  *near.Tags
	Clock *clock.Coarse

	tracking sync.Once
	mu       sync.Mutex
	bumped   []func()
}

// SetUpTimeout bounds what the construction of a cache says to Redis.
const SetUpTimeout = 2 * time.Second

// Of returns what the caches of rb share, made at the first call. tracked is the lane that near caches read through.
func Of(rb Client, tracked script.Doer) (*Common, error) {
	part, err := rb.Part("caches", func() (any, func(), error) {
		c := &Common{Clock: clock.NewCoarse()}
		c.Hub = push.NewHub(store.WakeChannel(rb.Namespace()), rb.Subscribe)
		c.Store = store.New(store.Options{Namespace: rb.Namespace(), Announce: rb.Announce})
		c.Tags = near.NewTags(rb.Generation(), c.Store.TagPrefix(), keyspace.EscapeID,
			func(ctx context.Context, tags []string) (uint64, []uint64, error) {
				return c.Store.ReadTags(ctx, tracked, tags...)
			})
		return c, func() {
			c.Hub.Close()
			c.Clock.Stop()
		}, nil
	})
	if err != nil {
		return nil, err
	}
	c, ok := part.(*Common)
	if !ok {
		return nil, fmt.Errorf("caches: part is a %T", part)
	}
	return c, nil
}

// Track makes the table of the tags hear of bumps.
func (c *Common) Track(rb Client) (err error) {
	c.tracking.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), SetUpTimeout)
		defer cancel()
		err = rb.Track(ctx, c.Store.TagPrefix(), c.Tags.Invalidated, c.Tags.Flush)
	})
	return err
}

// OnBump adds a function that runs whenever this process has invalidated tags: loads under way may bear them, so whoever
// reads from then on must not join them.
func (c *Common) OnBump(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bumped = append(c.bumped, f)
}

// Bumped runs the functions of OnBump.
func (c *Common) Bumped() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.bumped {
		f()
	}
}

// Shapes are the keys of the tags.
func Shapes() []keyspace.Shape {
	return []keyspace.Shape{{
		Owner: "cache", Pattern: "~t:{tags}:<tag>", Type: "string", TTL: "7 days and 1 h", Slot: "{tags}",
		Purpose: "number of a tag; entries with a lower one are invalid",
	}, {
		Owner: "cache", Pattern: "~t:{tags}", Type: "string", TTL: "30 days, renewed", Slot: "{tags}",
		Purpose: "lowest valid number of a tagged entry",
	}, {
		Owner: "cache", Pattern: "~tc:{tags}", Type: "string", TTL: "30 days, renewed", Slot: "{tags}",
		Purpose: "newest number given to a tag",
	}}
}
