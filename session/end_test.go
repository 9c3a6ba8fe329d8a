package session_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

// endings are all ways in which a session ends. keeper is another session of the same user, for EndOthers.
var endings = []struct {
	name string
	end  func(ctx context.Context, m *session.Manager, user, public, cookie, keeper string) error
}{
	{"Logout", func(ctx context.Context, m *session.Manager, _, _, cookie, _ string) error {
		s, err := m.Load(ctx, cookie)
		if err == nil {
			err = s.Logout(ctx)
		}
		if errors.Is(err, session.ErrReadOnly) || errors.Is(err, session.ErrNoSession) {
			err = errNotEnded // it has a new id meanwhile: another logs out by that
		}
		return err
	}},
	{"End", func(ctx context.Context, m *session.Manager, user, public, _, _ string) error {
		_, err := m.End(ctx, user, public)
		return err
	}},
	{"EndAll", func(ctx context.Context, m *session.Manager, user, _, _, _ string) error { return m.EndAll(ctx, user) }},
	{"EndOthers", func(ctx context.Context, m *session.Manager, _, _, _, keeper string) error {
		s, err := m.Load(ctx, keeper)
		if err != nil {
			return err
		}
		return s.EndOthers(ctx)
	}},
	{"login at the cap", func(ctx context.Context, m *session.Manager, user, _, _, _ string) error {
		for range 3 {
			resp, _ := do(ctx, m, "", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
				if err := s.Login(r.Context(), user, session.Meta{}); err != nil {
					http.Error(w, err.Error(), http.StatusTeapot)
				}
			})
			if resp.StatusCode != http.StatusOK {
				return fmt.Errorf("login: status %d", resp.StatusCode)
			}
		}
		return nil
	}},
}

var errNotEnded = errors.New("not ended")

// TestARequestUnderWayCannotBringASessionBack in 10,000 interleavings: the session ends before, between and after the steps of
// the request, in half of the cases at the same time.
func TestARequestUnderWayCannotBringASessionBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb, func(o *session.Options) { o.MaxPerUser = 3 })
		const workers = 8
		var left atomic.Int64
		left.Store(int64(redistest.Scale(10_000)))
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				r := rand.New(rand.NewPCG(rand.Uint64(), 1))
				for i := 0; left.Add(-1) >= 0 && !t.Failed(); i++ {
					interleave(t, m, r, fmt.Sprint("user", w, ":", i))
				}
			})
		}
		all.Wait()
	})
}

func interleave(t *testing.T, m *session.Manager, r *rand.Rand, user string) {
	cookie, keeper := login(t, m, user), login(t, m, user)
	if t.Failed() {
		return // a login's reason is worth more than the panic for want of a cookie
	}
	public := publicOf(cookie)
	how := endings[r.IntN(len(endings))]
	var ended error
	end := func() { ended = how.end(t.Context(), m, user, public, cookie, keeper) }
	at, together := r.IntN(5), r.IntN(2) == 0
	var both sync.WaitGroup
	defer both.Wait()
	step := func(i int) {
		switch {
		case i != at:
		case together:
			both.Go(end)
		default:
			end()
		}
	}
	step(0)
	_, after := do(t.Context(), m, cookie, func(_ http.ResponseWriter, req *http.Request, s *session.Session) {
		step(1)
		_ = number.Set(s, 7)
		step(2)
		switch r.IntN(4) {
		case 0:
			_ = s.Rotate(req.Context())
		case 1:
			_ = s.Extend(req.Context())
		case 2:
			_ = s.Save(req.Context())
		}
		step(3)
		_ = number.Set(s, 8)
	})
	step(4)
	both.Wait()
	if errors.Is(ended, errNotEnded) {
		return
	}
	if ended != nil {
		t.Errorf("%s: %v", how.name, ended)
		return
	}
	for _, c := range []string{cookie, after} {
		s, err := m.Load(t.Context(), c)
		if err == nil && s.UserID() == "" && c == after && c != cookie {
			continue // the request began a visitor's session of its own, after the end
		}
		if !errors.Is(err, session.ErrNoSession) {
			t.Errorf("%s at step %d (together: %t): the session is there: %v", how.name, at, together, err)
		}
	}
	if _, err := m.Load(t.Context(), keeper); how.name == "EndOthers" && err != nil {
		t.Errorf("EndOthers at step %d (together: %t) ended the session that stays: %v", at, together, err)
	}
}

// publicOf is the public id in a cookie's value.
func publicOf(cookie string) string { return strings.Split(cookie, ".")[1] }

// savers write to sessions as fast as they can: each line is a cookie; an empty line ends the writing.
var savers = redistest.NewProgram("savers", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	m, err := session.New(rb, session.Options{Secrets: [][]byte{secret}})
	if err != nil {
		return errors.Join(err, rb.Close())
	}
	for {
		cookie, err := c.Recv()
		if err != nil {
			return rb.Close()
		}
		s, err := m.Load(ctx, cookie)
		saved := 0
		for err == nil {
			if err = number.Set(s, saved); err == nil {
				if err = s.Save(ctx); err == nil {
					saved++
				}
			}
			if saved == 1 && err == nil {
				err = c.Send("saving")
			}
		}
		if err := c.Send(fmt.Sprint("ended ", errors.Is(err, session.ErrNoSession), " ", err)); err != nil {
			return err
		}
	}
})

// TestAnotherProcessCannotBringASessionBack that saves to it without pause while it ends here.
func TestAnotherProcessCannotBringASessionBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		p := savers.Start(t, rb)
		for i := range 20 {
			for _, how := range endings[:4] {
				user := fmt.Sprint("user", i)
				cookie, keeper := login(t, m, user), login(t, m, user)
				p.Send(cookie)
				if line := p.Recv(); line != "saving" {
					t.Fatal(line)
				}
				ok(t, how.end(t.Context(), m, user, publicOf(cookie), cookie, keeper))
				if line := p.Recv(); !strings.HasPrefix(line, "ended true ") {
					t.Fatalf("%s: the other process stopped with %q", how.name, line)
				}
				if user := userOf(t, m, cookie); user != "" {
					t.Fatalf("%s: the session of %s is back", how.name, user)
				}
			}
		}
		p.Wait()
	}, redistest.Processes)
}

// TestEachEndHoldsByItself: the list of the user, the epoch of all users and the session itself.
func TestEachEndHoldsByItself(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		ctx := t.Context()
		for name, change := range map[string]func(route, public string) error{
			"lost list": func(route, _ string) error {
				return rb.Do(ctx, rb.B().Del().Key(rb.Namespace()+"si:{"+route+"}").Build()).Error()
			},
			"list": func(route, public string) error {
				return rb.Do(ctx, rb.B().Zrem().Key(rb.Namespace()+"si:{"+route+"}").Member(public).Build()).Error()
			},
			"session": func(route, public string) error {
				return rb.Do(ctx, rb.B().Del().Key(rb.Namespace()+"s:{"+route+"}:"+public).Build()).Error()
			},
		} {
			cookie := login(t, m, name)
			s := loaded(t, m, cookie)
			ok(t, number.Set(s, 1))
			ok(t, change(s.Route(), s.PublicID()))
			is(t, s.Save(ctx), session.ErrNoSession)
			if user := userOf(t, m, cookie); user != "" {
				t.Errorf("%s: the session is there", name)
			}
			if alive, err := m.Alive(ctx, session.Route(m, name), publicOf(cookie), s.Epoch()); alive || err != nil {
				t.Errorf("%s: alive %t, %v", name, alive, err)
			}
		}
		before := loaded(t, m, login(t, m, "bert")).Epoch()
		ok(t, m.EndAll(ctx, "bert"))
		if after := loaded(t, m, login(t, m, "bert")).Epoch(); after <= before {
			t.Errorf("EndAll leaves epoch %d at %d", before, after)
		}
		cookie := login(t, m, "all users")
		ok(t, m.EndAllUsers(ctx))
		if user := userOf(t, m, cookie); user != "" {
			t.Errorf("after EndAllUsers %s is logged in", user)
		}
		if user := userOf(t, m, login(t, m, "anna")); user != "anna" {
			t.Error("nobody can log in after EndAllUsers")
		}
	})
}

// TestEndAllCostsTheSameForOneSessionAndTenThousand: the same commands, and the list is gone after.
func TestEndAllCostsTheSameForOneSessionAndTenThousand(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL())
	m := newManager(t, rb, func(o *session.Options) { o.MaxPerUser = 20_000 })
	ok(t, m.EndAll(t.Context(), "warm"))
	var want redistest.Commands
	for _, n := range []int{1, redistest.Scale(10_000)} {
		user := fmt.Sprint("user", n)
		var cookies []string
		for range n {
			cookies = append(cookies, login(t, m, user))
		}
		server.ResetCommands()
		ok(t, m.EndAll(t.Context(), user))
		got := server.Commands()
		delete(got, "ping")
		if want == nil {
			want = got
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d sessions: %v, for one: %v", n, got, want)
		}
		for i := range min(n, 100) {
			if userOf(t, m, cookies[len(cookies)-1-i]) != "" {
				t.Fatal("a session goes on after EndAll")
			}
		}
		if left := listed(t, rb, m, user); len(left) != 0 {
			t.Errorf("%d are left on the list", len(left))
		}
	}
}
