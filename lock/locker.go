package lock

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"
)

// Locker takes locks. It is safe for concurrent use; one client may have several, which share their locks.
type Locker struct {
	rb     *redbrick.Client
	d      script.Doer
	o      Options
	prefix string
	shared *shared
	// maxBeat is the longest pause in which one who waits says that it still does.
	maxBeat time.Duration
}

// fenceTTL is how long the highest fencing token of a name is kept; the server's time is the floor after that.
const fenceTTL = 24 * time.Hour

// layoutVersion is the version of what locks keep in Redis.
const layoutVersion = 1

// maxBeat must stay below a third of the minute for which a queue is kept.
const maxBeat = 5 * time.Second

// New makes a Locker. It does not need Redis to be there.
func New(rb *redbrick.Client, o Options) (*Locker, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := rb.Register(
		keyspace.Shape{
			Owner: "lock", Pattern: "lock:{<name>}", Type: "string", TTL: "TTL of the lock, renewed", Slot: "{<name>}", Foreign: "read",
			Purpose: "who holds a lock: owner/token",
		},
		keyspace.Shape{
			Owner: "lock", Pattern: "lock:{<name>}:fence", Type: "string", TTL: "24 h after the last grant", Slot: "{<name>}", Foreign: "read",
			Purpose: "the last fencing token of a lock",
		},
		keyspace.Shape{
			Owner: "lock", Pattern: "lock:{<name>}:queue", Type: "zset", TTL: "1 min, renewed", Slot: "{<name>}", Foreign: "read",
			Purpose: "who waits for a lock, by arrival in us",
		},
		keyspace.Shape{
			Owner: "lock", Pattern: "lock:{<name>}:alive", Type: "zset", TTL: "1 min, renewed", Slot: "{<name>}", Foreign: "read",
			Purpose: "until when those who wait are believed to, in ms",
		},
	); err != nil {
		return nil, err
	}
	shared, err := sharedOf(rb)
	if err != nil {
		return nil, err
	}
	if err := rb.UseLayout("lock", layoutVersion, layoutVersion); err != nil {
		return nil, err
	}
	return &Locker{rb: rb, d: rb, o: o, prefix: rb.Namespace() + "lock:", shared: shared, maxBeat: maxBeat}, nil
}

// Acquire takes the lock called name, and waits its turn. It returns ErrHeld after Options.Wait, and the error of ctx when that
// ends first. ctx bounds the waiting, not the lease.
func (l *Locker) Acquire(ctx context.Context, name string) (*Lease, error) {
	return l.acquire(ctx, name, l.o, true)
}

// AcquireWith is Acquire with other options; those left open are the Locker's.
func (l *Locker) AcquireWith(ctx context.Context, name string, o Options) (*Lease, error) {
	o, err := o.over(l.o).withDefaults()
	if err != nil {
		return nil, err
	}
	return l.acquire(ctx, name, o, true)
}

// TryAcquire takes the lock called name if nobody holds it and nobody waits for it. Otherwise it returns ErrHeld at once.
func (l *Locker) TryAcquire(ctx context.Context, name string) (*Lease, error) {
	return l.acquire(ctx, name, l.o, false)
}

// Do runs work with the lock called name. The context of work ends with that of the caller and with the lease. What work
// returns is joined with ErrLost if the lease was lost before work ended.
func (l *Locker) Do(ctx context.Context, name string, work func(ctx context.Context, lease *Lease) error) (err error) {
	lease, err := l.Acquire(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lease.Release(ctx)) }() // where work panics, too
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(lease.ctx, func() { cancel(context.Cause(lease.ctx)) })()
	return work(inner, lease)
}

// Holder is who holds a lock, as of a moment ago.
type Holder struct {
	// Owner is Options.Owner of the holder.
	Owner string
	// Token is the fencing token of the lease.
	Token int64
	// Left is how long the lease stands without renewal.
	Left time.Duration
	// Waiting is how many are in the queue, those included that died lately.
	Waiting int64
}

// Holder returns who holds the lock called name; ok is false where nobody does.
func (l *Locker) Holder(ctx context.Context, name string) (h Holder, ok bool, err error) {
	if name == "" {
		return h, false, ErrName
	}
	k := l.keys(name)
	b := l.d.B
	replies := l.d.DoMulti(ctx, b().Mget().Key(k.lock, k.fence).Build(), b().Pttl().Key(k.lock).Build(), b().Zcard().Key(k.queue).Build())
	fields, err := replies[0].ToArray()
	if err != nil {
		return h, false, fmt.Errorf("lock %q: reading: %w", name, err)
	}
	left, err := replies[1].AsInt64()
	if err != nil {
		return h, false, fmt.Errorf("lock %q: reading: %w", name, err)
	}
	if h.Waiting, err = replies[2].AsInt64(); err != nil {
		return h, false, fmt.Errorf("lock %q: reading: %w", name, err)
	}
	token, err := fields[0].ToString()
	if err != nil || left <= 0 {
		return h, false, nil //nolint:nilerr // nobody holds it
	}
	h.Owner, _, _ = strings.Cut(token, "/")
	h.Token, _ = fields[1].AsInt64() // lost with the fence; the next one is higher
	h.Left = time.Duration(left) * time.Millisecond
	return h, true, nil
}

// keys are those of one lock, all in one slot.
type keys struct{ lock, fence, queue, alive string }

func (l *Locker) keys(name string) keys {
	k := l.prefix + "{" + keyspace.EscapeID(name) + "}"
	return keys{k, k + ":fence", k + ":queue", k + ":alive"}
}

// wish is one try to get a lock.
type wish struct {
	l     *Locker
	name  string
	k     keys
	token string
	o     Options
	beat  time.Duration
}

func (l *Locker) acquire(ctx context.Context, name string, o Options, wait bool) (*Lease, error) {
	if name == "" {
		return nil, ErrName
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("lock %q: %w", name, err)
	}
	if !l.shared.begin() {
		return nil, fmt.Errorf("lock %q: %w: %w", name, ErrClosed, redbrick.ErrUnavailable)
	}
	defer l.shared.work.Done()
	w := &wish{l: l, name: name, k: l.keys(name), token: o.Owner + "/" + rand.Text(), o: o}
	if wait {
		w.beat = min(max(o.TTL/3, minTTL), l.maxBeat)
	}
	lease, pause, err := w.ask(ctx)
	switch {
	case errors.Is(err, script.ErrNotSent):
		return nil, err // there is nothing to take back, and while Redis is away many come here
	case err != nil:
		w.giveUp(ctx)
		return nil, err
	case lease != nil:
		return lease, nil
	case pause == 0:
		return nil, fmt.Errorf("lock %q: %w", name, ErrHeld)
	}
	lease, err = w.queue(ctx)
	if err != nil {
		w.giveUp(ctx)
	}
	return lease, err
}

// ask asks for the lock once. A pause above 0 is when to ask again.
func (w *wish) ask(ctx context.Context) (lease *Lease, pause time.Duration, err error) {
	asked := time.Now()
	got, err := acquireScript.Do(ctx, w.l.d, []string{w.k.lock, w.k.fence, w.k.queue, w.k.alive},
		[]string{w.token, millis(w.o.TTL), millis(fenceTTL), millis(w.beat)}).AsInt64()
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("lock %q: acquiring: %w", w.name, err)
	case got > 0:
		return w.l.hold(ctx, w, got, asked)
	}
	return nil, time.Duration(-got) * time.Millisecond, nil
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
