package httpjson

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Origins decides which other sites may use the service from a browser.
type Origins struct {
	// Refuse sends the refusal of a write. Nil is [WriteError].
	Refuse func(w http.ResponseWriter, r *http.Request, e *Error)

	allowed []string
	guard   *http.CrossOriginProtection
}

// NewOrigins admits the named origins, https://shop.example.com or
// http://localhost:3000, besides the host of the service itself.
func NewOrigins(allowed []string) (*Origins, error) {
	o := &Origins{guard: http.NewCrossOriginProtection()}
	var faults []error
	for _, origin := range allowed {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Scheme+"://"+strings.ToLower(u.Host) != strings.ToLower(origin) || u.Host == "" {
			faults = append(faults, fmt.Errorf("origin %q, expected scheme, host and port such as https://shop.example.com", origin))
			continue
		}
		origin = strings.ToLower(origin)
		faults = append(faults, o.guard.AddTrustedOrigin(origin))
		o.allowed = append(o.allowed, origin)
	}
	return o, errors.Join(faults...)
}

// corsMaxAge is how long a browser remembers the answer to a preflight, in seconds.
const corsMaxAge = "600"

// Protect answers preflights of admitted origins, lets them read replies, and
// refuses writes that a browser sends on behalf of any other site with 403: by
// Sec-Fetch-Site, and where that is missing by Origin. A request with neither
// header comes from no browser and passes. So does one with a bearer token and without
// a cookie: no browser adds that by itself, and a page of another site is refused by
// the preflight.
func (o *Origins) Protect(headers string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); len(o.allowed) > 0 {
			h := w.Header()
			h.Add("Vary", "Origin")
			if slices.Contains(o.allowed, strings.ToLower(origin)) {
				h.Set("Access-Control-Allow-Origin", origin)
				h.Set("Access-Control-Allow-Credentials", "true")
				h.Set("Access-Control-Expose-Headers", "X-Cache, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset")
				if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
					h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
					h.Set("Access-Control-Allow-Headers", headers)
					h.Set("Access-Control-Max-Age", corsMaxAge)
					w.WriteHeader(http.StatusNoContent)
					return
				}
			}
		}
		if err := o.guard.Check(r); err != nil && !bearerAlone(r) {
			refusal := &Error{Status: http.StatusForbidden, Text: "Request comes from another site, expected the service's own page or an origin of CORS_ORIGINS"}
			if o.Refuse != nil {
				o.Refuse(w, r, refusal)
			} else {
				WriteError(w, refusal)
			}
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bearerAlone reports whether a request's only proof of who sends it is a token
// that a script had to add.
func bearerAlone(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && len(r.Header["Cookie"]) == 0
}
