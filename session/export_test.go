package session

import (
	"context"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/script"
)

// CookieValue is what the browser has.
func CookieValue(s *Session) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cookie
}

// OptionsFrom is OptionsFromEnv with an environment of the test's.
var OptionsFrom = optionsFrom

// Complete gives options with their defaults.
func Complete(o Options) (Options, error) { return o.withDefaults(faults{name: fieldName}) }

// SecretHash is what is kept of a cookie's value.
func SecretHash(cookie string) string {
	at, _ := parseCookie(cookie)
	return at.hash
}

// Route of a user.
func Route(m *Manager, userID string) string { return routeOf(m.ns, userID) }

// ParseCookie reports whether a value has the form of an id.
func ParseCookie(value string) bool {
	_, ok := parseCookie(value)
	return ok
}

// ParseTimes reports whether a text is the times of a session.
func ParseTimes(text string) bool {
	_, ok := parseTimes(text)
	return ok
}

// ParseInt reads a number of the record.
func ParseInt(text string) (int64, bool) { return parseInt(text) }

// IsPlain reports whether a field is read without encoding/json.
func IsPlain(text string) bool { return isPlain(text) }

// KnownAlive reports whether Alive answers without a round trip.
func KnownAlive(ctx context.Context, m *Manager, route, public string) bool {
	e, ok := m.near.Get(route)
	if !ok {
		return false
	}
	_, ok = e.Value.sessions[public]
	return ok
}

// KnownFor is for how long Alive may answer of a session without a round trip; 0: it does not.
func KnownFor(m *Manager, route, public string) time.Duration {
	if e, ok := m.near.Get(route); ok {
		if k, ok := e.Value.sessions[public]; ok {
			return k.until - m.clock.Exact()
		}
	}
	return 0
}

// SignExpress and UnsignExpress make and read the cookie of express-session.
func SignExpress(e *Express, id string) string { return e.signed(id) }

// UnsignExpress gives the id in a cookie.
func UnsignExpress(e *Express, value string) (string, bool) { return e.unsign(value) }

// Between does something in the middle of the next pipeline that a Manager sends, behind its first n commands.
func Between(m *Manager, n int, do func()) {
	m.hot = &between{m.hot, n, do}
}

type between struct {
	script.Doer
	n  int
	do func()
}

func (b *between) DoMulti(ctx context.Context, cmds ...rueidis.Completed) []rueidis.RedisResult {
	if b.do == nil || len(cmds) <= b.n {
		return b.Doer.DoMulti(ctx, cmds...)
	}
	do := b.do
	b.do = nil
	first := b.Doer.DoMulti(ctx, cmds[:b.n]...)
	do()
	return append(first, b.Doer.DoMulti(ctx, cmds[b.n:]...)...)
}
