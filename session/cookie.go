package session

import (
	"net/http"
	"strings"
	"time"
)

// hostPrefix makes browsers refuse a cookie of this name that is not Secure, or set for other paths or by other hosts.
const hostPrefix = "__Host-"

// secure reports whether the cookie of a request is for https alone.
func (m *Manager) secure(r *http.Request) bool {
	switch m.opt.Secure {
	case SecureAlways:
		return true
	case SecureNever:
		return false
	}
	return m.opt.Production || m.proxies.HTTPS(r)
}

func (m *Manager) cookieName(secure bool) string {
	if secure {
		return m.secureName
	}
	return m.opt.Name
}

// maxCookies is how many cookies of one name are asked for in Redis: without the prefix a neighbour can plant some beside ours.
// What has not the form of an id is passed over and does not count.
const maxCookies = 16

// cookieOf makes the cookie that an answer sends: the session's, or one that takes it out of the browser.
func (m *Manager) cookieOf(secure bool, value string, left time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: m.cookieName(secure), Value: value, Path: "/",
		Secure: secure, HttpOnly: !m.opt.NotHTTPOnly, SameSite: m.opt.SameSite,
		MaxAge: int((left + time.Second - 1) / time.Second),
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// nextCookie finds the next cookie of a name in a line of a Cookie header, and what follows it. Quotes are not taken off: no id
// has any.
func nextCookie(line, name string) (value, rest string, ok bool) {
	for line != "" && !ok {
		var pair, key string
		pair, line, _ = strings.Cut(line, ";")
		key, value, ok = strings.Cut(strings.TrimSpace(pair), "=")
		ok = ok && key == name
	}
	return value, line, ok
}
