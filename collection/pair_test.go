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

const (
	favorites   = "user:<id>:favorites"
	favoritedBy = "recipe:<id>:favorited_by"
)

type pairModel map[[2]string]bool

// of lists what is linked with one id on the given side, 0 for a, 1 for b.
func (m pairModel) of(side int, id string) []string {
	var out []string
	for p := range m {
		if p[side] == id {
			out = append(out, p[1-side])
		}
	}
	slices.Sort(out)
	return out
}

func TestPairTrace(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		p := must(collection.NewPair(rb, favorites, favoritedBy, collection.PairOptions{}))(t)
		ctx, r, model := t.Context(), bricktest.Trace(t), pairModel{}
		as, bs := awkward, awkward[:8]
		for range 400 {
			a, b := pick(r, as), pick(r, bs)
			switch r.IntN(12) {
			case 0:
				ok(t, p.RemoveA(ctx, a))
				for _, b := range model.of(0, a) {
					delete(model, [2]string{a, b})
				}
			case 1:
				ok(t, p.RemoveB(ctx, b))
				for _, a := range model.of(1, b) {
					delete(model, [2]string{a, b})
				}
			case 2:
				want := some(r, bs, 5)
				ok(t, p.ReplaceA(ctx, a, want))
				for _, b := range model.of(0, a) {
					delete(model, [2]string{a, b})
				}
				for _, b := range want {
					model[[2]string{a, b}] = true
				}
			case 3, 4, 5:
				equal(t, "unlinked", must(p.Unlink(ctx, a, b))(t), model[[2]string{a, b}])
				delete(model, [2]string{a, b})
			default:
				equal(t, "linked", must(p.Link(ctx, a, b))(t), !model[[2]string{a, b}])
				model[[2]string{a, b}] = true
			}
			equal(t, "linked", must(p.Linked(ctx, a, b))(t), model[[2]string{a, b}])
			ofA, ofB := model.of(0, a), model.of(1, b)
			equal(t, "of a", must(p.OfA(ctx, a, 1, 100))(t), collection.Page{Items: ofA, Total: int64(len(ofA))})
			equal(t, "of b", must(p.OfB(ctx, b, 1, 100))(t), collection.Page{Items: ofB, Total: int64(len(ofB))})
			equal(t, "count of a", must(p.CountA(ctx, a))(t), int64(len(ofA)))
			equal(t, "count of b", must(p.CountB(ctx, b))(t), int64(len(ofB)))
		}
		for _, b := range bs {
			equal(t, "repairs", must(p.RepairB(ctx, b))(t), 0)
		}
	})
}

// Both directions agree after two processes linked and unlinked the same pairs side by side, on Cluster too.
func TestPairConcurrent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		var both []*collection.Pair
		for _, c := range []*redbrick.Client{rb, redistest.Another(t, rb)} {
			both = append(both, must(collection.NewPair(c, favorites, favoritedBy, collection.PairOptions{}))(t))
		}
		ids := []string{"1", "2"}
		for range 5 { // each round ends quiet and is looked at
			var wg sync.WaitGroup
			for i := range 8 {
				r := bricktest.Trace(t)
				wg.Go(func() {
					p := both[i%2]
					for range 12 {
						a, b := pick(r, ids), pick(r, ids)
						var err error
						switch r.IntN(6) {
						case 0:
							err = p.ReplaceA(t.Context(), a, some(r, ids, 2))
						case 1:
							err = p.RemoveB(t.Context(), b)
						case 2, 3:
							_, err = p.Unlink(t.Context(), a, b)
						default:
							_, err = p.Link(t.Context(), a, b)
						}
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			model := pairModel{}
			for _, a := range ids {
				for _, b := range must(both[0].OfA(t.Context(), a, 1, 100))(t).Items {
					model[[2]string{a, b}] = true
				}
			}
			for _, b := range ids {
				equal(t, "admirers of "+b, must(both[0].OfB(t.Context(), b, 1, 100))(t).Items, model.of(1, b))
			}
		}
	})
}

func TestPairRemoveLarge(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		p := must(collection.NewPair(rb, favorites, favoritedBy, collection.PairOptions{OrderB: collection.NumericDescending}))(t)
		ctx := t.Context()
		const n = 700
		bs := make([]string, n)
		for i := range bs {
			bs[i] = strconv.Itoa(i)
		}
		ok(t, p.ReplaceA(ctx, "1", bs))
		ok(t, p.ReplaceA(ctx, "2", bs))
		equal(t, "newest", must(p.OfA(ctx, "1", 1, 2))(t), collection.Page{Items: []string{"699", "698"}, Total: n})
		equal(t, "linked", must(p.LinkedMany(ctx, "1", "5", "x", "699"))(t), []bool{true, false, true})
		ok(t, p.RemoveA(ctx, "1"))
		equal(t, "left of b", must(p.OfB(ctx, "300", 1, 10))(t).Items, []string{"2"})
		for _, a := range bs {
			must(p.Link(ctx, a, "hot"))(t)
		}
		ok(t, p.RemoveB(ctx, "hot"))
		ok(t, p.RemoveA(ctx, "2"))
		equal(t, "keys", bricktest.Keys(t, rb), []string(nil))
	})
}

func TestPairKeys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		p := must(collection.NewPair(rb, favorites, favoritedBy, collection.PairOptions{}))(t)
		must(p.Link(t.Context(), "1", "7"))(t)
		for key, want := range map[string]string{"user:1:favorites": "7", "recipe:7:favorited_by": "1"} {
			got := must(rb.Do(t.Context(), rb.B().Smembers().Key(rb.Namespace()+key).Build()).AsStrSlice())(t)
			equal(t, key, got, []string{want})
		}
	})
}
