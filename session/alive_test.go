package session_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

// patience is ten times what anything takes on a busy machine.
const patience = 30 * time.Second

// claim is what an access token says of its session.
type claim struct {
	route, public string
	epoch         int64
}

func claimOf(t *testing.T, m *session.Manager, cookie string) claim {
	t.Helper()
	s := loaded(t, m, cookie)
	return claim{s.Route(), s.PublicID(), s.Epoch()}
}

func (c claim) alive(ctx context.Context, m *session.Manager) (bool, error) {
	return m.Alive(ctx, c.route, c.public, c.epoch)
}

func TestAliveCostsNoRoundTripWhenWarm(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var commands atomic.Int64
		here := redistest.Another(t, rb, func(o *redbrick.Options) {
			o.Observer.Command = func(redbrick.CommandEvent) { commands.Add(1) }
		})
		// The server's clock says how long it may be known; this process does not wait for it.
		m := newManager(t, here, func(o *session.Options) { o.NearUntracked = time.Minute })
		first, second := claimOf(t, m, login(t, m, "anna")), claimOf(t, m, login(t, m, "anna"))
		dead := claim{first.route, strings.Repeat("a", 16), first.epoch}
		redistest.Eventually(t, patience, func() error {
			link := here.Generation().Load()
			for _, c := range []claim{first, second, dead} {
				redistest.Eventually(t, patience, func() error { // the writes above may still be on their way as news
					if _, err := c.alive(t.Context(), m); err != nil {
						return err
					}
					if !session.KnownAlive(t.Context(), m, c.route, c.public) {
						return errors.New("not known")
					}
					return nil
				})
			}
			before := commands.Load()
			for range 1000 {
				for c, want := range map[claim]bool{
					first: true, second: true, dead: false, {first.route, first.public, first.epoch + 1}: false,
				} {
					if alive, err := c.alive(t.Context(), m); alive != want || err != nil {
						t.Fatalf("alive %t, want %t: %v", alive, want, err)
					}
				}
			}
			// News of what was written before may still come in; that costs one read each. A link that was made anew, as a
			// Cluster client does at its start, leaves nothing known.
			if n := commands.Load() - before; n > 8 {
				if here.Generation().Load() != link {
					return errors.New("the tracked link was made anew")
				}
				t.Errorf("4000 questions took %d commands", n)
			}
			return nil
		})
	})
}

// TestWhatIsKnownOfASessionEndsWhateverIsReadOfAnother: each is believed from its own reading on, however often others of the user are read.
func TestWhatIsKnownOfASessionEndsWhateverIsReadOfAnother(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		const believed = time.Minute
		m := newManager(t, rb, func(o *session.Options) { o.NearUntracked = believed })
		c := claimOf(t, m, login(t, m, "anna"))
		redistest.Eventually(t, patience, func() error { // the login may still be on its way as news
			if alive, err := c.alive(t.Context(), m); !alive || err != nil {
				t.Fatalf("alive %t, %v", alive, err)
			}
			left, most := session.KnownFor(m, c.route, c.public), time.Hour
			if rb.Announce() != "" { // the server does not track
				most = believed
			}
			if left > most {
				t.Fatalf("known for %v, want %v at most", left, most)
			}
			if left == 0 {
				return errors.New("not known")
			}
			return nil
		})
	})
}

// TestAliveFollowsEveryEndEverywhere: at once in the process that ended it, within the lag of news in another.
func TestAliveFollowsEveryEndEverywhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		// Where the server does not track, what is known would outlive the test if nobody told of its end.
		long := func(o *session.Options) { o.NearUntracked = time.Minute }
		here, there := newManager(t, rb, long), newManager(t, redistest.Another(t, rb), long)
		ctx := t.Context()
		all := func(ctx context.Context, m *session.Manager, _, _, _, _ string) error { return m.EndAllUsers(ctx) }
		for _, how := range append(endings[:4:4], struct {
			name string
			end  func(ctx context.Context, m *session.Manager, user, public, cookie, keeper string) error
		}{"EndAllUsers", all}) {
			cookie, keeper := login(t, here, how.name), login(t, here, how.name)
			c := claimOf(t, here, cookie)
			for _, m := range []*session.Manager{here, there} {
				if alive, err := c.alive(ctx, m); !alive || err != nil {
					t.Fatalf("%s: before: %t, %v", how.name, alive, err)
				}
			}
			ok(t, how.end(ctx, here, how.name, c.public, cookie, keeper))
			for range 50 { // read, then known
				if alive, err := c.alive(ctx, here); alive || err != nil {
					t.Errorf("%s: alive in the process that ended it: %v", how.name, err)
				}
			}
			redistest.Eventually(t, patience, func() error {
				if alive, err := c.alive(ctx, there); alive || err != nil {
					return fmt.Errorf("%s: alive %t in another process: %w", how.name, alive, err)
				}
				return nil
			})
			if how.name == "EndOthers" {
				kept := claimOf(t, there, keeper)
				if alive, err := kept.alive(ctx, there); !alive || err != nil {
					t.Errorf("the session that stays: alive %t, %v", alive, err)
				}
			}
		}
	})
}

// TestNobodyIsAliveAfterHisEndReturned, however many ask at the same time.
func TestNobodyIsAliveAfterHisEndReturned(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		for i := range redistest.Scale(1000) / 5 {
			user := fmt.Sprint("user", i%3)
			a, b := login(t, m, user), login(t, m, user)
			ends := claimOf(t, m, a)
			stays := claimOf(t, m, b)
			var over, stop atomic.Bool
			var asking sync.WaitGroup
			for range 3 {
				asking.Go(func() {
					for !stop.Load() {
						after := over.Load()
						if alive, err := ends.alive(t.Context(), m); err != nil || alive && after {
							t.Errorf("alive %t after the end: %v", alive, err)
							return
						}
						if alive, err := stays.alive(t.Context(), m); err != nil || !alive {
							t.Errorf("a session of the same user is over: %v", err)
							return
						}
					}
				})
			}
			_, err := m.End(t.Context(), user, ends.public)
			over.Store(true)
			if alive, err2 := ends.alive(t.Context(), m); err != nil || err2 != nil || alive {
				t.Errorf("alive %t after the end: %v, %v", alive, err, err2)
			}
			stop.Store(true)
			asking.Wait()
			if t.Failed() {
				return
			}
		}
	})
}

// TestWhatWasReadBeforeAnEndIsNotKeptAfterIt: the end falls between the answer of Redis and its keeping.
func TestWhatWasReadBeforeAnEndIsNotKeptAfterIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		var read atomic.Pointer[func()]
		m := newManager(t, redistest.Another(t, rb, func(o *redbrick.Options) {
			o.Observer.Command = func(e redbrick.CommandEvent) {
				if e.Lane == "tracked" && e.Commands == 3 {
					if f := read.Swap(nil); f != nil {
						(*f)()
					}
				}
			}
		}), func(o *session.Options) { o.NearUntracked = time.Minute })
		for range 20 {
			c := claimOf(t, m, login(t, m, "anna"))
			end := func() { ok(t, m.EndAll(context.WithoutCancel(t.Context()), "anna")) }
			read.Store(&end)
			_, err := c.alive(t.Context(), m) // was true when it was read
			ok(t, err)
			if read.Load() != nil {
				t.Fatal("the end did not fall into the reading")
			}
			if alive, err := c.alive(t.Context(), m); alive || err != nil {
				t.Fatalf("alive %t after the end: %v", alive, err)
			}
		}
	})
}

// Nobody tells of a session that runs out: what is known of it ends with it.
func TestAliveEndsWithTheIdleTime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb, func(o *session.Options) { o.Idle, o.Absolute = time.Second, time.Hour })
		var c claim // taken in the login: a busy machine may take longer than the idle time for another request
		in(t, m, "", func(ctx context.Context, s *session.Session) error {
			err := s.Login(ctx, "anna", session.Meta{})
			c = claim{s.Route(), s.PublicID(), s.Epoch()}
			return err
		})
		redistest.Eventually(t, patience, func() error {
			alive, err := c.alive(t.Context(), m)
			if alive || err != nil {
				return fmt.Errorf("alive %t: %w", alive, err)
			}
			return nil
		})
		if touched, err := m.Touch(t.Context(), c.route, c.public); touched || err != nil {
			t.Errorf("a session that ran out is touched: %t, %v", touched, err)
		}
	}, redistest.SubSecondTTL)
}

// TestTouchKeepsASessionOfTokensAlive, up to its absolute end.
func TestTouchKeepsASessionOfTokensAlive(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb, func(o *session.Options) { o.Idle, o.Absolute = time.Hour, 4*time.Hour })
		cookie := login(t, m, "anna")
		c := claimOf(t, m, cookie)
		for i := range 6 {
			redistest.Advance(t, rb, 50*time.Minute)
			touched, err := m.Touch(t.Context(), c.route, c.public)
			if want := i < 4; touched != want || err != nil { // 200 minutes are within four hours, 250 are not
				t.Fatalf("after %d minutes: touched %t, want %t: %v", 50*(i+1), touched, want, err)
			}
		}
		if userOf(t, m, cookie) != "" {
			t.Error("the session outlives its absolute end")
		}
	}, redistest.Clock)
}

// TestNobodyIsAliveOnADeadLink: whoever was ended elsewhere is not taken for alive once the dead link is noticed.
func TestNobodyIsAliveOnADeadLink(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), func(o *redbrick.Options) { o.HotTimeout = 250 * time.Millisecond })
	m := newManager(t, rb)
	elsewhere := newManager(t, redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.Namespace = rb.Namespace() }))
	c := claimOf(t, elsewhere, login(t, elsewhere, "anna"))
	redistest.Eventually(t, patience, func() error {
		alive, err := c.alive(t.Context(), m)
		if !alive {
			return fmt.Errorf("alive %t: %w", alive, err)
		}
		return nil
	})
	proxy.Blackhole(true)
	ok(t, elsewhere.EndAll(t.Context(), "anna"))
	redistest.Eventually(t, patience, func() error {
		if alive, err := c.alive(t.Context(), m); alive || !errors.Is(err, redbrick.ErrUnavailable) {
			return fmt.Errorf("alive %t: %w", alive, err)
		}
		return nil
	})
	for range 5 {
		if alive, err := c.alive(t.Context(), m); alive || err == nil {
			t.Errorf("alive %t on a dead link: %v", alive, err)
		}
	}
	proxy.Drop()
	proxy.Heal()
	redistest.Eventually(t, patience, func() error {
		alive, err := c.alive(t.Context(), m)
		if alive {
			t.Fatal("alive when the link is back")
		}
		return err
	})
}
