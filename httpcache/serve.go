package httpcache

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

// Values of the field X-Cache, shared by all responses.
var (
	xHit         = []string{"HIT"}
	xMiss        = []string{"MISS"}
	xStale       = []string{"STALE"}
	xRevalidated = []string{"REVALIDATED"}
	xBypass      = []string{"BYPASS"}
)

// Middleware caches what the responses of next allow.
func (c *Cache) Middleware(next http.Handler) http.Handler { return c.Route(Rule{})(next) }

// Route makes middleware that caches by a rule. Like http.ServeMux.Handle it panics on a rule that cannot be, with the error
// that Rule.Check returns.
func (c *Cache) Route(rule Rule) func(next http.Handler) http.Handler {
	t, err := c.route(rule)
	if err != nil {
		panic(err)
	}
	return func(next http.Handler) http.Handler { return &handler{t, next} }
}

// Check reports what is wrong with a rule, all faults at once; they wrap redbrick.ErrConfig.
func (r Rule) Check() error {
	_, err := r.checked(Options{MaxBody: defaultMaxBody})
	return err
}

type handler struct {
	*route

	next http.Handler
}

// ServeHTTP answers from the cache or from the next handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch rfc9111.Bypass(r) {
	case "":
	case "method":
		h.c.write(w, r, h.next, nil)
		return
	default:
		h.bypass(w, r)
		return
	}
	if h.c.disabled || h.rule.When != nil && !h.rule.When(r) {
		h.bypass(w, r)
		return
	}
	p, why := h.place(r)
	if why != "" {
		h.bypass(w, r)
		return
	}
	d := rfc9111.ParseRequest(r.Header)
	if d.NoStore {
		h.pass(w, h.narrowed(r, &p), "request")
		return
	}
	h.answer(w, r, &p, d)
}

// rounds is how often a request looks for what another one has fetched before it goes by itself.
const rounds = 3

func (h *handler) answer(w http.ResponseWriter, r *http.Request, p *place, d rfc9111.Directives) {
	var patience <-chan time.Time
	for try := 0; ; try++ {
		f := h.look(r.Context(), p, r)
		if f.e != nil && (!p.closed || f.e.open) {
			age := f.e.age(h.c.common.Clock.Now())
			switch v := f.e.fresh.Decide(age, d); v {
			case rfc9111.Fresh, rfc9111.Stale, rfc9111.Revalidate:
				h.count(f.level)
				x := xHit
				if v != rfc9111.Fresh {
					x = xStale
					h.c.stats.stale.Add(1)
				}
				h.serve(w, r, f.e, age, x)
				if v == rfc9111.Revalidate {
					h.refresh(r, p, f)
				}
				return
			case rfc9111.Validate, rfc9111.Unavailable:
			}
		} else {
			f.e = nil
		}
		r := h.narrowed(r, p)
		switch {
		case d.OnlyIfCached:
			w.Header()["X-Cache"] = xMiss
			http.Error(w, http.StatusText(http.StatusGatewayTimeout), http.StatusGatewayTimeout)
			return
		case r.Method == http.MethodHead && f.e != nil:
			(&exchange{handler: h, w: w, r: r, p: p, d: d, f: f}).head()
			return
		case r.Method != http.MethodGet, len(r.Header["Range"]) > 0 && f.e == nil, try == rounds:
			h.pass(w, r, fwdOf(f))
			return
		}
		x := &exchange{handler: h, w: w, r: r, p: p, d: d, f: f}
		if !x.ready(r.Context()) {
			h.pass(w, r, fwdOf(f))
			return
		}
		if h.c.passing.has(h.c.common.Clock, x.flightKey()) {
			x.hasty = true
			x.lead(nil)
			return
		}
		if d.NoCache || d.MaxAge.Set || isFresh(r.Context()) {
			x.lead(nil) // one under way may have begun too early
			return
		}
		fl, first := h.c.flights.join(x.flightKey())
		if first {
			x.lead(fl)
			return
		}
		if patience == nil {
			timer := time.NewTimer(h.c.opt.Patience)
			defer timer.Stop()
			patience = timer.C
		}
		select {
		case <-fl.done:
		case <-patience:
			h.pass(w, r, fwdOf(f))
			return
		case <-r.Context().Done():
			gaveUp(w)
			return
		}
		if fl.e == nil {
			if fl.again {
				continue
			}
			h.pass(w, r, fwdOf(f))
			return
		}
		age := fl.e.age(h.c.common.Clock.Exact())
		if stale, ok := x.suits(fl, age); ok {
			told, x := rfc9111.Status{Cache: h.c.opt.Identity, Fwd: fwdOf(f), Collapsed: true}, xHit
			if stale {
				x = xStale
				h.c.stats.stale.Add(1)
			}
			h.c.stats.collapsed.Add(1)
			h.serveWith(w, r, fl.e, age, x, told)
			return
		}
	}
}

// gaveUp answers a request whose time is over, which its client may still wait for. A transport has an error of its own.
func gaveUp(w http.ResponseWriter) {
	if replyOf(w) == nil {
		http.Error(w, http.StatusText(http.StatusGatewayTimeout), http.StatusGatewayTimeout)
	}
}

func (h *handler) count(l level) {
	if l == inRedis {
		h.c.stats.hits.Add(1)
	}
}

func fwdOf(f found) string {
	switch {
	case f.e != nil:
		return "stale"
	case f.away:
		return "miss"
	case f.root == nil:
		return "uri-miss"
	}
	return "miss"
}

// bypass lets a request past the cache that is none of its business.
func (h *handler) bypass(w http.ResponseWriter, r *http.Request) {
	h.c.stats.bypassed.Add(1)
	header := w.Header()
	header["X-Cache"] = xBypass
	header["Cache-Status"] = append(header["Cache-Status"], h.c.opt.Identity+"; fwd=bypass")
	h.next.ServeHTTP(w, h.c.uncoded(r))
}

// pass lets a request past the cache whose response is not stored.
func (h *handler) pass(w http.ResponseWriter, r *http.Request, why string) {
	h.c.stats.misses.Add(1)
	header := w.Header()
	header["X-Cache"] = xMiss
	header["Cache-Status"] = append(header["Cache-Status"], h.c.opt.Identity+"; fwd="+why)
	h.next.ServeHTTP(w, r)
}

// narrowed is a request that shows the handler no more of the query than the key holds.
func (t *route) narrowed(r *http.Request, p *place) *http.Request {
	query := p.query
	if t.rule.Query == nil || query == r.URL.RawQuery {
		return r
	}
	r2 := r.WithContext(r.Context())
	u := *r.URL
	u.RawQuery, u.ForceQuery = query, false
	r2.URL = &u
	if path, _, asked := strings.Cut(r.RequestURI, "?"); asked {
		r2.RequestURI = path
		if query != "" {
			r2.RequestURI += "?" + query
		}
	}
	return r2
}

// serve answers from what is stored.
func (t *route) serve(w http.ResponseWriter, r *http.Request, e *entry, age time.Duration, x []string) {
	told := e.tell(t.c.opt.Identity, age)
	t.send(w, r, e, told.age, told.status, x)
}

// serveWith is serve that tells more than a hit.
func (t *route) serveWith(w http.ResponseWriter, r *http.Request, e *entry, age time.Duration, x []string, s rfc9111.Status) {
	t.send(w, r, e, e.tell(t.c.opt.Identity, age).age, e.statusLine(s), x)
}

func (t *route) send(w http.ResponseWriter, r *http.Request, e *entry, age, status, x []string) {
	h := w.Header()
	stored, n := e, asItIs
	if e.vary != nil && t.codes {
		n = t.wants(r)
		e = t.form(e, n)
	}
	for i := range e.fields {
		h[e.fields[i].name] = e.fields[i].values
	}
	h["Age"], h["Cache-Status"], h["X-Cache"] = age, status, x
	// Who names no coding gets what fits everybody, so that a cache behind this one may give it to all. The field would be the
	// ninth of many a response, where the header's map grows: that costs more than all else of a hit.
	if e.vary != nil && t.codes && len(r.Header["Accept-Encoding"]) > 0 {
		if e.header["Vary"] == nil && h["Vary"] != nil { // that of middleware before us
			h["Vary"] = rfc9111.VaryWith(h["Vary"], "Accept-Encoding")
		} else {
			h["Vary"] = e.vary
		}
	}
	switch {
	case (len(r.Header["If-None-Match"]) > 0 || len(r.Header["If-Modified-Since"]) > 0) && notModified(h, r, stored, e, n):
		rfc9111.NotModifiedHeader(h)
		delete(h, "Accept-Ranges")
		w.WriteHeader(http.StatusNotModified)
		return
	case len(r.Header["Range"]) > 0 && e.status == http.StatusOK:
		delete(h, "Content-Length")
		delete(h, "Accept-Ranges") // ServeRange says it where it is so
		if rfc9111.ServeRange(w, r, e.header, e.body) {
			return
		}
		h["Content-Length"] = e.header["Content-Length"]
		if ranges, ok := e.header["Accept-Ranges"]; ok {
			h["Accept-Ranges"] = ranges
		}
	}
	w.WriteHeader(e.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(e.body) // the client has gone
	}
}

// notModified reports whether the client holds what would be sent of a stored response, or the response as it is, or in the
// coding that it wants though that is not at hand now; the header gets the tag of what it holds.
func notModified(h http.Header, r *http.Request, stored, sent *entry, n coding) bool {
	if rfc9111.NotModified(r, sent.status, sent.header, sent.received) {
		return true
	}
	if n == asItIs {
		return false
	}
	for _, tag := range []string{rfc9111.CodedTag(stored.header, codingNames[n]), stored.header.Get("Etag")} {
		if rfc9111.HasTag(r, tag) {
			h["Etag"] = []string{tag}
			return true
		}
	}
	return false
}

// refresh fetches anew in the background what was served stale.
func (h *handler) refresh(r *http.Request, p *place, f found) {
	c := h.c
	if c.passing.has(c.common.Clock, "refresh "+f.key) {
		return
	}
	fl, first := c.flights.join("refresh " + f.key)
	if !first {
		return
	}
	place := *p
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), c.opt.LoadTimeout)
	clone := h.narrowed(r, p).Clone(ctx)
	clone.Body = http.NoBody
	if !c.work.Go(func() {
		defer cancel()
		defer context.AfterFunc(c.work.Life(), cancel)()
		defer c.flights.land("refresh "+f.key, fl, nil, false)
		defer func() {
			if v := recover(); v != nil {
				c.rb.Logger().ErrorContext(ctx, "httpcache: handler panicked in a refresh", "cache", c.opt.Name, "panic", v)
			}
		}()
		x := &exchange{handler: h, r: clone, p: &place, f: f, background: true}
		if x.ready(ctx) {
			x.lead(nil)
		}
	}) {
		cancel()
		c.flights.land("refresh "+f.key, fl, nil, false)
	}
}
