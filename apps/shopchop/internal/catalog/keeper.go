package catalog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
)

// The keys by which the processes of the fleet agree on the copies. The names in
// braces lie in the slot of the marker, for RENAME.
//
//	shopchop:built             the token of the build that all copies are of
//	{shopchop:built}:<token>   a build under way; it becomes the marker
//	{shopchop:built}:builder   token of the process that builds
const markerName = "shopchop:built"

var (
	builtShape = redbrick.KeyShape{
		Owner: "shopchop", Pattern: markerName, Type: "string", TTL: "1 day", Slot: "key", Foreign: "delete",
		Purpose: "all copies of the database are there; without it they are rebuilt",
	}
	buildShape = redbrick.KeyShape{
		Owner: "shopchop", Pattern: "{" + markerName + "}:<token>", Type: "string", TTL: "1 min, renewed", Slot: "{" + markerName + "}",
		Purpose: "a rebuild under way, or who is at it",
	}
)

const (
	// builtFor is how long the copies are taken for whole: what a killed process
	// left undone is repaired within it.
	builtFor = 24 * time.Hour
	// buildLease is how long a builder that died keeps others from building.
	buildLease = time.Minute
	// checkEvery is how often a process looks whether the copies are there, and
	// retryEvery while they are not.
	checkEvery = time.Minute
	retryEvery = time.Second
)

// keeper sees to it that the copies are there.
//
// They can be lost (Redis was emptied: the marker went with them) or be wrong (a
// process could not write one: it takes the marker away as soon as Redis answers).
// Either way everybody reads the database until one process has rebuilt them all.
//
// A build first sets a key of its own and at last renames it to the marker, which
// fails if Redis was emptied meanwhile, or if a process had something to distrust.
type keeper struct {
	c *Catalog
	// known is the build that this process reads copies of; nil: it reads the database.
	known atomic.Pointer[string]
	// suspect: a copy could not be written since the last build.
	suspect atomic.Bool
	wake    chan struct{}

	mu   sync.Mutex
	end  context.CancelFunc
	done chan struct{}
}

func newKeeper(c *Catalog) *keeper {
	k := &keeper{c: c, wake: make(chan struct{}, 1), done: make(chan struct{})}
	c.rb.OnState(func(e redbrick.StateEvent) {
		if e.State == redbrick.StateReady {
			k.poke()
		}
	})
	return k
}

func (k *keeper) marker() string             { return k.c.rb.Namespace() + markerName }
func (k *keeper) building(tok string) string { return "{" + k.marker() + "}:" + tok }
func (k *keeper) builder() string            { return k.building("builder") }

// poke makes the keeper look now.
func (k *keeper) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// distrust tells that a copy is not as it should be.
func (k *keeper) distrust(err error) {
	if !k.suspect.Swap(true) {
		k.c.log.Warn("copies in redis are behind the database, which is read until they are rebuilt", "error", err)
	}
	k.known.Store(nil)
	k.poke()
}

func (k *keeper) start(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.end != nil {
		return
	}
	ctx, k.end = context.WithCancel(context.WithoutCancel(ctx))
	go k.run(ctx)
}

func (k *keeper) stop(ctx context.Context) error {
	k.mu.Lock()
	end := k.end
	k.mu.Unlock()
	if end == nil {
		return nil
	}
	end()
	select {
	case <-k.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("catalog: keeper: %w", ctx.Err())
	}
}

func (k *keeper) run(ctx context.Context) {
	defer close(k.done)
	said := ""
	for {
		pause, wrong := checkEvery, ""
		if err := k.look(ctx); err != nil {
			pause, wrong = retryEvery, err.Error()
			k.known.Store(nil)
			if said != wrong && ctx.Err() == nil { // once each, not every second
				k.c.log.InfoContext(ctx, "the database is read in place of the copies in redis", "because", err)
			}
		}
		said = wrong
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-k.wake:
			timer.Stop()
		}
	}
}

// look repairs what there is to repair. An error means that this process reads the
// database until the next look.
func (k *keeper) look(ctx context.Context) error {
	if state := k.c.rb.State().State; state != redbrick.StateReady {
		return fmt.Errorf("redis is %s", state)
	}
	if k.suspect.Swap(false) {
		if err := k.withdraw(ctx); err != nil {
			k.suspect.Store(true)
			return err
		}
	}
	built, err := k.built(ctx)
	if err != nil {
		return err
	}
	if built == "" {
		if built, err = k.build(ctx, nil); err != nil {
			return err
		}
	}
	k.known.Store(&built)
	if k.suspect.Load() { // looked at last: distrust sets it first
		k.poke()
		return errors.New("a copy could not be written meanwhile")
	}
	return nil
}

// built returns the build that the copies are of, "" if they are not whole.
func (k *keeper) built(ctx context.Context) (string, error) {
	hot := k.c.rb.Hot()
	built, err := hot.Do(ctx, hot.B().Get().Key(k.marker()).Build()).ToString()
	if rueidis.IsRedisNil(err) {
		return "", nil
	}
	return built, err
}

// withdraw makes the copies count as not whole, also those of a build under way.
func (k *keeper) withdraw(ctx context.Context) error {
	rb := k.c.rb
	at, err := rb.Do(ctx, rb.B().Get().Key(k.builder()).Build()).ToString()
	if err != nil && !rueidis.IsRedisNil(err) {
		return err
	}
	return rb.Do(ctx, rb.B().Unlink().Key(k.marker(), k.building(at)).Build()).Error()
}

var (
	errBuilding = errors.New("catalog: another process rebuilds the copies")
	errBroken   = errors.New("catalog: redis was emptied, or a copy could not be written, during the rebuild")
)

// build rebuilds all copies, unless another process is at it, and returns the build.
func (k *keeper) build(ctx context.Context, report *Rebuilt) (string, error) {
	rb, token := k.c.rb, rand.Text()
	err := rb.Do(ctx, rb.B().Set().Key(k.builder()).Value(token).Nx().PxMilliseconds(buildLease.Milliseconds()).Build()).Error()
	if rueidis.IsRedisNil(err) {
		return "", errBuilding
	}
	if err != nil {
		return "", err
	}
	defer k.release(ctx, token)
	own := k.building(token)
	if err := rb.Do(ctx, rb.B().Set().Key(own).Value(token).PxMilliseconds(buildLease.Milliseconds()).Build()).Error(); err != nil {
		return "", err
	}
	began := time.Now()
	counted, err := k.c.rebuild(ctx, func(ctx context.Context) error { return k.renew(ctx, own) })
	if err != nil {
		return "", err
	}
	if err := rb.Do(ctx, rb.B().Rename().Key(own).Newkey(k.marker()).Build()).Error(); err != nil {
		if _, refused := rueidis.IsRedisErr(err); refused {
			return "", errBroken
		}
		return "", err
	}
	// The marker has the lease's short life until here: a process that dies now costs one more rebuild.
	err = rb.Do(ctx, rb.B().Pexpire().Key(k.marker()).Milliseconds(builtFor.Milliseconds()).Build()).Error()
	k.c.log.InfoContext(ctx, "rebuilt the copies in redis", "took", time.Since(began).Round(time.Millisecond), "recipes", counted.Recipes,
		"favorites", counted.Favorites, "ratings", counted.Ratings, "items", counted.Items, "leftovers", counted.Leftovers)
	if report != nil {
		*report = counted
	}
	return token, err
}

// renew keeps the build alive, and notices that it has to begin anew.
func (k *keeper) renew(ctx context.Context, own string) error {
	rb, ms := k.c.rb, buildLease.Milliseconds()
	results := rb.DoMulti(ctx, rb.B().Pexpire().Key(own).Milliseconds(ms).Build(), rb.B().Pexpire().Key(k.builder()).Milliseconds(ms).Build())
	alive, err := results[0].AsBool()
	if err == nil && !alive {
		err = errBroken
	}
	return err
}

// release lets others build. The lease ends by itself where Redis does not hear of it.
func (k *keeper) release(ctx context.Context, token string) {
	ctx, cancel := detached(ctx, k.c.copyTime)
	defer cancel()
	rb := k.c.rb
	if at, err := rb.Do(ctx, rb.B().Get().Key(k.builder()).Build()).ToString(); err != nil || at != token {
		return
	}
	if err := rb.Do(ctx, rb.B().Unlink().Key(k.builder()).Build()).Error(); err != nil {
		k.c.log.DebugContext(ctx, "rebuild: giving the lease back", "error", err)
	}
}

// fromCopy reads a copy, and reports false where the database must be asked
// instead: the copies are not whole, or Redis does not answer. The marker is
// looked at after the read, so that a copy that was there no more counts for nothing.
func fromCopy[T any](ctx context.Context, c *Catalog, read func(context.Context) (T, error)) (value T, ok bool) {
	var none T
	known := c.keeper.known.Load()
	if known == nil {
		return none, false
	}
	value, err := read(ctx)
	if err != nil {
		return none, false
	}
	built, err := c.keeper.built(ctx)
	if err == nil && built != *known {
		c.keeper.known.CompareAndSwap(known, nil)
		c.keeper.poke()
	}
	if err != nil || built != *known {
		return none, false
	}
	return value, true
}
