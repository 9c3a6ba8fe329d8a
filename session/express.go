package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/clientip"
)

// Express reads and writes the sessions of express-session with connect-redis, so that a service in Node and one in Go share
// logins while one replaces the other. It keeps one text for a session, as they do, and so not all promises of [Manager] hold:
//
//   - Ids are in Redis as they are: who reads Redis can use them.
//   - A request under way in Node writes the whole session back: it brings back one that was ended meanwhile, and undoes changes
//     made meanwhile. What is changed here only ever changes its own fields, and brings nothing back.
//   - There is no absolute lifetime, no list of devices, no epoch: EndAll and the like do not exist.
//   - The old id does not read after Regenerate: requests under way with it are those of a visitor.
//
// An id that Redis does not know is not adopted, nor is one without a good signature.
type Express struct {
	rb      *redbrick.Client
	hot     *redbrick.Lane
	opt     ExpressOptions
	proxies clientip.Proxies
}

// NewExpress makes an Express. The error wraps redbrick.ErrConfig and names every option that is wrong, or weak without a reason.
func NewExpress(rb *redbrick.Client, o ExpressOptions) (*Express, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Express{rb: rb, hot: rb.Hot(), opt: o}
	if e.proxies, err = clientip.New(o.TrustedProxies...); err != nil {
		return nil, fmt.Errorf("%w: %w", redbrick.ErrConfig, err)
	}
	return e, e.register()
}

// ExpressSession is one session in one request. It is safe for concurrent use by the goroutines of the request.
type ExpressSession struct {
	e  *Express // nil without Middleware
	mu sync.Mutex

	id      string
	stored  string // as it was read
	exists  bool
	fields  map[string]json.RawMessage
	changes map[string]json.RawMessage // nil for a field that is deleted
	touch   bool

	request *http.Request
	secure  bool
	sent    bool
	send    cookieWork
	used    atomic.Bool
}

type expressKey struct{}

// ExpressFrom returns the session of a request that came through [Express.Middleware]. It is never nil: elsewhere it is an empty
// one, whose changes fail.
func ExpressFrom(ctx context.Context) *ExpressSession {
	if s, ok := ctx.Value(expressKey{}).(*ExpressSession); ok {
		s.used.Store(true)
		return s
	}
	return &ExpressSession{}
}

// expressVisit is one request with its session.
type expressVisit struct {
	answer

	session ExpressSession
}

// Middleware gives each request its session ([ExpressFrom]), as [Manager.Middleware] does.
func (e *Express) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &expressVisit{}
		v.answer = answer{ResponseWriter: w, request: r, keeper: v, log: e.rb.Logger()}
		s := &v.session
		s.e, s.request, s.secure = e, r, e.secure(r)
		tried := 0
		for _, c := range r.CookiesNamed(e.opt.Name) {
			if tried == maxCookies || s.exists {
				break
			}
			if id, ok := e.unsign(c.Value); ok {
				tried++
				if err := s.load(r.Context(), id); err != nil {
					unavailable(e.rb.Logger(), e.opt.Unavailable, w, r, err)
					return
				}
			}
		}
		next.ServeHTTP(&v.answer, r.WithContext(context.WithValue(r.Context(), expressKey{}, s)))
		v.finish()
	})
}

func (e *Express) key(id string) string { return e.rb.Namespace() + e.opt.Prefix + id }

// load reads a session. What is not there, or is none, leaves the request a visitor's.
func (s *ExpressSession) load(ctx context.Context, id string) error {
	e := s.e
	r := e.hot.DoMulti(ctx, e.hot.B().Get().Key(e.key(id)).Build(), e.hot.B().Pttl().Key(e.key(id)).Build())
	stored, err := r[0].ToString()
	if rueidis.IsRedisNil(err) {
		return nil
	}
	left, err2 := r[1].AsInt64()
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("session: reading: %w", err)
	}
	if !s.decode(stored) {
		e.rb.Logger().WarnContext(ctx, "a session is not in the format that is expected")
		return nil
	}
	s.id, s.exists = id, true
	age := parseExpressCookie(s.fields[cookieField]).maxAge(e.opt.MaxAge)
	s.touch = age-time.Duration(left)*time.Millisecond >= age/10
	return nil
}

// cookieField is the one that is not the service's.
const cookieField = "cookie"

func (s *ExpressSession) decode(stored string) bool {
	fields, err := s.e.opt.Decode([]byte(stored))
	if err != nil || fields == nil {
		return false
	}
	s.stored, s.fields = stored, fields
	return true
}

// ID is the id of the session, "" before one begins. It is a secret.
func (s *ExpressSession) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// Get reads a field into the variable that into points to, and reports false where it is not set or null. ErrDecode as for [Session.Get].
func (s *ExpressSession) Get(name string, into any) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, changed := s.changes[name]
	if !changed {
		raw = s.fields[name]
	}
	if raw == nil || name == cookieField || string(raw) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, fmt.Errorf("%w: %s: %w", ErrDecode, shown(name), err)
	}
	return true, nil
}

// Set changes a field to v, as JSON; it is saved before the answer begins. Errors are those of [Session.Set].
func (s *ExpressSession) Set(name string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("session: field %s: %w", shown(name), err)
	}
	return s.change(name, raw)
}

// Delete takes a field out of the session.
func (s *ExpressSession) Delete(name string) error { return s.change(name, nil) }

func (s *ExpressSession) change(name string, raw json.RawMessage) error {
	if name == "" || name == cookieField {
		return invalid("field", name, `a name, and not "cookie"`)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.e == nil:
		return fmt.Errorf("%w: the request did not come through Middleware", ErrNoSession)
	case !s.exists && s.sent:
		return ErrTooLate
	case len(raw) > s.e.opt.MaxBytes:
		return tooLarge("field "+shown(name), len(raw), s.e.opt.MaxBytes)
	case !s.exists && raw == nil:
		delete(s.changes, name)
		return nil
	}
	if s.changes == nil {
		s.changes = make(map[string]json.RawMessage)
	}
	s.changes[name] = raw
	return nil
}

// Regenerate ends the session and begins an empty one with a new id, as is due at a login; set the fields after it.
func (s *ExpressSession) Regenerate(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.e != nil && s.sent {
		return ErrTooLate
	}
	return s.end(ctx)
}

// Destroy ends the session; the answer takes the cookie out of the browser.
func (s *ExpressSession) Destroy(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	existed := s.exists
	if err := s.end(ctx); err != nil {
		return err
	}
	if existed {
		s.send = cookieCleared
	}
	return nil
}

func (s *ExpressSession) end(ctx context.Context) error {
	if s.e == nil {
		return fmt.Errorf("%w: the request did not come through Middleware", ErrNoSession)
	}
	if s.exists {
		if err := s.e.hot.Do(ctx, s.e.hot.B().Unlink().Key(s.e.key(s.id)).Build()).Error(); err != nil {
			return fmt.Errorf("session: ending: %w", err)
		}
	}
	s.lose()
	return nil
}

func (s *ExpressSession) lose() {
	s.id, s.stored, s.exists, s.touch, s.send = "", "", false, false, cookieStays
	s.fields, s.changes = nil, nil
}

// Save keeps the changes of this request now. ErrNoSession: the session has ended meanwhile.
func (s *ExpressSession) Save(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.save(ctx)
}

func (s *ExpressSession) save(ctx context.Context) error {
	switch {
	case len(s.changes) == 0 && s.exists && s.touch:
		return s.renew(ctx)
	case len(s.changes) == 0:
		return nil
	case !s.exists:
		return s.begin(ctx)
	}
	// Whatever others change meanwhile stays: each round puts these changes onto what is there then.
	for range expressTries {
		cookie := parseExpressCookie(s.fields[cookieField])
		text, err := s.merged(cookie)
		if err != nil {
			s.changes = nil
			return err
		}
		age := cookie.maxAge(s.e.opt.MaxAge)
		r := expressScript.Do(ctx, s.e.hot, []string{s.e.key(s.id)}, []string{s.stored, text, millis(age)})
		if now, err := r.ToString(); err == nil {
			if !s.decode(now) {
				s.changes = nil
				return fmt.Errorf("%w: the session was replaced by something else", ErrDecode)
			}
			continue
		}
		n, err := r.AsInt64()
		if err != nil {
			return wrongReply("saving", err)
		}
		if n == saveGone {
			s.lose()
			return ErrNoSession
		}
		s.kept(text)
		return nil
	}
	return fmt.Errorf("session: saving: %w: others changed the session all the time", redbrick.ErrUnavailable)
}

// expressTries is how often a session is saved that others change at the same time; each round lets one of them through.
const expressTries = 500

// merged is the session with the changes of this request.
func (s *ExpressSession) merged(cookie expressCookie) (string, error) {
	fields := maps.Clone(s.fields)
	if fields == nil {
		fields = make(map[string]json.RawMessage)
	}
	for name, raw := range s.changes {
		if raw == nil {
			delete(fields, name)
		} else {
			fields[name] = raw
		}
	}
	var err error
	if fields[cookieField], err = cookie.renewed(time.Now()); err != nil {
		return "", fmt.Errorf("session: the cookie that is stored: %w", err)
	}
	b, err := s.e.opt.Encode(fields)
	if err != nil {
		return "", fmt.Errorf("session: encoding: %w", err)
	}
	if len(b) > s.e.opt.MaxBytes {
		return "", tooLarge("the session", len(b), s.e.opt.MaxBytes)
	}
	return string(b), nil
}

func (s *ExpressSession) kept(text string) {
	s.decode(text)
	s.changes, s.touch, s.send = nil, false, cookieSet
}

// begin stores a new session.
func (s *ExpressSession) begin(ctx context.Context) error {
	if s.sent {
		return ErrTooLate
	}
	cookie := s.e.newCookie(s.secure)
	text, err := s.merged(cookie)
	if err != nil {
		s.changes = nil
		return err
	}
	id := base64.RawURLEncoding.EncodeToString(random(secretBytes))
	set := s.e.hot.B().Set().Key(s.e.key(id)).Value(text).Nx().PxMilliseconds(s.e.opt.MaxAge.Milliseconds()).Build()
	if err := s.e.hot.Do(ctx, set).Error(); err != nil {
		return wrongReply("beginning a session", err)
	}
	s.id, s.exists = id, true
	s.kept(text)
	return nil
}

// renew lets the lifetime begin anew, as connect-redis does: what is stored stays as it is.
func (s *ExpressSession) renew(ctx context.Context) error {
	age := parseExpressCookie(s.fields[cookieField]).maxAge(s.e.opt.MaxAge)
	found, err := s.e.hot.Do(ctx, s.e.hot.B().Pexpire().Key(s.e.key(s.id)).Milliseconds(age.Milliseconds()).Build()).AsBool()
	if err != nil {
		return fmt.Errorf("session: touching: %w", err)
	}
	if !found {
		s.lose()
		return ErrNoSession
	}
	s.touch, s.send = false, cookieSet
	return nil
}

// commit saves the session and sends the cookie.
func (v *expressVisit) commit() error {
	s := &v.session
	s.mu.Lock()
	defer s.mu.Unlock()
	touchOnly, existed := len(s.changes) == 0, s.exists // what the handler worked with, though it may have ended
	ctx := context.WithoutCancel(v.request.Context())
	err := s.save(ctx)
	s.sent = true
	if err != nil && !errors.Is(err, ErrNoSession) && !touchOnly {
		v.replace(v.log, s.e.opt.Unavailable, err)
		return err
	}
	if err != nil {
		v.log.InfoContext(ctx, "a session was not saved", "error", err)
	}
	switch s.send {
	case cookieSet:
		v.sendCookie(s.e.cookieOf(s.secure, s.e.signed(s.id), parseExpressCookie(s.fields[cookieField]).maxAge(s.e.opt.MaxAge)))
	case cookieCleared:
		v.sendCookie(s.e.cookieOf(s.secure, "", 0))
	case cookieStays:
		v.stays(s.used.Load(), existed)
	}
	return nil
}

// late keeps what was changed after the answer began.
func (v *expressVisit) late() error {
	s := &v.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.changes) == 0 {
		return nil
	}
	return s.save(context.WithoutCancel(v.request.Context()))
}
