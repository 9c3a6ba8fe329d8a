package guard

import (
	"slices"
	"sync"
	"time"
)

// maxLocal bounds the keys that a process counts by itself. Whoever floods it with others gets nowhere: where it is full, attempts
// under new keys are refused.
const maxLocal = 50_000

// fullWait is how long an attempt is told to wait where the local counters are full.
const fullWait = 10 * time.Second

// local does in this process what the scripts do in Redis, for the time that Redis is away.
type local struct {
	mu   sync.Mutex
	now  func() time.Duration // monotonic
	most int
	keys map[string]*counter
}

type counter struct {
	window   time.Duration
	failures []failure // by time
}

type failure struct {
	id string
	at time.Duration
}

func newLocal() *local {
	began := time.Now()
	return &local{now: func() time.Duration { return time.Since(began) }, most: maxLocal, keys: make(map[string]*counter)}
}

// reserve counts an attempt under every rule, or under none: then it says which one keeps it waiting longest.
func (l *local) reserve(id string, rules []rule) (binding int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	binding = -1
	for i, r := range rules {
		w := time.Duration(0)
		c := l.get(r.key, now)
		switch n := len(c.failures); {
		case n >= r.policy.Failures:
			w = c.failures[n-r.policy.Failures].at + r.policy.Window - now
		case r.policy.Delay > 0 && n > r.policy.FreeFailures:
			w = c.failures[n-1].at + r.policy.delay(n) - now
		case n == 0 && l.full(now):
			w = fullWait
		}
		if w > wait {
			binding, wait = i, w
		}
	}
	if binding >= 0 {
		return binding, wait
	}
	for _, r := range rules {
		l.add(r, id, now)
	}
	return binding, 0
}

// delay is how long the attempt after n failures waits.
func (p Policy) delay(n int) time.Duration {
	d := p.Delay
	for range n - p.FreeFailures - 1 {
		if d *= 2; d >= p.MaxDelay {
			break
		}
	}
	return min(d, p.MaxDelay)
}

// settle does to each rule what it says there, and returns how many other failures there were under the first.
func (l *local) settle(id string, rules []rule) (others int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for i, r := range rules {
		c := l.get(r.key, now)
		_, known := l.keys[r.key] // then it has its room
		c.failures = slices.DeleteFunc(c.failures, func(f failure) bool { return f.id == id })
		if i == 0 {
			others = len(c.failures)
		}
		switch r.settle {
		case success:
			c.failures = nil
		case failed:
			if known || !l.full(now) {
				l.add(r, id, now)
			}
		case forget:
		}
		if len(c.failures) == 0 && r.settle != failed {
			delete(l.keys, r.key)
		}
	}
	return others
}

// get gives the failures that still count, an empty counter where there are none.
func (l *local) get(key string, now time.Duration) *counter {
	c, ok := l.keys[key]
	if !ok {
		return &counter{}
	}
	c.failures = slices.DeleteFunc(c.failures, func(f failure) bool { return f.at <= now-c.window })
	if len(c.failures) == 0 {
		delete(l.keys, key)
	}
	return c
}

// add counts a failure, each of an attempt that was let through: so there are few.
func (l *local) add(r rule, id string, now time.Duration) {
	c, ok := l.keys[r.key]
	if !ok {
		c = &counter{}
		l.keys[r.key] = c
	}
	c.window = r.policy.Window
	c.failures = append(c.failures, failure{id, now})
}

// sweep is how many keys are looked at, anywhere in the map, when one more is wanted: everybody waits for that.
const sweep = 100

// full reports whether no key can be added, after dropping some of those that ended. So an attempt may be refused although a few
// of the keys have ended.
func (l *local) full(now time.Duration) bool {
	if len(l.keys) < l.most {
		return false
	}
	left := sweep
	for key, c := range l.keys {
		if left--; left < 0 {
			break
		}
		if n := len(c.failures); n == 0 || c.failures[n-1].at <= now-c.window {
			delete(l.keys, key)
		}
	}
	return len(l.keys) >= l.most
}
