package sortedset

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"
)

type pair struct {
	member string
	score  float64
}

func compare(a, b pair) int {
	return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.member, b.member))
}

// check looks at the whole of the tree: order, counts, links, sizes of pages.
func (t *tree) check(tb testing.TB) {
	tb.Helper()
	if t.root == nil {
		return
	}
	var leaves []*page
	var visit func(p *page) int
	visit = func(p *page) int {
		if p.kids == nil {
			leaves = append(leaves, p)
			return len(p.keys)
		}
		n := 0
		for i, kid := range p.kids {
			if p.keys[i] != kid.keys[0] {
				tb.Fatalf("kid %d begins with %v, the page says %v", i, kid.keys[0], p.keys[i])
			}
			size := visit(kid)
			if p.sizes[i] != size {
				tb.Fatalf("kid %d has %d items, the page says %d", i, size, p.sizes[i])
			}
			n += size
		}
		return n
	}
	if n := visit(t.root); n != t.size {
		tb.Fatalf("%d items, want %d", n, t.size)
	}
	for i, l := range leaves {
		var prev, next *page
		if i > 0 {
			prev = leaves[i-1]
		}
		if i+1 < len(leaves) {
			next = leaves[i+1]
		}
		if l.prev != prev || l.next != next {
			tb.Fatalf("leaf %d of %d is linked wrongly", i, len(leaves))
		}
	}
}

// A set does what a sorted list does, small and large, whatever comes.
func TestSetLikeASortedList(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		limits := Limits{Members: int(seed%3) * 100, Bytes: 10}
		var s Set
		var model []pair
		room := 3000
		for step := range 15_000 {
			if step%2500 == 0 {
				room = r.IntN(6000)
			}
			p := pair{"m" + strconv.Itoa(r.IntN(6000)), float64(r.IntN(50))}
			if r.IntN(3000) == 0 {
				p.member += "0123456789" // longer than the limit
			}
			if seed == 5 {
				p.score = float64(step) // comes at the end
			}
			at := slices.IndexFunc(model, func(q pair) bool { return q.member == p.member })
			switch {
			case len(model) > 0 && len(model) > room && r.IntN(20) == 0:
				from := r.IntN(len(model))
				to := min(len(model), from+r.IntN(200))
				s.RemoveRange(from, to)
				model = slices.Delete(model, from, to)
			case len(model) > room:
				if s.Remove([]byte(p.member)) != (at >= 0) {
					t.Fatalf("seed %d: Remove(%s): it was there: %v", seed, p.member, at >= 0)
				}
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				}
			default:
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				}
				i, _ := slices.BinarySearchFunc(model, p, compare)
				model = slices.Insert(model, i, p)
				s.Put([]byte(p.member), p.score, limits)
			}
			if s.Len() != len(model) {
				t.Fatalf("seed %d: Len is %d, want %d", seed, s.Len(), len(model))
			}
			if step%500 == 0 {
				compareAll(t, &s, model, r)
			}
		}
		compareAll(t, s.Clone(), model, r)
		s.RemoveRange(0, s.Len())
		compareAll(t, &s, nil, r)
	}
}

func compareAll(t *testing.T, s *Set, model []pair, r *rand.Rand) {
	t.Helper()
	if s.large != nil {
		s.large.tree.check(t)
		if s.large.dict.Len() != len(model) {
			t.Fatalf("the table has %d members, want %d", s.large.dict.Len(), len(model))
		}
	}
	if s.Len() != len(model) {
		t.Fatalf("Len is %d, want %d", s.Len(), len(model))
	}
	i := 0
	for m, score := range s.All() {
		if model[i] != (pair{string(m), score}) {
			t.Fatalf("member %d is %s %v, want %v", i, m, score, model[i])
		}
		if i%50 == 0 {
			if rank, got, ok := s.Rank(m); rank != i || got != score || !ok {
				t.Fatalf("Rank(%s): %d %v %v, want %d", m, rank, got, ok, i)
			}
			if got, ok := s.Score(m); got != score || !ok {
				t.Fatalf("Score(%s): %v %v", m, got, ok)
			}
			if got, _ := s.At(i); string(got) != string(m) {
				t.Fatalf("At(%d): %s, want %s", i, got, m)
			}
		}
		i++
	}
	if len(model) == 0 {
		return
	}
	from := r.IntN(len(model))
	to := from + r.IntN(len(model)-from+1)
	i = to
	for m, score := range s.Range(from, to, true) {
		if i--; model[i] != (pair{string(m), score}) {
			t.Fatalf("backward: member %d is %s %v, want %v", i, m, score, model[i])
		}
	}
	if i != from {
		t.Fatalf("backward ends at %d, want %d", i, from)
	}
	bound := float64(r.IntN(50))
	want := 0
	for _, p := range model {
		if p.score < bound {
			want++
		}
	}
	if got := s.Search(func(_ []byte, score float64) bool { return score < bound }); got != want {
		t.Fatalf("%d members below %v, want %d", got, bound, want)
	}
}

// Members of any length, and none, go through the small form.
func TestSmallMembers(t *testing.T) {
	t.Parallel()
	var s Set
	limits := Limits{Members: 10, Bytes: 1 << 20}
	sizes := []int{0, 1, 127, 128, 129, 20000}
	for i, n := range sizes {
		s.Put(make([]byte, n), float64(-i), limits)
	}
	for i, n := range sizes {
		rank, score, ok := s.Rank(make([]byte, n))
		if m, _ := s.At(rank); !ok || score != float64(-i) || rank != len(sizes)-1-i || len(m) != n {
			t.Errorf("member of %d bytes: rank %d score %v %v, %d bytes there", n, rank, score, ok, len(m))
		}
	}
	for _, n := range sizes {
		if !s.Remove(make([]byte, n)) {
			t.Errorf("no member of %d bytes", n)
		}
	}
	if s.Len() != 0 || len(s.small) != head || cap(s.small) > 64 {
		t.Errorf("%d members, %d bytes of %d are left", s.Len(), len(s.small), cap(s.small))
	}
}

// A set that grows at its end has full pages.
func TestFullPages(t *testing.T) {
	t.Parallel()
	var s Set
	for i := range 6400 {
		s.Put([]byte(strconv.Itoa(i)), float64(i), Limits{})
	}
	leaves := 0
	for l, _ := s.large.tree.leaf(0); l != nil; l = l.next {
		leaves++
	}
	if leaves != 100 {
		t.Errorf("%d pages for 6,400 members, want 100", leaves)
	}
}

// Scores of every kind come out of the small form as they went in.
func TestSmallScores(t *testing.T) {
	t.Parallel()
	var s Set
	scores := []float64{0, 1, -1, 63, 64, -64, -65, 0.5, -0.1, 1 << 53, 1<<53 - 1, -(1 << 53), -(1<<53 - 1), 1e300, -5e-324, math.Inf(1), math.Inf(-1), 1.7e12}
	for i, score := range scores {
		s.Put([]byte(strconv.Itoa(i)), score, Limits{Members: 100, Bytes: 10})
	}
	for i, want := range scores {
		if got, ok := s.Score([]byte(strconv.Itoa(i))); !ok || got != want {
			t.Errorf("%v came out as %v, %v", want, got, ok)
		}
	}
	if !s.Small() {
		t.Error("the set is not small")
	}
}

func million(s *Set) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 1_000_000 {
		s.Put(fmt.Appendf(nil, "member:%d", i), float64(r.IntN(1_000_000)), Limits{})
	}
}

func BenchmarkRank(b *testing.B) {
	var s Set
	million(&s)
	var members [1024][]byte
	for i := range members {
		members[i] = fmt.Appendf(nil, "member:%d", rand.IntN(1_000_000))
	}
	i := 0
	for b.Loop() {
		s.Rank(members[i%len(members)])
		i++
	}
}

func BenchmarkPut(b *testing.B) {
	var s Set
	million(&s)
	member := []byte("member:777")
	i := 0
	for b.Loop() {
		i++
		s.Put(member, float64(i*7919%1_000_000), Limits{})
	}
}

func BenchmarkMemory(b *testing.B) {
	for range b.N {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var s Set
		million(&s)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "bytes/member")
		runtime.KeepAlive(&s)
	}
}
