package ratelimit

import (
	"math"
	"math/bits"
	"strconv"
	"time"
)

// rule is a policy as the scripts want it: in whole units of time, which differ by algorithm.
type rule struct {
	Policy
	kind string // of decide.lua
	// most is the capacity of a bucket in units, else the limit. cost is what one call takes of it.
	most, cost int64
	// p and q are as decide.lua has them: a window, or the wrap of a fine bucket and its units a microsecond.
	p, q int64
	// max is the greatest n that can ever be admitted.
	max int64
	// The same as text; the first is most, the second the cost of one call.
	mostText, oneText, pText, qText string
}

// Kinds of decide.lua.
const (
	kindBucket  = "bucket"
	kindFine    = "fine"
	kindFixed   = "fixed"
	kindLog     = "log"
	kindCounter = "counter"
)

const (
	// maxUnits bounds what scripts add up: sums of four stay exact in a double.
	maxUnits = 1 << 51
	// exact is the greatest number that Lua counts to.
	exact = 1 << 53
)

// compile chooses units in which the policy is exact, or off by less than a thousandth to the strict side.
func compile(p Policy, field string) (rule, error) {
	r := rule{Policy: p, cost: 1, most: p.Limit, max: p.Limit}
	ms, us := p.Window.Milliseconds(), p.Window.Microseconds()
	fits := true
	switch p.Algorithm {
	case TokenBucket:
		r.max = p.Burst
		fits = r.bucket(us)
	case FixedWindow:
		r.kind, r.p = kindFixed, ms
		fits = p.Limit <= maxUnits
	case SlidingLog:
		r.kind, r.p = kindLog, us
	case SlidingCounter:
		r.kind, r.p = kindCounter, ms
		_, fits = times(p.Limit, ms)
	}
	if !fits {
		return rule{}, fault(field+".Limit", p.Limit, "less: with this Window it is beyond what a script counts exactly")
	}
	r.mostText, r.oneText = itoa(r.most), itoa(r.cost)
	r.pText, r.qText = itoa(r.p), itoa(r.q)
	return r, nil
}

// bucket chooses the units of a token bucket. Whole milliseconds need neither the server's clock nor a value, so they are
// taken where the emission interval is a whole number of them, or so long that rounding it up by less than one is nothing;
// then microseconds on the same terms; else as many units a microsecond as make the interval whole.
func (r *rule) bucket(us int64) bool {
	if r.Limit == 0 {
		r.kind = kindBucket
		return true
	}
	interval := us / r.Limit
	switch whole := us%r.Limit == 0; {
	case whole && interval%1000 == 0, interval >= 1_000_000:
		r.kind = kindBucket
		r.cost = (us + 1000*r.Limit - 1) / (1000 * r.Limit)
	case whole, interval >= 1000:
		r.kind, r.q = kindFine, 1
		r.cost = (us + r.Limit - 1) / r.Limit
	default:
		g := gcd(us, r.Limit)
		r.kind, r.q = kindFine, r.Limit/g
		r.cost = us / g
	}
	var fits bool
	r.most, fits = times(r.Burst, r.cost)
	if r.kind == kindFine {
		r.p = exact / r.q
		// What is ahead of the count and what is behind it must not be confused, nor a level outlast a round.
		fits = fits && r.p >= 4 && r.most <= r.p*r.q/4
	}
	return fits
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// times multiplies what is not negative, and reports whether the product is small enough for the scripts.
func times(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b)) //nolint:gosec // not negative
	if hi != 0 || lo > maxUnits {
		return 0, false
	}
	return int64(lo), true //nolint:gosec // checked
}

// duration turns units into time, up to the next whole nanosecond, and stops at the greatest there is.
func (r *rule) duration(units int64) time.Duration {
	if units <= 0 {
		return 0
	}
	per := time.Millisecond
	switch r.kind {
	case kindLog:
		per = time.Microsecond
	case kindFine:
		us := units / r.q
		if us > math.MaxInt64/1000-1 {
			return math.MaxInt64
		}
		return time.Duration(us)*time.Microsecond + time.Duration((units%r.q*1000+r.q-1)/r.q)
	}
	if units > int64(math.MaxInt64/per) {
		return math.MaxInt64
	}
	return time.Duration(units) * per
}

// units turns time into units of the bucket, rounded down.
func (r *rule) units(d time.Duration) int64 {
	if r.kind == kindBucket {
		return d.Milliseconds()
	}
	us := d.Microseconds()
	if us > maxUnits/r.q {
		return maxUnits
	}
	return us * r.q
}

// costs is what n calls take, as text.
func (r *rule) costs(n int64) string {
	if n == 1 {
		return r.oneText
	}
	return itoa(n * r.cost)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
