package cache

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick"
)

// names are the prefixes of all caches that share the namespace, of this process and, by the set `<ns>~caches`, of others. A
// key belongs to the longest of them: where caches "user" and "user:profile" exist, "user:profile:1" is a key of the
// second, and the first refuses the id "profile:1".
type names struct {
	rb  *redbrick.Client
	key string

	mu       sync.Mutex
	own      []string
	prefixes atomic.Pointer[[]string]
	read     atomic.Int64 // Unix nanoseconds of the last reading of the set
}

func newNames(rb *redbrick.Client) *names {
	n := &names{rb: rb, key: rb.Namespace() + "~caches"}
	n.prefixes.Store(&[]string{})
	rb.OnState(func(e redbrick.StateEvent) {
		if e.State == redbrick.StateReady {
			n.read.Store(0) // this Redis may not know our own yet
		}
	})
	return n
}

// add declares a prefix. Redis hears of it at the next sync where it is away now.
func (n *names) add(ctx context.Context, prefix string) {
	n.mu.Lock()
	n.own = append(n.own, prefix)
	n.mu.Unlock()
	n.learn([]string{prefix})
	n.read.Store(0)
	_ = n.sync(ctx) // Redis that is away now hears of it at the next sync
}

func (n *names) learn(prefixes []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := slices.Clone(*n.prefixes.Load())
	for _, p := range prefixes {
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	n.prefixes.Store(&all)
}

// namesAge is how old the knowledge of other processes' caches may be for an operation on many keys.
const namesAge = time.Minute

// sync exchanges prefixes with the other processes, unless that was done lately.
func (n *names) sync(ctx context.Context) error {
	if time.Since(time.Unix(0, n.read.Load())) < namesAge {
		return nil
	}
	n.mu.Lock()
	own := slices.Clone(n.own)
	n.mu.Unlock()
	if err := n.rb.Do(ctx, n.rb.B().Sadd().Key(n.key).Member(own...).Build()).Error(); err != nil {
		return err
	}
	others, err := n.rb.Do(ctx, n.rb.B().Smembers().Key(n.key).Build()).AsStrSlice()
	if err != nil {
		return err
	}
	n.learn(others)
	n.read.Store(time.Now().UnixNano())
	return nil
}

// longer are the prefixes that take keys away from prefix.
func (n *names) longer(prefix string) []string {
	var all []string
	for _, p := range *n.prefixes.Load() {
		if len(p) > len(prefix) && strings.HasPrefix(p, prefix) {
			all = append(all, p)
		}
	}
	return all
}

// foreign reports whether prefix + id is a key of another cache.
func (n *names) foreign(prefix, id string) bool {
	for _, p := range *n.prefixes.Load() {
		if len(p) > len(prefix) && strings.HasPrefix(p, prefix) && strings.HasPrefix(id, p[len(prefix):]) {
			return true
		}
	}
	return false
}
