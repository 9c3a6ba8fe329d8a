package caches

import (
	"context"
	_ "embed" // for the script
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick/internal/script"
)

//go:embed lua/count.lua
var countSource string

var countScript = script.New("caches/count", countSource)

// The counters of all processes are brought together every tallyEvery; a process that is killed takes that much with it.
const (
	tallyEvery = 5 * time.Second
	tallyTTL   = 30 * 24 * time.Hour
)

// TallyOptions are what a Tally works with. All are required.
type TallyOptions struct {
	Client Client
	Redis  script.Doer
	// Key is that of the hash in which the counters of all processes add up.
	Key string
	// Count returns the counters of this process by name. They never fall.
	Count func() map[string]int64
	// Ready reports whether Redis answers: what was counted while it does not waits.
	Ready func() bool
	// Failed hears of what was not brought to Redis; that is tried again.
	Failed func(error)
}

// Tally adds up the counters of one cache over all processes. What is counted costs no round trip. It is safe for
// concurrent use. Make it with NewTally.
type Tally struct {
	o        TallyOptions
	reporter *reporter
	mu       sync.Mutex
	reported map[string]int64 // guarded by mu
}

// NewTally makes a Tally. Call it before the cache becomes a part of the client, so that what that counts to its end is
// brought to Redis as well.
func NewTally(o TallyOptions) (*Tally, error) {
	part, err := o.Client.Part("fleet counters", func() (any, func(), error) {
		r := newReporter()
		return r, r.close, nil
	})
	if err != nil {
		return nil, err
	}
	r, ok := part.(*reporter)
	if !ok {
		return nil, fmt.Errorf("caches: part is a %T", part)
	}
	return &Tally{o: o, reporter: r}, nil
}

// Start reports every few seconds from now on, and once more when the client is closed.
func (t *Tally) Start() { t.reporter.add(t) }

// Read reports, and reads the counters of all processes: those of others lag by up to 5 s. They end 30 days after the last count.
func (t *Tally) Read(ctx context.Context) (map[string]int64, error) {
	if err := t.report(ctx); err != nil {
		return nil, err
	}
	return t.o.Redis.Do(ctx, t.o.Redis.B().Hgetall().Key(t.o.Key).Build()).AsIntMap()
}

// report adds what this process has counted since its last report.
func (t *Tally) report(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.o.Count()
	args := []string{strconv.FormatInt(tallyTTL.Milliseconds(), 10)}
	for name, n := range now {
		if grown := n - t.reported[name]; grown != 0 {
			args = append(args, name, strconv.FormatInt(grown, 10))
		}
	}
	if len(args) == 1 {
		return nil
	}
	if err := countScript.Do(ctx, t.o.Redis, []string{t.o.Key}, args).Error(); err != nil {
		return err
	}
	t.reported = now
	return nil
}

// reporter brings the counters of all caches of one client to Redis.
type reporter struct {
	mu      sync.Mutex
	tallies []*Tally
	stop    chan struct{}
	done    chan struct{}
}

func newReporter() *reporter {
	r := &reporter{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		ticker := time.NewTicker(tallyEvery)
		defer ticker.Stop()
		for {
			select {
			case <-r.stop:
				return
			case <-ticker.C:
				r.run()
			}
		}
	}()
	return r
}

func (r *reporter) add(t *Tally) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tallies = append(r.tallies, t)
}

func (r *reporter) run() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tallies {
		if !t.o.Ready() {
			continue
		}
		if err := t.report(ctx); err != nil {
			t.o.Failed(err)
		}
	}
}

// close reports once more and ends.
func (r *reporter) close() {
	close(r.stop)
	<-r.done
	r.run()
}
