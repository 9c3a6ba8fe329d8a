package deque

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (d *Deque[T]) all() []T {
	out := []T{}
	for i := range d.Len() {
		out = append(out, d.At(i))
	}
	return out
}

// The deque does what a slice does, whatever comes.
func TestDequeLikeASlice(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var d Deque[int]
		model := []int{}
		for step := range 300 {
			switch op := r.IntN(10); {
			case op < 3:
				d.PushBack(step)
				model = append(model, step)
			case op < 5:
				d.PushFront(step)
				model = slices.Insert(model, 0, step)
			case op == 5 && len(model) > 0:
				if got := d.PopFront(); got != model[0] {
					t.Fatalf("PopFront: %d, want %d", got, model[0])
				}
				model = model[1:]
			case op == 6 && len(model) > 0:
				last := len(model) - 1
				if got := d.PopBack(); got != model[last] {
					t.Fatalf("PopBack: %d, want %d", got, model[last])
				}
				model = model[:last]
			case op == 7:
				i := r.IntN(len(model) + 1)
				d.Insert(i, step)
				model = slices.Insert(model, i, step)
			case op == 8 && r.IntN(5) == 0:
				from := r.IntN(len(model) + 1)
				to := from + r.IntN(len(model)-from+1)
				d.Trim(from, to)
				model = slices.Clone(model[from:to])
			case op == 9 && r.IntN(3) == 0:
				most, back, rest := r.IntN(4), r.IntN(2) == 0, r.IntN(3)
				want := remove(model, most, back, func(v int) bool { return v%3 == rest })
				got := d.DeleteFunc(most, back, func(v int) bool { return v%3 == rest })
				if got != len(model)-len(want) {
					t.Fatalf("DeleteFunc: %d, want %d", got, len(model)-len(want))
				}
				model = want
			}
			if got := d.all(); !slices.Equal(got, model) {
				t.Fatalf("step %d: %v, want %v", step, got, model)
			}
			if d.Cap() > least && d.Cap() > 4*(d.Len()+1) {
				t.Fatalf("%d values in a ring of %d", d.Len(), d.Cap())
			}
		}
		c := d.Clone()
		if diff := cmp.Diff(d.all(), c.all()); diff != "" {
			t.Fatalf("clone (-want +got):\n%s", diff)
		}
		c.PushBack(-1)
		if d.Len() == c.Len() {
			t.Fatal("a clone shares its ring")
		}
	}
}

func remove(model []int, most int, back bool, drop func(int) bool) []int {
	out := slices.Clone(model)
	if back {
		slices.Reverse(out)
	}
	kept := []int{}
	for _, v := range out {
		if most > 0 && drop(v) {
			most--
			continue
		}
		kept = append(kept, v)
	}
	if back {
		slices.Reverse(kept)
	}
	return kept
}
