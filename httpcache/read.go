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
	if c.roots != nil && !fresh && !c.pending.Has(p.root) {
		if rt, ok := c.roots.Get(p.root); ok && rt.Value.has(t.rule.VaryBy) {
			key := p.variant(rt.Value, r)
			if e, ok := c.bodies.Get(key); ok {
				return found{root: rt.Value, key: key, e: e.Value, level: inProcess}
			}
			return t.read(ctx, found{root: rt.Value, key: key}, t.wants(r), fresh)
		}
	}
	if c.pending.Has(p.root) {
		return found{away: true}
	}
	if guessed := c.guesses.of(p.root); guessed != nil && guessed.has(t.rule.VaryBy) {
		return t.readBoth(ctx, p, r, guessed, fresh)
	}
	rt, err := c.readRoot(ctx, p.root)
	return t.readBelow(ctx, p, r, rt, err, fresh)
}

// readBelow finds a variant under a root that was read.
func (t *route) readBelow(ctx context.Context, p *place, r *http.Request, rt *root, err error, fresh bool) found {
	if err != nil {
		return found{away: true}
	}
	if rt == nil || !rt.has(t.rule.VaryBy) {
		return found{root: rt}
	}
	return t.read(ctx, found{root: rt, key: p.variant(rt, r)}, t.wants(r), fresh)
}

// readBoth reads the root and what lies under the guessed one in one round trip. That counts where the guess was right.
func (t *route) readBoth(ctx context.Context, p *place, r *http.Request, guessed *root, fresh bool) found {
	c, n := t.c, t.wants(r)
	key := p.variant(guessed, r)
	var rootTicket near.Ticket[*root]
	if c.roots != nil {
		rootTicket = c.roots.Begin(p.root)
	}
	v := c.begin(key, n)
	all := c.store.Lookup(ctx, c.bulk, append(v.keys, p.root)...)
	last := len(all) - 1
	rt, err := c.foundRoot(ctx, p.root, all[last], rootTicket)
	if err == nil && rt != nil && rt.raw == guessed.raw {
		return v.take(ctx, found{root: rt, key: key}, all[:last], fresh)
	}
	v.cancel()
	return t.readBelow(ctx, p, r, rt, err, fresh)
}

// reading is a read of a variant under way, with the form that is wanted of it.
type reading struct {
	c      *Cache
	n      coding
	keys   []string
	ticket near.Ticket[*entry]
}

func (c *Cache) begin(key string, n coding) reading {
	v := reading{c: c, n: n, keys: append(make([]string, 0, 3), key)}
	if n != asItIs {
		v.keys = append(v.keys, n.formKey(key))
	}
	if c.bodies != nil {
		v.ticket = c.bodies.Begin(key)
	}
	return v
}

func (v *reading) cancel() {
	if v.c.bodies != nil {
		v.ticket.Cancel()
	}
}

// read finds a variant in Redis, with the form that is wanted of it, and keeps it in the process.
func (t *route) read(ctx context.Context, f found, n coding, fresh bool) found {
	v := t.c.begin(f.key, n)
	return v.take(ctx, f, t.c.store.Lookup(ctx, t.c.bulk, v.keys...), fresh)
}

// take makes a response of what was read, and keeps it in the process.
func (v *reading) take(ctx context.Context, f found, all []store.Found, fresh bool) found {
	c, n, got := v.c, v.n, all[0]
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
		v.cancel()
		return f
	}
	v.ticket.Store(&near.Entry[*entry]{Value: f.e, Seq: f.e.seq, Tags: f.e.cells}, c.nearTTL(got.TTL), f.e.size())
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
