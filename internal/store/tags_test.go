package store_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/store"
	"github.com/redbrick-go/redbrick/redistest"
)

// valid says whether an entry with a number and the tags would be served.
func valid(t *testing.T, rb *redbrick.Client, s *store.Store, seq uint64, tags ...string) bool {
	t.Helper()
	floor, at, err := s.ReadTags(t.Context(), rb, tags...)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range at {
		if n > seq {
			return false
		}
	}
	return seq >= floor
}

func clockOf(t *testing.T, rb *redbrick.Client, s *store.Store) uint64 {
	t.Helper()
	n, err := s.Clock(t.Context(), rb)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func bump(t *testing.T, rb *redbrick.Client, s *store.Store, tags ...string) uint64 {
	t.Helper()
	n, err := s.Bump(t.Context(), rb, tags...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTagArithmetic(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := open(rb)
		before := clockOf(t, rb, s)
		if !valid(t, rb, s, before, "a", "b") {
			t.Error("an entry is invalid before anything was invalidated")
		}
		bump(t, rb, s, "b", "c")
		after := clockOf(t, rb, s)
		for _, c := range []struct {
			seq  uint64
			tags []string
			want bool
		}{
			{before, []string{"a"}, true},
			{before, []string{"a", "b"}, false},
			{before, []string{"c"}, false},
			{after, []string{"a", "b", "c"}, true},
			{before, nil, true},
			{before - 1, nil, false}, // of a clock that was lost
		} {
			if got := valid(t, rb, s, c.seq, c.tags...); got != c.want {
				t.Errorf("entry of %d (bump between %d and %d) with tags %v: valid is %v", c.seq, before, after, c.tags, got)
			}
		}
		// Names of tags are ids: they may hold anything.
		for _, tag := range []string{"", "{x}", "a b\n", "%7B", strings.Repeat("{", 5000)} {
			if bump(t, rb, s, tag); valid(t, rb, s, after, tag) {
				t.Errorf("tag %.20q: valid after it was invalidated", tag)
			}
		}
	})
}

// Eviction takes the clock, the floor, or both. What bears tags is invalid then, at once or when the next load begins, and
// what is loaded from then on is valid.
func TestClockIsLost(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := open(rb)
		clock, floor := clockKeys(s)
		for name, lost := range map[string][]string{"clock": {clock}, "floor": {floor}, "both": {clock, floor}} {
			for _, first := range []string{"load", "bump"} {
				before := clockOf(t, rb, s)
				behind(t, rb, before)
				run(t, rb, append([]string{"DEL"}, lost...)...)
				if name != "clock" && valid(t, rb, s, before, "a") {
					t.Errorf("%s lost: an entry is valid at once", name)
				}
				if first == "bump" {
					bump(t, rb, s, "other")
				}
				after := clockOf(t, rb, s)
				if valid(t, rb, s, before, "a") {
					t.Errorf("%s lost, %s: an older entry (%d, now %d) is valid", name, first, before, after)
				}
				if !valid(t, rb, s, after, "a") {
					t.Errorf("%s lost, %s: a newer entry is invalid", name, first)
				}
				if again := clockOf(t, rb, s); again != after {
					t.Errorf("%s lost, %s: the clock went on to %d from %d without a bump", name, first, again, after)
				}
			}
		}
	})
}

// behind waits until the server's clock, which may stand still for a while, is past n.
func behind(t *testing.T, rb *redbrick.Client, n uint64) {
	t.Helper()
	redistest.Eventually(t, 30*time.Second, func() error {
		now, err := rb.Do(t.Context(), rb.B().Time().Build()).AsIntSlice()
		if err == nil && uint64(now[0]*1_000_000+now[1]) <= n {
			return fmt.Errorf("time is %v", now)
		}
		return err
	})
}

// The server's time may go back, as after a failover to a machine whose clock is behind: numbers grow all the same.
func TestClockIsAhead(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := open(rb)
		clock, floor := clockKeys(s)
		clockOf(t, rb, s)
		ahead := uint64(time.Now().Add(24 * time.Hour).UnixMicro())
		run(t, rb, "SET", clock, strconv.FormatUint(ahead, 10))
		for i := range uint64(3) {
			before := clockOf(t, rb, s)
			if n := bump(t, rb, s, "a"); n != ahead+i+1 {
				t.Errorf("bump gives %d, want %d", n, ahead+i+1)
			}
			if valid(t, rb, s, before, "a") || !valid(t, rb, s, clockOf(t, rb, s), "a") {
				t.Error("the older entry is valid, or the newer one is not")
			}
		}
		before := clockOf(t, rb, s)
		run(t, rb, "DEL", floor)
		if after := clockOf(t, rb, s); after != before+1 || valid(t, rb, s, before, "a") || !valid(t, rb, s, after, "a") {
			t.Errorf("after the floor was lost the clock is %d, want %d", after, before+1)
		}
		for name, next := range map[string]func() uint64{
			"load": func() uint64 { return clockOf(t, rb, s) },
			"bump": func() uint64 { return bump(t, rb, s, "a") },
		} {
			before := clockOf(t, rb, s)
			run(t, rb, "SET", floor, strconv.FormatUint(before, 10))
			run(t, rb, "DEL", clock)
			if n := next(); n != before+1 || valid(t, rb, s, before, "a") {
				t.Errorf("after the clock was lost a %s gives %d, want %d above the floor", name, n, before+1)
			}
		}
	})
}

// No garbage at C, F or T stops anybody: what bears tags is invalid, then all goes on.
func TestGarbageAtNumbers(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := open(rb)
		clock, floor := clockKeys(s)
		texts := []string{"", "x", "-1", "1.5", "1e15", "0x10", "nan", "inf", " 7", "9007199254740992", "18446744073709551615", "99999999999999999999999"}
		for name, key := range map[string]string{"clock": clock, "floor": floor, "tag": s.TagKey("a")} {
			check := func(garbage string, spoil func()) {
				t.Helper()
				for _, bumpFirst := range []bool{false, true} {
					bump(t, rb, s, "a")
					before := clockOf(t, rb, s)
					behind(t, rb, before)
					spoil()
					if bumpFirst {
						if n := bump(t, rb, s, "a"); !valid(t, rb, s, n, "a") {
							t.Errorf("%s: an entry as new as the bump is invalid", garbage)
						}
					} else {
						clockOf(t, rb, s)
					}
					if valid(t, rb, s, before, "a") && garbage != "list at tag" {
						t.Errorf("%s: an older entry is valid", garbage)
					}
					if after := clockOf(t, rb, s); !valid(t, rb, s, after, "a") {
						t.Errorf("%s: a newer entry is invalid", garbage)
					}
					old := clockOf(t, rb, s)
					if bump(t, rb, s, "a"); valid(t, rb, s, old, "a") {
						t.Errorf("%s: bumping does nothing afterwards", garbage)
					}
				}
			}
			for _, text := range texts {
				check(fmt.Sprintf("%q at %s", text, name), func() { run(t, rb, "SET", key, text) })
			}
			check("list at "+name, func() { // at a tag it is as if the tag was lost: its last number is not known
				run(t, rb, "DEL", key)
				run(t, rb, "RPUSH", key, "x")
			})
		}
		bump(t, rb, s, "a")
		// A floor above the clock would make all that will be loaded invalid.
		before := clockOf(t, rb, s)
		run(t, rb, "SET", floor, strconv.FormatUint(before+1_000_000_000, 10))
		if after := clockOf(t, rb, s); !valid(t, rb, s, after, "b") || valid(t, rb, s, before, "b") {
			t.Errorf("floor ahead: clock %d after %d", after, before)
		}
	})
}

// The clock and the floor live on as long as anybody loads, and the numbers of tags longer than what bears them.
func TestNumbersLiveLongEnough(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := open(rb)
		clock, floor := clockKeys(s)
		left := func(key string) time.Duration {
			t.Helper()
			n, err := run(t, rb, "PTTL", key).AsInt64()
			if err != nil {
				t.Fatal(err)
			}
			return time.Duration(n) * time.Millisecond
		}
		const slow = time.Minute
		bump(t, rb, s, "a")
		for key, want := range map[string]time.Duration{
			clock: 2 * store.MaxTaggedTTL, floor: 2 * store.MaxTaggedTTL, s.TagKey("a"): store.MaxTaggedTTL + time.Hour - slow,
		} {
			if left(key) <= want {
				t.Errorf("%s lives for %v, want longer than %v", key, left(key), want)
			}
		}
		// Bumps alone renew the clock. The floor must not run out under it: that would invalidate all at once.
		run(t, rb, "PEXPIRE", floor, "60000")
		bump(t, rb, s, "a")
		before := clockOf(t, rb, s)
		if left(floor) <= store.MaxTaggedTTL || !valid(t, rb, s, before, "a") {
			t.Errorf("the floor lives for %v after a load", left(floor))
		}
	})
}

// One bump is the same work for ten entries and for many.
func TestBumpCostsTheSame(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb, err := redbrick.Open(t.Context(), redbrick.Options{URL: server.URL(), RequireRedis: true, CommandTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer rb.Close()
	s := open(rb)
	seq := clockOf(t, rb, s)
	value := store.Frame{Seq: seq, Tags: []string{"a"}, Body: []byte("{}")}.Append(nil)
	stored := 0
	grow := func(to int) {
		t.Helper()
		for stored < to {
			entries := make([]store.Entry, min(1000, to-stored))
			for i := range entries {
				entries[i] = store.Entry{V: fmt.Sprintf("v:%d", stored+i), Value: value, TTL: time.Hour}
			}
			for _, err := range s.Set(t.Context(), rb, entries...) {
				if err != nil {
					t.Fatal(err)
				}
			}
			stored += len(entries)
		}
	}
	count := func() string {
		t.Helper()
		server.ResetCommands()
		bump(t, rb, s, "a")
		c := server.Commands()
		delete(c, "ping")
		return fmt.Sprint(c) // maps print in order
	}
	grow(10)
	count() // the first call sends the script's text
	few := count()
	grow(redistest.Scale(1_000_000))
	if many := count(); few != many {
		t.Errorf("%s for 10 entries, %s for %d", few, many, stored)
	}
	if few != "map[evalsha:1 mget:1 set:2 time:1]" {
		t.Errorf("a bump issues %s", few)
	}
}

// The expiry of a key is a fact of the key: it must not move while nobody writes.
func TestExpiryStandsStill(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		v := rb.Namespace() + "v"
		run(t, rb, "SET", v, "x", "PX", "3600123")
		first, least, most := int64(0), int64(math.MaxInt64), int64(0)
		for i := range 2000 {
			at, err := run(t, rb, "PEXPIRETIME", v).AsInt64()
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = at
			}
			least, most = min(least, at), max(most, at)
			if i%500 == 0 && redistest.BackendOf(t, rb).Has(redistest.Clock) {
				redistest.Advance(t, rb, time.Duration(i)*time.Microsecond+time.Nanosecond)
			}
		}
		if least != first || most != first {
			t.Errorf("the expiry %d was read as %d to %d", first, least, most)
		}
	})
}
