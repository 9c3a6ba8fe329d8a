package collection

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/script"
	"github.com/redbrick-go/redbrick/redistest"
)

var errCrash = errors.New("crashed")

// crashing lets a number of calls through and then fails, as a process that dies in between.
type crashing struct {
	script.Doer
	left int
}

func (c *crashing) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	if c.left--; c.left < 0 {
		return rueidis.NewErrorResult(errCrash)
	}
	return c.Doer.Do(ctx, cmd)
}

func (c *crashing) DoMulti(ctx context.Context, cmds ...rueidis.Completed) []rueidis.RedisResult {
	if c.left--; c.left < 0 {
		out := make([]rueidis.RedisResult, len(cmds))
		for i := range out {
			out[i] = rueidis.NewErrorResult(errCrash)
		}
		return out
	}
	return c.Doer.DoMulti(ctx, cmds...)
}

// apart makes a relation keep its keys as if each were in another slot, and crash after some calls.
func apart(r relation, calls int) relation {
	r.single = func() bool { return false }
	r.d = &crashing{Doer: r.d, left: calls}
	return r
}

// forever is more calls than any test makes.
const forever = 1 << 30

// A change that dies after any of its steps leaves the item's own tags whole, old or new; a query returns no item that lacks
// one of the tags; every tag of the item has it. The same call again puts right what a query sees, and Repair every set.
func TestTagIndexCrash(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		t.Run(fmt.Sprintf("again=%v", again), func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, rb *redbrick.Client) { tagIndexCrash(t, rb, again) })
		})
	}
}

func tagIndexCrash(t *testing.T, rb *redbrick.Client, again bool) {
	x, err := NewTagIndex(rb, "tag:<name>", TagIndexOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	sound := x.links
	before, after := []string{"gone", "stays"}, []string{"new", "stays"}
	for crashes := 0; ; crashes++ {
		x.links = apart(sound, forever)
		if err := x.Replace(ctx, "1", before); err != nil {
			t.Fatal(err)
		}
		x.links = apart(sound, crashes)
		crash := x.Replace(ctx, "1", after)
		if crash != nil && !errors.Is(crash, errCrash) {
			t.Fatal(crash)
		}
		x.links = apart(sound, forever)
		own, err := x.Tags(ctx, "1")
		if err != nil || !slices.Equal(own, before) && !slices.Equal(own, after) {
			t.Fatalf("after %d calls: tags %q, %v; expected the old or the new ones", crashes, own, err)
		}
		agree := func() {
			t.Helper()
			for _, tag := range []string{"gone", "stays", "new"} {
				p, err := x.Query(ctx, []string{tag}, 1, 10)
				if want := slices.Contains(own, tag); err != nil || (len(p.Items) == 1) != want {
					t.Fatalf("after %d calls: query %s: %v, %v; expected found = %v", crashes, tag, p, err, want)
				}
			}
		}
		agree()
		if again {
			if err := x.Replace(ctx, "1", after); err != nil {
				t.Fatal(err)
			}
			own = after
			agree()
		}
		if _, err = x.Repair(ctx, "gone", "stays", "new"); err != nil {
			t.Fatal(err)
		}
		for _, tag := range []string{"gone", "stays", "new"} {
			n, err := x.Count(ctx, tag)
			if want := slices.Contains(own, tag); err != nil || (n == 1) != want {
				t.Fatalf("after %d calls and a repair: %d items with %s, %v; expected found = %v", crashes, n, tag, err, want)
			}
		}
		if crash == nil {
			if crashes < 4 {
				t.Fatalf("a change took %d calls, expected more to crash in", crashes)
			}
			return
		}
	}
}

// The same for a pair: whoever dies, a's set is right, b's set holds at least what it should, and repeating the call or
// removing b leaves nothing wrong.
func TestPairCrash(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		p, err := NewPair(rb, "user:<id>:favorites", "recipe:<id>:favorited_by", PairOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		sound := p.links
		change := map[bool]func(context.Context, string, string) (bool, error){true: p.Link, false: p.Unlink}
		for _, linking := range []bool{true, false} {
			for calls, done := 0, false; !done; calls++ {
				p.links = apart(sound, forever)
				if _, err := change[!linking](ctx, "1", "7"); err != nil {
					t.Fatal(err)
				}
				p.links = apart(sound, calls)
				_, crash := change[linking](ctx, "1", "7")
				done = crash == nil
				p.links = apart(sound, forever)
				inA, errA := p.Linked(ctx, "1", "7")
				inB, errB := p.CountB(ctx, "7")
				if errA != nil || errB != nil || inA && inB == 0 {
					t.Fatalf("linking %v, after %d calls: a %v, b %d, %v, %v; expected b's set to hold what a's does", linking, calls, inA, inB, errA, errB)
				}
				if _, err := change[linking](ctx, "1", "7"); err != nil {
					t.Fatal(err)
				}
				inA, _ = p.Linked(ctx, "1", "7")
				inB, _ = p.CountB(ctx, "7")
				if inA != linking || inB == 1 != linking {
					t.Fatalf("linking %v, after %d calls and again: a %v, b %d", linking, calls, inA, inB)
				}
			}
		}
		for calls := range 4 {
			p.links = apart(sound, calls)
			_, _ = p.Link(ctx, "1", "7")
			p.links = apart(sound, forever)
			if err := p.RemoveB(ctx, "7"); err != nil {
				t.Fatal(err)
			}
			inA, errA := p.Linked(ctx, "1", "7")
			inB, errB := p.CountB(ctx, "7")
			if inA || inB != 0 || errA != nil || errB != nil {
				t.Fatalf("after %d calls and RemoveB: a %v, b %d, %v, %v", calls, inA, inB, errA, errB)
			}
		}
	})
}
