package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// open makes the client and the cache of a program.
func open(ctx context.Context, c *redistest.Child, o cache.Options[row]) (*redbrick.Client, *cache.Cache[row], error) {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return nil, nil, err
	}
	if o.SoftTimeout == 0 {
		o.SoftTimeout = -1
	}
	if o.LoadTimeout == 0 {
		o.LoadTimeout = time.Minute
	}
	rows, err := cache.New(rb, "recipe", o)
	if err != nil {
		return nil, nil, errors.Join(err, rb.Close())
	}
	return rb, rows, nil
}

// countedInRedis is a loader that counts its runs in Redis, beside the keys of the cache.
func countedInRedis(rb func() *redbrick.Client, wait <-chan struct{}) cache.Load[row] {
	return func(ctx context.Context, id string) (row, error) {
		c := rb()
		n, err := c.Do(ctx, c.B().Incr().Key(c.Namespace()+"loads-of:"+id).Build()).AsInt64()
		if wait != nil {
			<-wait
		}
		return row{id, n}, err
	}
}

// askers are readers of cold ids: a line "<n> <id>" makes n of them ask; the loader waits for the line "go".
var askers = redistest.NewProgram("askers", func(ctx context.Context, c *redistest.Child) error {
	var rb *redbrick.Client
	wait := make(chan struct{})
	rb, rows, err := open(ctx, c, cache.Options[row]{Load: countedInRedis(func() *redbrick.Client { return rb }, wait)})
	if err != nil {
		return err
	}
	if err := c.Send("ready"); err != nil {
		return err
	}
	var failed sync.Map
	var asking sync.WaitGroup
	for {
		line, err := c.Recv()
		if err != nil {
			return rb.Close()
		}
		switch what := strings.Fields(line); what[0] {
		case "go":
			close(wait)
			continue
		case "answers":
			asking.Wait()
			failed.Range(func(id, err any) bool {
				line = fmt.Sprint(line, " ", id, ": ", err)
				return true
			})
		default:
			n, err := strconv.Atoi(what[0])
			if err != nil {
				return err
			}
			for range n {
				asking.Go(func() {
					if r, err := rows.Get(ctx, what[1]); err != nil || r != (row{what[1], 1}) {
						failed.Store(what[1], fmt.Sprint(r, " ", err))
					}
				})
			}
		}
		if err := c.Send(line); err != nil {
			return err
		}
	}
})

// TestOneLoadForFiveHundredReadersInThreeProcesses of one cold key: while the load takes its time, and where it takes none.
func TestOneLoadForFiveHundredReadersInThreeProcesses(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var all [3]*redistest.Process
		for i := range all {
			all[i] = askers.Start(t, rb)
		}
		say := func(format string, args ...any) {
			for i, p := range all {
				line := strings.ReplaceAll(fmt.Sprintf(format, args...), "N", strconv.Itoa(166+i%2+i/2))
				p.Send(line)
			}
		}
		hear := func(prefix string) {
			for _, p := range all {
				if line := p.Recv(); line != prefix && !strings.HasSuffix(line, " "+prefix) {
					t.Errorf("a process says %q", line)
				}
			}
		}
		hear("ready")
		say("N cold")
		hear("cold")
		say("go")
		say("answers")
		hear("answers")
		const rounds = 20
		for i := range rounds {
			say("N quick%d", i)
			hear(fmt.Sprint("quick", i))
		}
		say("answers")
		hear("answers")
		ids := []string{"cold"}
		for i := range rounds {
			ids = append(ids, fmt.Sprint("quick", i))
		}
		for _, id := range ids {
			n, err := rb.Do(t.Context(), rb.B().Get().Key(rb.Namespace()+"loads-of:"+id).Build()).AsInt64()
			if err != nil || n != 1 {
				t.Errorf("loads of %s: got %d, %v, want 1", id, n, err)
			}
		}
	}, redistest.Processes)
}

// stuck is a process in the middle of a load.
var stuck = redistest.NewProgram("stuck", func(ctx context.Context, c *redistest.Child) error {
	timeout, err := time.ParseDuration(c.Args[0])
	if err != nil {
		return err
	}
	_, rows, err := open(ctx, c, cache.Options[row]{LoadTimeout: timeout, Load: func(context.Context, string) (row, error) {
		if err := c.Send("loading"); err != nil {
			return row{}, err
		}
		select {}
	}})
	if err != nil {
		return err
	}
	_, err = rows.Get(ctx, "a")
	return err
})

// TestAProcessKilledDuringItsLoadHarmsNobodyElse: the others go on after their soft timeout without storing, or when the
// lease has ended, by one load that is stored.
func TestAProcessKilledDuringItsLoadHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	for name, soft := range map[string]time.Duration{"soft timeout": 100 * time.Millisecond, "end of the lease": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
				db := newTable()
				db.write("a")
				o := cache.Options[row]{Load: db.load, SoftTimeout: soft}
				here, there := newCache(t, rb, "recipe", o), newCache(t, redistest.Another(t, rb), "recipe", o)
				alone := newCache(t, redistest.Another(t, rb), "recipe", o)
				lease := "1h" // nobody waits for the end of it
				if soft < 0 {
					lease = "2s"
				}
				victim := stuck.Start(t, rb, lease)
				if line := victim.Recv(); line != "loading" {
					t.Fatal(line)
				}
				since := time.Now()
				near, far, one := gather(t, here, "a", 20), gather(t, there, "a", 20), gather(t, alone, "a", 1)
				victim.Kill()
				near.expect(t, "here", row{"a", 1})
				far.expect(t, "there", row{"a", 1})
				one.expect(t, "alone", row{"a", 1})
				most := 1
				if soft > 0 { // in each process one for those who came while the patience of others lasted
					most = 3 * int(1+time.Since(since)/soft)
				}
				if n := db.loaded("a"); n < 1 || n > most {
					t.Errorf("41 readers ran %d loads, want at most %d", n, most)
				}
				_, stored, err := there.Peek(cache.Fresh(t.Context()), "a")
				if err != nil || stored != (soft < 0) {
					t.Errorf("stored: got %t, %v", stored, err)
				}
			}, redistest.Processes)
		})
	}
}

// waiters ask for ids that another process is loading; they have no loader of their own to speak of.
var waiters = redistest.NewProgram("waiters", func(ctx context.Context, c *redistest.Child) error {
	n, err := strconv.Atoi(c.Args[0])
	if err != nil {
		return err
	}
	rb, rows, err := open(ctx, c, cache.Options[row]{Load: func(_ context.Context, id string) (row, error) {
		return row{}, errors.New("a waiter had to load " + id)
	}})
	if err != nil {
		return err
	}
	got := make(chan error, n)
	for i := range n {
		go func() {
			_, err := rows.Get(ctx, strconv.Itoa(i))
			got <- err
		}()
	}
	for tick := time.NewTicker(5 * time.Millisecond); rows.Stats().Waits < int64(n); <-tick.C {
	}
	if err := c.Send("waiting"); err != nil {
		return err
	}
	for range n {
		err = errors.Join(err, <-got)
	}
	return errors.Join(err, c.Send("done"), rb.Close())
})

// TestWaitersInAnotherProcessAreWokenAndSendNothingMeanwhile: 100 waiters cost no command while they wait, and one each
// when the loads have ended.
func TestWaitersInAnotherProcessAreWokenAndSendNothingMeanwhile(t *testing.T) {
	t.Parallel()
	const n = 100
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL())
	var began sync.WaitGroup
	began.Add(n)
	open := make(chan struct{})
	c := newCache(t, rb, "recipe", cache.Options[row]{Load: func(_ context.Context, id string) (row, error) {
		if id != "first" {
			began.Done()
			<-open
		}
		return row{id, 1}, nil
	}})
	redistest.Eventually(t, 20*time.Second, func() error { // the server knows the scripts once a load is stored
		if _, err := c.Get(t.Context(), "first"); err != nil {
			return err
		}
		if ok, err := c.Has(cache.Fresh(t.Context()), "first"); err != nil || !ok {
			return fmt.Errorf("the first is not stored: %w", err)
		}
		return nil
	})
	var all crowd
	for i := range n {
		all = append(all, askFor(t.Context(), c, strconv.Itoa(i)))
	}
	began.Wait()
	p := waiters.Start(t, rb, strconv.Itoa(n))
	if line := p.Recv(); line != "waiting" {
		t.Fatal(line)
	}
	work := []string{"evalsha", "eval", "get", "pttl", "exists", "hget", "mget"}
	server.ResetCommands()
	since := time.Now()
	redistest.Eventually(t, 20*time.Second, func() error {
		if time.Since(since) < time.Second {
			return errors.New("they wait")
		}
		return nil
	})
	// Each process brings its counters to Redis now and then: one script.
	if sent := server.Commands(); sent.Total(work...) > 8 {
		t.Errorf("100 waiters sent %v in a second, want nothing", sent)
	}
	server.ResetCommands()
	close(open)
	for i, got := range all {
		expect(t, "leader", got, row{strconv.Itoa(i), 1})
	}
	if line := p.Recv(); line != "done" {
		t.Fatal(line)
	}
	sent := server.Commands()
	if fills, looks := int64(n), int64(n); sent.Total("evalsha", "eval") > fills+looks+8 || sent["publish"] > 2*n {
		t.Errorf("%d loads for %d waiters took %v, want a script for each load and each waiter", n, n, sent)
	}
	p.Wait()
}

// rivals are two processes that read and write the same rows. The database lies in Redis, beside the cache.
var rivals = redistest.NewProgram("rivals", func(ctx context.Context, c *redistest.Child) error {
	r := &rival{own: map[string]int64{}, tagged: c.Args[1] == "tagged", child: c}
	o := cache.Options[row]{Load: r.load, NearUntracked: time.Hour}
	if r.tagged {
		o.Tags = func(id string, _ row) []string { return []string{"tag of " + id, "all"} }
	}
	rb, rows, err := open(ctx, c, o)
	if err != nil {
		return err
	}
	r.rb, r.rows = rb, rows
	steps, err := strconv.Atoi(c.Args[0])
	if err != nil {
		return err
	}
	if err := c.Send("ready"); err != nil {
		return err
	}
	if _, err := c.Recv(); err != nil {
		return err
	}
	var wg sync.WaitGroup
	const players = 8
	for range players {
		wg.Go(func() {
			for range steps / players {
				r.step(ctx)
			}
		})
	}
	wg.Wait()
	if err := c.Send("idle"); err != nil {
		return err
	}
	if _, err := c.Recv(); err != nil { // all others are idle too
		return err
	}
	r.quiet(ctx)
	line := "ok"
	if len(r.faults) > 0 {
		line = strings.Join(r.faults[:min(len(r.faults), 10)], "; ")
	}
	return errors.Join(c.Send(line), rb.Close())
})

type rival struct {
	rb     *redbrick.Client
	rows   *cache.Cache[row]
	child  *redistest.Child
	tagged bool

	mu     sync.Mutex
	own    map[string]int64 // newest version that this process has invalidated
	faults []string
}

func (r *rival) fault(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// number reads a number that lies beside the cache: rows, and the newest version that anybody has invalidated.
func (r *rival) number(ctx context.Context, what, id string) int64 {
	n, err := r.rb.Do(ctx, r.rb.B().Get().Key(r.rb.Namespace()+what+":"+id).Build()).AsInt64()
	if err != nil && !rueidis.IsRedisNil(err) {
		r.fault("reading %s of %s: %v", what, id, err)
	}
	return n
}

func (r *rival) load(ctx context.Context, id string) (row, error) {
	n := r.number(ctx, "row", id)
	for range rand.IntN(6) { // takes a while
		r.number(ctx, "row", "of nobody")
	}
	return row{id, n}, nil
}

const atLeast = `if tonumber(ARGV[1]) > tonumber(redis.call('GET', KEYS[1]) or 0) then redis.call('SET', KEYS[1], ARGV[1]) end`

func (r *rival) step(ctx context.Context) {
	id := strconv.Itoa(rand.IntN(6))
	if rand.IntN(4) > 0 {
		fresh := rand.IntN(2) == 0
		reading := ctx
		var least int64
		if fresh {
			reading, least = cache.Fresh(ctx), r.number(ctx, "done", id)
		} else {
			r.mu.Lock()
			least = r.own[id]
			r.mu.Unlock()
		}
		if got, err := r.rows.Get(reading, id); err != nil || got.ID != id || got.N < least {
			r.fault("reading %s (fresh %t): got %v, %v, want version %d or later", id, fresh, got, err, least)
		}
		return
	}
	write := func(ctx context.Context) error {
		return r.rb.Do(ctx, r.rb.B().Incr().Key(r.rb.Namespace()+"row:"+id).Build()).Error()
	}
	var err error
	kind := rand.IntN(10)
	if kind > 2 {
		err = write(ctx)
	}
	n := r.number(ctx, "row", id)
	switch {
	case kind <= 2:
		var got row
		if got, err = r.rows.WriteThrough(ctx, id, write); got.N <= n {
			r.fault("wrote %s through over version %d: got back %v", id, n, got)
		}
		n++
	case r.tagged && kind < 6:
		err = errors.Join(err, r.rows.InvalidateTags(ctx, "tag of "+id))
	case r.tagged && kind == 6:
		err = errors.Join(err, r.rows.InvalidateTags(ctx, "all"))
	case kind == 7:
		_, failed := r.rows.DeleteMatch(ctx, id)
		err = errors.Join(err, failed)
	default:
		err = errors.Join(err, r.rows.Delete(ctx, id))
	}
	if err != nil {
		r.fault("writing %s (%d): %v", id, kind, err)
		return
	}
	r.mu.Lock()
	r.own[id] = max(r.own[id], n)
	r.mu.Unlock()
	done := r.rb.B().Eval().Script(atLeast).Numkeys(1).Key(r.rb.Namespace() + "done:" + id).Arg(strconv.FormatInt(n, 10)).Build()
	if err := r.rb.Do(ctx, done).Error(); err != nil && !rueidis.IsRedisNil(err) {
		r.fault("noting %s: %v", id, err)
	}
}

// quiet looks at what remains when all have stopped.
func (r *rival) quiet(ctx context.Context) {
	for i := range 6 {
		id := strconv.Itoa(i)
		n := r.number(ctx, "row", id)
		if got, err := r.rows.Get(cache.Fresh(ctx), id); err != nil || got.N != n {
			r.fault("%s in the end, fresh: got %v, %v, want version %d", id, got, err, n)
		}
		limit := time.NewTimer(20 * time.Second)
		for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
			got, err := r.rows.Get(ctx, id)
			if err == nil && got.N == n {
				break
			}
			select {
			case <-limit.C:
				r.fault("%s in the end: got %v, %v, want version %d", id, got, err, n)
				return
			default:
			}
		}
	}
}

// TestTwoProcessesNeverReadWhatWasInvalidated is TestNobodyReadsWhatWasInvalidated with real processes.
func TestTwoProcessesNeverReadWhatWasInvalidated(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"untagged", "tagged"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
				steps := strconv.Itoa(redistest.Scale(20_000))
				all := []*redistest.Process{rivals.Start(t, rb, steps, kind), rivals.Start(t, rb, steps, kind)}
				for _, line := range []string{"ready", "idle", "ok"} {
					for _, p := range all {
						if got := p.Recv(); got != line {
							t.Errorf("a process says: %s", got)
						}
					}
					for _, p := range all {
						p.Send("go on")
					}
				}
				for _, p := range all {
					p.Wait()
				}
			}, redistest.Processes)
		})
	}
}
