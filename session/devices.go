package session

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// Device is one session of a user, as a list of devices shows it.
type Device struct {
	// PublicID names it for Manager.End; it is no secret.
	PublicID string
	UserID   string
	// Address and UserAgent are those of the login.
	Address, UserAgent string
	LoginTime          time.Time
	// LastActivity is exact to a tenth of the idle time.
	LastActivity time.Time
	// Ends is when the session ends if nothing more happens.
	Ends     time.Time
	Remember bool
	// Current marks the session of the request that asks.
	Current bool
}

// Device describes this session. It is empty for a visitor without one.
func (s *Session) Device() Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.exists {
		return Device{}
	}
	d := deviceOf(s.id.public, s.user, s.times, s.info)
	d.Current = true
	return d
}

func deviceOf(public, user string, t times, text string) Device {
	i := parseInfo(text)
	return Device{
		PublicID: public, UserID: user, Address: i.Address, UserAgent: i.UserAgent, Remember: i.Remember,
		LoginTime: time.UnixMilli(t.login).UTC(), LastActivity: time.UnixMilli(t.seen).UTC(), Ends: time.UnixMilli(t.ends).UTC(),
	}
}

// Devices lists the sessions of a user, the one active last first. Two round trips, and a third where some have run out.
func (m *Manager) Devices(ctx context.Context, userID string) ([]Device, error) {
	if err := checkUser(userID); err != nil {
		return nil, err
	}
	route := routeOf(m.ns, userID)
	all, err := m.devices(ctx, route, userID)
	if err != nil {
		return nil, err
	}
	here := From(ctx)
	for i := range all {
		all[i].Current = here.m == m && here.Route() == route && here.PublicID() == all[i].PublicID
	}
	slices.SortStableFunc(all, func(a, b Device) int { return b.LastActivity.Compare(a.LastActivity) })
	return all, nil
}

func (m *Manager) devices(ctx context.Context, route, userID string) ([]Device, error) {
	k := m.keysOf(route, "")
	lane := m.rb
	ids, err := lane.Do(ctx, lane.B().Zrange().Key(k.index).Min("0").Max("-1").Build()).AsStrSlice()
	if err != nil {
		return nil, fmt.Errorf("session: reading the sessions of a user: %w", err)
	}
	ids = slices.DeleteFunc(ids, func(public string) bool { return !validPublic(public) })
	if len(ids) == 0 {
		return nil, nil
	}
	cmds := make([]rueidis.Completed, len(ids))
	for i, public := range ids {
		cmds[i] = lane.B().Hget().Key(m.keysOf(route, public).session).Field(fieldRecord).Build()
	}
	var all []Device
	var newest int64 // of the epochs of all users that the sessions began under
	var epochs []int64
	var gone []string
	for i, one := range lane.DoMulti(ctx, cmds...) {
		text, err := one.ToString()
		if rueidis.IsRedisNil(err) {
			gone = append(gone, ids[i])
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("session: reading the sessions of a user: %w", err)
		}
		rec, ok := parseRecord(text)
		t, timely := parseTimes(rec.times)
		if ok && timely && rec.user == userID && rec.hash != retired {
			all = append(all, deviceOf(ids[i], userID, t, rec.info))
			newest = max(newest, rec.global)
			epochs = append(epochs, rec.global)
		}
	}
	m.prune(ctx, route, gone)
	global, err := m.globalFor(ctx, newest)
	if err != nil {
		return nil, err
	}
	var live []Device
	for i, d := range all {
		if epochs[i] != 0 && epochs[i] == global {
			live = append(live, d)
		}
	}
	return live, nil
}

// retired stands in place of a hash that no secret has any more.
const retired = "-"

// prune takes sessions that have run out off the list of a user. They are over in any case.
func (m *Manager) prune(ctx context.Context, route string, gone []string) {
	const most = 500
	for part := range slices.Chunk(gone, most) {
		in := []string{m.keysOf(route, "").index}
		for _, public := range part {
			in = append(in, m.keysOf(route, public).session)
		}
		if err := pruneScript.Do(ctx, m.rb, in, part).Error(); err != nil {
			m.rb.Logger().WarnContext(ctx, "sessions that ran out stay on the list of a user", "error", err)
			return
		}
	}
}

// End ends one session of a user, and reports whether there was one. Ask for RecentAuth before.
func (m *Manager) End(ctx context.Context, userID, publicID string) (bool, error) {
	if err := checkUser(userID); err != nil {
		return false, err
	}
	if !validPublic(publicID) {
		return false, nil
	}
	status, err := m.end(ctx, id{route: routeOf(m.ns, userID), public: publicID}, userID)
	return status == saveDone, err
}

// EndAll ends all sessions of a user at once: after a change of the password, or when the account is closed. The cost does
// not depend on how many there are. Access tokens that were issued for them are over too.
func (m *Manager) EndAll(ctx context.Context, userID string) error {
	if err := checkUser(userID); err != nil {
		return err
	}
	route := routeOf(m.ns, userID)
	k := m.keysOf(route, "")
	err := endAllScript.Do(ctx, m.rb, []string{k.index}, []string{m.rb.Announce()}).Error()
	m.near.Forget(route)
	if err != nil {
		return fmt.Errorf("session: ending all sessions of a user: %w", err)
	}
	return nil
}

// EndAllUsers ends all sessions of all users, for an emergency.
func (m *Manager) EndAllUsers(ctx context.Context) error {
	err := endUsersScript.Do(ctx, m.rb, []string{m.globalKey()}, []string{m.rb.Announce()}).Error()
	m.near.Forget(everyRoute)
	if err != nil {
		return fmt.Errorf("session: ending all sessions: %w", err)
	}
	return nil
}

// Touch lets the idle time of a user's session begin anew, and reports whether the session goes on. It is for clients that
// come with tokens alone: call it when a refresh token is used.
func (m *Manager) Touch(ctx context.Context, route, publicID string) (bool, error) {
	if !validRoute(route) || !validPublic(publicID) {
		return false, nil
	}
	r, err := saveScript.Do(ctx, m.hot, m.keysOf(route, publicID).all(),
		[]string{"", publicID, "1", "", "0", "0", strconv.Itoa(m.opt.MaxBytes), strconv.Itoa(m.opt.MaxFields)}).AsIntSlice()
	if err != nil || len(r) == 0 {
		return false, wrongReply("touching", err)
	}
	return r[0] == saveDone, nil
}
