package collection

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/script"
	"github.com/redbrick-go/redbrick/redistest"
)

// interrupted runs something else before some of its calls, which count from 1.
type interrupted struct {
	script.Doer
	calls  int
	before map[int]func()
}

func (i *interrupted) turn() {
	i.calls++
	if other := i.before[i.calls]; other != nil {
		other()
	}
}

func (i *interrupted) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	i.turn()
	return i.Doer.Do(ctx, cmd)
}

func (i *interrupted) DoMulti(ctx context.Context, cmds ...rueidis.Completed) []rueidis.RedisResult {
	i.turn()
	return i.Doer.DoMulti(ctx, cmds...)
}

// Other processes link or unlink the same pair, each all of it, between any two steps of a change, at two places: the two
// sides agree in the end.
func TestPairInterleaved(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		p, err := NewPair(rb, "user:<id>:favorites", "recipe:<id>:favorited_by", PairOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		sound := apart(p.links, forever)
		set := func(links relation, linking bool) {
			t.Helper()
			p := &Pair{links: links}
			change := p.Unlink
			if linking {
				change = p.Link
			}
			if _, err := change(ctx, "1", "7"); err != nil {
				t.Fatal(err)
			}
		}
		// run does one change with two others in it and returns how many calls it took.
		run := func(before, linking, first, second bool, at, then int) int {
			t.Helper()
			set(sound, before)
			i := &interrupted{Doer: sound.d, before: map[int]func(){}}
			i.before[at] = func() { set(sound, first) }
			i.before[then] = func() { set(sound, second) }
			links := sound
			links.d = i
			set(links, linking)
			left, right, err := sound.compare(ctx, []pair{{"1", "7"}})
			if err != nil || left[0] != right[0] {
				t.Fatalf("linked %v, then linking %v, with %v before call %d and %v before call %d: a %v, b %v, %v",
					before, linking, first, at, second, then, left[0], right[0], err)
			}
			return i.calls
		}
		for bits := range 16 {
			before, linking, first, second := bits&1 > 0, bits&2 > 0, bits&4 > 0, bits&8 > 0
			for at := 1; ; at++ {
				then := at + 1
				for run(before, linking, first, second, at, then) >= then {
					then++
				}
				if then == at+1 {
					break
				}
			}
		}
	})
}

// Another process replaces the item's tags between any two steps of a Replace: the item has the tags of one of them, and
// every set agrees.
func TestTagIndexInterleaved(t *testing.T) {
	t.Parallel()
	for _, split := range []bool{true, false} {
		t.Run(fmt.Sprintf("split=%v", split), func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, rb *redbrick.Client) { tagIndexInterleaved(t, rb, split) })
		})
	}
}

func tagIndexInterleaved(t *testing.T, rb *redbrick.Client, split bool) {
	x, err := NewTagIndex(rb, "tag:<name>", TagIndexOptions{OneSlot: !split})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	sound := x.links
	if split {
		sound = apart(sound, forever)
	}
	replace := func(links relation, tags ...string) {
		t.Helper()
		if err := links.replace(ctx, "1", tags); err != nil {
			t.Fatal(err)
		}
	}
	mine := []string{"a", "m"}
	for _, theirs := range [][]string{{"b", "m"}, {"b", "t"}, {"a"}, {"a", "b", "t"}, nil} {
		for at, done := 1, false; !done; at++ {
			replace(sound, "a", "b")
			i := &interrupted{Doer: sound.d, before: map[int]func(){at: func() { replace(sound, theirs...) }}}
			links := sound
			links.d = i
			replace(links, mine...)
			done = i.calls < at
			own, err := x.Tags(ctx, "1")
			if err != nil || !slices.Equal(own, mine) && !slices.Equal(own, theirs) {
				t.Fatalf("%q with %q before call %d: tags %q, %v", mine, theirs, at, own, err)
			}
			for _, tag := range []string{"a", "b", "m", "t"} {
				n, err := x.Count(ctx, tag)
				if err != nil || (n == 1) != slices.Contains(own, tag) {
					t.Fatalf("%q with %q before call %d: tags %q, but %d items with %s, %v", mine, theirs, at, own, n, tag, err)
				}
			}
		}
	}
}
