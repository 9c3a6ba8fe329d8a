package ratelimit

import (
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// Algorithm is how a policy counts; see the package comment.
type Algorithm int

// The algorithms.
const (
	TokenBucket Algorithm = iota
	FixedWindow
	SlidingLog
	SlidingCounter
	Concurrency
)

// String is the name of the algorithm.
func (a Algorithm) String() string {
	names := [...]string{"token bucket", "fixed window", "sliding log", "sliding counter", "concurrency"}
	if a < 0 || int(a) >= len(names) {
		return fmt.Sprintf("Algorithm(%d)", int(a))
	}
	return names[a]
}

// Away is what a policy does while Redis does not decide: it is away, too slow, or refuses.
type Away int

const (
	// Open admits: for limits that are there for fairness.
	Open Away = iota
	// Closed denies, with an error that wraps redbrick.ErrUnavailable: for limits that protect something.
	Closed
	// Local counts in this process, with Limit divided by Options.Nodes. Counting starts anew; Window and Limit make a token bucket.
	Local
)

// Policy is one limit. The zero value of every field but Limit is good.
type Policy struct {
	// Name tells the policies of a limiter apart, in keys, results and headers. "" is "default". Letters, digits and
	// `_ : . -`. Limiters that give a name the same meaning share its counters; New refuses one name with two meanings.
	Name string
	// Algorithm is TokenBucket unless said.
	Algorithm Algorithm
	// Limit is the number of calls a Window, or at once with Concurrency. 0 admits nothing. At most 10,000 for SlidingLog.
	Limit int64
	// Window is the time that Limit is for. 0 means one minute. For Concurrency it is the lease of a place, which is renewed
	// while the holder lives; 0 means 30 s, the least is one second.
	Window time.Duration
	// Burst is how many calls a full TokenBucket admits at once. 0 means Limit.
	Burst int64
	// Away is Open unless said.
	Away Away
	// Shadow counts and reports (Options.OnShadow, Result.Policies) what the policy would deny, and denies nothing.
	Shadow bool
	// Shared keeps a FixedWindow in the plain counter SharedPrefix + id, which programs in other languages may INCR. Ids
	// are in the key as they are, but for braces and for those over 512 bytes. What is no count there is dropped.
	Shared bool
	// SharedPrefix stands before the id, after the namespace. "" means "rate_limit:".
	SharedPrefix string
}

// Options say how a Limiter works. The zero value has one policy: 100 calls in 15 minutes, a token bucket.
type Options struct {
	// Policies all have to admit a call. At most one of them may be Concurrency, and one Shared.
	Policies []Policy
	// Timeout bounds each decision. 0 means 50 ms.
	Timeout time.Duration
	// BlockEntries is how many identities that were denied are remembered in the process until they may come again; they
	// cost Redis nothing meanwhile. Reset and Refund are heard by all processes. 0 means 10,000, -1 none.
	BlockEntries int
	// BlockFor is the longest that a denial is remembered: how late a key that somebody deleted by hand is noticed. 0
	// means 10 s.
	BlockFor time.Duration
	// Nodes is the number of processes that share what a Local policy may admit, as the operator knows it: nobody counts them,
	// and while Redis is away nobody could. Too low a number admits more, too high a number less. 0 means 1.
	Nodes int
	// DB is the database that the counters are to be in. New refuses a client that works in another one. 0 says nothing.
	DB int
	// Disabled admits everything and counts nothing.
	Disabled bool
	// OnShadow is told what a policy in shadow mode would have denied. It must not block.
	OnShadow func(id string, r PolicyResult)
}

const (
	defaultName    = "default"
	defaultShared  = "rate_limit:"
	defaultWindow  = time.Minute
	defaultLease   = 30 * time.Second
	defaultTimeout = 50 * time.Millisecond
	defaultBlocks  = 10_000
	defaultBlock   = 10 * time.Second
	maxLog         = 10_000
	maxWindow      = 10 * 366 * 24 * time.Hour
)

func (o Options) withDefaults() (Options, error) {
	if len(o.Policies) == 0 {
		o.Policies = []Policy{{Limit: 100, Window: 15 * time.Minute}}
	}
	var faults []error
	add := func(field string, value any, expected string) {
		faults = append(faults, fault("Options."+field, value, expected))
	}
	policies := make([]Policy, len(o.Policies))
	names := map[string]bool{}
	places, shared := 0, 0
	for i, p := range o.Policies {
		var err error
		field := fmt.Sprintf("Policies[%d]", i)
		if policies[i], err = p.withDefaults("Options." + field); err != nil {
			faults = append(faults, err)
		}
		if names[policies[i].Name] {
			add(field+".Name", policies[i].Name, "another name than the policies before it")
		}
		names[policies[i].Name] = true
		if p.Algorithm == Concurrency {
			places++
		}
		if p.Shared {
			shared++
		}
	}
	o.Policies = policies
	if places > 1 {
		add("Policies", places, "at most one policy with Concurrency")
	}
	if shared > 1 {
		add("Policies", shared, "at most one policy that is Shared: they would share one counter")
	}
	o.Timeout = orDefault(o.Timeout, defaultTimeout)
	if o.Timeout < time.Millisecond {
		add("Timeout", o.Timeout, "at least 1ms")
	}
	o.BlockEntries = orDefault(o.BlockEntries, defaultBlocks)
	if o.BlockEntries < -1 {
		add("BlockEntries", o.BlockEntries, "a count, or -1 for none")
	}
	o.BlockFor = orDefault(o.BlockFor, defaultBlock)
	if o.BlockFor < 0 {
		add("BlockFor", o.BlockFor, "a positive duration")
	}
	o.Nodes = orDefault(o.Nodes, 1)
	if o.Nodes < 0 {
		add("Nodes", o.Nodes, "a count from 1 up")
	}
	if o.DB < 0 {
		add("DB", o.DB, "a database number, or 0 for that of the client")
	}
	return o, errors.Join(faults...)
}

func (p Policy) withDefaults(field string) (Policy, error) {
	var faults []error
	add := func(name string, value any, expected string) {
		faults = append(faults, fault(field+"."+name, value, expected))
	}
	p.Name = orDefault(p.Name, defaultName)
	if keyspace.ValidName(p.Name) != nil {
		add("Name", p.Name, "only letters, digits and _ : . -")
	}
	if p.Algorithm < TokenBucket || p.Algorithm > Concurrency {
		add("Algorithm", int(p.Algorithm), "TokenBucket, FixedWindow, SlidingLog, SlidingCounter or Concurrency")
	}
	if p.Away < Open || p.Away > Local {
		add("Away", int(p.Away), "Open, Closed or Local")
	}
	if p.Limit < 0 {
		add("Limit", p.Limit, "0 or more")
	}
	least := time.Millisecond
	if p.Algorithm == Concurrency {
		p.Window, least = orDefault(p.Window, defaultLease), time.Second
	}
	p.Window = orDefault(p.Window, defaultWindow)
	if p.Window < least || p.Window > maxWindow {
		add("Window", p.Window, fmt.Sprintf("%v to ten years", least))
	}
	if p.Burst != 0 && (p.Algorithm != TokenBucket || p.Burst < 0) {
		add("Burst", p.Burst, "a count from 1 up for a TokenBucket, 0 elsewhere")
	}
	p.Burst = orDefault(p.Burst, p.Limit)
	if p.Shared && p.Algorithm != FixedWindow {
		add("Shared", p.Shared, "false unless the algorithm is FixedWindow")
	}
	if p.SharedPrefix != "" && !p.Shared || keyspace.ValidName(p.SharedPrefix) != nil {
		add("SharedPrefix", p.SharedPrefix, "letters, digits and _ : . - where Shared is set")
	}
	if p.Shared {
		p.SharedPrefix = orDefault(p.SharedPrefix, defaultShared)
	}
	if p.Algorithm == SlidingLog && p.Limit > maxLog {
		add("Limit", p.Limit, "at most 10,000 for a SlidingLog, which keeps every call")
	}
	if len(faults) == 0 {
		if _, err := compile(p, field); err != nil {
			faults = append(faults, err)
		}
	}
	return p, errors.Join(faults...)
}

// fault is an ErrConfig about one field or variable.
func fault(name string, value any, expected string) error {
	return fmt.Errorf("%w: %s is %q, expected %s", redbrick.ErrConfig, name, fmt.Sprint(value), expected)
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
