package session

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// Meta describes a login.
type Meta struct {
	// Remember is "keep me logged in": Options.Remember in place of Idle and Absolute.
	Remember bool
	// Address and UserAgent are shown in lists of devices. "" is those of the request.
	Address, UserAgent string
}

// Login begins a session of a user who has just proved who he is, with a new id; call it again when he does so again. A
// visitor's session ends, and the fields that Options.Carry names go over, and the messages of this request; a session of the same
// user ends and all its fields go over; one of another user ends at once. The old id reads for Options.Alias more, unless the new
// session ends before.
//
// ErrTooLate where the answer has begun, ErrInvalid for an empty user id, an error that wraps redbrick.ErrUnavailable or
// ErrTimeout while Redis is away: then the user is not logged in.
func (s *Session) Login(ctx context.Context, userID string, meta Meta) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := checkUser(userID); err != nil {
		return err
	}
	if s.m == nil {
		return s.writable()
	}
	if err := s.cookieCan(); err != nil {
		return err
	}
	before, user, existed := s.id, s.user, s.exists && !s.old
	from := ""
	if existed && (user == "" || user == userID) {
		from = before.route + "." + before.public
	}
	// A user's session ends before the new one begins: should that fail, he has one too few and not one too many.
	if existed && user != "" {
		if err := s.m.leave(ctx, before, user, user == userID); err != nil {
			return err
		}
	}
	if err := s.begin(ctx, userID, meta, from); err != nil {
		return err
	}
	if existed && user == "" {
		if err := s.m.leave(ctx, before, "", true); err != nil {
			s.m.rb.Logger().WarnContext(ctx, "a visitor's session did not end at the login", "error", err)
		}
	}
	return nil
}

// leave ends a session whose holder logs in anew. reads: its id goes on reading for a moment.
func (m *Manager) leave(ctx context.Context, at id, user string, reads bool) error {
	if !reads || m.opt.Alias < 0 {
		_, err := m.end(ctx, at, user)
		return err
	}
	k := m.keysOf(at.route, at.public)
	_, err := retireScript.Do(ctx, m.hot, k.all(), []string{at.hash, at.public, m.alias(), m.rb.Announce()}).AsInt64()
	m.near.Forget(at.route)
	if err != nil {
		return wrongReply("ending the session before the login", err)
	}
	return nil
}

// Logout ends the session. The answer takes the cookie out of the browser and asks it to forget what it keeps of the site
// (Clear-Site-Data). It is no error if there is none.
func (s *Session) Logout(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.writable(); err != nil {
		return err
	}
	if !s.exists {
		return nil
	}
	status, err := s.m.end(ctx, s.id, s.user)
	if err != nil {
		return err
	}
	if status == saveOld {
		s.old, s.changes = true, nil
		return ErrReadOnly
	}
	s.lose()
	s.send = cookieCleared
	return nil
}

// end ends a session, and those it came from by a login, whose ids may still read.
func (m *Manager) end(ctx context.Context, at id, user string) (int64, error) {
	status, from, err := m.endOne(ctx, at, user)
	for err == nil && from != "" {
		route, public, _ := strings.Cut(from, ".")
		if !validRoute(route) || !validPublic(public) {
			break
		}
		owner := user
		if route != at.route {
			owner = "" // a visitor's
		}
		var fault error
		if _, from, fault = m.endOne(ctx, id{route: route, public: public}, owner); fault != nil {
			m.rb.Logger().WarnContext(ctx, "the id from before a login may read for a moment more", "error", fault)
			break
		}
	}
	return status, err
}

// endOne runs end.lua.
func (m *Manager) endOne(ctx context.Context, at id, user string) (status int64, from string, err error) {
	k := m.keysOf(at.route, at.public)
	r, err := endScript.Do(ctx, m.hot, []string{k.session, k.index}, []string{at.public, user, at.hash, m.rb.Announce()}).ToArray()
	m.near.Forget(at.route)
	if err != nil || len(r) == 0 {
		return 0, "", wrongReply("ending", err)
	}
	if status, err = r[0].AsInt64(); err != nil {
		return 0, "", wrongReply("ending", err)
	}
	if len(r) > 1 {
		from, _ = r[1].ToString()
	}
	return status, from, nil
}

// Rotate gives the session a new secret, as is due when its holder gets more rights. The old one reads for Options.Alias
// more. The lifetime does not change. Changes so far are kept with it. Errors are those of Save, and ErrTooLate.
func (s *Session) Rotate(ctx context.Context) error { return s.rotate(ctx, false) }

// Reauthenticate is Rotate for a user who has just proved again who he is, for RecentAuth.
func (s *Session) Reauthenticate(ctx context.Context) error { return s.rotate(ctx, true) }

func (s *Session) rotate(ctx context.Context, auth bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.there(); err != nil {
		return err
	}
	if err := s.cookieCan(); err != nil {
		return err
	}
	at, cookie := withSecret(s.id.route, s.id.public)
	return s.write(ctx, saving{touch: true, id: at, cookie: cookie, auth: auth && s.user != ""})
}

// there says why there is nothing to change.
func (s *Session) there() error {
	if err := s.writable(); err != nil {
		return err
	}
	if !s.exists {
		return ErrNoSession
	}
	return nil
}

// Extend lets the idle time begin anew, whatever is left of it. The absolute end stays.
func (s *Session) Extend(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.there(); err != nil {
		return err
	}
	return s.write(ctx, saving{touch: true})
}

// EndOthers ends all other sessions of the user. It gives this one a new epoch: access tokens issued for it before are over.
func (s *Session) EndOthers(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.there(); err != nil {
		return err
	}
	if s.user == "" {
		return ErrNoSession
	}
	k := s.m.keysOf(s.id.route, s.id.public)
	text, err := endOthersScript.Do(ctx, s.m.hot, k.all(), []string{s.id.hash, s.id.public, s.m.rb.Announce()}).ToString()
	s.m.near.Forget(s.id.route)
	if err != nil {
		return wrongReply("ending the other sessions", err)
	}
	if text == "" {
		return ErrNoSession
	}
	if s.epoch, err = strconv.ParseInt(text, 10, 64); err != nil {
		return wrongReply("ending the other sessions", err)
	}
	return nil
}

// Ends is when the session ends if nothing more happens, by this process's clock. It is zero for a visitor without session.
func (s *Session) Ends() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.exists {
		return time.Time{}
	}
	return s.at.Add(time.Duration(s.times.ends-s.now) * time.Millisecond)
}
