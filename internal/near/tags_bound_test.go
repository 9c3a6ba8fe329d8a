package near

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
)

// A program that makes up tags without end costs a table of so many, and each new one an entry or two of the others.
func TestTheTableOfTagsIsBoundedAndLosesOneForEachThatComes(t *testing.T) {
	t.Parallel()
	var generation atomic.Uint64
	generation.Store(2)
	tags := NewTags(&generation, "ns:~t:{tags}", func(tag string) string { return tag }, func(_ context.Context, tags []string) (uint64, []uint64, error) {
		return 1, make([]uint64, len(tags)), nil
	})
	kept := make([][]*Cell, 0, maxCells)
	know := func(tag int) []*Cell {
		ok, cells, err := tags.Valid(t.Context(), 5, []string{strconv.Itoa(tag)}, false)
		if !ok || err != nil {
			t.Fatalf("tag %d: %v, %v", tag, ok, err)
		}
		return cells
	}
	for tag := range maxCells {
		kept = append(kept, know(tag))
	}
	const more = 1000
	for tag := range more {
		if cells := know(maxCells + tag); !allAtMost(cells, 5) {
			t.Errorf("an entry of new tag %d is not kept", tag)
		}
		if n := len(tags.cells); n > maxCells {
			t.Fatalf("%d tags are in the table, want at most %d", n, maxCells)
		}
	}
	dead := 0
	for _, cells := range kept {
		if !allAtMost(cells, 5) {
			dead++
		}
	}
	if dead < more/2 || dead > more {
		t.Errorf("%d tags came and %d of %d others were forgotten, want about as many", more, dead, maxCells)
	}
}
