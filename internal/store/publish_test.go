package store_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/store"
	"github.com/redbrick-go/redbrick/redistest"
)

// Who waits is told once, when the lease ends, however it ends; where nobody waits nothing is published.
func TestWaitersAreWokenOnce(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		s, wakes := open(rb), listen(t, rb)
		ends := map[string]func(v string, token store.Token){
			"fill": func(v string, token store.Token) {
				if !fill(t, rb, s, store.Entry{V: v, Token: token}) {
					t.Error("refused")
				}
			},
			"refused fill": func(v string, token store.Token) {
				run(t, rb, "SET", v, "foreign", "EX", "100")
				if fill(t, rb, s, store.Entry{V: v, Token: token}) {
					t.Error("not refused")
				}
			},
			"failed fill": func(v string, token store.Token) {
				if _, errs := s.Fill(ctx, rb, store.Entry{V: v, Token: token, TTL: -1}); errs[0] == nil {
					t.Error("no error")
				}
			},
			"set": func(v string, _ store.Token) {
				if err := s.Set(ctx, rb, store.Entry{V: v, TTL: time.Hour})[0]; err != nil {
					t.Error(err)
				}
			},
			"failed set": func(v string, _ store.Token) {
				if s.Set(ctx, rb, store.Entry{V: v, TTL: -1})[0] == nil {
					t.Error("no error")
				}
			},
			"drop": func(v string, _ store.Token) {
				if _, errs := s.Drop(ctx, rb, v); errs[0] != nil {
					t.Error(errs[0])
				}
			},
			"abandon": func(v string, token store.Token) {
				if err := s.Abandon(ctx, rb, v, token); err != nil {
					t.Error(err)
				}
			},
		}
		for name, end := range ends {
			for waiters := range 3 {
				v := rb.Namespace() + name + strconv.Itoa(waiters)
				token := store.NewToken()
				acquire(t, rb, s, store.Ask{V: v, Token: token})
				for range waiters {
					if g := acquire(t, rb, s, store.Ask{V: v, Token: store.NewToken()}); g.Held <= 0 || g.Granted {
						t.Fatalf("%+v, want to wait", g)
					}
				}
				end(v, token)
				if fill(t, rb, s, store.Entry{V: v, Token: token}) {
					t.Errorf("%s: the lease is good for one more fill", name)
				}
				if got, want := wakes.next(t, rb, v), min(waiters, 1); got != want {
					t.Errorf("%s with %d waiters: %d wake-ups, want %d", name, waiters, got, want)
				}
			}
		}
	})
}

// Where the server does not track, every write that others may have near is announced, and nothing else.
func TestWritesAreAnnounced(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		ns := rb.Namespace()
		channel := ns + "announce"
		s := store.New(store.Options{Namespace: ns, Announce: func() string { return channel }})
		came := make(chan string, 100)
		stop, err := rb.Subscribe(ctx, channel, func(key string) { came <- key }, func(bool) {})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		v := ns + "v"
		_, floor := clockKeys(s)
		for _, step := range []struct {
			name string
			do   func() error
			want []string
		}{
			{"set", func() error { return s.Set(ctx, rb, store.Entry{V: v, TTL: time.Hour})[0] }, []string{v}},
			{"drop", func() error { _, errs := s.Drop(ctx, rb, v); return errs[0] }, []string{v}},
			{"fill", func() error {
				acquire(t, rb, s, store.Ask{V: v, Token: "1"})
				fill(t, rb, s, store.Entry{V: v, Token: "1"})
				return nil
			}, []string{v}},
			{"refused fill", func() error {
				acquire(t, rb, s, store.Ask{V: v, Token: "2", Mode: store.Replace})
				run(t, rb, "SET", v, "foreign")
				fill(t, rb, s, store.Entry{V: v, Token: "2"})
				return nil
			}, nil},
			{"the clock starts", func() error { _, err := s.Clock(ctx, rb); return err }, []string{floor}},
			{"the clock goes on", func() error { _, err := s.Clock(ctx, rb); return err }, nil},
			{"bump", func() error { _, err := s.Bump(ctx, rb, "a", "b"); return err }, []string{s.TagKey("a"), s.TagKey("b")}},
			{"bump after a loss", func() error {
				run(t, rb, "DEL", floor)
				_, err := s.Bump(ctx, rb, "a")
				return err
			}, []string{floor, s.TagKey("a")}},
		} {
			if err := step.do(); err != nil {
				t.Fatal(step.name, err)
			}
			// Messages of different servers of a cluster have no order: the last one comes from the same as the step's.
			var got []string
			for _, last := range []string{v, floor} {
				end := rb.B().Eval().Script("return redis.call('PUBLISH', ARGV[1], 'end')").Numkeys(1).Key(last).Arg(channel).Build()
				if err := rb.Do(ctx, end).Error(); err != nil {
					t.Fatal(err)
				}
				for key := receive(t, came); key != "end"; key = receive(t, came) {
					got = append(got, key)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(step.want, got); diff != "" {
				t.Errorf("%s announces (-want +got):\n%s", step.name, diff)
			}
		}
	})
}

func receive(t *testing.T, came <-chan string) string {
	t.Helper()
	select {
	case s := <-came:
		return s
	case <-time.After(30 * time.Second):
		t.Fatal("the last message did not come")
		return ""
	}
}

// A server that is full stores nothing; the lease ends all the same, so that nobody waits for it to run out.
func TestServerIsFull(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t, "maxmemory-policy noeviction")
	rb, err := redbrick.Open(t.Context(), redbrick.Options{URL: server.URL(), RequireRedis: true, CommandTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer rb.Close()
	s := open(rb)
	token := store.NewToken()
	acquire(t, rb, s, store.Ask{V: "v", Token: token})
	acquire(t, rb, s, store.Ask{V: "w", Token: token})
	server.Do("CONFIG", "SET", "maxmemory", "1")
	stored, errs := s.Fill(t.Context(), rb, store.Entry{V: "v", Token: token, Value: []byte("x"), TTL: time.Hour})
	if stored[0] || errs[0] == nil {
		t.Errorf("Fill: %v %v, want the server's error", stored[0], errs[0])
	}
	if err := s.Set(t.Context(), rb, store.Entry{V: "w", Value: []byte("x"), TTL: time.Hour})[0]; err == nil {
		t.Error("Set: no error")
	}
	if g := s.Acquire(t.Context(), rb, leaseTime, store.Ask{V: "x", Token: token, Mode: store.Miss})[0]; g.Err == nil || g.Granted {
		t.Errorf("Acquire: %+v, want the server's error", g)
	}
	if _, err := s.Bump(t.Context(), rb, "a"); err == nil {
		t.Error("Bump: no error: an invalidation was lost in silence")
	}
	for _, v := range []string{"v", "w"} {
		if exists(t, rb, s.LeaseKey(v)) {
			t.Errorf("the lease of %s is there", v)
		}
		if had, errs := s.Drop(t.Context(), rb, v); had[0] || errs[0] != nil {
			t.Errorf("Drop on a full server: %v %v", had[0], errs[0])
		}
	}
}
