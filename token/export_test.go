package token

import "time"

// Checksum is that of a text, for tests that forge.
func Checksum(text string) string { return checksum(text) }

// RouteOf is the slot tag of a subject.
func RouteOf(namespace, subject string) string { return routeOf(namespace, subject) }

// At sets the clock of access tokens.
func (o AccessOptions) At(now func() time.Time) AccessOptions {
	o.now = now
	return o
}

// LongGrace allows any Grace.
func (o RefreshOptions) LongGrace() RefreshOptions {
	o.longGrace = true
	return o
}

// Successor is the secret of the generation after that of a refresh token; changed: as if its own secret were another.
func Successor(server []byte, text string, changed bool) string {
	t, _ := parseTicket("rbr", text)
	if changed {
		t.secret[0]++
	}
	next := newRefreshKey(server).next(t)
	return string(next.secret[:])
}
