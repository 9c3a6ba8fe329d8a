package near_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redbrick-go/redbrick/internal/near"
)

// numbers is a Redis that holds tags, with a hook that runs while it is read.
type numbers struct {
	floor  uint64
	tags   map[string]uint64
	reads  int
	during func()
	err    error
}

func (n *numbers) read(_ context.Context, tags []string) (uint64, []uint64, error) {
	n.reads++
	all := make([]uint64, len(tags))
	for i, t := range tags {
		all[i] = n.tags[t]
	}
	floor := n.floor
	if n.during != nil {
		n.during()
	}
	return floor, all, n.err
}

func newTags(n *numbers) (*near.Tags, *atomic.Uint64) {
	var generation atomic.Uint64
	generation.Store(2)
	return near.NewTags(&generation, "ns:~t:{tags}", strings.ToUpper, n.read), &generation
}

func valid(t *testing.T, tags *near.Tags, seq uint64, names ...string) (bool, []*near.Cell) {
	t.Helper()
	ok, cells, err := tags.Valid(t.Context(), seq, names, false)
	if err != nil {
		t.Fatal(err)
	}
	return ok, cells
}

func alive(cells []*near.Cell, seq uint64) bool {
	for _, c := range cells {
		if c.Load() > seq {
			return false
		}
	}
	return true
}

func TestNumbersAreReadOnceUntilNewsOfThem(t *testing.T) {
	t.Parallel()
	n := &numbers{floor: 1, tags: map[string]uint64{"a": 5, "b": 9}}
	tags, _ := newTags(n)
	for _, tt := range []struct {
		seq  uint64
		tags []string
		want bool
	}{
		{5, []string{"a"}, true}, {4, []string{"a"}, false}, {8, []string{"a", "b"}, false},
		{9, []string{"a", "b"}, true}, {1, nil, true}, {0, nil, false}, {1, []string{"never bumped"}, true},
	} {
		for range 3 {
			if ok, cells := valid(t, tags, tt.seq, tt.tags...); ok != tt.want || alive(cells, tt.seq) != tt.want {
				t.Errorf("entry %d of %v: valid %v, cells alive %v; want %v", tt.seq, tt.tags, ok, alive(cells, tt.seq), tt.want)
			}
		}
	}
	if n.reads != 3 {
		t.Errorf("%d reads, want one for each set of tags not known before", n.reads)
	}
	_, cells := valid(t, tags, 5, "a")
	n.tags["a"] = 7
	tags.Invalidated("ns:~t:{tags}:A")
	if alive(cells, 5) {
		t.Error("an entry outlives the news of its tag")
	}
	if ok, _ := valid(t, tags, 6, "a"); ok {
		t.Error("the old number is used after the news")
	}
	_, cells = valid(t, tags, 9, "b")
	n.floor = 100
	tags.Invalidated("ns:~t:{tags}")
	if alive(cells, 9) {
		t.Error("an entry outlives the news of the floor")
	}
	if ok, _ := valid(t, tags, 9, "b"); ok {
		t.Error("an entry below the floor is valid")
	}
}

// What is heard while the numbers are read makes what was read doubtful: it may not be kept.
func TestNewsDuringTheReadKeepNothing(t *testing.T) {
	t.Parallel()
	for name, news := range map[string]func(tags *near.Tags, generation *atomic.Uint64){
		"of the tag":      func(tags *near.Tags, _ *atomic.Uint64) { tags.Invalidated("ns:~t:{tags}:A") },
		"of the floor":    func(tags *near.Tags, _ *atomic.Uint64) { tags.Invalidated("ns:~t:{tags}") },
		"own bump":        func(tags *near.Tags, _ *atomic.Uint64) { tags.Bumped("a") },
		"own bump, away":  func(tags *near.Tags, _ *atomic.Uint64) { tags.Pending("a") },
		"lost connection": func(tags *near.Tags, g *atomic.Uint64) { g.Add(2); tags.Flush() },
		"lost, not back":  func(tags *near.Tags, g *atomic.Uint64) { g.Add(1); tags.Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &numbers{floor: 1, tags: map[string]uint64{"a": 5}}
			tags, generation := newTags(n)
			n.during = func() { news(tags, generation) }
			if _, cells := valid(t, tags, 5, "a"); alive(cells, 5) {
				t.Error("an entry lives on cells of which news came")
			}
			n.during = nil
			reads := n.reads
			n.tags["a"] = 6
			if ok, _ := valid(t, tags, 5, "a"); ok {
				t.Error("the number that was read before the news is used")
			}
			if name != "own bump, away" && n.reads == reads {
				t.Error("the number was not read again")
			}
		})
	}
}

func TestPendingTagIsInvalidUntilBumped(t *testing.T) {
	t.Parallel()
	n := &numbers{floor: 1, tags: map[string]uint64{"a": 5}}
	tags, _ := newTags(n)
	_, cells := valid(t, tags, 5, "a")
	tags.Pending("a")
	if ok, _ := valid(t, tags, 1<<60, "a"); ok || alive(cells, 5) {
		t.Error("an entry of a tag is valid whose invalidation Redis has not taken")
	}
	if ok, _ := valid(t, tags, 5, "b"); !ok {
		t.Error("other tags are invalid too")
	}
	n.tags["a"] = 8
	tags.Bumped("a")
	if ok, _ := valid(t, tags, 5, "a"); ok {
		t.Error("an entry from before the bump is valid")
	}
	if ok, _ := valid(t, tags, 8, "a"); !ok {
		t.Error("an entry from after the bump is invalid")
	}
}

func TestFreshAndLostReadWhateverIsKnown(t *testing.T) {
	t.Parallel()
	n := &numbers{floor: 1, tags: map[string]uint64{"a": 5}}
	tags, generation := newTags(n)
	valid(t, tags, 5, "a")
	n.tags["a"] = 6 // the news are on their way
	if ok, _, err := tags.Valid(t.Context(), 5, []string{"a"}, true); ok || err != nil {
		t.Errorf("fresh: %v, %v; want what Redis says", ok, err)
	}
	generation.Add(1)
	reads := n.reads
	for range 2 {
		valid(t, tags, 5, "a")
	}
	if n.reads != reads+2 {
		t.Error("numbers are kept while news do not arrive")
	}
	n.err = errors.New("away")
	if _, _, err := tags.Valid(t.Context(), 5, []string{"a"}, true); !errors.Is(err, n.err) {
		t.Errorf("got %v, want the error of the read", err)
	}
}
