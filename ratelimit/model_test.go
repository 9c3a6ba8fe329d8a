package ratelimit

import (
	"context"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/internal/script"
	"github.com/redbrick-go/redbrick/redistest"
)

// model is what an algorithm means, in the plainest words: times are microseconds of the server's clock, as fractions where
// the algorithm has some. Each call tells the time, so that the model and the script agree on it.
type model interface {
	// allow reports whether n calls are admitted, and counts them if take is set.
	allow(us int64, n int64, take bool) bool
	// remaining is how many single calls would be admitted now.
	remaining(us int64) int64
	// refund gives back n calls that were admitted at the time at.
	refund(us, at, n int64)
}

// bucketModel is a bucket that holds burst tokens and gets limit tokens a window.
type bucketModel struct {
	burst, perUS *big.Rat // tokens, tokens a microsecond
	tick         int64    // time is counted in steps of so many microseconds
	tokens       *big.Rat
	at           int64
}

func newBucketModel(p Policy, r rule) *bucketModel {
	// What the units make of the policy: see TestUnitsAreExactOrAThousandthToTheStrictSide.
	interval := big.NewRat(r.cost*1000, 1)
	tick := int64(1000)
	if r.kind == kindFine {
		interval, tick = big.NewRat(r.cost, r.q), 1
	}
	return &bucketModel{burst: big.NewRat(p.Burst, 1), perUS: new(big.Rat).Inv(interval), tick: tick, tokens: big.NewRat(p.Burst, 1)}
}

func (m *bucketModel) refill(us int64) {
	us -= us % m.tick
	if us > m.at {
		gained := new(big.Rat).Mul(big.NewRat(us-m.at, 1), m.perUS)
		m.tokens.Add(m.tokens, gained)
		m.at = us
	}
	if m.tokens.Cmp(m.burst) > 0 {
		m.tokens.Set(m.burst)
	}
}

func (m *bucketModel) allow(us, n int64, take bool) bool {
	m.refill(us)
	cost := big.NewRat(n, 1)
	if m.tokens.Cmp(cost) < 0 {
		return false
	}
	if take {
		m.tokens.Sub(m.tokens, cost)
	}
	return true
}

func (m *bucketModel) remaining(us int64) int64 {
	m.refill(us)
	return new(big.Int).Quo(m.tokens.Num(), m.tokens.Denom()).Int64()
}

func (m *bucketModel) refund(us, _, n int64) {
	m.refill(us)
	m.tokens.Add(m.tokens, big.NewRat(n, 1))
	m.refill(us)
}

// fixedModel begins a window with the first call in none. A key lives through the millisecond at which it expires.
type fixedModel struct{ limit, windowMS, ends, n int64 }

func (m *fixedModel) roll(us int64) int64 {
	ms := us / 1000
	if ms > m.ends {
		m.n, m.ends = 0, 0
	}
	return ms
}

// settle takes the script's word for whether a window is over in the millisecond at which its key expires: an engine may have
// removed it by then.
func (m *fixedModel) settle(us, n int64, got PolicyResult) {
	if got.Allowed {
		got.Remaining += n
	}
	if us/1000 == m.ends && got.Remaining == m.limit {
		m.n, m.ends = 0, 0
	}
}

func (m *fixedModel) allow(us, n int64, take bool) bool {
	ms := m.roll(us)
	if m.n+n > m.limit {
		return false
	}
	if take {
		if m.n == 0 {
			m.ends = ms + m.windowMS
		}
		m.n += n
	}
	return true
}

func (m *fixedModel) remaining(us int64) int64 { m.roll(us); return m.limit - m.n }

func (m *fixedModel) refund(us, at, n int64) {
	m.roll(us)
	if m.ends >= at/1000 && m.ends <= at/1000+m.windowMS && m.n >= n {
		m.n -= n
	}
}

// logModel keeps the time of each call.
type logModel struct {
	limit, window int64
	calls         []int64
}

func (m *logModel) trim(us int64) {
	m.calls = slices.DeleteFunc(m.calls, func(at int64) bool { return at+m.window <= us })
}

func (m *logModel) allow(us, n int64, take bool) bool {
	m.trim(us)
	if int64(len(m.calls))+n > m.limit {
		return false
	}
	if take {
		for range n {
			m.calls = append(m.calls, us)
		}
	}
	return true
}

func (m *logModel) remaining(us int64) int64 { m.trim(us); return m.limit - int64(len(m.calls)) }

func (m *logModel) refund(_, at, n int64) {
	for range n {
		if i := slices.Index(m.calls, at); i >= 0 {
			m.calls = slices.Delete(m.calls, i, i+1)
		}
	}
}

// counterModel counts in windows of the clock and weighs the last one by the part that still counts.
type counterModel struct {
	limit, windowMS int64
	counts          map[int64]int64
}

func (m *counterModel) weight(ms int64) *big.Rat {
	w, off := ms/m.windowMS, ms%m.windowMS
	last := big.NewRat(m.counts[w-1]*(m.windowMS-off), m.windowMS)
	return last.Add(last, big.NewRat(m.counts[w], 1))
}

func (m *counterModel) allow(us, n int64, take bool) bool {
	ms := us / 1000
	used := m.weight(ms)
	if used.Add(used, big.NewRat(n, 1)).Cmp(big.NewRat(m.limit, 1)) > 0 {
		return false
	}
	if take {
		m.counts[ms/m.windowMS] += n
	}
	return true
}

func (m *counterModel) remaining(us int64) int64 {
	left := new(big.Rat).Sub(big.NewRat(m.limit, 1), m.weight(us/1000))
	return max(new(big.Int).Div(left.Num(), left.Denom()).Int64(), 0)
}

func (m *counterModel) refund(_, at, n int64) { m.counts[at/1000/m.windowMS] -= n }

func newModel(t *testing.T, p Policy) model {
	t.Helper()
	p = must(p.withDefaults("p"))(t)
	r := must(compile(p, "p"))(t)
	switch p.Algorithm {
	case TokenBucket:
		return newBucketModel(p, r)
	case FixedWindow:
		return &fixedModel{limit: p.Limit, windowMS: p.Window.Milliseconds()}
	case SlidingLog:
		return &logModel{limit: p.Limit, window: p.Window.Microseconds()}
	}
	return &counterModel{limit: p.Limit, windowMS: p.Window.Milliseconds(), counts: map[int64]int64{}}
}

// clocked notes the server's time at which a script ran, which stands still in it on the engine.
type clocked struct {
	script.Doer
	t   *testing.T
	key string
}

var allScripts = []*script.Script{bucketScript, fineScript, fixedScript, decideScript, refundScript, drawScript}

func (c clocked) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	words := cmd.Commands()
	for _, s := range allScripts {
		if words[0] != "EVALSHA" || words[1] != shaOf(s) {
			continue
		}
		noted := "local T = redis.call('TIME') redis.call('SET', '" + c.key + "', string.format('%.0f', T[1] * 1000000 + T[2]))\n" + s.Source()
		return c.Doer.Do(ctx, c.B().Arbitrary("EVAL", noted).Args(words[2:]...).Build())
	}
	return c.Doer.Do(ctx, cmd)
}

func shaOf(s *script.Script) string {
	cmd := script.Call{Script: s, Keys: []string{"k"}}.Build(builder{})
	return cmd.Commands()[1]
}

type builder struct{ script.Doer }

func (builder) B() rueidis.Builder { return sharedBuilder }

var (
	sharedBuilder rueidis.Builder
	sharedOnce    sync.Once
)

func (c clocked) us() int64 {
	c.t.Helper()
	return must(c.Doer.Do(c.t.Context(), c.B().Get().Key(c.key).Build()).AsInt64())(c.t)
}

// modelled are policies whose arithmetic differs: whole milliseconds, rounded ones, microseconds, fractions of them; limits
// of 1, bursts, windows that do not divide.
var modelled = []Policy{
	{Limit: 5, Window: time.Second},
	{Limit: 1, Window: time.Second},
	{Limit: 7, Window: time.Minute},
	{Limit: 10, Window: time.Second, Burst: 3},
	{Limit: 2, Window: time.Second, Burst: 20},
	{Limit: 3, Window: 10 * time.Millisecond},
	{Limit: 3, Window: time.Second},
	{Limit: 3000, Window: time.Second, Burst: 7},
	{Limit: 7_000_000, Window: time.Second, Burst: 5},
	{Limit: 1_000_003, Window: 997 * time.Millisecond, Burst: 4},
	{Algorithm: FixedWindow, Limit: 5, Window: time.Second},
	{Algorithm: FixedWindow, Limit: 1, Window: 20 * time.Millisecond},
	{Algorithm: FixedWindow, Limit: 4, Window: time.Second, Shared: true},
	{Algorithm: SlidingLog, Limit: 5, Window: time.Second},
	{Algorithm: SlidingLog, Limit: 1, Window: 7 * time.Millisecond},
	{Algorithm: SlidingLog, Limit: 40, Window: time.Second},
	{Algorithm: SlidingCounter, Limit: 5, Window: time.Second},
	{Algorithm: SlidingCounter, Limit: 1, Window: 30 * time.Millisecond},
	{Algorithm: SlidingCounter, Limit: 100, Window: 997 * time.Millisecond},
}

// TestEachAlgorithmIsItsModelOnRandomTraces: decisions, what remains, when to come again (a call at that time is admitted, one
// before it is not), and refunds, by the scripts for one policy and by the one for several.
func TestEachAlgorithmIsItsModelOnRandomTraces(t *testing.T) {
	t.Parallel()
	for _, p := range modelled {
		for _, alone := range []bool{true, false} {
			name := strings.ReplaceAll(p.Algorithm.String(), " ", "-")
			t.Run(name+"/"+itoa(p.Limit)+"-in-"+p.Window.String()+map[bool]string{true: "", false: "-among-others"}[alone], func(t *testing.T) {
				t.Parallel()
				rb := redistest.Open(t, "embedded")
				traceModel(t, rb, p, alone)
			})
		}
	}
}

func traceModel(t *testing.T, rb *redbrick.Client, p Policy, alone bool) {
	sharedOnce.Do(func() { sharedBuilder = rb.B() })
	o := one(p)
	if !alone {
		o.Policies = append(o.Policies, Policy{Name: "wide", Limit: 1_000_000_000, Window: time.Second})
	}
	o.BlockEntries = -1
	l := patient(t, rb, o)
	d := clocked{Doer: l.lane, t: t, key: rb.Namespace() + "clock"}
	l.lane, l.slow = d, d
	m := newModel(t, p)
	r, ctx := bricktest.Trace(t), t.Context()
	refunds := 0
	limit := p.Limit
	if p.Burst > 0 {
		limit = p.Burst
	}
	var again time.Duration // until the last denial ends
	for step := range redistest.Scale(4000) / 2 {
		switch r.IntN(10) {
		case 0, 1:
			redistest.Advance(t, rb, time.Duration(r.Int64N(int64(p.Window)+int64(p.Window)/2)))
		case 2, 3, 4:
			redistest.Advance(t, rb, time.Duration(r.Int64N(int64(p.Window)/limit+int64(time.Millisecond))))
		case 5: // to the moment at which the last denial ends, or just before it
			redistest.Advance(t, rb, max(again-time.Duration(r.IntN(2))*time.Millisecond, 0))
		}
		again = 0
		n := int64(1)
		if r.IntN(3) == 0 {
			n = 1 + r.Int64N(limit+1)
		}
		if r.IntN(8) == 0 {
			got := must(l.Peek(ctx, "x"))(t)
			us := d.us()
			if f, is := m.(*fixedModel); is {
				f.settle(us, 0, mine(got))
			}
			if want := m.allow(us, 1, false); got.Allowed != want || mine(got).Remaining != m.remaining(us) {
				t.Fatalf("step %d: peek %+v, the model says %t with %d left", step, got, want, m.remaining(us))
			}
			continue
		}
		got := must(l.AllowN(ctx, "x", n))(t)
		if n > limit {
			if got.Allowed || got.RetryAfter != Never {
				t.Fatalf("step %d: %d calls beyond %d are %+v", step, n, limit, got)
			}
			continue
		}
		us := d.us()
		if f, is := m.(*fixedModel); is {
			f.settle(us, n, mine(got))
		}
		want := m.allow(us, n, true)
		if got.Allowed != want || mine(got).Remaining != m.remaining(us) {
			t.Fatalf("step %d: %d calls are %+v, the model says %t with %d left", step, n, got, want, m.remaining(us))
		}
		if !want {
			again = mine(got).RetryAfter
			checkRetry(t, m, p, us, n, again)
			continue
		}
		if !alone && r.IntN(4) == 0 { // exactly known
			ok(t, l.Refund(ctx, got))
			m.refund(d.us(), us, n)
			refunds++
		}
	}
	if !alone && refunds == 0 {
		t.Fatal("nothing was refunded")
	}
}

// mine is the answer of the policy that is modelled.
func mine(r Result) PolicyResult {
	if len(r.Policies) > 0 {
		return r.Policies[0]
	}
	return PolicyResult{Allowed: r.Allowed, Remaining: r.Remaining, RetryAfter: r.RetryAfter, ResetAfter: r.ResetAfter}
}

// checkRetry holds that the time to come again is the first at which the call is admitted, up to the clock's step.
func checkRetry(t *testing.T, m model, p Policy, us, n int64, after time.Duration) {
	t.Helper()
	at := us + after.Microseconds() + 1
	step := int64(1)
	if must(compile(must(p.withDefaults("p"))(t), "p"))(t).kind != kindLog && p.Window%time.Millisecond == 0 {
		step = 1000
	}
	// Asked of a copy: a look does not change a model but lets time pass in it.
	if !later(m, us, at+step, n) {
		t.Fatalf("%d calls denied at %d should be admitted %v later", n, us, after)
	}
	if early := at - 2*step - 2; early > us && later(m, us, early, n) {
		t.Fatalf("%d calls denied at %d are told to come %v later, and would be admitted sooner", n, us, after)
	}
}

func later(m model, _, at, n int64) bool {
	switch m := m.(type) {
	case *bucketModel:
		c := *m
		c.tokens = new(big.Rat).Set(m.tokens)
		return c.allow(at, n, false)
	case *fixedModel:
		c := *m
		return c.allow(at, n, false)
	case *logModel:
		c := logModel{m.limit, m.window, slices.Clone(m.calls)}
		return c.allow(at, n, false)
	}
	return m.allow(at, n, false)
}
