package httpcache

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick/internal/near"
	"github.com/redbrick-go/redbrick/internal/store"
)

// found is what is known of the place of a request.
type found struct {
	root *root
	key  string // of the variant; "" without a root, or with one that has not all names of the rule
	e    *entry // nil: nothing that is valid
	// level is where it came from.
	level level
	// seen is the TTL of what lies at key and is not valid or not good, 0 if nothing does.
	seen time.Duration
	// broken: what lies at key is no response.
	broken bool
	// away: Redis did not answer.
	away bool
}

type level uint8

const (
	nowhere level = iota
	inProcess
	inRedis
)

// look finds the response to a request: in the process, else in Redis.
func (t *route) look(ctx context.Context, p *place, r *http.Request) found {
	c := t.c
	fresh := isFresh(ctx)
	if c.roots != nil && !fresh && !c.pending.has(p.root) {
		if rt, ok := c.roots.Get(p.root); ok && rt.Value.has(t.rule.VaryBy) {
			key := p.variant(rt.Value, r)
			if e, ok := c.bodies.Get(key); ok {
				return found{root: rt.Value, key: key, e: e.Value, level: inProcess}
			}
			return t.read(ctx, found{root: rt.Value, key: key}, t.wants(r), fresh)
		}
	}
	if c.pending.has(p.root) {
		return found{away: true}
	}
	rt, err := c.readRoot(ctx, p.root)
	if err != nil {
		return found{away: true}
	}
	if rt == nil || !rt.has(t.rule.VaryBy) {
		return found{root: rt}
	}
	return t.read(ctx, found{root: rt, key: p.variant(rt, r)}, t.wants(r), fresh)
}

// read finds a variant in Redis, with the form that is wanted of it, and keeps it in the process.
func (t *route) read(ctx context.Context, f found, n coding, fresh bool) found {
	c := t.c
	var ticket near.Ticket[*entry]
	if c.bodies != nil {
		ticket = c.bodies.Begin(f.key)
	}
	keys := append(make([]string, 0, 2), f.key)
	if n != asItIs {
		keys = append(keys, n.formKey(f.key))
	}
	all := c.store.Lookup(ctx, c.bulk, keys...)
	got := all[0]
	f = c.judge(ctx, f, got, fresh)
	if n != asItIs && f.e != nil && f.e.vary != nil && all[1].Value != nil {
		if small, ok := decodeForm(all[1].Value, f.e.body); ok {
			f.e.forms[n].Store(f.e.in(n, small))
		}
	}
	if c.bodies == nil {
		return f
	}
	if f.e == nil || len(f.e.body) > largestNear {
		ticket.Cancel()
		return f
	}
	ticket.Store(&near.Entry[*entry]{Value: f.e, Seq: f.e.seq, Tags: f.e.cells}, c.nearTTL(got.TTL), f.e.size())
	return f
}

// largestNear is the largest body that is kept in the process.
const largestNear = 1 << 20

// judge decodes what lies at the key of a variant.
func (c *Cache) judge(ctx context.Context, f found, got store.Found, fresh bool) found {
	f.e, f.broken, f.seen = nil, false, 0
	switch {
	case got.Err != nil:
		f.away = true
		return f
	case got.Foreign || got.Value != nil && got.TTL < 0:
		f.broken = true
		return f
	case got.Value == nil:
		return f
	}
	f.seen = got.TTL
	e, err := decode(got.Value, got.TTL, c.common.Clock.Exact())
	if err != nil {
		f.broken = true
		return f
	}
	if len(e.tags) > 0 {
		valid, cells, err := c.common.Tags.Valid(ctx, e.seq, e.tags, fresh)
		if err != nil {
			f.away = true
			return f
		}
		if !valid {
			return f
		}
		e.cells = cells
	}
	e.key = f.key
	f.e, f.level = c.offered(e), inRedis
	return f
}

type freshKey struct{}

// freshUsed keeps requests of programs that never ask for fresh responses from looking into their context.
var freshUsed atomic.Bool

// Fresh returns a context under which requests are answered by Redis or the handler, never by the process's memory, and
// see every invalidation that was complete before.
func Fresh(ctx context.Context) context.Context {
	freshUsed.Store(true)
	return context.WithValue(ctx, freshKey{}, true)
}

func isFresh(ctx context.Context) bool { return freshUsed.Load() && ctx.Value(freshKey{}) != nil }
