package httpcache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
	"github.com/redbrick-go/redbrick/internal/store"
)

// exchange is one request that goes to the handler in order to be stored.
type exchange struct {
	*handler

	w          http.ResponseWriter // nil in the background
	r          *http.Request
	p          *place
	d          rfc9111.Directives
	f          found
	background bool
	hasty      bool // it waits for no other process

	flight *flight
	token  store.Token // of the lease; "": what comes is not stored
	seq    uint64      // of the tags' clock before the handler began
	asked  time.Time
}

// ready makes the root that what comes will lie under.
func (x *exchange) ready(ctx context.Context) bool {
	if x.f.key != "" || x.f.away {
		return true
	}
	c := x.c
	rt, err := x.f.root, error(nil)
	if rt == nil {
		rt, err = c.makeRoot(ctx, x.p.root, x.rule.VaryBy)
	}
	if err == nil && !rt.has(x.rule.VaryBy) {
		old := rt
		rt = widened(x.p.root, old, x.rule.VaryBy)
		var ok bool
		if ok, err = c.swap(ctx, x.p.root, old, rt); err == nil && !ok {
			return false // invalidated this moment
		}
	}
	if err != nil {
		x.f.away = true
		return true
	}
	x.f.root, x.f.key = rt, x.p.variant(rt, x.r)
	return true
}

// flightKey: those with credentials do not wait for those without.
func (x *exchange) flightKey() string {
	key := x.f.key
	if x.f.away {
		rt, _ := parseRoot(x.p.root, rootVersion+"away ")
		rt.names = x.rule.VaryBy
		key = x.p.variant(rt, x.r)
	}
	if x.p.closed {
		key += "!"
	}
	return key
}

// suits reports whether what another request fetched answers this one: that, or what is stored where it failed.
func (x *exchange) suits(fl *flight, age time.Duration) (stale, ok bool) {
	e := fl.e
	if x.p.closed && !e.open {
		return false, false
	}
	if len(e.tags) > 0 && e.seq > 0 { // another process may have invalidated one since the handler began
		if valid, _, err := x.c.common.Tags.Valid(x.r.Context(), e.seq, e.tags, false); !valid || err != nil {
			return false, false
		}
	}
	if e.fresh.Decide(age, x.d) == rfc9111.Fresh {
		return false, x.matches(e)
	}
	return true, x.f.e != nil && e.fresh.OnError(age, x.d)
}

func (x *exchange) matches(e *entry) bool {
	names, _ := rfc9111.VaryNames(e.header)
	return len(names) == 0 || bytes.Equal(rfc9111.AppendVary(nil, names, x.r), e.asked)
}

// lead fetches the response. Without a flight it is for nobody but Redis.
func (x *exchange) lead(fl *flight) {
	x.flight = fl
	rec := &recorder{x: x, stale: x.f.e}
	defer rec.close()
	if x.f.away {
		x.c.stats.away.Add(1)
	} else if e := x.acquire(x.r.Context()); e != nil {
		rec.landed(e, false)
		if x.w != nil {
			x.c.stats.hits.Add(1)
			x.serve(x.w, x.r, e, e.age(x.c.common.Clock.Exact()), xHit)
		}
		return
	} else if x.background && x.token == "" {
		return // another process is at it
	}
	if x.r.Context().Err() != nil {
		if x.w != nil {
			gaveUp(x.w)
		}
		return
	}
	x.c.stats.misses.Add(1)
	rec.start()
	x.asked = time.Now()
	x.next.ServeHTTP(rec, x.request())
	if rec.state == denied {
		x.f.e, rec.stale, rec.state = nil, nil, undecided
		rec.start()
		x.next.ServeHTTP(rec, x.request())
	}
	rec.finish()
}

// head passes a HEAD on, whose answer speaks of the stored response to GET: it updates that, or shows that it is good no
// more (RFC 9111 section 4.3.5).
func (x *exchange) head() {
	c := x.c
	x.hasty = true
	if e := x.acquire(x.r.Context()); e != nil {
		x.serve(x.w, x.r, e, e.age(c.common.Clock.Exact()), xHit)
		return
	}
	rec := &recorder{x: x, stale: x.f.e} // for its update, and the end of the lease
	defer rec.close()
	before := maps.Clone(x.w.Header())
	x.asked = time.Now()
	i := &intercept{ResponseWriter: x.w, at: func(status int) {
		if status != http.StatusOK {
			return
		}
		rec.head = own(x.w.Header(), before).Clone()
		for _, name := range []string{"X-Cache", "Cache-Status"} {
			rec.head.Del(name)
		}
		rec.received, rec.at = time.Now(), c.common.Clock.Exact()
		if !rfc9111.HeadMatches(x.f.e.header, rec.head, int64(len(x.f.e.body))) {
			x.drop()
		} else if len(rec.head["Etag"])+len(rec.head["Last-Modified"]) > 0 { // else nothing tells that it is good still
			x.update(x.confirmed(rec))
		}
	}}
	x.pass(i, x.r, fwdOf(x.f))
	i.decide(http.StatusOK)
}

// update stores what a 304 or the answer to HEAD changed, unless that says that it must not be.
func (x *exchange) update(e *entry) (kept bool) {
	if kept = x.storable(e.status, e.header); kept {
		x.store(e)
	} else {
		x.drop()
	}
	return kept
}

// drop ends what is stored.
func (x *exchange) drop() {
	if _, errs := x.c.store.Drop(context.WithoutCancel(x.r.Context()), x.c.rb, x.f.key); errs[0] == nil && x.c.bodies != nil {
		x.c.bodies.Forget(x.f.key)
	}
}

// request is what the handler is asked: for the whole response, or whether the stored one is good still.
func (x *exchange) request() *http.Request {
	h := x.r.Header
	conditional := slices.ContainsFunc([]string{"If-None-Match", "If-Modified-Since", "If-Range", "Range"}, func(name string) bool {
		return len(h[name]) > 0
	})
	if !conditional && x.f.e == nil {
		return x.r
	}
	r := x.r.WithContext(x.r.Context())
	r.Header = h.Clone()
	if x.f.e == nil {
		rfc9111.Unconditional(r.Header)
	} else {
		rfc9111.Validation(r.Header, x.f.e.header)
	}
	return r
}

// leaseMargin is how much longer than a load its lease lasts.
const leaseMargin = time.Second

// acquire gets the right to store what comes, or what another process has stored meanwhile. It waits for another's for half
// of the patience that others have with this request.
func (x *exchange) acquire(ctx context.Context) *entry {
	c := x.c
	ask := store.Ask{V: x.f.key, Token: store.NewToken(), Mode: store.Miss}
	switch {
	case x.f.broken:
		ask.Mode = store.Replace
	case x.f.seen > 0:
		ask.Mode, ask.Seen = store.Refresh, x.f.seen
	case x.f.e != nil:
		ask.Mode, ask.Seen = store.Refresh, max(x.f.e.life-(c.common.Clock.Exact()-x.f.e.at), 0)
	}
	patience := time.NewTimer(c.opt.Patience / 2)
	defer patience.Stop()
	for {
		said, leave, live := c.common.Hub.Wait(ask.V)
		grants, seq, err := c.store.AcquireTagged(ctx, c.rb.Hot(), c.opt.LoadTimeout+leaseMargin, ask)
		g := grants[0]
		switch {
		case g.Granted && err == nil:
			leave()
			x.token, x.seq = ask.Token, seq
			return nil
		case g.Granted:
			leave()
			c.release(ctx, ask.V, ask.Token)
			return nil
		case g.Err != nil || err != nil:
			leave()
			c.leftBehind(g.Err, ask.V, ask.Token) // it may have been granted without our hearing of it
			c.stats.away.Add(1)
			return nil
		case g.Value != nil:
			leave()
			f := c.judge(ctx, x.f, g.Found, true)
			if f.e != nil && (!x.p.closed || f.e.open) && f.e.fresh.Decide(f.e.age(c.common.Clock.Exact()), x.d) == rfc9111.Fresh {
				return f.e
			}
			if f.away || ask.Mode == store.Refresh && ask.Seen == g.TTL {
				return nil
			}
			if ask.Mode, ask.Seen = store.Refresh, g.TTL; f.broken {
				ask.Mode = store.Replace
			}
			continue
		}
		if x.background || x.hasty {
			leave()
			return nil
		}
		if !live { // said wakes us when it hears, to look again
			if err := c.common.Hub.Start(ctx); err != nil {
				leave()
				return nil
			}
		} else {
			c.stats.waits.Add(1)
		}
		held := time.NewTimer(g.Held)
		select {
		case <-said:
		case <-held.C:
		case <-patience.C:
			held.Stop()
			leave()
			return nil
		case <-ctx.Done():
			held.Stop()
			leave()
			return nil
		}
		held.Stop()
		leave()
		ask.Mode = store.Miss // whatever is there now is newer
	}
}

// release gives a lease back also where the time of the request is over.
func (c *Cache) release(ctx context.Context, key string, token store.Token) {
	if err := c.store.Abandon(context.WithoutCancel(ctx), c.rb.Hot(), key, token); err != nil {
		c.rb.Logger().DebugContext(ctx, "httpcache: giving a lease back", "error", err)
		c.leftBehind(err, key, token)
	}
}

// rest keeps stale hits from asking again at once for what could not be had.
func (x *exchange) rest() { x.c.passing.add(x.c.common.Clock, "refresh "+x.f.key) }

// leftBehind sees to it that a lease ends whose response came while Redis was away.
func (c *Cache) leftBehind(err error, key string, token store.Token) {
	if errors.Is(err, redbrick.ErrUnavailable) || errors.Is(err, redbrick.ErrTimeout) {
		c.pending.AddLease(key, token)
		c.pending.Repeat()
	}
}

// storable says whether a response may be stored, by its head.
func (x *exchange) storable(status int, h http.Header) bool {
	judged := x.r.WithContext(x.r.Context())
	judged.Method = http.MethodGet // HEAD updates what GET stored
	if len(judged.Header["Authorization"]) > 0 && (x.rule.Shared || x.authKeyed) {
		judged.Header = judged.Header.Clone()
		judged.Header.Del("Authorization")
	}
	if ok, _ := x.policy.Store(judged, status, h); !ok {
		return false
	}
	if x.p.closed && !x.policy.Shared(h) {
		return false
	}
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); err == nil && kind == "text/event-stream" {
		return false
	}
	return len(x.tags(h)) <= store.MaxTags
}

func (x *exchange) tags(h http.Header) []string {
	var tags []string
	if x.rule.Tags != nil {
		tags = append(tags, x.rule.Tags(x.r)...)
	}
	for _, g := range rfc9111.Groups(h) {
		tags = append(tags, groupTag(x.r, g))
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// groupTag is the tag of a group of RFC 9875, which belongs to its origin.
func groupTag(r *http.Request, group string) string {
	return "group " + schemeOf(r) + "://" + hostOf(r) + " " + group
}

// made is the entry of a whole response.
func (x *exchange) made(status int, h http.Header, body []byte, received time.Time, at time.Duration) *entry {
	e := &entry{
		status: status, header: x.policy.Stored(h, received), body: body,
		fresh: x.policy.Freshness(status, h, x.asked, received), open: x.rule.Shared || x.policy.Private || x.policy.Shared(h),
		received: received, at: at, seq: x.seq, tags: x.tags(h),
	}
	if _, ok := e.header["Content-Type"]; !ok {
		e.header["Content-Type"] = nil // net/http would look for one in the bytes
		if _, said := h["Content-Type"]; !said && len(h["Content-Encoding"]) == 0 && len(body) > 0 {
			e.header["Content-Type"] = []string{http.DetectContentType(body)}
		}
	}
	if x.rule.ETag && status == http.StatusOK && len(e.header["Etag"]) == 0 {
		sum := sha256.Sum256(body)
		e.header["Etag"] = []string{`"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`}
	}
	x.varied(e.header)
	names, _ := rfc9111.VaryNames(e.header)
	e.asked = rfc9111.AppendVary(nil, names, x.r)
	return x.c.offered(e.seal())
}

// varied tells caches behind this one what the rule says in VaryBy.
func (x *exchange) varied(h http.Header) {
	if len(x.rule.VaryBy) == 0 {
		return
	}
	have, star := rfc9111.VaryNames(h)
	for _, name := range x.rule.VaryBy {
		if !star && !slices.Contains(have, name) {
			h["Vary"] = append(slices.Clip(h["Vary"]), name)
		}
	}
}

// store puts an entry where the next request finds it.
func (x *exchange) store(e *entry) {
	c, ctx := x.c, context.WithoutCancel(x.r.Context())
	token := x.token
	x.token = ""
	if token == "" {
		return
	}
	names, _ := rfc9111.VaryNames(e.header)
	e.life = lifeOf(e.fresh, e.header, len(e.tags) > 0)
	if !e.fresh.Useful(e.header) || e.life < time.Millisecond {
		c.release(ctx, x.f.key, token)
		return
	}
	e.key = x.f.key
	value := e.encode(c.common.Clock.Exact())
	lane := c.rb.Hot()
	if len(value) >= bigValue {
		lane = &c.rb.Lane
	}
	put := store.Entry{V: x.f.key, Token: token, Value: value, TTL: e.life}
	var stored bool
	var err error
	if x.f.root.has(names) {
		c.keepRoot(ctx, x.p.root, x.f.root, e.life)
		all, errs := c.store.Fill(ctx, lane, put)
		stored, err = all[0], errs[0]
	} else {
		// The response depends on more than its URL was known to. It is found as soon as the root says so, which it does
		// only where nobody has invalidated the URL since the handler began.
		c.release(ctx, x.f.key, token)
		wide := widened(x.p.root, x.f.root, names)
		wide.ttl = max(wide.ttl, 2*e.life)
		put.V = x.p.variant(wide, x.r)
		e.key = put.V
		if err = c.store.Set(ctx, lane, put)[0]; err == nil {
			stored, err = c.swap(ctx, x.p.root, x.f.root, wide)
		}
	}
	if c.bodies != nil {
		c.bodies.Forget(x.f.key) // the stale one
	}
	switch {
	case err != nil:
		c.rb.Logger().DebugContext(ctx, "httpcache: storing a response", "error", err)
		c.leftBehind(err, x.f.key, token)
	case stored:
		c.stats.stored.Add(1)
	default:
		c.stats.refused.Add(1)
	}
}

// bigValue is from where a value is given the time of an ordinary command, not that of the hot path.
const bigValue = 256 << 10
