package rfc9111

import (
	"net/http"
	"slices"
	"time"
)

// Policy is what a cache does where the RFCs leave a choice. The zero value is a shared cache (section 1) that obeys
// responses alone.
type Policy struct {
	// Private makes it a cache of one user, and so does a cache key that names the user.
	Private bool
	// Targets are the targeted fields that come before Cache-Control, in order (RFC 9213), such as "CDN-Cache-Control".
	Targets []string
	// NoHeuristic switches heuristic freshness off (section 4.2.2).
	NoHeuristic bool
	// TTL is the freshness of responses that say nothing of it themselves and whose status allows heuristics. 0: none.
	TTL time.Duration
	// StaleWhileRevalidate and StaleIfError hold where a response does not give them itself (RFC 5861). 0: none.
	StaleWhileRevalidate, StaleIfError time.Duration
	// KeepCookies stores responses that set cookies, with the cookies. A private cache may; a shared one hands one user's
	// cookie to others.
	KeepCookies bool
}

// Freshness is how long a stored response may be served, and how. It depends on nothing that changes, so that it is worked
// out once; with Decide it costs a few comparisons a request.
type Freshness struct {
	Lifetime time.Duration
	// Age is the age that the response had when it was received (corrected_initial_age of section 4.2.3).
	Age time.Duration
	// Explicit says that the response gave its lifetime itself; Heuristic that it was guessed. Neither: there is none, or it
	// is Policy.TTL.
	Explicit, Heuristic bool
	// NoCache: it is served after a validation alone. MustRevalidate: it is never served stale; no-cache, must-revalidate,
	// and in a shared cache proxy-revalidate and s-maxage.
	NoCache, MustRevalidate            bool
	Immutable                          bool
	StaleWhileRevalidate, StaleIfError time.Duration
}

// heuristicStatus are the final status codes that may be stored without being told to (RFC 9110, section 15.1).
var heuristicStatus = []int{200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501}

// heuristicMax bounds the guess: a page that did not change for ten years may change tomorrow.
const heuristicMax = 24 * time.Hour

// Freshness works out the terms of a response to a request that was sent and whose head was received at the given times.
func (p Policy) Freshness(status int, h http.Header, requested, received time.Time) Freshness {
	c := ParseResponse(h, p.Targets)
	date, dated := dateOf(h, "Date", received)
	if !dated {
		date = received
	}
	f := Freshness{
		Age:                  min(max(received.Sub(date), ageOf(h)+max(0, received.Sub(requested)), 0), Forever),
		NoCache:              c.NoCache,
		MustRevalidate:       c.MustRevalidate || c.NoCache || !p.Private && (c.ProxyRevalidate || c.SMaxAge.Set),
		Immutable:            c.Immutable,
		StaleWhileRevalidate: p.StaleWhileRevalidate,
		StaleIfError:         p.StaleIfError,
	}
	if c.StaleWhileRevalidate.Set {
		f.StaleWhileRevalidate = c.StaleWhileRevalidate.D
	}
	if c.StaleIfError.Set {
		f.StaleIfError = c.StaleIfError.D
	}
	expires := h["Expires"]
	switch {
	case c.SMaxAge.Set && !p.Private:
		f.Lifetime, f.Explicit = c.SMaxAge.D, true
	case c.MaxAge.Set:
		f.Lifetime, f.Explicit = c.MaxAge.D, true
	case len(expires) > 0 && !c.Targeted:
		// A date that is invalid, "0" above all, is in the past (section 5.3).
		if t, ok := dateOf(h, "Expires", received); ok {
			f.Lifetime = min(max(t.Sub(date), 0), Forever)
		}
		f.Explicit = true
	case !slices.Contains(heuristicStatus, status) && !c.Public:
	case p.TTL > 0:
		f.Lifetime = p.TTL
	default:
		f.Lifetime = p.guess(h, date, received)
		f.Heuristic = f.Lifetime > 0
	}
	return f
}

// guess is a tenth of the time since the last modification (section 4.2.2).
func (p Policy) guess(h http.Header, date, received time.Time) time.Duration {
	modified, ok := dateOf(h, "Last-Modified", received)
	if !ok || p.NoHeuristic {
		return 0
	}
	return min(max(date.Sub(modified)/10, 0), heuristicMax)
}
