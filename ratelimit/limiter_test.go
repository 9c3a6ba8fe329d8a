package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

// rateAlgorithms are all but Concurrency.
var rateAlgorithms = []Algorithm{TokenBucket, FixedWindow, SlidingLog, SlidingCounter}

// crowd is a process that makes calls from many goroutines and says how many were admitted.
var crowd = redistest.NewProgram("crowd", func(ctx context.Context, c *redistest.Child) error {
	number := func(i int) int { n, _ := strconv.Atoi(c.Args[i]); return n }
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	defer rb.Close()
	l, err := New(rb, Options{Timeout: patience, Policies: []Policy{{Algorithm: Algorithm(number(0)), Limit: int64(number(1)), Window: 10 * time.Hour}}})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	admitted, failed := 0, error(nil)
	var wg sync.WaitGroup
	for range number(2) {
		wg.Go(func() {
			for range number(3) {
				r, err := l.Allow(ctx, "all")
				mu.Lock()
				if r.Allowed && !r.Degraded {
					admitted++
				}
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(failed, c.Send(strconv.Itoa(admitted)))
})

// TestThreeProcessesOf200GoroutinesNeverExceedTheLimit, and use all of it.
func TestThreeProcessesOf200GoroutinesNeverExceedTheLimit(t *testing.T) {
	t.Parallel()
	for _, a := range rateAlgorithms {
		t.Run(strings.ReplaceAll(a.String(), " ", "-"), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, rb *redbrick.Client) {
				const limit, processes = 500, 3
				calls := redistest.Scale(10_000) / 200
				total := 0
				var all []*redistest.Process
				for i := range processes {
					goroutines := 200/processes + map[bool]int{true: 200 % processes}[i == 0]
					all = append(all, crowd.Start(t, rb, strconv.Itoa(int(a)), strconv.Itoa(limit), strconv.Itoa(goroutines), strconv.Itoa(calls)))
				}
				for _, p := range all {
					n, err := strconv.Atoi(p.Recv())
					ok(t, err)
					total += n
					p.Wait()
				}
				if total != limit {
					t.Fatalf("%d calls were admitted, want %d", total, limit)
				}
			}, redistest.Processes)
		})
	}
}

// state is every key with its value and the moment of its expiry; of those alone whose meaning that is, if not all is asked
// for: taking back a call may leave others to live a little longer.
func state(t *testing.T, rb *redbrick.Client, all bool) []string {
	t.Helper()
	ctx := t.Context()
	var out []string
	for _, key := range bricktest.Keys(t, rb) {
		var value any
		if strings.Contains(key, ":log") {
			value = must(rb.Do(ctx, rb.B().Lrange().Key(key).Start(0).Stop(-1).Build()).AsStrSlice())(t)
		} else {
			value = must(rb.Do(ctx, rb.B().Get().Key(key).Build()).ToString())(t)
		}
		ends := must(rb.Do(ctx, rb.B().Pexpiretime().Key(key).Build()).AsInt64())(t)
		if ends <= 0 {
			t.Errorf("%q has no expiry", key)
		}
		if !all && (strings.HasSuffix(key, ":log") || strings.HasSuffix(key, ":fine")) {
			ends = 0
		}
		out = append(out, fmt.Sprint(key, " ", value, " ", ends))
	}
	slices.Sort(out)
	return out
}

// lookAround lets tests read what the brick has no need to.
var lookAround = redistest.WithACL("+scan", "+lrange", "+persist", "+incr", "+expire", "+zscore", "+append", "+del")

// many is how many calls tests make at once of mixed policies, so that what they take outlasts a slow test.
const many = 50

// mixed are policies of all algorithms, the last of which is the tightest: three times many.
func mixed(shared bool) []Policy {
	return []Policy{
		{Name: "bucket", Limit: 5000, Window: time.Hour},
		{Name: "fine", Limit: 7, Window: 3001 * time.Millisecond, Burst: 2000},
		{Name: "log", Algorithm: SlidingLog, Limit: 5000, Window: time.Hour},
		{Name: "counter", Algorithm: SlidingCounter, Limit: 5000, Window: 100 * time.Hour},
		{Name: "fixed", Algorithm: FixedWindow, Limit: 3 * many, Window: time.Hour, Shared: shared},
	}
}

// TestADenialOfSeveralPoliciesLeavesNothing: not a byte in any key differs, and no expiry.
func TestADenialOfSeveralPoliciesLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, shared := range []bool{false, true} {
		t.Run(fmt.Sprintf("shared=%t", shared), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, rb *redbrick.Client) {
				l := patient(t, rb, Options{Policies: mixed(shared), BlockEntries: -1})
				for range 3 {
					equal(t, "admitted", must(l.AllowN(t.Context(), "192.0.2.1", many))(t).Allowed, true)
				}
				before := state(t, rb, true)
				equal(t, "keys", len(before), 5)
				for range 5 {
					r := must(l.Allow(t.Context(), "192.0.2.1"))(t)
					if r.Allowed || r.Policy != "fixed" || r.Remaining != 0 || r.RetryAfter <= 0 || len(r.Policies) != 5 {
						t.Fatalf("%+v", r)
					}
				}
				equal(t, "state", state(t, rb, true), before)
			}, lookAround)
		})
	}
}

// TestADenialOfSeveralIdentitiesLeavesNothing, with the keys of each in another slot on Cluster.
func TestADenialOfSeveralIdentitiesLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		wide := patient(t, rb, Options{Policies: mixed(false)[:4], BlockEntries: -1})
		tight := patient(t, rb, Options{Policies: []Policy{{Name: "tight", Limit: 1, Window: time.Hour}}, BlockEntries: -1})
		claims := func(i int) []Claim {
			return []Claim{wide.Claim(fmt.Sprint("user", i), 2*many), tight.Claim("one", 1), wide.Claim(fmt.Sprint("client", i), many)}
		}
		r := must(AllowAll(ctx, claims(0)...))(t)
		if !r.Allowed || r.Policy != "tight" || len(r.Policies) != 9 {
			t.Fatalf("%+v", r)
		}
		before := state(t, rb, false)
		equal(t, "keys", len(before), 9)
		for i := range 6 { // known identities and new ones
			r := must(AllowAll(ctx, claims(i)...))(t)
			if r.Allowed || r.Policy != "tight" {
				t.Fatalf("%+v", r)
			}
		}
		equal(t, "state", state(t, rb, false), before)
		ok(t, tight.Refund(ctx, r))
		equal(t, "keys after the refund", bricktest.Keys(t, rb), []string{})
	}, lookAround)
}

// TestClaimsOnOneCounterAddUp: whoever is both of two identities does not get twice the limit.
func TestClaimsOnOneCounterAddUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		for _, a := range rateAlgorithms {
			l := patient(t, rb, Options{BlockEntries: -1, Policies: []Policy{{Name: fmt.Sprint("p", int(a)), Algorithm: a, Limit: 5, Window: time.Hour}}})
			other := patient(t, rb, one(Policy{Name: fmt.Sprint("other", int(a)), Limit: 100}))
			both := []Claim{l.Claim("x", 1), other.Claim("x", 1), l.Claim("x", 1)} // apart on Cluster
			var r Result
			for i := range 2 {
				r = must(AllowAll(ctx, both...))(t)
				if !r.Allowed || r.Remaining != int64(3-2*i) || len(r.Policies) != 2 {
					t.Fatalf("%v: %+v", a, r)
				}
			}
			if r := must(AllowAll(ctx, both...))(t); r.Allowed {
				t.Fatalf("%v: six of five calls were admitted: %+v", a, r)
			}
			ok(t, l.Refund(ctx, r))
			equal(t, "left after the refund", must(l.Peek(ctx, "x"))(t).Remaining, int64(3))
			same := patient(t, rb, Options{Policies: []Policy{{Name: fmt.Sprint("p", int(a)), Algorithm: a, Limit: 5, Window: time.Hour}}})
			_, err := AllowAll(ctx, l.Claim("x", 1), same.Claim("x", 1))
			is(t, err, ErrInvalid)
			must(AllowAll(ctx, l.Claim("x", 1), same.Claim("y", 1)))(t)
			_, err = AllowAll(ctx, l.Claim("z", math.MaxInt64), l.Claim("z", math.MaxInt64))
			ok(t, err)
		}
		elsewhere := patient(t, redistest.Another(t, rb), one(Policy{Name: "elsewhere", Limit: 5}))
		_, err := AllowAll(ctx, elsewhere.Claim("x", 1), patient(t, rb, one(Policy{Name: "here", Limit: 5})).Claim("x", 1))
		is(t, err, ErrInvalid)
	})
}

// TestSeveralIdentitiesNeverExceedALimit of any of them, while others are taken back.
func TestSeveralIdentitiesNeverExceedALimit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		other := redistest.Another(t, rb)
		const limit, users = 60, 7
		var limits [2][2]*Limiter
		for i, c := range []*redbrick.Client{rb, other} {
			limits[i][0] = patient(t, c, Options{BlockEntries: -1, Policies: []Policy{{Name: "user", Algorithm: SlidingLog, Limit: limit / 3, Window: time.Hour}}})
			limits[i][1] = patient(t, c, Options{BlockEntries: -1, Policies: []Policy{{Name: "all", Limit: limit, Window: 100 * time.Hour}}})
		}
		var mu sync.Mutex
		admitted := map[string]int{}
		var wg sync.WaitGroup
		for g := range 20 {
			wg.Go(func() {
				for i := range redistest.Scale(10_000) / 100 {
					user := fmt.Sprint("u", (g+i)%users)
					l := limits[g%2]
					r, err := AllowAll(context.Background(), l[0].Claim(user, 1), l[1].Claim("all", 1))
					if err != nil {
						t.Error(err)
					}
					if r.Allowed {
						mu.Lock()
						admitted[user]++
						admitted["all"]++
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		for id, n := range admitted {
			if most := map[bool]int{true: limit, false: limit / 3}[id == "all"]; n > most {
				t.Errorf("%s: %d calls admitted, want at most %d", id, n, most)
			}
		}
		// What was taken back is there for others.
		left := 0
		for i := range limit {
			r := must(AllowAll(t.Context(), limits[0][0].Claim(fmt.Sprint("new", i), 1), limits[0][1].Claim("all", 1)))(t)
			if r.Allowed {
				left++
			}
		}
		equal(t, "admitted in all", admitted["all"]+left, limit)
	})
}

func TestLimitsZeroAndOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		for _, a := range rateAlgorithms {
			ctx := t.Context()
			none := patient(t, rb, one(Policy{Name: fmt.Sprint("none", int(a)), Algorithm: a, Limit: 0}))
			for _, r := range []Result{must(none.Allow(ctx, "x"))(t), must(none.AllowN(ctx, "x", 5))(t), must(none.Peek(ctx, "x"))(t)} {
				if r.Allowed || r.RetryAfter != Never || r.Remaining != 0 || r.Limit != 0 {
					t.Errorf("%v of 0: %+v", a, r)
				}
			}
			_, err := none.Wait(ctx, "x")
			is(t, err, ErrDenied)
			single := patient(t, rb, one(Policy{Name: fmt.Sprint("one", int(a)), Algorithm: a, Limit: 1, Window: 10 * time.Hour}))
			if r := must(single.AllowN(ctx, "x", 2))(t); r.Allowed || r.RetryAfter != Never {
				t.Errorf("%v of 1: two at once are %+v", a, r)
			}
			if r := must(single.Peek(ctx, "x"))(t); !r.Allowed || r.Remaining != 1 {
				t.Errorf("%v of 1: peek says %+v", a, r)
			}
			equal(t, "admitted", admit(t, single, "x", 3), 1)
			if r := must(single.Peek(ctx, "x"))(t); r.Allowed || r.Remaining != 0 || r.RetryAfter <= 0 || r.RetryAfter > 20*time.Hour {
				t.Errorf("%v of 1: peek after it says %+v", a, r)
			}
		}
	})
}

// TestIdentitiesAreApartAndKeysShort whatever an id is made of.
func TestIdentitiesAreApartAndKeysShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	ids := []string{"1", "a b", "{x}", "x}{y", "}", "{}", "~x", tagOf(long), long, long + "y", "%7B", "%257B", "a:b", "*", "line\nbreak", "ü", "\x00", " ", "2001:db8::/64", "::ffff:1.2.3.4"}
	for _, shared := range []bool{false, true} {
		t.Run(fmt.Sprintf("shared=%t", shared), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, rb *redbrick.Client) {
				l := patient(t, rb, Options{Policies: mixed(shared)})
				for range 2 {
					for _, id := range ids {
						if r := must(l.AllowN(t.Context(), id, many))(t); !r.Allowed {
							t.Errorf("%.20q: %+v", id, r)
						}
					}
				}
				for _, id := range ids {
					equal(t, "left of "+id[:1], must(l.Peek(t.Context(), id))(t).Remaining, int64(many))
				}
				keys := bricktest.Keys(t, rb)
				equal(t, "keys", len(keys), len(ids)*5)
				for _, key := range keys {
					if !shared && len(key) > len(rb.Namespace())+maxPlain+20 || len(key) > 700 {
						t.Errorf("a key of %d bytes: %q", len(key), key)
					}
				}
				_, err := l.Allow(t.Context(), "")
				is(t, err, ErrInvalid)
				_, err = l.AllowN(t.Context(), "x", 0)
				is(t, err, ErrInvalid)
			}, lookAround)
		})
	}
}

// TestEveryKeyHasAnExpiryAlsoOneThatLostIt: a key without would block its identity for good.
func TestEveryKeyHasAnExpiryAlsoOneThatLostIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		l := patient(t, rb, Options{Policies: mixed(true), BlockEntries: -1})
		fixed := patient(t, rb, Options{Policies: mixed(true)[4:], BlockEntries: -1})
		bucket := patient(t, rb, Options{Policies: []Policy{{Name: "lone", Limit: 10, Window: time.Hour}, {Name: "places", Algorithm: Concurrency, Limit: 2}}, BlockEntries: -1})
		permit := must(bucket.Acquire(ctx, "x"))(t)
		persist := func() {
			for _, key := range bricktest.Keys(t, rb) {
				ok(t, rb.Do(ctx, rb.B().Persist().Key(key).Build()).Error())
			}
		}
		expiring := func(what string) {
			for _, key := range bricktest.Keys(t, rb) {
				if ttl := must(rb.Do(ctx, rb.B().Pttl().Key(key).Build()).AsInt64())(t); ttl == -1 || ttl > 200*3600*1000 {
					t.Errorf("%s: %q lives for %d ms", what, key, ttl)
				}
			}
		}
		r := must(l.AllowN(ctx, "x", many))(t)
		expiring("new")
		persist()
		must(l.AllowN(ctx, "x", many))(t)
		must(bucket.Allow(ctx, "x"))(t)
		permit.renew()
		expiring("counted again")
		ok(t, l.Refund(ctx, r))
		expiring("refunded")
		admit(t, fixed, "x", 3*many)
		for what, ask := range map[string]*Limiter{"denied": fixed, "denied among others": l} {
			key := rb.Namespace() + "rate_limit:x"
			ok(t, rb.Do(ctx, rb.B().Persist().Key(key).Build()).Error())
			if r := must(ask.Allow(ctx, "x"))(t); r.Allowed || r.RetryAfter > time.Hour+time.Second {
				t.Errorf("%s: %+v", what, r)
			}
			expiring(what)
		}
		ok(t, permit.Release(ctx))
	}, lookAround)
}

// TestAFixedWindowSharesItsPlainCounterWithNode, which INCRs rate_limit:<id> and gives it an expiry at 1.
func TestAFixedWindowSharesItsPlainCounterWithNode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		for id, among := range map[string]bool{"192.0.2.1": false, "::ffff:192.0.2.1": true, "2001:db8:0:0:0:0:0:1": false} {
			o := Options{BlockEntries: -1, Policies: []Policy{{Name: "shared", Algorithm: FixedWindow, Limit: 5, Window: time.Hour, Shared: true}}}
			if among {
				o.Policies = append(o.Policies, Policy{Name: "burst", Limit: 100})
			}
			l := patient(t, rb, o)
			key := rb.Namespace() + "rate_limit:" + id
			node := func() int64 {
				n := must(rb.Do(ctx, rb.B().Incr().Key(key).Build()).AsInt64())(t)
				if n == 1 {
					ok(t, rb.Do(ctx, rb.B().Expire().Key(key).Seconds(100).Build()).Error())
				}
				return n
			}
			equal(t, "node first", node(), int64(1))
			equal(t, "then here", must(l.AllowN(ctx, id, 2))(t).Allowed, true)
			equal(t, "node again", node(), int64(4))
			r := must(l.Allow(ctx, id))(t)
			if !r.Allowed || r.Remaining != 0 || r.ResetAfter > 101*time.Second {
				t.Fatalf("%+v", r)
			}
			equal(t, "node over it", node(), int64(6))
			if r = must(l.Allow(ctx, id))(t); r.Allowed || r.RetryAfter > 101*time.Second || r.RetryAfter < 10*time.Second {
				t.Fatalf("%+v", r)
			}
			equal(t, "plain integer", must(rb.Do(ctx, rb.B().Get().Key(key).Build()).ToString())(t), "6")
			ok(t, l.Reset(ctx, id))
			equal(t, "after reset", must(l.Peek(ctx, id))(t).Remaining, int64(5))
		}
	}, lookAround)
}

// TestWhatIsNoCountInASharedCounterIsDroppedAndTheWindowBeginsAnew: else the policy would be Away for as long as the key lives.
func TestWhatIsNoCountInASharedCounterIsDroppedAndTheWindowBeginsAnew(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		shared := Policy{Name: "shared", Algorithm: FixedWindow, Limit: 5, Window: time.Hour, Shared: true, Away: Closed}
		alone := patient(t, rb, Options{BlockEntries: -1, Policies: []Policy{shared}})
		among := patient(t, rb, Options{BlockEntries: -1, Policies: []Policy{shared, {Name: "burst", Limit: 100}}})
		for i, text := range []string{"", "x", "6x", "-3", "4.5", " 4", "04", "0x4", "nan", "1e3"} {
			for kind, l := range map[string]*Limiter{"alone": alone, "among": among} {
				id := fmt.Sprint(kind, i)
				key := rb.Namespace() + "rate_limit:" + id
				ok(t, rb.Do(ctx, rb.B().Set().Key(key).Value(text).Build()).Error())
				equal(t, "a look at "+text, must(l.Peek(ctx, id))(t).Remaining, int64(5))
				equal(t, "what a look leaves", must(rb.Do(ctx, rb.B().Get().Key(key).Build()).ToString())(t), text)
				r := must(l.AllowN(ctx, id, 4))(t)
				if !r.Allowed || r.Degraded || r.Remaining != 1 || r.ResetAfter < 50*time.Minute {
					t.Errorf("%s counter %q: %+v", kind, text, r)
				}
				equal(t, "counter", must(rb.Do(ctx, rb.B().Get().Key(key).Build()).ToString())(t), "4")
				if left := must(rb.Do(ctx, rb.B().Pttl().Key(key).Build()).AsInt64())(t); left < 50*60_000 || left > 3_600_000 {
					t.Errorf("%s counter %q lives for %d ms", kind, text, left)
				}
				ok(t, rb.Do(ctx, rb.B().Set().Key(key).Value(text).Keepttl().Build()).Error())
				ok(t, l.Refund(ctx, r))
			}
		}
		// More than a count can be is over the limit.
		key := rb.Namespace() + "rate_limit:much"
		ok(t, rb.Do(ctx, rb.B().Set().Key(key).Value(strings.Repeat("9", 40)).Build()).Error())
		for _, l := range []*Limiter{alone, among} {
			if r := must(l.Allow(ctx, "much"))(t); r.Allowed || r.Degraded {
				t.Errorf("%+v", r)
			}
		}
	})
}

// TestForeignTextInABucketIsDropped: nobody else has to do with those keys, but what somebody writes there is no outage.
func TestForeignTextInABucketIsDropped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		fine := Policy{Name: "fine", Limit: 7, Window: time.Second + time.Microsecond, Away: Closed}
		alone := patient(t, rb, Options{BlockEntries: -1, Policies: []Policy{fine}})
		among := patient(t, rb, Options{BlockEntries: -1, Policies: []Policy{fine, {Name: "other", Limit: 100}}})
		leased := must(NewLeased(rb, LeasedOptions{Policy: Policy{Name: "leased", Limit: 7, Window: time.Hour, Away: Closed}, Timeout: patience}))(t)
		equal(t, "kind", alone.rules[0].kind, kindFine)
		for i, text := range []string{"", "x", "nan", "inf"} {
			for kind, l := range map[string]*Limiter{"alone": alone, "among": among} {
				id := fmt.Sprint(kind, i)
				ok(t, rb.Do(ctx, rb.B().Set().Key(rb.Namespace()+"rl:{"+id+"}:fine").Value(text).Build()).Error())
				for range 2 {
					if r := must(l.Allow(ctx, id))(t); !r.Allowed || r.Degraded {
						t.Errorf("%s bucket of %q: %+v", kind, text, r)
					}
				}
			}
			id := fmt.Sprint("leased", i)
			ok(t, rb.Do(ctx, rb.B().Set().Key(rb.Namespace()+"rl:{"+id+"}:leased").Value(text).Build()).Error())
			if r := must(leased.Allow(ctx, id))(t); !r.Allowed || r.Degraded {
				t.Errorf("leased bucket of %q: %+v", text, r)
			}
		}
	})
}

// TestARefundIsNeverMoreThanTheCallTook: with refunds in between, no more is admitted than without the refunded calls.
func TestARefundIsNeverMoreThanTheCallTook(t *testing.T) {
	t.Parallel()
	for i, p := range modelled {
		if p.Algorithm != TokenBucket {
			continue
		}
		t.Run(fmt.Sprint(p.Limit, "-in-", p.Window, "-", i), func(t *testing.T) {
			t.Parallel()
			rb := redistest.Open(t, "embedded")
			for _, alone := range []bool{true, false} {
				o := one(p)
				if !alone {
					o.Policies = append(o.Policies, Policy{Name: "wide", Limit: 1_000_000_000, Window: time.Second})
				}
				o.BlockEntries = -1
				l := patient(t, rb, o)
				sharedOnce.Do(func() { sharedBuilder = rb.B() })
				d := clocked{Doer: l.lane, t: t, key: rb.Namespace() + "clock"}
				l.lane, l.slow = d, d
				m := newModel(t, p) // sees the calls that stay alone
				r := bricktest.Trace(t)
				id := fmt.Sprint("id", alone)
				for step := range 300 {
					var back []Result
					for range r.IntN(3) {
						back = append(back, must(l.Allow(t.Context(), id))(t))
					}
					if r.IntN(2) == 0 {
						redistest.Advance(t, rb, time.Duration(r.Int64N(int64(p.Window))))
					}
					if got := must(l.Allow(t.Context(), id))(t); got.Allowed && !m.allow(d.us(), 1, true) {
						t.Fatalf("step %d: admitted, though without the refunded calls it would not be", step)
					}
					for _, b := range back {
						if alone { // the process's clock does not know of the server's leap
							b.slip.began = b.slip.began.Add(-p.Window)
						}
						ok(t, l.Refund(t.Context(), b))
					}
				}
			}
		})
	}
}

func TestARefundGivesBackWhatWasTaken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		for _, p := range mixed(true) {
			l := patient(t, rb, Options{Policies: []Policy{p}, BlockEntries: -1})
			r := must(l.AllowN(ctx, "x", 2))(t)
			ok(t, l.Refund(ctx, r))
			redistest.Eventually(t, patience, func() error { // a bucket may lack a round trip's worth, for as long
				if got, err := l.Peek(ctx, "x"); err != nil || got.Remaining != got.Limit {
					return fmt.Errorf("%s: %+v, %w", p.Name, got, err)
				}
				return nil
			})
			ok(t, l.Refund(ctx, must(l.AllowN(ctx, "x", p.Limit*2))(t))) // nothing was taken
		}
		all := patient(t, rb, Options{Policies: mixed(true), BlockEntries: -1})
		r := must(all.AllowN(ctx, "y", 3*many))(t)
		equal(t, "denied", must(all.Allow(ctx, "y"))(t).Allowed, false)
		ok(t, all.Refund(ctx, r))
		equal(t, "again", must(all.AllowN(ctx, "y", 3*many))(t).Allowed, true)
	})
}
