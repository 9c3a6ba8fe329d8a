package token

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Bearer gives the token of a request: from the Authorization header alone (RFC 6750 section 2.1), never from URL or body.
// ErrMissing without one, or with one of another scheme; ErrInvalid with two.
func Bearer(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	switch len(values) {
	case 0:
		return "", ErrMissing
	case 1:
	default:
		return "", invalid("several Authorization headers")
	}
	const scheme = "Bearer "
	if len(values[0]) < len(scheme) || !strings.EqualFold(values[0][:len(scheme)], scheme) {
		return "", ErrMissing
	}
	token := strings.TrimLeft(values[0][len(scheme):], " ")
	if token == "" || strings.ContainsFunc(token, func(c rune) bool { return !isToken68(c) }) {
		return "", invalid("no token behind Bearer")
	}
	return token, nil
}

// isToken68 is the alphabet of RFC 9110 section 11.2.
func isToken68(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.ContainsRune("-._~+/=", c)
}

// Authenticate checks the bearer token of a request: Bearer, then Verify.
func (a *Access) Authenticate(r *http.Request) (Claims, error) {
	token, err := Bearer(r)
	if err != nil {
		return Claims{}, err
	}
	return a.Verify(r.Context(), token)
}

// Challenge sets the headers of an answer to a request whose token is not good, and returns the status: 401 with WWW-Authenticate
// (RFC 6750 section 3) for ErrMissing and ErrInvalid, 503 with Retry-After where nothing is known. The realm is a name for what is
// protected, without quotes.
func Challenge(h http.Header, realm string, err error) (status int) {
	h.Set("Cache-Control", "no-store")
	value := `Bearer realm="` + strings.Map(quotable, realm) + `"`
	switch {
	case errors.Is(err, ErrExpired):
		value += `, error="invalid_token", error_description="expired"`
	case errors.Is(err, ErrInvalid):
		value += `, error="invalid_token"`
	case errors.Is(err, ErrMissing):
	default: // whatever it is, it does not say that the token is bad
		h.Set("Retry-After", "1")
		return http.StatusServiceUnavailable
	}
	h.Set("WWW-Authenticate", value)
	return http.StatusUnauthorized
}

// quotable drops what a quoted string of a header cannot hold as it is.
func quotable(c rune) rune {
	if c < ' ' || c > '~' || c == '"' || c == '\\' {
		return -1
	}
	return c
}

type claimsKey struct{}

// Middleware lets requests with a good token through, with its claims in their context ([FromContext]); others get the answer of
// Challenge, with the issuer as realm and the status as text.
func (a *Access) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := a.Authenticate(r)
		if err != nil {
			status := Challenge(w.Header(), a.o.Issuer, err)
			http.Error(w, http.StatusText(status), status)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, c)))
	})
}

// FromContext gives the claims that Middleware has checked.
func FromContext(ctx context.Context) (Claims, bool) {
	c, ok := ctx.Value(claimsKey{}).(Claims)
	return c, ok
}
