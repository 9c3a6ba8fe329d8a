package intset

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A set does what a map does, whatever comes, and keeps its order.
func TestSetLikeAMap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var s Set
		model := map[int64]bool{}
		edges := []int64{0, -1, math.MaxInt16, math.MinInt16, math.MaxInt16 + 1, math.MinInt32, math.MaxInt32 + 1, math.MinInt64, math.MaxInt64}
		for step := range 2000 {
			v := int64(r.IntN(200) - 100)
			if step > 1000 && r.IntN(20) == 0 {
				v = edges[r.IntN(len(edges))]
			}
			switch r.IntN(3) {
			case 0:
				if s.Remove(v) != model[v] {
					t.Fatalf("Remove(%d)", v)
				}
				delete(model, v)
			default:
				if s.Add(v) == model[v] {
					t.Fatalf("Add(%d)", v)
				}
				model[v] = true
			}
			if probe := int64(r.IntN(200) - 100); s.Has(probe) != model[probe] {
				t.Fatalf("Has(%d)", probe)
			}
		}
		var all []int64
		for i := range s.Len() {
			all = append(all, s.At(i))
		}
		if want := slices.Sorted(maps.Keys(model)); !slices.Equal(all, want) {
			t.Fatalf("got %v, want %v", all, want)
		}
		c := s.Clone()
		c.Add(1 << 40)
		c.Remove(1 << 40)
		if c.Len() != s.Len()-map[bool]int{true: 1}[model[1<<40]] || c.Size() == 0 {
			t.Fatal("the clone differs")
		}
	}
}
