package store_test

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/store"
	"github.com/redbrick-go/redbrick/redistest"
)

func open(rb *redbrick.Client) *store.Store {
	return store.New(store.Options{Namespace: rb.Namespace()})
}

// run sends a command that is expected to work.
func run(t *testing.T, rb *redbrick.Client, args ...string) rueidis.RedisResult {
	t.Helper()
	r := rb.Do(t.Context(), rb.B().Arbitrary(args[0]).Keys(args[1]).Args(args[2:]...).Build())
	if err := r.Error(); err != nil && !rueidis.IsRedisNil(err) {
		t.Fatal(args, err)
	}
	return r
}

func acquire(t *testing.T, rb *redbrick.Client, s *store.Store, ask store.Ask) store.Grant {
	t.Helper()
	if ask.Mode == "" {
		ask.Mode = store.Miss
	}
	g := s.Acquire(t.Context(), rb, leaseTime, ask)[0]
	if g.Err != nil {
		t.Fatal(g.Err)
	}
	return g
}

func fill(t *testing.T, rb *redbrick.Client, s *store.Store, e store.Entry) bool {
	t.Helper()
	if e.TTL == 0 {
		e.TTL = time.Hour
	}
	stored, errs := s.Fill(t.Context(), rb, e)
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	return stored[0]
}

// exists says whether there is a key; gone waits until there is none.
func exists(t *testing.T, rb *redbrick.Client, key string) bool {
	t.Helper()
	n, err := run(t, rb, "EXISTS", key).AsInt64()
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

func gone(t *testing.T, rb *redbrick.Client, key string) {
	t.Helper()
	redistest.Eventually(t, 30*time.Second, func() error {
		if exists(t, rb, key) {
			return fmt.Errorf("%s is there", key)
		}
		return nil
	})
}

// An entry that expires while it is refreshed is as good as one that is there; one that a stranger deleted is not.
func TestEntryExpiresDuringLoad(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s, v := open(rb), rb.Namespace()+"v"
		for _, deleted := range []bool{false, true} {
			for ttl := 20 * time.Millisecond; ; ttl *= 2 {
				if ttl > time.Minute {
					t.Fatal("no lease was granted before the entry expired")
				}
				s.Set(t.Context(), rb, store.Entry{V: v, Value: []byte("old"), TTL: ttl})
				token := store.NewToken()
				acquire(t, rb, s, store.Ask{V: v, Token: token, Mode: store.Refresh, Seen: time.Hour})
				stamp, err := run(t, rb, "HGET", s.LeaseKey(v), "p").ToString()
				if err != nil {
					t.Fatal(err)
				}
				if stamp == "-2" {
					continue // too slow a machine for this TTL
				}
				if deleted {
					run(t, rb, "SET", v, "foreign", "PX", "1")
				}
				gone(t, rb, v)
				stored := fill(t, rb, s, store.Entry{V: v, Token: token, Value: []byte("new")})
				if deleted {
					at, _ := strconv.ParseInt(stamp, 10, 64)
					if stored && time.Now().Before(time.UnixMilli(at)) {
						t.Error("stored although the entry went before its time")
					} else if stored {
						continue // its time had come, too
					}
				} else if !stored {
					t.Error("refused although nobody wrote")
				}
				break
			}
		}
	})
}

// A lease that has run out, or was lost, means that a late result is not stored, and that others may load.
func TestLeaseRunsOut(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s, v := open(rb), rb.Namespace()+"v"
		late := store.NewToken()
		if g := s.Acquire(t.Context(), rb, time.Millisecond, store.Ask{V: v, Token: late, Mode: store.Miss})[0]; !g.Granted {
			t.Fatalf("%+v, want a lease", g)
		}
		gone(t, rb, s.LeaseKey(v))
		next := store.NewToken()
		if g := acquire(t, rb, s, store.Ask{V: v, Token: next}); !g.Granted {
			t.Fatalf("%+v, want a lease", g)
		}
		if fill(t, rb, s, store.Entry{V: v, Token: late, Value: []byte("late")}) {
			t.Error("a late result was stored")
		}
		if err := s.Abandon(t.Context(), rb, v, late); err != nil {
			t.Fatal(err)
		}
		if !fill(t, rb, s, store.Entry{V: v, Token: next, Value: []byte("next")}) {
			t.Error("the result of the lease was refused: the late one took the lease away")
		}
	})
}

// Whatever lies at L, the entry can be loaded, and every call answers.
func TestSideKeyOfAnotherKind(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := open(rb)
		for i, garbage := range [][]string{
			{"SET", "", "x"}, {"SET", "", "x", "PX", "3600000"}, {"RPUSH", "", "x"}, {"HSET", "", "x", "y"},
			{"HSET", "", "t", "token", "p", "nonsense", "w", "1"},
		} {
			v := rb.Namespace() + "v" + strconv.Itoa(i)
			spoil := func() {
				t.Helper()
				run(t, rb, "DEL", s.LeaseKey(v))
				garbage[1] = s.LeaseKey(v)
				run(t, rb, garbage...)
			}
			entry := store.Entry{V: v, Token: "token", Value: []byte("x"), TTL: time.Hour}
			spoil()
			if fill(t, rb, s, entry) {
				t.Errorf("%v: stored without a lease", garbage)
			}
			spoil()
			if err := s.Abandon(t.Context(), rb, v, "token"); err != nil {
				t.Errorf("%v: %v", garbage, err)
			}
			spoil()
			if errs := s.Set(t.Context(), rb, entry); errs[0] != nil || exists(t, rb, s.LeaseKey(v)) {
				t.Errorf("%v: Set: %v, lease there: %v", garbage, errs[0], exists(t, rb, s.LeaseKey(v)))
			}
			spoil()
			if had, errs := s.Drop(t.Context(), rb, v); errs[0] != nil || !had[0] || exists(t, rb, s.LeaseKey(v)) {
				t.Errorf("%v: Drop: %v %v", garbage, had[0], errs[0])
			}
			spoil()
			token := store.NewToken()
			if g := acquire(t, rb, s, store.Ask{V: v, Token: token}); !g.Granted {
				t.Errorf("%v: %+v, want a lease", garbage, g)
			}
			if !fill(t, rb, s, store.Entry{V: v, Token: token, Value: []byte("x")}) {
				t.Errorf("%v: the result was refused", garbage)
			}
		}
	})
}

// A key of another type is no entry: readers miss, a load replaces it.
func TestEntryOfAnotherType(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s, v := open(rb), rb.Namespace()+"v"
		run(t, rb, "HSET", v, "f", "1")
		if f := s.Lookup(t.Context(), rb, v)[0]; !f.Foreign || f.Value != nil || f.Err != nil {
			t.Errorf("Lookup of a hash: %+v, want Foreign alone", f)
		}
		for _, mode := range []store.Mode{store.Miss, store.Refresh, store.Replace} {
			token := store.NewToken()
			if g := acquire(t, rb, s, store.Ask{V: v, Token: token, Mode: mode}); !g.Granted {
				t.Fatalf("%s: %+v, want a lease", mode, g)
			}
			if !fill(t, rb, s, store.Entry{V: v, Token: token, Value: []byte("x")}) {
				t.Errorf("%s: the result was refused", mode)
			}
			run(t, rb, "DEL", v)
			run(t, rb, "HSET", v, "f", "1")
		}
		if had, errs := s.Drop(t.Context(), rb, v); !had[0] || errs[0] != nil {
			t.Errorf("Drop of a hash: %v %v", had[0], errs[0])
		}
	})
}

func TestLookup(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s, ns := open(rb), rb.Namespace()
		run(t, rb, "SET", ns+"forever", "a")
		run(t, rb, "SET", ns+"hour", "", "EX", "3600")
		found := s.Lookup(t.Context(), rb, ns+"forever", ns+"none", ns+"hour")
		if f := found[0]; string(f.Value) != "a" || f.TTL != store.Forever || f.Err != nil {
			t.Errorf("without expiry: %+v", f)
		}
		if f := found[1]; f.Value != nil || f.TTL != 0 || f.Err != nil {
			t.Errorf("nothing: %+v", f)
		}
		if f := found[2]; f.Value == nil || len(f.Value) != 0 || f.TTL <= 59*time.Minute || f.TTL > time.Hour || f.Err != nil {
			t.Errorf("empty value: %+v", f)
		}
	})
}

func TestTTL(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s, v := open(rb), rb.Namespace()+"v"
		set := func(ttl time.Duration) error {
			return s.Set(t.Context(), rb, store.Entry{V: v, Value: []byte("x"), TTL: ttl})[0]
		}
		for _, ttl := range []time.Duration{100 * time.Microsecond, time.Nanosecond, time.Millisecond} {
			if err := set(ttl); err != nil {
				t.Errorf("TTL %v: %v", ttl, err)
			}
			gone(t, rb, v)
		}
		for _, ttl := range []time.Duration{1500 * time.Millisecond, 100 * 365 * 24 * time.Hour, math.MaxInt64} {
			if err := set(ttl); err != nil {
				t.Errorf("TTL %v: %v", ttl, err)
			}
			left, err := run(t, rb, "PTTL", v).AsInt64()
			if want := ttl.Milliseconds(); err != nil || left > want+1 || left < want-60_000 || left <= 0 && want > 60_000 {
				t.Errorf("TTL %v: %d ms are left, %v", ttl, left, err)
			}
		}
		for _, ttl := range []time.Duration{0, -1, -time.Hour} {
			token := store.NewToken()
			acquire(t, rb, s, store.Ask{V: v, Token: token, Mode: store.Replace})
			if err := set(ttl); err == nil || !strings.Contains(err.Error(), "expire") {
				t.Errorf("TTL %v: %v, want an error of the server", ttl, err)
			}
			if exists(t, rb, s.LeaseKey(v)) {
				t.Errorf("TTL %v: the lease outlives a Set that failed", ttl)
			}
			acquire(t, rb, s, store.Ask{V: v, Token: token, Mode: store.Replace})
			stored, errs := s.Fill(t.Context(), rb, store.Entry{V: v, Token: token, Value: []byte("y"), TTL: ttl})
			if stored[0] || errs[0] == nil || exists(t, rb, s.LeaseKey(v)) {
				t.Errorf("fill with TTL %v: %v %v, lease there: %v", ttl, stored[0], errs[0], exists(t, rb, s.LeaseKey(v)))
			}
		}
	})
}

// A lease of many ids in one pipeline, ids of every kind: on a cluster each has its lease in its own slot.
func TestIDs(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := open(rb)
		ids := []string{"", "1", "{1}", "}{", "{}", "{", "}", "a{b}c", " ", "\n\r\t", "%", "%7B", "%25", "*?[a]\\^", "ü€😀", "\x00\xff", strings.Repeat("{x}", 4000)}
		asks := make([]store.Ask, len(ids))
		entries := make([]store.Entry, len(ids))
		vs := make([]string, len(ids))
		for i, id := range ids {
			vs[i] = rb.Namespace() + "recipe:" + keyspace.EscapeID(id)
			token := store.NewToken()
			asks[i] = store.Ask{V: vs[i], Token: token, Mode: store.Miss}
			entries[i] = store.Entry{V: vs[i], Token: token, Value: []byte("value of " + id), TTL: time.Hour}
		}
		for i, g := range s.Acquire(t.Context(), rb, leaseTime, asks...) {
			if !g.Granted {
				t.Errorf("id %.20q: %+v, want a lease", ids[i], g)
			}
			if !exists(t, rb, s.LeaseKey(vs[i])) {
				t.Errorf("id %.20q: no key %.60q", ids[i], s.LeaseKey(vs[i]))
			}
		}
		stored, errs := s.Fill(t.Context(), rb, entries...)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for i, f := range s.Lookup(t.Context(), rb, vs...) {
			if !stored[i] || string(f.Value) != "value of "+ids[i] {
				t.Errorf("id %.20q: stored %v, found %.40q", ids[i], stored[i], f.Value)
			}
		}
		had, errs := s.Drop(t.Context(), rb, vs...)
		for i := range ids {
			if !had[i] || errs[i] != nil {
				t.Errorf("id %.20q: Drop: %v %v", ids[i], had[i], errs[i])
			}
		}
	})
}

func leaseKeys(t *testing.T, ns, v string) {
	t.Helper()
	s := store.New(store.Options{Namespace: ns})
	l := s.LeaseKey(v)
	if a, b := keyspace.Slot(v), keyspace.Slot(l); a != b {
		t.Errorf("%q is in slot %d, its lease %q in %d", v, a, l, b)
	}
	if got := s.EntryOf(l); got != v {
		t.Errorf("EntryOf(%q) is %q, want %q", l, got, v)
	}
	if !strings.HasPrefix(l, s.LeasePrefix()) {
		t.Errorf("%q does not begin with %q", l, s.LeasePrefix())
	}
}

func FuzzLeaseKey(f *testing.F) {
	f.Add("recipe", "1", "url")
	f.Add("", "{}", "")
	f.Add("a:b", strings.Repeat("%", 600), "x}")
	f.Add("h:", "}", "{")
	f.Fuzz(func(t *testing.T, name, id, tag string) {
		if keyspace.ValidName(name) != nil {
			return
		}
		for _, ns := range []string{"", "app:"} {
			leaseKeys(t, ns, ns+name+":"+keyspace.EscapeID(id))
			if inner := keyspace.EscapeID(tag); inner != "" {
				leaseKeys(t, ns, ns+name+":{"+inner+"}:"+keyspace.EscapeID(id))
			}
		}
	})
}
