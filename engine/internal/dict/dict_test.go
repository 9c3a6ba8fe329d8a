package dict

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
)

// The dict does what a map does, whatever comes.
func TestDictLikeAMap(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var d Dict[int]
	model := map[string]int{}
	keys := 2000
	for step := range 60_000 {
		if step%6_000 == 0 {
			keys = 10 + r.IntN(4000) // grows and shrinks
		}
		key := strconv.Itoa(r.IntN(4000))
		_, there := model[key]
		switch {
		case len(model) < keys || there && r.IntN(2) == 0:
			n, added := d.Put([]byte(key))
			if added == there {
				t.Fatalf("Put(%s): added is %v", key, added)
			}
			n.Val, model[key] = step, step
		default:
			if (d.DeleteString(key) != nil) != there {
				t.Fatalf("Delete(%s): there is %v", key, there)
			}
			delete(model, key)
		}
		probe := strconv.Itoa(r.IntN(4000))
		n := d.Get([]byte(probe))
		if want, there := model[probe]; (n != nil) != there || there && n.Val != want {
			t.Fatalf("Get(%s) after %d steps: %v, want %d, %v", probe, step, n, want, there)
		}
		if d.Len() != len(model) {
			t.Fatalf("Len is %d, want %d", d.Len(), len(model))
		}
	}
	n := 0
	for node := range d.All {
		if model[node.Key()] != node.Val {
			t.Fatalf("All: %s is %d, want %d", node.Key(), node.Val, model[node.Key()])
		}
		n++
	}
	if n != len(model) {
		t.Fatalf("All gave %d keys, want %d", n, len(model))
	}
}

func TestScanKeepsItsPromise(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		var d Dict[struct{}]
		stay := map[string]bool{}
		for i := range r.IntN(300) {
			key := fmt.Sprint("stays", i)
			d.PutString(key)
			stay[key] = true
		}
		others := 0
		churn := func() {
			for range r.IntN(200) {
				if r.IntN(3) > 0 == (seed%2 == 0) {
					d.PutString(fmt.Sprint("other", others))
					others++
				} else {
					d.DeleteString(fmt.Sprint("other", r.IntN(others+1)))
				}
			}
		}
		for range 20 {
			churn()
		}
		seen := map[string]bool{}
		cursor, calls := uint64(0), 0
		for {
			cursor = d.Scan(cursor, func(n *Node[struct{}]) { seen[n.Key()] = true })
			if cursor == 0 {
				break
			}
			if calls++; calls%(1+int(seed%5)) == 0 && calls < 400 {
				churn()
			}
			if calls > 1_000_000 {
				t.Fatal("the walk does not end")
			}
		}
		for key := range stay {
			if !seen[key] {
				t.Fatalf("seed %d: %s was there all the time and was not seen", seed, key)
			}
		}
	}
}

// Nodes may be deleted by the visitor, of the same bucket too.
func TestScanWhileDeleting(t *testing.T) {
	t.Parallel()
	var d Dict[int]
	for i := range 5000 {
		d.PutString(strconv.Itoa(i))
	}
	cursor := uint64(0)
	for {
		cursor = d.Scan(cursor, func(n *Node[int]) { d.DeleteString(n.Key()) })
		if cursor == 0 {
			break
		}
	}
	if d.Len() != 0 {
		t.Fatalf("%d keys are left", d.Len())
	}
	if d.Buckets() > 8 {
		t.Fatalf("%d buckets are left of an empty table", d.Buckets())
	}
}

func TestRandomReachesAll(t *testing.T) {
	t.Parallel()
	var d Dict[int]
	if d.Random() != nil {
		t.Fatal("a node of an empty dict")
	}
	for i := range 100 {
		d.PutString(strconv.Itoa(i))
	}
	seen := map[string]int{}
	for range 20_000 {
		seen[d.Random().Key()]++
	}
	if len(seen) != 100 {
		t.Fatalf("saw %d of 100", len(seen))
	}
	for key, n := range seen {
		if n < 120 || n > 290 {
			t.Errorf("%s came %d times of 20,000", key, n)
		}
	}
}

// A change of size is spread over many changes: none costs more than its share.
func TestGrowthComesInSteps(t *testing.T) {
	t.Parallel()
	var d Dict[int]
	for i := range 1 << 16 {
		d.PutString(strconv.Itoa(i))
	}
	d.PutString("one more")
	if !d.moving() {
		t.Fatal("the table did not begin to grow")
	}
	if d.moved > moveBuckets+moveEmpty {
		t.Fatalf("one insertion moved %d buckets", d.moved)
	}
}

func BenchmarkGet(b *testing.B) {
	var d Dict[int]
	key := []byte("some key of usual length")
	for i := range 100_000 {
		d.PutString(strconv.Itoa(i))
	}
	d.Put(key)
	b.ReportAllocs()
	for b.Loop() {
		d.Get(key)
	}
}
