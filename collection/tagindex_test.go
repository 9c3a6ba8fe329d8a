package collection_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/collection"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

// tagModel is a TagIndex in words.
type tagModel map[string][]string

func (m tagModel) with(tags ...string) []string {
	var ids []string
	for id, own := range m {
		if !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(own, tag) }) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestTagIndexTrace(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]collection.TagIndexOptions{"spread": {}, "oneslot": {OneSlot: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, rb *redbrick.Client) {
				x := must(collection.NewTagIndex(rb, "tag:<name>", o))(t)
				ctx, r, model := t.Context(), bricktest.Trace(t), tagModel{}
				tags := awkward[:7]
				for range 300 {
					id := pick(r, awkward)
					switch r.IntN(5) {
					case 0:
						ok(t, x.Remove(ctx, id))
						delete(model, id)
					case 1, 2:
						next := some(r, tags, 5)
						ok(t, x.Replace(ctx, id, next))
						model[id] = uniq(next)
						if len(next) == 0 {
							delete(model, id)
						}
						equal(t, "tags of "+id, must(x.Tags(ctx, id))(t), model[id])
					case 3:
						tag := pick(r, tags)
						equal(t, "count of "+tag, must(x.Count(ctx, tag))(t), int64(len(model.with(tag))))
					default:
						ask := append(some(r, tags, 2), pick(r, tags))
						want := model.with(ask...)
						page, limit := 1+r.IntN(3), 1+r.IntN(5)
						got := must(x.Query(ctx, ask, page, limit))(t)
						from := min((page-1)*limit, len(want))
						to := min(from+limit, len(want))
						equal(t, "query", got, collection.Page{Items: want[from:to], Total: int64(len(want))})
					}
				}
				for _, tag := range tags {
					equal(t, "repairs", must(x.Repair(ctx, tag))(t), 0)
				}
				for _, id := range awkward {
					ok(t, x.Remove(ctx, id))
				}
				for _, tag := range tags {
					equal(t, "rest of "+tag, must(x.Count(ctx, tag))(t), int64(0))
				}
			})
		})
	}
}

func TestTagIndexLeavesNoKey(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		x := must(collection.NewTagIndex(rb, "tag:<name>", collection.TagIndexOptions{}))(t)
		ok(t, x.Replace(t.Context(), "1", []string{"italian", "quick"}))
		equal(t, "keys", uniq(bricktest.Keys(t, rb)), uniq([]string{x.Key("italian"), x.Key("quick"), rb.Namespace() + "~tags:tag:1"}))
		ok(t, x.Remove(t.Context(), "1"))
		equal(t, "keys", bricktest.Keys(t, rb), []string(nil))
	})
}

// The documented keys: a set of ids under tag:<name>.
func TestTagIndexKey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		for _, c := range []struct {
			pattern, key string
			o            collection.TagIndexOptions
		}{
			{"tag:<name>", "tag:italian", collection.TagIndexOptions{}},
			{"user:<id>:recipes", "user:italian:recipes", collection.TagIndexOptions{}},
			{"kind:<name>", "{kind}:italian", collection.TagIndexOptions{OneSlot: true}},
		} {
			x := must(collection.NewTagIndex(rb, c.pattern, c.o))(t)
			ok(t, x.Replace(t.Context(), "7", []string{"italian"}))
			key := rb.Namespace() + c.key
			equal(t, key, must(rb.Do(t.Context(), rb.B().Smembers().Key(key).Build()).AsStrSlice())(t), []string{"7"})
		}
	})
}

func TestTagIndexOrders(t *testing.T) {
	t.Parallel()
	orders := map[collection.Order][]string{
		collection.Lexical:           {"-3", "10", "9", "a", "b"},
		collection.LexicalDescending: {"b", "a", "9", "10", "-3"},
		collection.Numeric:           {"-3", "9", "10", "a", "b"},
		collection.NumericDescending: {"b", "a", "10", "9", "-3"},
	}
	each(t, func(t *testing.T, rb *redbrick.Client) {
		for order, want := range orders {
			x := must(collection.NewTagIndex(rb, "o"+strconv.Itoa(int(order))+":<tag>", collection.TagIndexOptions{Order: order}))(t)
			for _, id := range want {
				ok(t, x.Replace(t.Context(), id, []string{"t"}))
			}
			equal(t, "order", must(x.Query(t.Context(), []string{"t"}, 1, 10))(t).Items, want)
			equal(t, "far page", must(x.Query(t.Context(), []string{"t"}, 1<<60, 1000))(t), collection.Page{Total: int64(len(want))})
		}
	})
}

// Two processes give one item different tags at once: one of them wins as a whole, in every key.
func TestTagIndexConcurrentReplace(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		var indexes []*collection.TagIndex
		for _, c := range []*redbrick.Client{rb, redistest.Another(t, rb)} {
			indexes = append(indexes, must(collection.NewTagIndex(c, "tag:<name>", collection.TagIndexOptions{}))(t))
		}
		choices := [][]string{{"a", "b"}, {"b", "c"}, {"d"}, {}}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 10 {
					if err := indexes[i%2].Replace(t.Context(), "1", choices[(i+j)%len(choices)]); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		x := indexes[0]
		own := must(x.Tags(t.Context(), "1"))(t)
		if !slices.ContainsFunc(choices, func(c []string) bool { return slices.Equal(c, own) }) {
			t.Fatalf("tags are %q, which nobody set", own)
		}
		for _, tag := range []string{"a", "b", "c", "d"} {
			want := int64(0)
			if slices.Contains(own, tag) {
				want = 1
			}
			equal(t, "count of "+tag, must(x.Count(t.Context(), tag))(t), want)
		}
	})
}

// Sets larger than a batch, on every way through the index.
func TestTagIndexLarge(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		x := must(collection.NewTagIndex(rb, "tag:<name>", collection.TagIndexOptions{Order: collection.Numeric}))(t)
		const n = 1100
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := w; i < n; i += 8 {
					tags := []string{"all"}
					if i%2 == 0 {
						tags = append(tags, "even")
					}
					if err := x.Replace(t.Context(), strconv.Itoa(i), tags); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		got := must(x.Query(t.Context(), []string{"all", "even"}, 2, 200))(t)
		equal(t, "total", got.Total, int64(n/2))
		equal(t, "first of the page", got.Items[0], "400")
		equal(t, "size of the page", len(got.Items), 200)
		many := make([]string, 600)
		for i := range many {
			many[i] = "t" + strconv.Itoa(i)
		}
		ok(t, x.Replace(t.Context(), "x", many))
		equal(t, "tags", len(must(x.Tags(t.Context(), "x"))(t)), len(many))
		ok(t, x.Remove(t.Context(), "x"))
		equal(t, "count", must(x.Count(t.Context(), "t599"))(t), int64(0))
	})
}
