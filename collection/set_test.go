package collection_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/collection"
	"github.com/redbrick-go/redbrick/internal/bricktest"
)

func TestSetTrace(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]collection.SetOptions{"plain": {}, "ttl": {TTL: time.Hour, Order: collection.LexicalDescending}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, rb *redbrick.Client) {
				s := must(collection.NewSet(rb, "set:<id>", o))(t)
				ctx, r, model := t.Context(), bricktest.Trace(t), map[string][]string{}
				for range 300 {
					id, members := pick(r, awkward[:4]), some(r, awkward, 4)
					own := model[id]
					switch r.IntN(8) {
					case 0:
						equal(t, "cleared", must(s.Clear(ctx, id))(t), len(own) > 0)
						delete(model, id)
					case 1, 2:
						model[id] = slices.DeleteFunc(slices.Clone(own), func(m string) bool { return slices.Contains(members, m) })
						equal(t, "removed", must(s.Remove(ctx, id, members...))(t), int64(len(own)-len(model[id])))
					default:
						model[id] = uniq(append(slices.Clone(own), members...))
						equal(t, "added", must(s.Add(ctx, id, members...))(t), int64(len(model[id])-len(own)))
					}
					m := pick(r, awkward)
					equal(t, "has", must(s.Has(ctx, id, m))(t), slices.Contains(model[id], m))
					equal(t, "count", must(s.Count(ctx, id))(t), int64(len(model[id])))
					want := slices.Clone(model[id])
					if o.Order == collection.LexicalDescending {
						slices.Reverse(want)
					}
					limit := 1 + r.IntN(4)
					equal(t, "members", must(s.Members(ctx, id, 2, limit))(t),
						collection.Page{Items: want[min(limit, len(want)):min(2*limit, len(want))], Total: int64(len(want))})
				}
			})
		})
	}
}

func TestSetAll(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		s := must(collection.NewSet(rb, "set:<id>", collection.SetOptions{}))(t)
		var want []string
		for i := range 1500 {
			want = append(want, "member "+strconv.Itoa(i))
		}
		must(s.Add(t.Context(), "1", want...))(t)
		var got []string
		for m, err := range s.All(t.Context(), "1") {
			ok(t, err)
			got = append(got, m)
		}
		equal(t, "members", uniq(got), uniq(want))
		for range s.All(t.Context(), "1") {
			break // leaving early is fine
		}
	})
}
