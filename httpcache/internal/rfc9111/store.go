package rfc9111

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Bypass says why a request is none of the cache's business; "" if it is. A request with a body, to be upgraded, with fields
// that are for the next hop alone, or with a precondition that only the origin can judge (section 4.3.2), passes like one of
// another method. Range and the other
// preconditions do not.
func Bypass(r *http.Request) (why string) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return "method"
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return "body"
	case len(r.Header["Upgrade"]) > 0:
		return "upgrade"
	case namesFields(r.Header["Connection"]):
		return "connection"
	case len(r.Header["If-Match"]) > 0 || len(r.Header["If-Unmodified-Since"]) > 0:
		return "precondition"
	}
	return ""
}

// namesFields reports whether Connection names fields of the request. A proxy behind the cache takes those out, so that the
// origin does not see what the key says (RFC 9110, section 7.6.1).
func namesFields(connection []string) bool {
	if len(connection) == 0 {
		return false
	}
	for m := range members(connection) {
		switch lower(m) {
		case "close", "keep-alive", "upgrade", "te", "http2-settings":
		default:
			return true
		}
	}
	return false
}

// understoodStatus are the status codes whose rules of caching are known here, for must-understand (section 5.2.2.3).
var understoodStatus = []int{200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 451, 500, 501, 502, 503, 504}

// ownStatus are final status codes that answer what is peculiar to one request (its credentials, its conditions, its syntax,
// its rate), which the cache key does not hold. Stored, they are a way to hand one client's failure to all others.
var ownStatus = []int{304, 400, 401, 407, 408, 411, 412, 413, 415, 416, 417, 421, 425, 426, 428, 429, 431}

// Store decides whether a whole response to a request may be stored (section 3), and if not says why in a few words that
// suit a log. That it is complete (section 3.3) the caller knows. Partial responses (206) are not stored.
func (p Policy) Store(r *http.Request, status int, resp http.Header) (ok bool, why string) {
	if status == http.StatusPartialContent {
		return false, "partial"
	}
	why = p.refuse(r, status, resp)
	return why == "", why
}

func (p Policy) refuse(r *http.Request, status int, resp http.Header) string {
	if why := Bypass(r); why != "" {
		return why
	}
	c := ParseResponse(resp, p.Targets)
	_, star := VaryNames(resp)
	switch {
	case r.Method != http.MethodGet:
		return "method"
	case status < 200 || slices.Contains(ownStatus, status):
		return "status"
	case c.MustUnderstand && !slices.Contains(understoodStatus, status):
		return "must-understand"
	case c.NoStore && !c.MustUnderstand:
		return "no-store"
	case hasDirective(r.Header, "no-store"):
		return "request no-store"
	case c.Private && !p.Private:
		return "private"
	case len(r.Header["Authorization"]) > 0 && !p.Private && !c.shared():
		return "authorization"
	case (len(resp["Set-Cookie"]) > 0 || len(resp["Set-Cookie2"]) > 0) && !p.KeepCookies:
		return "set-cookie"
	case star:
		return "vary"
	case !p.allowed(status, c, resp):
		return "no freshness"
	}
	return ""
}

func hasDirective(h http.Header, name string) bool {
	lines := h["Cache-Control"]
	return len(lines) > 0 && hasMember(lines, name)
}

// allowed is the last of the conditions of section 3: something says that the response may be stored.
func (p Policy) allowed(status int, c Control, resp http.Header) bool {
	return c.Public || c.Private && p.Private || c.MaxAge.Set || c.SMaxAge.Set && !p.Private ||
		len(resp["Expires"]) > 0 && !c.Targeted || slices.Contains(heuristicStatus, status)
}

// Shared reports whether the response says that a shared cache may use it for all, though the request was authenticated:
// public, s-maxage or must-revalidate (section 3.5).
func (p Policy) Shared(resp http.Header) bool {
	c := ParseResponse(resp, p.Targets)
	return c.shared()
}

func (c *Control) shared() bool { return c.Public || c.SMaxAge.Set || c.MustRevalidate }

// Useful reports whether anything can ever be done with a response once it is stored: serve it, or ask whether it is still
// good.
func (f Freshness) Useful(stored http.Header) bool {
	return !f.NoCache && (f.Lifetime > f.Age || !f.MustRevalidate && f.StaleIfError+f.StaleWhileRevalidate > 0) ||
		len(stored["Etag"]) > 0 || len(stored["Last-Modified"]) > 0
}

// hopByHop are the fields that concern one connection (RFC 9110, section 7.6.1) or one proxy (section 3.1), and those whose
// meaning is used up here: Age goes into Freshness, the announced trailer is not kept.
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade", "Trailer",
	"Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization", "Age",
}

// Stored gives a copy of the fields that may be stored (section 3.1), with a Date if there is none (RFC 9110, section 6.6.1).
// Fields named by no-cache are not kept, nor, in a shared cache, those named by private (sections 5.2.2.4, 5.2.2.7).
func (p Policy) Stored(resp http.Header, received time.Time) http.Header {
	drop := slices.Clone(hopByHop)
	for m := range members(resp["Connection"]) {
		drop = append(drop, http.CanonicalHeaderKey(m))
	}
	c := ParseResponse(resp, p.Targets)
	drop = append(drop, c.NoCacheFields...)
	if !p.Private {
		drop = append(drop, c.PrivateFields...)
	}
	if !p.KeepCookies {
		drop = append(drop, "Set-Cookie", "Set-Cookie2")
	}
	out := make(http.Header, len(resp)+1)
	for name, lines := range resp {
		if len(lines) > 0 && !slices.Contains(drop, http.CanonicalHeaderKey(name)) && !strings.HasPrefix(name, http.TrailerPrefix) {
			out[name] = slices.Clone(lines)
		}
	}
	if len(out["Date"]) == 0 {
		out.Set("Date", received.UTC().Format(http.TimeFormat))
	}
	return out
}

// bodyFields describe the bytes that are stored, which an update without a body does not change (section 3.2).
var bodyFields = []string{"Content-Length", "Content-Encoding", "Content-Range"}

// Update gives the stored fields as a 304 or the answer to HEAD changes them (section 3.2). The answer's freshness is worked
// out from the result and the answer's Age.
func (p Policy) Update(stored, answer http.Header, received time.Time) http.Header {
	out := stored.Clone()
	for name, lines := range p.Stored(answer, received) {
		if !slices.Contains(bodyFields, name) {
			out[name] = lines
		}
	}
	return out
}
