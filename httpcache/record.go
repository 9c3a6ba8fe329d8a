package httpcache

import (
	"bufio"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

// recorder is the ResponseWriter of a handler whose response may be stored. What is to be done with the response is decided
// when its head is known.
type recorder struct {
	x      *exchange
	stale  *entry // what is stored and has to be validated
	header http.Header
	before http.Header // what middleware before us has set: it is not the handler's
	head   http.Header // the handler's own as it was when it wrote its head
	fresh  rfc9111.Freshness
	state  recording
	status int
	body   []byte
	// whole: the client waits for the whole body, since it asked for a part. quiet: it has its answer, or gets none.
	whole, quiet bool
	// broken: the client did not take what was sent, and the handler may have stopped for that.
	broken   bool
	done     bool // others know what became of the response
	received time.Time
	at       time.Duration
}

type recording uint8

const (
	undecided recording = iota
	// recorded: kept and, unless quiet or whole, sent on as well.
	recorded
	// passed on and not kept.
	passed
	// confirmed: a 304 to our question; failed: an error in place of which what is stored is served. Nothing is sent yet.
	confirmed
	failed
	// denied: a 304 that does not speak of what is stored. The handler is asked again, for the whole response.
	denied
)

func (c *recorder) start() {
	c.header = make(http.Header)
	c.quiet = c.x.w == nil
	if !c.quiet {
		c.before = c.x.w.Header().Clone()
		maps.Copy(c.header, c.before)
	}
}

// Header is that of the handler alone; what the client gets is made from it when it is sent.
func (c *recorder) Header() http.Header { return c.header }

// WriteHeader decides.
func (c *recorder) WriteHeader(status int) {
	x := c.x
	switch {
	case c.state != undecided:
		return
	case 100 <= status && status < 200 && status != http.StatusSwitchingProtocols:
		if x.w != nil {
			c.sendHead(status, "")
		}
		return
	}
	c.status = status
	c.received, c.at = time.Now(), x.c.common.Clock.Exact()
	c.head = own(c.header, c.before).Clone()
	switch {
	case status == http.StatusNotModified && c.stale != nil && rfc9111.Confirms(c.stale.header, c.header, true):
		c.state = confirmed
	case status == http.StatusNotModified && c.stale != nil:
		c.state = denied
	case slices.Contains(errorStatus, status) && c.stale != nil && c.stale.fresh.OnError(c.stale.age(c.at), x.d):
		c.state = failed
		x.rest()
		c.landed(c.stale, false)
	case x.storable(status, c.head) && c.useful() && !c.tooLarge(0):
		c.state = recorded
		if kind, ok := c.header["Content-Type"]; ok { // whoever set it, it is that of the body
			c.head["Content-Type"] = slices.Clone(kind)
		}
		if x.flight != nil && c.fresh.Decide(c.fresh.Age, x.d) != rfc9111.Fresh {
			x.c.flights.land(x.flightKey(), x.flight, nil, false) // it has to be validated by each
		}
		c.whole = status == http.StatusOK && (len(x.r.Header["Range"]) > 0 || x.rule.ETag && len(c.head["Etag"]) == 0)
		if !c.quiet && !c.whole {
			c.answer(true)
		}
	default:
		c.pass()
	}
}

// useful works out the terms of the response and reports whether it can ever be served.
func (c *recorder) useful() bool {
	c.fresh = c.x.policy.Freshness(c.status, c.head, c.x.asked, c.received)
	return c.fresh.Useful(c.head)
}

// errorStatus are the failures of RFC 5861 section 4.
var errorStatus = []int{
	http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// own is a header without what was there before the handler. What the handler has set is told by its slice: it may well say
// the same, no-store above all.
func own(header, before http.Header) http.Header {
	if len(before) == 0 {
		return header
	}
	own := make(http.Header, len(header))
	for name, values := range header {
		if old, ok := before[name]; !ok || len(old) != len(values) || len(old) > 0 && &old[0] != &values[0] {
			own[name] = values
		}
	}
	return own
}

// pass gives up storing: nobody has to wait any longer.
func (c *recorder) pass() {
	c.state = passed
	if c.x.background {
		c.x.rest()
	} else if c.stale == nil && c.status < 400 {
		// A stranger's bad request says nothing of the next one.
		c.x.c.passing.add(c.x.c.common.Clock, c.x.flightKey())
	}
	c.landed(nil, false)
	if !c.quiet {
		c.answer(false)
	}
	c.body = nil
}

// answer sends the head, and what was kept of the body.
func (c *recorder) answer(stored bool) {
	x := c.x
	s := rfc9111.Status{Cache: x.c.opt.Identity, Fwd: fwdOf(x.f), FwdStatus: c.status, Stored: stored && x.token != ""}
	// The handler was not told the client's condition, since its answer might have been stored.
	tagged := len(c.header["Etag"]) > 0 && len(x.r.Header["If-None-Match"]) > 0
	if (stored || tagged || len(c.header["Last-Modified"]) > 0) && rfc9111.NotModified(x.r, c.status, c.header, c.received) {
		rfc9111.NotModifiedHeader(c.headerToSend(statusLine(c.header["Cache-Status"], s)))
		x.w.WriteHeader(http.StatusNotModified)
		c.quiet = true
		return
	}
	if n := x.wants(x.r); n != asItIs && c.codable() {
		if tag := rfc9111.CodedTag(c.header, codingNames[n]); rfc9111.HasTag(x.r, tag) { // it holds what will be made of this
			h := c.headerToSend(statusLine(c.header["Cache-Status"], s))
			rfc9111.NotModifiedHeader(h)
			h["Etag"] = []string{tag}
			x.w.WriteHeader(http.StatusNotModified)
			c.quiet = true
			return
		}
	}
	c.sendHead(c.status, statusLine(c.header["Cache-Status"], s))
	if len(c.body) > 0 {
		_, _ = x.w.Write(c.body) // the client has gone
	}
}

func (c *recorder) headerToSend(line string) http.Header {
	h := c.x.w.Header()
	for name := range h {
		if _, ok := c.header[name]; !ok {
			delete(h, name)
		}
	}
	maps.Copy(h, c.header)
	c.x.varied(h)
	if c.codable() {
		h["Vary"] = rfc9111.VaryWith(h["Vary"], "Accept-Encoding")
	}
	if line != "" {
		h["Cache-Status"], h["X-Cache"] = []string{line}, xMiss
	}
	return h
}

// codable reports whether the response will be sent in codings, as far as its head tells, and the client names any.
func (c *recorder) codable() bool {
	if c.state != recorded || !c.x.codes || len(c.x.r.Header["Accept-Encoding"]) == 0 || !c.x.c.codable(c.status, c.head) {
		return false
	}
	said, err := strconv.Atoi(c.header.Get("Content-Length"))
	return err != nil || said >= c.x.c.opt.CompressFrom
}

func (c *recorder) sendHead(status int, line string) {
	c.headerToSend(line)
	c.x.w.WriteHeader(status)
}

// Write keeps and sends.
func (c *recorder) Write(b []byte) (int, error) {
	if c.state == undecided {
		c.WriteHeader(http.StatusOK)
	}
	if c.state == recorded {
		if c.tooLarge(len(b)) {
			c.x.c.stats.tooLarge.Add(1)
			c.giveUp()
		} else {
			c.body = append(c.body, b...)
		}
	}
	if c.silent() {
		return len(b), nil
	}
	n, err := c.x.w.Write(b)
	c.broken = c.broken || err != nil
	return n, err
}

// silent: the client gets nothing of this, or not yet.
func (c *recorder) silent() bool {
	return c.quiet || c.state == confirmed || c.state == failed || c.state == denied || c.state == recorded && c.whole
}

// giveUp passes on what turned out too large, or was taken over by the handler, from here on.
func (c *recorder) giveUp() {
	c.state = passed
	c.landed(nil, false)
	if c.whole && !c.quiet {
		c.whole = false
		c.answer(false)
	}
	c.body = nil
}

// tooLarge reports whether the body has more than MaxBody bytes, by what is said or by what came.
func (c *recorder) tooLarge(more int) bool {
	said, err := strconv.Atoi(c.header.Get("Content-Length"))
	return err == nil && said > c.x.rule.MaxBody || len(c.body)+more > c.x.rule.MaxBody
}

// FlushError sends what there is; the response is stored all the same.
func (c *recorder) FlushError() error {
	if c.state == undecided {
		c.WriteHeader(http.StatusOK)
	}
	if c.state == recorded && c.whole && len(c.x.r.Header["Range"]) == 0 {
		c.whole = false
		if !c.quiet {
			c.answer(true)
		}
	}
	if c.silent() {
		return nil
	}
	return http.NewResponseController(c.x.w).Flush()
}

// Flush is FlushError for those who ask for an http.Flusher.
func (c *recorder) Flush() { _ = c.FlushError() }

// Hijack hands the connection over; nothing is stored.
func (c *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if c.x.w == nil {
		return nil, nil, http.ErrNotSupported
	}
	conn, rw, err := http.NewResponseController(c.x.w).Hijack()
	if err == nil {
		c.state, c.quiet = passed, true
		c.landed(nil, false)
	}
	return conn, rw, err
}

// Unwrap lets http.ResponseController reach deadlines.
func (c *recorder) Unwrap() http.ResponseWriter { return c.x.w }

// landed tells those who wait, once, and gives back a lease that was not used.
func (c *recorder) landed(e *entry, again bool) {
	if c.done {
		return
	}
	c.done = true
	x := c.x
	if x.token != "" {
		x.c.release(x.r.Context(), x.f.key, x.token)
		x.token = ""
	}
	if x.flight != nil {
		x.c.flights.land(x.flightKey(), x.flight, e, again)
	}
}

// close ends what finish has not: the handler panicked, or the request was given up.
func (c *recorder) close() { c.landed(nil, true) }

// finish is called when the handler has returned.
func (c *recorder) finish() {
	if c.state == undecided {
		c.WriteHeader(http.StatusOK)
	}
	x := c.x
	c.trailers()
	switch c.state {
	case confirmed:
		e := x.confirmed(c)
		kept := x.update(e)
		if kept {
			c.landed(e, false)
		} else {
			c.landed(nil, false)
		}
		x.c.stats.revalidated.Add(1)
		if x.w != nil {
			x.serveWith(x.w, x.r, e, e.age(x.c.common.Clock.Exact()), xRevalidated,
				rfc9111.Status{Cache: x.c.opt.Identity, Fwd: "stale", FwdStatus: http.StatusNotModified, Stored: kept})
		}
	case failed:
		x.c.stats.stale.Add(1)
		if x.w != nil {
			x.serve(x.w, x.r, c.stale, c.stale.age(x.c.common.Clock.Exact()), xStale)
		}
	case recorded:
		if !c.complete() {
			if c.whole && !c.quiet {
				c.giveUp()
			}
			return // close tells the others
		}
		e := x.made(c.status, c.head, c.body, c.received, c.at)
		x.store(e)
		c.landed(e, false)
		if c.whole && x.w != nil {
			x.serveWith(x.w, x.r, e, e.age(x.c.common.Clock.Exact()), xMiss,
				rfc9111.Status{Cache: x.c.opt.Identity, Fwd: fwdOf(x.f), FwdStatus: c.status, Stored: true})
		}
	case undecided, passed, denied:
	}
}

// complete reports whether the handler wrote all that it meant to. Where it did not say how much that is, a request that was
// cancelled meanwhile makes it doubtful.
func (c *recorder) complete() bool {
	if said := c.header.Get("Content-Length"); said != "" {
		n, err := strconv.Atoi(said)
		return err == nil && n == len(c.body)
	}
	return !c.broken && c.x.r.Context().Err() == nil
}

// trailers sends what the handler set behind the body.
func (c *recorder) trailers() {
	if c.quiet || c.state != recorded && c.state != passed {
		return
	}
	h := c.x.w.Header()
	for _, line := range c.header["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = http.CanonicalHeaderKey(strings.TrimSpace(name)); len(c.header[name]) > 0 {
				h[name] = c.header[name]
			}
		}
	}
	for name, values := range c.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			h[name] = values
		}
	}
}

// confirmed is the stored response with what the 304 changes of it.
func (x *exchange) confirmed(c *recorder) *entry {
	old := c.stale
	h := x.policy.Update(old.header, c.head, c.received)
	terms := h.Clone()
	if age := c.head["Age"]; len(age) > 0 {
		terms["Age"] = age
	}
	e := &entry{
		status: old.status, header: h, body: old.body, fresh: x.policy.Freshness(old.status, terms, x.asked, c.received),
		open: x.rule.Shared || x.policy.Private || x.policy.Shared(h), received: c.received, at: c.at, seq: x.seq, tags: x.tags(h),
	}
	names, _ := rfc9111.VaryNames(h)
	e.asked = rfc9111.AppendVary(nil, names, x.r)
	x.c.offered(e.seal()).keep(old)
	return e
}
