package session

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
)

// Session is one session in one request. It is safe for concurrent use by the goroutines of the request.
//
// A visitor without a cookie has one too: empty, and kept nowhere until a field is set.
type Session struct {
	m  *Manager // nil without Middleware
	mu sync.Mutex

	id     id
	cookie string            // the value that the browser has, or gets
	exists bool              // in Redis
	old    bool              // the id is from before a login or a rotation
	fields map[string]string // the hash as it was read
	info   string            // JSON
	times  times
	now    int64     // the server's time in ms ...
	at     time.Time // ... at this moment here
	user   string
	epoch  int64

	changes map[string]change
	touch   bool // idle time is to begin anew with the next save

	request *http.Request // whose answer can carry a cookie, or nil
	sent    bool          // the answer has begun
	send    cookieWork
	used    atomic.Bool // the handler has asked for the session
}

// cookieWork is what the answer says about the cookie.
type cookieWork int

const (
	cookieStays cookieWork = iota
	cookieSet
	cookieCleared
)

type contextKey struct{}

// From returns the session of a request that came through [Manager.Middleware]. It is never nil: elsewhere it is an empty
// one, whose changes fail.
func From(ctx context.Context) *Session {
	if s, ok := ctx.Value(contextKey{}).(*Session); ok {
		s.used.Store(true)
		return s
	}
	return &Session{}
}

// UserID is the user who is logged in, "" for a visitor.
func (s *Session) UserID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user
}

// LoggedIn reports whether there is a user.
func (s *Session) LoggedIn() bool { return s.UserID() != "" }

// Route and PublicID name the session for [Manager.Alive]; neither is a secret. Both are "" before a visitor's session begins.
func (s *Session) Route() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id.route
}

// PublicID is the name of the session in lists of devices. It stays when the secret changes; a login gives a new one.
func (s *Session) PublicID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id.public
}

// Epoch is that of a user's session, 0 for a visitor. EndOthers changes it, so that access tokens issued before are over.
func (s *Session) Epoch() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch
}

// ReadOnly reports whether the request came with an id from before a login or a rotation: every change is ErrReadOnly.
func (s *Session) ReadOnly() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.old
}

// RecentAuth reports whether the user has proved who he is within the last maxAge, by Login or Reauthenticate. Ask before
// what is sensitive.
func (s *Session) RecentAuth(maxAge time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user != "" && !s.old && s.clock()-s.times.auth <= maxAge.Milliseconds()
}

// clock is the server's time in ms, as far as it is known here.
func (s *Session) clock() int64 { return s.now + time.Since(s.at).Milliseconds() }

// writable says why the session cannot be changed.
func (s *Session) writable() error {
	switch {
	case s.m == nil:
		return fmt.Errorf("%w: the request did not come through Middleware", ErrNoSession)
	case s.old:
		return ErrReadOnly
	}
	return nil
}

// cookieCan says why no cookie can be sent.
func (s *Session) cookieCan() error {
	if s.request == nil || s.sent {
		return ErrTooLate
	}
	return nil
}

// asked is what the request says of the browser.
func (s *Session) asked() info {
	if s.request == nil {
		return info{}
	}
	i := info{UserAgent: s.request.UserAgent()}
	if a := s.m.proxies.Addr(s.request); a.IsValid() {
		i.Address = a.String()
	}
	return i
}

// Load returns the session that a cookie's value names, for those who come without a request, such as a socket that is
// checked again. It can be read and changed; what needs a new cookie is ErrTooLate. Changes are kept by Save.
//
// ErrNoSession where there is none; an error that wraps redbrick.ErrUnavailable or ErrTimeout where that cannot be known.
func (m *Manager) Load(ctx context.Context, cookie string) (*Session, error) {
	s := &Session{m: m}
	at, ok := parseCookie(cookie)
	if !ok {
		return nil, ErrNoSession
	}
	if err := s.load(ctx, at, cookie); err != nil {
		return nil, err
	}
	return s, nil
}

// loadTries is how often a session is read that changed under the reader: one that is touched between the two commands seems later
// than it is, so that its old id seems over.
const loadTries = 3

func (s *Session) load(ctx context.Context, at id, cookie string) error {
	for try := 1; ; try++ {
		found, again, err := s.read(ctx, at)
		if err != nil {
			return err
		}
		if found {
			s.id, s.cookie, s.exists = at, cookie, true
			return nil
		}
		if !again || try == loadTries {
			return ErrNoSession
		}
	}
}

// read asks Redis for the session once. again: what was read does not fit together, it may have changed meanwhile.
func (s *Session) read(ctx context.Context, at id) (found, again bool, err error) {
	m := s.m
	k := m.keysOf(at.route, at.public)
	// What is left comes first: should the session be touched in between, it seems later than it is. The other way round an old
	// login would seem recent.
	r := m.hot.DoMulti(ctx,
		m.hot.B().Pttl().Key(k.session).Build(),
		m.hot.B().Hgetall().Key(k.session).Build(),
		m.hot.B().Zrank().Key(k.index).Member(at.public).Build())
	for _, one := range r {
		if err := one.Error(); err != nil && !rueidis.IsRedisNil(err) {
			return false, false, fmt.Errorf("session: reading: %w", err)
		}
	}
	fields, err := r[1].AsStrMap()
	if err != nil {
		return false, false, fmt.Errorf("session: reading: %w", err)
	}
	ttl, _ := r[0].AsInt64()
	rec, ok := parseRecord(fields[fieldRecord])
	t, timely := parseTimes(rec.times)
	if !ok || !timely || ttl <= 0 {
		return false, false, nil // none, or it ends just now
	}
	now := t.ends - ttl
	old := rec.hash != at.hash
	if old {
		if until, hash := parseAlias(rec.alias); hash != at.hash || now >= until {
			return false, hash == at.hash, nil
		}
	}
	if rec.user != "" {
		if rueidis.IsRedisNil(r[2].Error()) {
			return false, false, nil // not on the list
		}
		global, err := m.globalFor(ctx, rec.global)
		if err != nil {
			return false, false, err
		}
		if rec.global == 0 || rec.global != global {
			return false, false, nil
		}
	}
	s.fields, s.info, s.times, s.now, s.at = fields, rec.info, t, now, time.Now()
	s.user, s.epoch, s.old = rec.user, rec.epoch, old
	// A tenth of the idle time between two touches is exact enough, and spares the others a write.
	s.touch = !old && now-t.seen >= t.idle/10
	return true, false, nil
}

// wrongReply is the error for a reply of a script that is none of those it gives.
func wrongReply(what string, err error) error {
	if err == nil {
		err = redbrick.ErrUnavailable
	}
	return fmt.Errorf("session: %s: %w", what, err)
}
