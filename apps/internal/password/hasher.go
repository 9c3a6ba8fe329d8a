package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
)

// Errors of this package.
var (
	// ErrBusy means that too many others were waiting: try again later. It is also
	// what a context that ended while waiting gives, together with its own error.
	ErrBusy = errors.New("password: too many at once")
	// ErrHash means that a stored hash cannot be read. It never shows the hash.
	ErrHash = errors.New("password: bad hash")
	// ErrOptions means that the options cannot be used.
	ErrOptions = errors.New("password: bad options")
)

// Options say how passwords are hashed. The zero value is what OWASP
// recommends: 19 MiB, two passes, one lane.
type Options struct {
	// Memory of one hash, in KiB. 0 is 19456 (19 MiB).
	Memory uint32
	// Passes over that memory. 0 is 2.
	Passes uint32
	// AtOnce is how many hashes are made at the same time. 0 is one for each core.
	AtOnce int
	// Wait is how long a call waits for its turn before it fails with [ErrBusy].
	// 0 is 5 s.
	Wait time.Duration
	// AllowWeak admits less memory or fewer passes than the zero value has: for
	// tests, whose passwords guard nothing.
	AllowWeak bool
}

// Defaults and bounds of a hash.
const (
	defaultMemory = 19 << 10 // KiB
	defaultPasses = 2
	defaultWait   = 5 * time.Second
	lanes         = 1
	saltSize      = 16 // bytes
	hashSize      = 32 // bytes

	// A hash comes from the database. Whoever can write there must not be able to
	// make the service take all memory.
	mostMemory = 1 << 20 // KiB
	mostPasses = 64
	mostLanes  = 16
)

// Hasher makes and compares hashes. Make it with [New]. It is safe for
// concurrent use.
type Hasher struct {
	now   params
	wait  time.Duration
	turns chan struct{}
	dummy phc

	derived atomic.Int64 // how often argon2id ran
}

// New makes a Hasher.
func New(o Options) (*Hasher, error) {
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.Passes == 0 {
		o.Passes = defaultPasses
	}
	if o.AtOnce == 0 {
		o.AtOnce = min(runtime.GOMAXPROCS(0), runtime.NumCPU()) // a process may have more processors of Go than cores
	}
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrOptions}, args...)...))
	}
	if weak := o.Memory < defaultMemory || o.Passes < defaultPasses; weak && !o.AllowWeak {
		fault("Memory %d KiB with Passes %d, expected at least %d and %d (or AllowWeak)", o.Memory, o.Passes, defaultMemory, defaultPasses)
	}
	if o.Memory < 8*lanes || o.Memory > mostMemory {
		fault("Memory %d KiB, expected %d to %d", o.Memory, 8*lanes, mostMemory)
	}
	if o.Passes > mostPasses {
		fault("Passes %d, expected at most %d", o.Passes, mostPasses)
	}
	if o.AtOnce < 0 {
		fault("AtOnce %d, expected 1 or more", o.AtOnce)
	}
	if o.Wait < 0 {
		fault("Wait %v, expected more than 0", o.Wait)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	h := &Hasher{now: params{o.Memory, o.Passes, lanes}, wait: o.Wait, turns: make(chan struct{}, o.AtOnce)}
	h.dummy = phc{params: h.now, salt: salt(), hash: make([]byte, hashSize)}
	return h, nil
}

// Hash returns the hash of a password as a PHC string.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	p := phc{params: h.now, salt: salt()}
	var err error
	if p.hash, err = h.derive(ctx, p.params, password, p.salt, hashSize); err != nil {
		return "", err
	}
	return p.String(), nil
}

// Verify reports whether a password is the one of a hash. An empty hash matches
// no password, and finding that out takes as long as a comparison does. The same holds
// for one that cannot be read, which is [ErrHash].
func (h *Hasher) Verify(ctx context.Context, hash, password string) (bool, error) {
	p, bad := h.dummy, error(nil)
	real := hash != ""
	if real {
		if p, bad = parse(hash); bad != nil {
			p, real = h.dummy, false
		}
	}
	got, err := h.derive(ctx, p.params, password, p.salt, len(p.hash))
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare(got, p.hash) == 1
	return same && real, bad
}

// Outdated reports whether a hash was made with other parameters than new ones
// are. A hash that cannot be read is.
func (h *Hasher) Outdated(hash string) bool {
	p, err := parse(hash)
	return err != nil || p.params != h.now || len(p.salt) != saltSize || len(p.hash) != hashSize
}

// derive runs argon2id when it is this call's turn.
func (h *Hasher) derive(ctx context.Context, p params, password string, salt []byte, size int) ([]byte, error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	defer func() { <-h.turns }()
	h.derived.Add(1)
	return argon2.IDKey([]byte(password), salt, p.passes, p.memory, p.lanes, uint32(size)), nil //nolint:gosec // bounded by parse
}

// enter waits for a turn. Waiting calls get theirs in the order they came.
func (h *Hasher) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	select {
	case h.turns <- struct{}{}:
		return nil
	default:
	}
	late := time.NewTimer(h.wait)
	defer late.Stop()
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-late.C:
		return ErrBusy
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
}

func salt() []byte {
	s := make([]byte, saltSize)
	_, _ = rand.Read(s) // never fails: see crypto/rand
	return s
}
