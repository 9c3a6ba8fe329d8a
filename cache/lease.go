package cache

import (
	"context"
	"errors"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/store"
)

// lease is the right to store a load.
type lease struct {
	token store.Token // "" if there is none: the load is not stored
	seq   uint64      // number of the tags' clock before the load
}

// lease gets the right to load, or what another process has loaded.
func (c *Cache[V]) lease(ctx context.Context, id string, seen found[V], impatient bool) (lease, found[V]) {
	key := c.Key(id)
	ask := askOf(key, seen)
	var patience <-chan time.Time
	if c.opt.SoftTimeout > 0 {
		timer := time.NewTimer(c.opt.SoftTimeout)
		defer timer.Stop()
		patience = timer.C
	}
	for {
		said, leave, live := c.hub.Wait(key)
		grant, seq, err := c.acquire(ctx, ask)
		switch {
		case err != nil:
			leave()
			return lease{}, found[V]{state: down, err: err}
		case grant.Granted:
			leave()
			return lease{token: ask.Token, seq: seq}, found[V]{}
		case grant.Value != nil:
			leave()
			// The word that a load is stored may be heard before that of a tag which was invalidated meanwhile.
			if f := c.judged(ctx, key, grant.Found, false, true); f.state == down || c.servable(f) {
				return lease{}, f
			} else if f.ttl == store.Forever {
				ask.Mode = store.Replace
			} else {
				ask.Mode, ask.Seen = store.Refresh, f.ttl
			}
			continue
		case impatient:
			leave()
			return lease{}, found[V]{}
		}
		if !live { // said wakes us when it hears, to look again
			if err := c.hub.Start(ctx); err != nil {
				leave()
				return lease{}, found[V]{state: down, err: err}
			}
		} else {
			c.stats.waits.Add(1)
		}
		held := time.NewTimer(grant.Held)
		select {
		case <-said:
		case <-held.C:
		case <-patience:
			impatient = true
		case <-ctx.Done():
			held.Stop()
			leave()
			return lease{}, found[V]{state: down, err: ctx.Err()}
		}
		held.Stop()
		leave()
		ask.Mode = store.Miss // whatever is there now is newer
	}
}

// askOf is the question for the lease of a key where seen was found.
func askOf[V any](key string, seen found[V]) store.Ask {
	ask := store.Ask{V: key, Token: store.NewToken(), Mode: store.Miss}
	switch {
	case seen.state == broken && (seen.ttl == 0 || seen.ttl == store.Forever):
		ask.Mode = store.Replace
	case seen.state != absent:
		ask.Mode, ask.Seen = store.Refresh, seen.ttl
	}
	return ask
}

// leaseMargin is how much longer than a load its lease lasts.
const leaseMargin = time.Second

func (c *Cache[V]) acquire(ctx context.Context, ask store.Ask) (store.Grant, uint64, error) {
	g, seq := c.acquireMany(ctx, ask)
	return g[0], seq, g[0].Err
}

// acquireMany asks for leases, and for the number of the tags' clock before the loads. Where that cannot be had nothing
// is granted.
func (c *Cache[V]) acquireMany(ctx context.Context, asks ...store.Ask) ([]store.Grant, uint64) {
	duration := c.opt.LoadTimeout + leaseMargin
	if c.opt.Tags == nil {
		grants := c.store.Acquire(ctx, c.rb.Hot(), duration, asks...)
		c.unanswered(asks, grants)
		return grants, 0
	}
	grants, seq, err := c.store.AcquireTagged(ctx, c.rb.Hot(), duration, asks...)
	c.unanswered(asks, grants)
	if err == nil {
		return grants, seq
	}
	for i, g := range grants {
		if g.Granted {
			c.giveBack(ctx, asks[i].V, asks[i].Token)
		}
		grants[i] = store.Grant{Found: store.Found{Err: err}}
	}
	return grants, 0
}

// unanswered sees to the leases that may have been granted without our hearing of it.
func (c *Cache[V]) unanswered(asks []store.Ask, grants []store.Grant) {
	for i, g := range grants {
		c.leftBehind(g.Err, asks[i].V, asks[i].Token)
	}
}

// abandon gives the lease back also where the caller's time is over. It reports whether it was ours still.
func (c *Cache[V]) abandon(ctx context.Context, id string, token store.Token) bool {
	return c.giveBack(ctx, c.Key(id), token)
}

func (c *Cache[V]) giveBack(ctx context.Context, key string, token store.Token) bool {
	held, err := c.store.Release(context.WithoutCancel(ctx), c.rb.Hot(), key, token)
	if err != nil {
		c.rb.Logger().DebugContext(ctx, "cache: giving a lease back", "cache", c.name, "error", err)
		c.leftBehind(err, key, token)
	}
	return held
}

// leftBehind sees to it that a lease ends whose load has ended while Redis was away. Errors that Redis itself answered
// come with the end of the lease.
func (c *Cache[V]) leftBehind(err error, key string, token store.Token) {
	if errors.Is(err, redbrick.ErrUnavailable) {
		c.pending.AddLease(key, token)
		c.pending.Repeat()
	}
}
