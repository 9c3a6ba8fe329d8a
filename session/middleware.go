package session

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/redbrick-go/redbrick"
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
		a := &answer{ResponseWriter: w, m: m, request: r, secure: m.secure(r)}
		a.session.m, a.session.request = m, r
		for i, c := range r.CookiesNamed(m.cookieName(a.secure)) {
			if i == maxCookies {
				break
			}
			err := a.session.load(r.Context(), c.Value)
			if err == nil {
				break
			}
			if !errors.Is(err, ErrNoSession) {
				m.unavailable(w, r, err)
				return
			}
		}
		next.ServeHTTP(a, r.WithContext(context.WithValue(r.Context(), contextKey{}, &a.session)))
		a.finish()
	})
}

// retryAfter is what a client is asked to wait while Redis is away: about as long as the breaker takes to look again.
const retryAfter = "1"

// unavailable answers that the session cannot be known.
func (m *Manager) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		m.rb.Logger().ErrorContext(r.Context(), "a request is refused: its session cannot be read or saved", "error", err)
	}
	h := w.Header()
	h.Set("Retry-After", retryAfter)
	h.Set("Cache-Control", "no-store")
	if m.opt.Unavailable != nil {
		m.opt.Unavailable(w, r, err)
		return
	}
	http.Error(w, "The service is not available for the moment. Please try again.", http.StatusServiceUnavailable)
}

// answer is the http.ResponseWriter of a handler: it saves the session and sends the cookie before the answer begins.
type answer struct {
	http.ResponseWriter

	m       *Manager
	request *http.Request
	session Session
	secure  bool
	began   bool
	failed  error // why another answer was given in place of the handler's
}

// begin runs once, before the first byte of the answer.
func (a *answer) begin() error {
	if a.began {
		return a.failed
	}
	a.began = true
	s := &a.session
	s.mu.Lock()
	defer s.mu.Unlock()
	touchOnly := len(s.changes) == 0
	if touchOnly && !s.touch {
		s.sent = true
		a.headers()
		return nil
	}
	ctx := context.WithoutCancel(a.request.Context()) // who has gone away has asked for the change all the same
	err := s.save(ctx)
	s.sent = true
	switch {
	case err == nil:
	case errors.Is(err, ErrNoSession), touchOnly:
		// It has ended, and its fields with it; or the touch is left to the next request.
		a.m.rb.Logger().InfoContext(ctx, "a session was not saved", "error", err)
	default:
		a.failed = err
		a.replace(err)
		return err
	}
	a.headers()
	return nil
}

// headers puts the cookie into the answer, and says who may keep it.
func (a *answer) headers() {
	s, h := &a.session, a.Header()
	switch s.send {
	case cookieSet:
		left := time.Duration(s.times.ends-s.now)*time.Millisecond - time.Since(s.at)
		http.SetCookie(a.ResponseWriter, a.m.cookieOf(a.secure, s.cookie, left))
	case cookieCleared:
		http.SetCookie(a.ResponseWriter, a.m.cookieOf(a.secure, "", 0))
		if a.secure { // browsers take it over https alone
			h.Set("Clear-Site-Data", `"cache", "storage"`)
		}
	case cookieStays:
		if s.used.Load() {
			h.Add("Vary", "Cookie")
			if s.user != "" && h.Get("Cache-Control") == "" {
				h.Set("Cache-Control", "private")
			}
		}
		return
	}
	h.Set("Cache-Control", "no-store, private")
	h.Del("CDN-Cache-Control") // it would win over Cache-Control
	h.Del("Surrogate-Control")
}

// about are the headers that speak of the handler's body.
var about = []string{
	"Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition", "Content-Range", "Content-Language", "Content-Location",
	"ETag", "Last-Modified", "Location", "Expires", "Accept-Ranges", "CDN-Cache-Control", "Surrogate-Control", "Trailer", "Digest",
}

// replace answers in the handler's stead.
func (a *answer) replace(err error) {
	for _, name := range about {
		a.Header().Del(name)
	}
	if errors.Is(err, redbrick.ErrTooLarge) {
		a.m.rb.Logger().ErrorContext(a.request.Context(), "a session was not saved", "error", err)
		a.Header().Set("Cache-Control", "no-store")
		http.Error(a.ResponseWriter, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	a.m.unavailable(a.ResponseWriter, a.request, err)
}

// finish runs after the handler.
func (a *answer) finish() {
	if !a.began {
		_ = a.begin() // the answer, or the one in its stead, goes out when the server takes over
		return
	}
	if a.failed != nil {
		return
	}
	s := &a.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.changes) == 0 {
		return
	}
	ctx := context.WithoutCancel(a.request.Context())
	if err := s.save(ctx); err != nil {
		a.m.rb.Logger().ErrorContext(ctx, "what was changed in a session after its answer began was not saved", "error", err)
	}
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader saves the session first. Interim answers (1xx) carry no cookie.
func (a *answer) WriteHeader(code int) {
	interim := code >= 100 && code < 200 && code != http.StatusSwitchingProtocols
	if interim && !a.began || a.begin() == nil {
		a.ResponseWriter.WriteHeader(code)
	}
}

func (a *answer) Write(b []byte) (int, error) {
	if err := a.begin(); err != nil {
		return 0, err
	}
	return a.ResponseWriter.Write(b)
}

// WriteString spares a copy where the server takes strings.
func (a *answer) WriteString(s string) (int, error) {
	if err := a.begin(); err != nil {
		return 0, err
	}
	return io.WriteString(a.ResponseWriter, s)
}

// ReadFrom lets files go the short way.
func (a *answer) ReadFrom(src io.Reader) (int64, error) {
	if err := a.begin(); err != nil {
		return 0, err
	}
	return io.Copy(a.ResponseWriter, src)
}

// Flush sends what there is, as http.Flusher.
func (a *answer) Flush() { _ = a.FlushError() }

// FlushError is Flush for http.ResponseController.
func (a *answer) FlushError() error {
	if err := a.begin(); err != nil {
		return err
	}
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Hijack hands the connection over, as http.Hijacker. The cookie is not sent: the handler writes its own answer.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := a.begin(); err != nil {
		return nil, nil, err
	}
	return http.NewResponseController(a.ResponseWriter).Hijack()
}
