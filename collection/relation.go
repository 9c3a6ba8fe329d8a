package collection

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"
)

// relation holds for every left id the set of right ids it is linked with, and for every right id the set of left ids.
// The left set is the truth; the right set follows it.
//
// Where all keys of a change lie in one slot, or the server is no Cluster, one script changes both sides. Otherwise:
//
//  1. add the left id to the right sets of the links to be made,
//  2. change the left set, in one script of one key: now the change has happened,
//  3. take the left id out of the right sets of the links that ended,
//  4. settle: read both sides of each pair, correct the right one where they differ, and read again what was corrected.
//
// A change that is cut off leaves right sets that hold too much, which readers of the right side check against the left
// one; the same call repeated makes them equal. Changes of the same pair that run side by side end equal: let the left
// side change for the last time at t. Whoever wrote the right side otherwise after t reads both sides after that write, since
// every path ends in step 4, and corrects it.
type relation struct {
	d, hot      script.Doer // of writes with the reads that belong to them, and of reads
	single      func() bool // one server holds all keys
	left, right keys
}

func newRelation(rb *redbrick.Client, left, right keys) relation {
	// Features are known before the first connection is; a client without one counts as Cluster, whose ways are right
	// everywhere.
	single := func() bool { return rb.Redis() != nil && !rb.Features().Cluster }
	return relation{d: rb, hot: rb.Hot(), single: single, left: left, right: right}
}

// The signs of edges, as link.lua reads them.
const (
	link   = '+'
	unlink = '-'
	linked = '=' // is linked before and after
)

// edge is what is to become of one link of a left id.
type edge struct {
	right string
	sign  byte
}

// anySize stands for a left set of which nothing is expected.
const anySize = -1

// pair is a left id and a right id.
type pair struct{ a, b string }

// together tells whether one script may change all the keys.
func (r *relation) together(keys []string) bool {
	if r.single() {
		return true
	}
	slot := keyspace.Slot(keys[0])
	for _, k := range keys[1:] {
		if keyspace.Slot(k) != slot {
			return false
		}
	}
	return true
}

// change applies edges of one left id and returns how many links were made and ended. If size is not anySize, nothing
// happens and ok is false unless the left set is just as the edges take it to be.
func (r *relation) change(ctx context.Context, a string, size int, edges []edge) (changed int64, ok bool, err error) {
	all := make([]string, 0, len(edges)+1)
	all = append(all, r.left.of(a))
	for _, e := range edges {
		all = append(all, r.right.of(e.right))
	}
	if r.together(all) {
		return r.run(ctx, all, a, size, edges)
	}
	var add, remove []pair
	pairs := make([]pair, len(edges))
	for i, e := range edges {
		pairs[i] = pair{a, e.right}
		if e.sign == unlink {
			remove = append(remove, pairs[i])
		} else {
			add = append(add, pairs[i])
		}
	}
	if err := r.writeRight(ctx, add, true); err != nil {
		return 0, false, err
	}
	changed, ok, err = r.run(ctx, all[:1], a, size, edges)
	if err != nil || !ok {
		return 0, false, err
	}
	if err := r.writeRight(ctx, remove, false); err != nil {
		return changed, true, err
	}
	_, err = r.settle(ctx, pairs)
	return changed, true, err
}

// run runs link.lua.
func (r *relation) run(ctx context.Context, keys []string, a string, size int, edges []edge) (int64, bool, error) {
	n, err := linkScript.Do(ctx, r.d, keys, linkArgs(a, size, edges)).AsInt64()
	return linkReply(keys, n, err)
}

func linkArgs(a string, size int, edges []edge) []string {
	args := make([]string, 0, len(edges)+2)
	args = append(args, a, itoa(int64(size)))
	for _, e := range edges {
		args = append(args, string(e.sign)+e.right)
	}
	return args
}

func linkReply(keys []string, n int64, err error) (int64, bool, error) {
	switch {
	case err != nil:
		return 0, false, failure("change the links of", keys[0], "set", err)
	case n == -1:
		return 0, false, nil
	case n < -1:
		return 0, false, wrongType(keys[-n-2], "set")
	}
	return n, true, nil
}

// replace makes the links of a left id exactly those.
func (r *relation) replace(ctx context.Context, a string, rights []string) error {
	want := make(map[string]bool, len(rights))
	for _, b := range rights {
		want[b] = true
	}
	for {
		old, err := members(ctx, r.d, r.left.of(a))
		if err != nil {
			return err
		}
		edges := make([]edge, 0, len(old)+len(want))
		had := make(map[string]bool, len(old))
		for _, b := range old {
			had[b] = true
			if want[b] {
				edges = append(edges, edge{b, linked})
			} else {
				edges = append(edges, edge{b, unlink})
			}
		}
		for b := range want {
			if !had[b] {
				edges = append(edges, edge{b, link})
			}
		}
		if len(edges) == 0 {
			return nil
		}
		// Not ok means that somebody else changed the links meanwhile, so of all who try one gets on.
		if _, ok, err := r.change(ctx, a, len(old), edges); ok || err != nil {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("collection: replace the links of %q: %w", r.left.of(a), ctx.Err())
		}
	}
}

// unlinkAll ends the links of many pairs, whatever their left ids.
func (r *relation) unlinkAll(ctx context.Context, pairs []pair) error {
	calls := make([]script.Call, len(pairs))
	keys := make([][]string, len(pairs))
	apart := false
	for i, p := range pairs {
		keys[i] = []string{r.left.of(p.a), r.right.of(p.b)}
		calls[i] = script.Call{Script: linkScript, Keys: keys[i], Args: linkArgs(p.a, anySize, []edge{{p.b, unlink}})}
		if !r.together(keys[i]) {
			apart = true
			calls[i].Keys = keys[i][:1]
		}
	}
	for i, res := range script.DoMulti(ctx, r.d, calls...) {
		n, err := res.AsInt64()
		if _, _, err = linkReply(keys[i], n, err); err != nil {
			return err
		}
	}
	if !apart {
		return nil
	}
	if err := r.writeRight(ctx, pairs, false); err != nil {
		return err
	}
	_, err := r.settle(ctx, pairs)
	return err
}

// settle corrects right sets until they agree with the left ones and returns how many corrections it took.
func (r *relation) settle(ctx context.Context, pairs []pair) (fixed int, err error) {
	for len(pairs) > 0 {
		left, right, err := r.compare(ctx, pairs)
		if err != nil {
			return fixed, err
		}
		var add, remove []pair
		for i, p := range pairs {
			switch {
			case left[i] && !right[i]:
				add = append(add, p)
			case right[i] && !left[i]:
				remove = append(remove, p)
			}
		}
		if err := r.writeRight(ctx, add, true); err != nil {
			return fixed, err
		}
		if err := r.writeRight(ctx, remove, false); err != nil {
			return fixed, err
		}
		fixed += len(add) + len(remove)
		pairs = append(add, remove...)
	}
	return fixed, nil
}

// compare reads both sides of each pair.
func (r *relation) compare(ctx context.Context, pairs []pair) (left, right []bool, err error) {
	left, right = make([]bool, len(pairs)), make([]bool, len(pairs))
	err = pipeline(ctx, r.d, 2*len(pairs), func(i int) (string, rueidis.Completed) {
		p := pairs[i/2]
		if i%2 == 0 {
			key := r.left.of(p.a)
			return key, r.d.B().Sismember().Key(key).Member(p.b).Build()
		}
		key := r.right.of(p.b)
		return key, r.d.B().Sismember().Key(key).Member(p.a).Build()
	}, func(i int, res rueidis.RedisResult) error {
		is, err := res.AsBool()
		if i%2 == 0 {
			left[i/2] = is
		} else {
			right[i/2] = is
		}
		return err
	})
	return left, right, err
}

// writeRight adds the left id to, or takes it out of, the right set of each pair.
func (r *relation) writeRight(ctx context.Context, pairs []pair, add bool) error {
	return pipeline(ctx, r.d, len(pairs), func(i int) (string, rueidis.Completed) {
		key := r.right.of(pairs[i].b)
		if add {
			return key, r.d.B().Sadd().Key(key).Member(pairs[i].a).Build()
		}
		return key, r.d.B().Srem().Key(key).Member(pairs[i].a).Build()
	}, func(_ int, res rueidis.RedisResult) error { return res.Error() })
}

// repairRight settles every pair that a right set holds.
func (r *relation) repairRight(ctx context.Context, b string) (fixed int, err error) {
	all, err := members(ctx, r.d, r.right.of(b))
	for some := range slices.Chunk(all, batch) {
		n, err := r.settle(ctx, pairsOf(some, func(a string) pair { return pair{a, b} }))
		fixed += n
		if err != nil {
			return fixed, err
		}
	}
	return fixed, err
}

func pairsOf(members []string, pairOf func(string) pair) []pair {
	pairs := make([]pair, len(members))
	for i, m := range members {
		pairs[i] = pairOf(m)
	}
	return pairs
}
