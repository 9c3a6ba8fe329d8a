package session

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick"
)

// What save.lua answers.
const (
	saveGone  = 0
	saveDone  = 1
	saveOld   = 2
	saveLarge = 3
)

// Save keeps the changes of this request now, and not only when the answer begins.
//
// ErrNoSession: the session has ended meanwhile; ErrReadOnly: it has a new id meanwhile; redbrick.ErrTooLarge: all fields
// together are above Options.MaxBytes or MaxFields. Then nothing was kept, and the changes are dropped.
func (s *Session) Save(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.save(ctx)
}

// save writes what has changed, and touches if that is due.
func (s *Session) save(ctx context.Context) error {
	switch {
	case len(s.changes) == 0 && !s.touch:
		return nil
	case s.m == nil:
		return s.writable()
	case !s.exists:
		return s.begin(ctx, "", Meta{}, "")
	}
	return s.write(ctx, saving{touch: s.touch})
}

// saving is what save.lua does besides changing fields.
type saving struct {
	touch  bool
	id     id // with a new secret, or none
	cookie string
	auth   bool
}

func (s *Session) write(ctx context.Context, w saving) error {
	m := s.m
	args := append(make([]string, 0, 8+2*len(s.changes)), s.id.hash, s.id.public, flag(w.touch), w.id.hash, m.alias(), flag(w.auth),
		strconv.Itoa(m.opt.MaxBytes), strconv.Itoa(m.opt.MaxFields))
	for name, c := range s.changes {
		if c.gone {
			args = append(args, "-"+name, "")
		} else {
			args = append(args, "+"+name, c.text)
		}
	}
	r, err := saveScript.Do(ctx, m.hot, m.keysOf(s.id.route, s.id.public).all(), args).AsIntSlice()
	if err != nil || len(r) == 0 {
		return wrongReply("saving", err)
	}
	changes := s.changes
	s.changes = nil
	switch {
	case r[0] == saveDone && len(r) == 3:
	case r[0] == saveGone:
		s.lose()
		return ErrNoSession
	case r[0] == saveOld:
		s.old, s.touch = true, false
		return ErrReadOnly
	case r[0] == saveLarge:
		return fmt.Errorf("session: %w: all fields together, at most %d bytes in %d fields", redbrick.ErrTooLarge, m.opt.MaxBytes, m.opt.MaxFields)
	default:
		return wrongReply("saving", nil)
	}
	s.now, s.times.ends, s.at = r[1], r[2], time.Now()
	if w.touch {
		s.times.seen, s.touch = s.now, false
		s.send = cookieSet // its lifetime in the browser begins anew too
	}
	if w.auth {
		s.times.auth = s.now
	}
	if w.id.hash != "" {
		s.id, s.cookie, s.send = w.id, w.cookie, cookieSet
	}
	for name, c := range changes {
		if c.gone {
			delete(s.fields, name)
		} else {
			s.fields[name] = c.text
		}
	}
	return nil
}

// lose makes the session that of a visitor, after it has ended. The cookie stays: the browser may have that of a newer login.
func (s *Session) lose() {
	s.id, s.cookie, s.exists, s.old, s.touch = id{}, "", false, false, false
	s.fields, s.info, s.changes, s.times = nil, "", nil, times{}
	s.user, s.epoch, s.send = "", 0, cookieStays
}

// begin makes a session with the fields of this one that may be taken over, and with the changes of this request. from is the
// session whose id may go on reading.
func (s *Session) begin(ctx context.Context, user string, meta Meta, from string) error {
	m := s.m
	if err := s.cookieCan(); err != nil {
		return err
	}
	idle, absolute := m.opt.Idle, m.opt.Absolute
	if meta.Remember {
		idle, absolute = m.opt.Remember, m.opt.Remember
	}
	route, global, carried := randomRoute(), int64(0), s.fields
	if user != "" {
		var err error
		if global, err = m.makeGlobal(ctx); err != nil {
			return err
		}
		route, carried = routeOf(m.ns, user), s.carried(user)
	}
	fields := maps.Clone(carried)
	if fields == nil {
		fields = make(map[string]string, len(s.changes))
	}
	if user == "" || s.user == "" || s.user == user {
		for name, c := range s.changes {
			if !c.gone && (user == "" || s.user == user || m.carries(name) || isFlash(name)) {
				fields[name] = c.text
			}
		}
	}
	bytes := 0
	for name, text := range fields {
		bytes += len(name) + len(text)
	}
	if bytes > m.opt.MaxBytes || len(fields) > m.opt.MaxFields {
		s.changes = nil
		return tooLarge("all fields together", bytes, m.opt.MaxBytes)
	}
	at, cookie := newID(route)
	browser := s.asked()
	if meta.Address != "" {
		browser.Address = meta.Address
	}
	if meta.UserAgent != "" {
		browser.UserAgent = meta.UserAgent
	}
	browser.Remember = meta.Remember
	encoded := browser.encode()
	args := []string{at.hash, user, strconv.FormatInt(global, 10), encoded, millis(idle), millis(absolute),
		at.public, strconv.Itoa(m.opt.MaxPerUser), m.rb.Announce(), fmt.Sprintf("%d %d", bytes, len(fields)), from}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		args = append(args, name, fields[name])
	}
	r, err := createScript.Do(ctx, m.hot, m.keysOf(route, at.public).all(), args).ToArray()
	if err != nil || len(r) != 4 {
		return wrongReply("beginning a session", err)
	}
	now, _ := r[1].AsInt64()
	ends, _ := r[2].AsInt64()
	epoch, _ := r[3].AsInt64()
	m.near.Forget(route)
	s.id, s.cookie, s.send, s.exists, s.old, s.touch = at, cookie, cookieSet, true, false, false
	s.user, s.epoch, s.changes = user, epoch, nil
	s.now, s.at = now, time.Now()
	s.times = times{ends: ends, seen: now, auth: now, abs: now + absolute.Milliseconds(), idle: idle.Milliseconds(), login: now}
	s.fields, s.info = fields, encoded
	return nil
}

// carried are the fields that a login takes over: from a visitor those that Options.Carry names, from the same user all, from
// another one none. Messages of a visitor stay behind: whoever planted the cookie had a say in what they are.
func (s *Session) carried(user string) map[string]string {
	all := map[string]string{}
	for name, text := range s.fields {
		if s.user == "" && s.m.carries(name) || s.user == user && isField(name) {
			all[name] = text
		}
	}
	return all
}

func (m *Manager) carries(name string) bool {
	return isData(name) && slices.Contains(m.opt.Carry, name[len(dataPrefix):])
}

func isData(name string) bool  { return len(name) > 2 && name[:2] == dataPrefix }
func isFlash(name string) bool { return len(name) > 2 && name[:2] == flashPrefix }
func isField(name string) bool { return isData(name) || isFlash(name) }

// alias is Options.Alias for a script.
func (m *Manager) alias() string { return millis(max(m.opt.Alias, 0)) }

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
