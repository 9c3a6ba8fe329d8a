package pack

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func (r *Row) all() (out []string) {
	for pos := 0; pos < r.End(); {
		var s []byte
		s, pos = r.At(pos)
		out = append(out, string(s))
	}
	return out
}

// A row does what a slice of strings does, whatever comes.
func TestRowLikeASlice(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var row Row
	var model []string
	text := func() string {
		return strings.Repeat(string(rune('a'+random.IntN(5))), []int{0, 1, 3, 127, 128, 300, 20_000}[random.IntN(7)])
	}
	for step := range 20_000 {
		at := 0
		if len(model) > 0 {
			at = random.IntN(len(model))
		}
		pos := row.Skip(0, at)
		switch s := text(); {
		case len(model) == 0 || random.IntN(5) == 0 && len(model) < 60:
			row.Add([]byte(s), []byte("x"))
			model = append(model, s, "x")
		case random.IntN(2) == 0:
			row.Set(pos, []byte(s))
			model[at] = s
		case random.IntN(8) == 0:
			n := min(2, len(model)-at)
			row.Delete(pos, n)
			model = slices.Delete(model, at, at+n)
		}
		if got := row.all(); !slices.Equal(got, model) {
			t.Fatalf("step %d: %d strings, want %d", step, len(got), len(model))
		}
		if row.Size() > 64 && row.Size() > 3*row.End() {
			t.Fatalf("step %d: %d bytes held for %d", step, row.Size(), row.End())
		}
	}
	if c := row.Clone(); !slices.Equal(c.all(), model) {
		t.Fatal("the clone differs")
	}
}

func TestRowFind(t *testing.T) {
	t.Parallel()
	var row Row
	for _, s := range []string{"a", "1", "b", "a", "", "b"} {
		row.Add([]byte(s))
	}
	for s, want := range map[string]int{"a": 0, "b": 4, "": 8, "1": -1} {
		if got := row.Find([]byte(s), 2); got != want {
			t.Errorf("%q is at %d, want %d", s, got, want)
		}
	}
	if got := row.Find([]byte("1"), 1); got != 2 {
		t.Errorf("1 is at %d, want 2", got)
	}
}
