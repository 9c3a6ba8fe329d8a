package ratelimit

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

// refused wants an ErrConfig that has all the texts.
func refused(t *testing.T, what string, err error, texts ...string) {
	t.Helper()
	is(t, err, redbrick.ErrConfig)
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error does not have %q: %v", what, text, err)
		}
	}
}

func TestFaultyOptionsAreAllNamed(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	_, err := New(rb, Options{
		Policies: []Policy{
			{Name: "a{b}", Limit: -1, Window: time.Microsecond, Algorithm: 9, Away: 7},
			{Name: "twice", Algorithm: SlidingLog, Limit: 10_001},
			{Name: "twice", Limit: 5, Burst: -1, Shared: true},
			{Name: "places", Algorithm: Concurrency, Window: time.Millisecond},
			{Name: "more", Algorithm: Concurrency, Burst: 3, SharedPrefix: "x"},
			{Name: "fast", Limit: math.MaxInt64},
			{Name: "wide", Algorithm: SlidingCounter, Limit: 1 << 50, Window: time.Hour},
		},
		Timeout: time.Nanosecond, BlockEntries: -2, BlockFor: -1, Nodes: -1, DB: -1,
	})
	refused(t, "all", err, "Policies[0].Name", "Policies[0].Limit", "Policies[0].Window", "Policies[0].Algorithm", "Policies[0].Away",
		"Policies[1].Limit", "Policies[2].Name", "Policies[2].Burst", "Policies[2].Shared", "Policies[3].Window", "Policies[4].Burst",
		"Policies[4].SharedPrefix", "Policies[5].Limit", "Policies[6].Limit", "at most one policy with Concurrency",
		"Options.Timeout", "Options.BlockEntries", "Options.BlockFor", "Options.Nodes", "Options.DB")
	_, err = NewLeased(rb, LeasedOptions{Policy: Policy{Algorithm: FixedWindow, Limit: 10, Shadow: true}, Batch: 11, Nodes: -1})
	refused(t, "leased", err, "Algorithm", "Shadow", "Batch", "Nodes")
	_, err = NewLeased(rb, LeasedOptions{Policy: Policy{Limit: math.MaxInt64}})
	refused(t, "leased, too fast", err, "Limit")
	_, err = New(rb, Options{DB: 3})
	refused(t, "another database", err, "Options.DB", "open one with this database")
	must(New(rb, one(Policy{Name: "x", Limit: 5})))(t)
	must(New(rb, one(Policy{Name: "x", Limit: 5})))(t)
	_, err = New(rb, one(Policy{Name: "x", Limit: 6}))
	refused(t, "one name with two meanings", err, "rl:{<id>}:x")
	if l := must(New(rb, Options{}))(t); !must(l.Allow(t.Context(), "x"))(t).Allowed {
		t.Error("the zero options admit nothing")
	}
}

func TestOptionsFromEnvNamesEveryFault(t *testing.T) {
	t.Parallel()
	from := func(env map[string]string) (Options, error) {
		return optionsFrom(func(name string) string { return env[name] })
	}
	o := must(from(nil))(t)
	equal(t, "defaults", o, Options{Policies: []Policy{{Algorithm: FixedWindow, Shared: true, Limit: 100, Window: 15 * time.Minute}}})
	o = must(from(map[string]string{"RATE_LIMIT_ENABLED": "false", "RATE_LIMIT_WINDOW_MS": "3600000", "RATE_LIMIT_MAX_REQUESTS": "0", "RATE_LIMIT_REDIS_DB": "2"}))(t)
	equal(t, "all set", o, Options{Disabled: true, DB: 2, Policies: []Policy{{Algorithm: FixedWindow, Shared: true, Limit: 0, Window: time.Hour}}})
	_, err := from(map[string]string{"RATE_LIMIT_ENABLED": "ja", "RATE_LIMIT_WINDOW_MS": "0", "RATE_LIMIT_MAX_REQUESTS": "1e3", "RATE_LIMIT_REDIS_DB": "-1"})
	refused(t, "all wrong", err, `RATE_LIMIT_ENABLED is "ja"`, `RATE_LIMIT_WINDOW_MS is "0"`, `RATE_LIMIT_MAX_REQUESTS is "1e3"`, `RATE_LIMIT_REDIS_DB is "-1"`)
	for _, bad := range []string{"+5", " 5", "05", "5.0", "99999999999999999999", "-1"} {
		_, err := from(map[string]string{"RATE_LIMIT_MAX_REQUESTS": bad})
		refused(t, bad, err, bad)
	}
}

func TestADisabledLimiterAdmitsEverythingWithoutRedis(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := must(New(rb, Options{Disabled: true, Policies: []Policy{{Limit: 0}, {Name: "places", Algorithm: Concurrency}}}))(t)
	ok(t, rb.Close())
	ctx := t.Context()
	for _, r := range []Result{must(l.Allow(ctx, "x"))(t), must(l.Peek(ctx, "x"))(t), must(l.Wait(ctx, "x"))(t), must(AllowAll(ctx, l.Claim("x", 1)))(t), must(l.Acquire(ctx, "x"))(t).Result} {
		if !r.Allowed || r.Degraded {
			t.Errorf("%+v", r)
		}
	}
}

// TestUnitsAreExactOrAThousandthToTheStrictSide: the emission interval that a script uses is the policy's, or longer by
// less than a thousandth, and everything fits the numbers of Lua.
func TestUnitsAreExactOrAThousandthToTheStrictSide(t *testing.T) {
	t.Parallel()
	r := bricktest.Trace(t)
	inexact := 0
	for range 100_000 {
		p := Policy{Limit: 1 + r.Int64N(1<<r.IntN(40)), Window: time.Millisecond + time.Duration(r.Int64N(1<<(r.IntN(30)+20)))}
		p = must(p.withoutCheck())(t)
		c, err := compile(p, "p")
		if err != nil {
			continue
		}
		us := p.Window.Microseconds()
		// The interval in microseconds is cost/scale against us/limit.
		scale := c.q
		if c.kind == kindBucket {
			c.cost *= 1000
			scale = 1
		}
		got, want := float64(c.cost)/float64(scale), float64(us)/float64(p.Limit)
		if got < want*(1-1e-12) || got > want*1.001001 {
			t.Fatalf("%d in %v: an interval of %v us, want %v", p.Limit, p.Window, got, want)
		}
		if got != want {
			inexact++
		}
		if c.kind == kindFine && (c.p*c.q > exact || c.most > c.p*c.q/4) {
			t.Fatalf("%d in %v: capacity %d, wrap %d, scale %d", p.Limit, p.Window, c.most, c.p, c.q)
		}
	}
	if inexact == 0 {
		t.Error("nothing was rounded")
	}
}

func (p Policy) withoutCheck() (Policy, error) {
	p.Burst = p.Limit
	return p, nil
}
