package headers

import "net/http"

// APIPolicy is the Content-Security-Policy of replies that are no page: if a
// browser shows one, it loads and runs nothing and is in nobody's frame.
const APIPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// HSTS keeps browsers on https for a year. Other names of the domain are not ours
// to decide about.
const hsts = "max-age=31536000"

// fixed are the headers that every reply has unless the handler replaces one.
// The values are shared: nobody changes them, http.Header.Set replaces the slice.
var fixed = map[string][]string{
	"Content-Security-Policy":      {APIPolicy},
	"X-Content-Type-Options":       {"nosniff"},
	"X-Frame-Options":              {"DENY"}, // for browsers that do not know frame-ancestors
	"Referrer-Policy":              {"no-referrer"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
}

var strict = []string{hsts}

// Protect sets the headers before next runs, so that also its failures have them.
// A page replaces Content-Security-Policy with its own. isHTTPS says whether the client
// came by https, for Strict-Transport-Security; nil asks the connection alone.
func Protect(isHTTPS func(*http.Request) bool, next http.Handler) http.Handler {
	if isHTTPS == nil {
		isHTTPS = func(r *http.Request) bool { return r.TLS != nil }
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range fixed {
			h[name] = value
		}
		if isHTTPS(r) {
			h["Strict-Transport-Security"] = strict
		}
		next.ServeHTTP(w, r)
	})
}
