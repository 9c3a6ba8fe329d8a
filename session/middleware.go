package session

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Middleware gives each request its session ([From]) and sends the cookie. Changes are saved when the answer begins: at the
// first WriteHeader, Write, Flush or Hijack, or at the end of the handler; later ones at its end. A handler that panics keeps
// no changes.
//
// While Redis is away a request with a session cookie does not reach next: it is answered by Options.Unavailable. So is
// one whose changes cannot be saved, in place of what the handler was about to say.
//
// An answer with Set-Cookie is `Cache-Control: no-store, private`, whatever the handler said. One to a handler that asked for
// the session has `Vary: Cookie`, and to a user `Cache-Control: private` where the handler said nothing.
func (m *Manager) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{m: m, secure: m.secure(r)}
		v.answer = answer{ResponseWriter: w, request: r, keeper: v, log: m.rb.Logger()}
		v.session.m, v.session.request = m, r
		if err := v.find(); err != nil {
			m.unavailable(w, r, err)
			return
		}
		v.context = carrier{r.Context(), &v.session}
		next.ServeHTTP(&v.answer, r.WithContext(&v.context))
		v.finish()
	})
}

// visit is one request with its session.
type visit struct {
	answer

	m       *Manager
	session Session
	context carrier
	secure  bool
}

// carrier is the context of a request with its session, a part of the visit: one thing less to allocate.
type carrier struct {
	context.Context //nolint:containedctx // it is one

	session *Session
}

func (c *carrier) Value(key any) any {
	if key == (contextKey{}) {
		return c.session
	}
	return c.Context.Value(key)
}

// find loads the session that the request's cookie names, if there is one.
func (v *visit) find() error {
	name := v.m.cookieName(v.secure)
	tried := 0
	for _, line := range v.request.Header["Cookie"] {
		for line != "" && tried < maxCookies {
			value, rest, ok := nextCookie(line, name)
			if line = rest; !ok {
				break
			}
			at, formed := parseCookie(value)
			if !formed {
				continue
			}
			tried++
			if err := v.session.load(v.request.Context(), at, value); err == nil || !errors.Is(err, ErrNoSession) {
				return err
			}
		}
	}
	return nil
}

// commit saves the session and sends the cookie.
func (v *visit) commit() error {
	s := &v.session
	s.mu.Lock()
	defer s.mu.Unlock()
	touchOnly, user := len(s.changes) == 0, s.user != "" // who the handler worked for, though the session may have ended
	if touchOnly && !s.touch {
		s.sent = true
		v.headers(user)
		return nil
	}
	ctx := context.WithoutCancel(v.request.Context()) // who has gone away has asked for the change all the same
	err := s.save(ctx)
	s.sent = true
	if err != nil && !errors.Is(err, ErrNoSession) && !touchOnly {
		v.replace(v.m.rb.Logger(), v.m.opt.Unavailable, err)
		return err
	}
	if err != nil { // it has ended, and its fields with it; or the touch is left to the next request
		v.m.rb.Logger().InfoContext(ctx, "a session was not saved", "error", err)
	}
	v.headers(user)
	return nil
}

// headers puts the cookie into the answer, and says who may keep it.
func (v *visit) headers(user bool) {
	s, h := &v.session, v.Header()
	switch s.send {
	case cookieSet:
		left := time.Duration(s.times.ends-s.now)*time.Millisecond - time.Since(s.at)
		v.sendCookie(v.m.cookieOf(v.secure, s.cookie, left))
	case cookieCleared:
		v.sendCookie(v.m.cookieOf(v.secure, "", 0))
		if v.secure { // browsers take it over https alone
			h.Set("Clear-Site-Data", `"cache", "storage"`)
		}
	case cookieStays:
		v.stays(s.used.Load(), user)
	}
}

// late keeps what was changed after the answer began.
func (v *visit) late() error {
	s := &v.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.changes) == 0 {
		return nil
	}
	return s.save(context.WithoutCancel(v.request.Context()))
}

// unavailable answers that the session cannot be known.
func (m *Manager) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	unavailable(m.rb.Logger(), m.opt.Unavailable, w, r, err)
}
