package session

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/clock"
	"github.com/redbrick-go/redbrick/internal/near"
)

// routeState is what the process knows of one user's sessions. It is never changed, only replaced.
type routeState struct {
	epoch    int64            // of all users, in the entry everyRoute
	sessions map[string]known // by public id
}

// known is what is known of one session.
type known struct {
	until         time.Duration // on the coarse clock
	alive         bool
	epoch, global int64
}

const (
	// nearEntryCost is what a route with a few sessions costs in memory.
	nearEntryCost = 1024
	// maxKnown bounds the sessions of one route that the process knows.
	maxKnown = 64
	// nearTTL bounds what is known for certain: the end of what is pushed.
	nearTTL = time.Hour
	// deadTTL is how long the process remembers that a session is over. It never comes back, so this only bounds memory.
	deadTTL = time.Minute
	// everyRoute is the near entry of the epoch of all users; no route is written like it.
	everyRoute = "*"
)

func (m *Manager) globalKey() string { return m.ns + "sg:{all}" }

// track makes the process hear of lists that change, and of the epoch of all users. Sessions themselves are not among them: touches and saves
// push to nobody.
func (m *Manager) track(ctx context.Context) error {
	listed := func(key string) {
		if route, ok := routeIn(key); ok {
			m.near.Forget(route)
		}
	}
	for prefix, f := range map[string]func(string){
		m.ns + "si:": listed, m.ns + "sg:": func(string) { m.near.Forget(everyRoute) },
	} {
		if err := m.rb.Track(ctx, prefix, f, m.near.Flush); err != nil {
			return err
		}
	}
	return nil
}

// Alive reports whether a user's session goes on that had this epoch (Session.Epoch): neither logged out nor ended from
// elsewhere, by EndAll or EndAllUsers. What the process knows is served without a round trip and follows changes anywhere
// within the lag of client tracking; while news do not arrive, Redis is asked each time. It fails, with an error that wraps
// redbrick.ErrUnavailable or ErrTimeout, where that cannot be done.
func (m *Manager) Alive(ctx context.Context, route, publicID string, epoch int64) (bool, error) {
	if e, ok := m.near.Get(route); ok {
		if k, ok := e.Value.sessions[publicID]; ok && m.clock.Now() < k.until-2*clock.Tick {
			if g, ok := m.near.Get(everyRoute); ok && k.global <= g.Value.epoch {
				return k.alive && k.epoch == epoch && k.global == g.Value.epoch, nil
			}
		}
	}
	if !validRoute(route) || !validPublic(publicID) {
		return false, nil
	}
	return m.readAlive(ctx, route, publicID, epoch)
}

func (m *Manager) readAlive(ctx context.Context, route, publicID string, epoch int64) (bool, error) {
	k := m.keysOf(route, publicID)
	ticket := m.near.Begin(route)
	began := m.clock.Exact()
	lane := m.rb.Tracked()
	r := lane.DoMulti(ctx,
		lane.B().Zrank().Key(k.index).Member(publicID).Build(),
		lane.B().Hget().Key(k.session).Field(fieldRecord).Build(),
		lane.B().Pttl().Key(k.session).Build())
	for _, one := range r {
		if err := one.Error(); err != nil && !rueidis.IsRedisNil(err) {
			ticket.Cancel()
			return false, fmt.Errorf("session: reading the epoch: %w", err)
		}
	}
	text, _ := r[1].ToString()
	rec, ok := parseRecord(text)
	ttl, _ := r[2].AsInt64()
	now := known{until: began + deadTTL}
	// One in its last millisecond (0) may be touched yet, so it is not known to be over. One whose holder has logged in anew
	// only reads, and a token is for more.
	if ok && r[0].Error() == nil && ttl >= 0 && rec.hash != retired {
		now.epoch, now.global, now.alive = rec.epoch, rec.global, rec.global != 0
		now.until = began + time.Duration(ttl)*time.Millisecond
	}
	now.until = min(now.until, began+m.nearTTL()) // what is read of another session later does not make this one surer
	m.keep(ticket, route, publicID, now)
	if !now.alive || now.epoch != epoch {
		return false, nil
	}
	global, err := m.globalFor(ctx, now.global)
	return err == nil && now.global == global, err
}

// keep adds what was read of one session to what is known of its route.
func (m *Manager) keep(ticket near.Ticket[*routeState], route, publicID string, k known) {
	state := &routeState{sessions: map[string]known{publicID: k}}
	// What is there was read after the last news, or the ticket is void.
	if old, ok := m.near.Get(route); ok && len(old.Value.sessions) < maxKnown {
		state.sessions = maps.Clone(old.Value.sessions)
		state.sessions[publicID] = k
	}
	ticket.Store(&near.Entry[*routeState]{Value: state}, m.nearTTL(), 0)
}

func (m *Manager) nearTTL() time.Duration {
	if m.rb.Announce() != "" { // the server does not track
		return m.opt.NearUntracked
	}
	return nearTTL
}

// globalFor returns the epoch of all users, to compare that of a session with. What the process knows may be older than the
// session; then Redis is asked.
func (m *Manager) globalFor(ctx context.Context, own int64) (int64, error) {
	epoch, err := m.global(ctx)
	if err == nil && own > epoch {
		return m.readGlobal(ctx)
	}
	return epoch, err
}

// makeGlobal returns the epoch of all users for a session that begins: never 0, so that a session is over where the epoch was
// lost.
func (m *Manager) makeGlobal(ctx context.Context) (int64, error) {
	// Read anew: with one that is too old the session would be over at once.
	if epoch, err := m.readGlobal(ctx); err != nil || epoch != 0 {
		return epoch, err
	}
	text, err := globalScript.Do(ctx, m.hot, []string{m.globalKey()}, []string{m.rb.Announce()}).ToString()
	m.near.Forget(everyRoute)
	if err != nil {
		return 0, fmt.Errorf("session: making the epoch of all users: %w", err)
	}
	epoch, _ := strconv.ParseInt(text, 10, 64)
	return epoch, nil
}

// global returns the epoch of all users: 0 before the first login, and where it was lost.
func (m *Manager) global(ctx context.Context) (int64, error) {
	if e, ok := m.near.Get(everyRoute); ok {
		return e.Value.epoch, nil
	}
	return m.readGlobal(ctx)
}

// readGlobal asks Redis.
func (m *Manager) readGlobal(ctx context.Context) (int64, error) {
	ticket := m.near.Begin(everyRoute)
	lane := m.rb.Tracked()
	text, err := lane.Do(ctx, lane.B().Get().Key(m.globalKey()).Build()).ToString()
	if err != nil && !rueidis.IsRedisNil(err) {
		ticket.Cancel()
		return 0, fmt.Errorf("session: reading the epoch of all users: %w", err)
	}
	epoch, _ := strconv.ParseInt(text, 10, 64)
	ticket.Store(&near.Entry[*routeState]{Value: &routeState{epoch: epoch}}, m.nearTTL(), 0)
	return epoch, nil
}
