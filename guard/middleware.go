package guard

import "net/http"

// Middleware keeps out requests of addresses that the list denies, before anything else is done for them. A client without an address (a Unix socket
// that no trusted proxy spoke for) is not listed.
func (l *IPList) Middleware(next http.Handler) http.Handler {
	denied := l.o.OnDenied
	if denied == nil {
		denied = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.Check(l.proxies.Addr(r)).Denied {
			denied.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
