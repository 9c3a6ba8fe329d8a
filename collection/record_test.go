package collection_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/collection"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

// stats is the record of most tests.
type stats struct {
	Views  int64 `redis:"views"`
	Likes  int64 `json:"likes,omitempty"`
	Shares uint32
	Title  string `redis:"title" json:"other"`
}

type base struct {
	ID string `json:"id"`
}

// everything has a field of every kind.
type everything struct {
	base
	Named   base          `redis:"named"`
	Text    string        `redis:"text"`
	Int     int           `redis:"int"`
	Small   int8          `redis:"small"`
	Big     uint64        `redis:"big"`
	Float   float64       `redis:"float"`
	Single  float32       `redis:"single"`
	Flag    bool          `redis:"flag"`
	At      time.Time     `redis:"at"`
	Took    time.Duration `redis:"took"`
	Tags    []string      `redis:"tags"`
	Map     map[string]int
	Pointer *int   `json:"pointer"`
	Skipped string `redis:"-"`
	hidden  string
}

func TestRecordKinds(t *testing.T) {
	t.Parallel()
	seven := 7
	full := everything{
		base: base{ID: "x"}, Named: base{ID: "y"}, Text: "line\nbreak \x00", Int: -1 << 62, Small: -128, Big: 1<<64 - 1,
		Float: 1e300, Single: 0.1, Flag: true, At: time.Date(2026, 11, 22, 1, 2, 3, 456789012, time.UTC), Took: time.Minute,
		Tags: []string{"a", "b"}, Map: map[string]int{"k": 1}, Pointer: &seven,
	}
	compare := cmp.AllowUnexported(everything{}, base{})
	each(t, func(t *testing.T, rb *redbrick.Client) {
		r := must(collection.NewRecord[everything](rb, "all:<id>", collection.RecordOptions{}))(t)
		for id, want := range map[string]everything{"full": full, "zero": {}} {
			want.Skipped, want.hidden = "lost", "lost"
			ok(t, r.Set(t.Context(), id, want))
			want.Skipped, want.hidden = "", ""
			got, there, err := r.Get(t.Context(), id)
			ok(t, err)
			if d := cmp.Diff(want, got, compare); !there || d != "" {
				t.Fatalf("%s: there %v (-want +got):\n%s", id, there, d)
			}
		}
		got, _, err := r.Get(t.Context(), "full", "int", "tags")
		ok(t, err)
		if d := cmp.Diff(everything{Int: full.Int, Tags: full.Tags}, got, compare); d != "" {
			t.Fatalf("partial (-want +got):\n%s", d)
		}
		for field, want := range map[string]string{
			"id": "x", "named": `{"id":"y"}`, "big": "18446744073709551615", "flag": "true", "at": "2026-11-22T01:02:03.456789012Z",
			"took": "60000000000", "tags": `["a","b"]`, "single": "0.1", "Map": `{"k":1}`, "pointer": "7",
		} {
			equal(t, field, must(rb.Do(t.Context(), rb.B().Hget().Key(r.Key("full")).Field(field).Build()).ToString())(t), want)
		}
	})
}

func TestRecordTrace(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]collection.RecordOptions{"plain": {}, "creates": {IncrCreates: true, TTL: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, rb *redbrick.Client) {
				rec := must(collection.NewRecord[stats](rb, "recipe:<id>:stats", o))(t)
				ctx, r, model := t.Context(), bricktest.Trace(t), map[string]stats{}
				for range 300 {
					id := pick(r, awkward)
					value := stats{Views: r.Int64N(1000), Likes: r.Int64N(1000), Shares: r.Uint32N(1000), Title: pick(r, awkward)}
					old, there := model[id]
					merged := old
					merged.Views, merged.Title = value.Views, value.Title
					switch r.IntN(7) {
					case 0:
						equal(t, "deleted", must(rec.Delete(ctx, id))(t), there)
						delete(model, id)
					case 1:
						ok(t, rec.Set(ctx, id, value))
						model[id] = value
					case 2:
						equal(t, "updated", must(rec.Update(ctx, id, value, "views", "title"))(t), there)
						if there {
							model[id] = merged
						}
					case 3:
						ok(t, rec.Upsert(ctx, id, value, "views", "title"))
						model[id] = merged
					default:
						n := r.Int64N(100)
						got := rec.IncrMany(ctx, collection.Increment{ID: id, By: map[string]int64{"likes": -n, "Shares": n}})[0]
						want := collection.Incremented{}
						if there || o.IncrCreates {
							old.Likes -= n
							old.Shares += uint32(n)
							model[id] = old
							want = collection.Incremented{Found: true, Values: map[string]int64{"likes": old.Likes, "Shares": int64(old.Shares)}}
						}
						equal(t, "incremented", got, want)
					}
					got, found, err := rec.Get(ctx, id)
					ok(t, err)
					want, there := model[id]
					equal(t, "found", found, there)
					equal(t, "record", got, want)
				}
				equal(t, "many", must(rec.GetMany(ctx, awkward))(t), model)
			})
		})
	}
}

func TestRecordIncrConcurrent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		var both []*collection.Record[stats]
		for _, c := range []*redbrick.Client{rb, redistest.Another(t, rb)} {
			both = append(both, must(collection.NewRecord[stats](c, "recipe:<id>:stats", collection.RecordOptions{IncrCreates: true}))(t))
		}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				for range 10 {
					if _, _, err := both[i%2].Incr(t.Context(), "1", "views", 1); err != nil {
						t.Error(err)
					}
					if _, err := both[i%2].Update(t.Context(), "1", stats{Title: strconv.Itoa(i)}, "title"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		got, _, err := both[0].Get(t.Context(), "1")
		ok(t, err)
		equal(t, "views", got.Views, int64(400))
	})
}

// A count that would be wrong is not begun: all fields of an increment change or none.
func TestRecordIncrFaults(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		rec := must(collection.NewRecord[stats](rb, "recipe:<id>:stats", collection.RecordOptions{}))(t)
		for text, want := range map[string]error{"x": collection.ErrNotInteger, "1.5": collection.ErrNotInteger, "9007199254740991": collection.ErrRange, "-99999999999999999999": collection.ErrRange} {
			ok(t, rb.Do(ctx, rb.B().Hset().Key(rec.Key("1")).FieldValue().FieldValue("likes", "5").FieldValue("views", text).Build()).Error())
			out := rec.IncrMany(ctx, collection.Increment{ID: "1", By: map[string]int64{"likes": 1, "views": 1}})
			is(t, out[0].Err, want)
			equal(t, "likes", must(rb.Do(ctx, rb.B().Hget().Key(rec.Key("1")).Field("likes").Build()).ToString())(t), "5")
		}
		// What was deleted meanwhile is not brought back by a late count, and one bad increment spoils no other.
		out := rec.IncrMany(ctx,
			collection.Increment{ID: "gone", By: map[string]int64{"views": 1}},
			collection.Increment{ID: "1", By: map[string]int64{"title": 1}},
			collection.Increment{ID: "1", By: map[string]int64{"likes": 2}})
		equal(t, "gone", out[0], collection.Incremented{})
		is(t, out[1].Err, collection.ErrInvalid)
		equal(t, "likes", out[2], collection.Incremented{Found: true, Values: map[string]int64{"likes": 7}})
		_, there, err := rec.Get(ctx, "gone")
		ok(t, err)
		equal(t, "there", there, false)
	})
}

// A hash has fields that T lacks: reads pass over them, Update leaves them, Set takes them away.
func TestRecordForeignFields(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		rec := must(collection.NewRecord[stats](rb, "recipe:<id>:stats", collection.RecordOptions{}))(t)
		ok(t, rb.Do(ctx, rb.B().Hset().Key(rec.Key("1")).FieldValue().FieldValue("node", "1").Build()).Error())
		got, there, err := rec.Get(ctx, "1", "views")
		ok(t, err)
		equal(t, "there", there, true)
		equal(t, "record", got, stats{})
		must(rec.Update(ctx, "1", stats{Views: 3}, "views"))(t)
		equal(t, "fields", must(rb.Do(ctx, rb.B().Hlen().Key(rec.Key("1")).Build()).AsInt64())(t), int64(2))
		ok(t, rec.Set(ctx, "1", stats{}))
		equal(t, "fields", must(rb.Do(ctx, rb.B().Hlen().Key(rec.Key("1")).Build()).AsInt64())(t), int64(4))
	})
}

func TestRecordLeavesNoKey(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		rec := must(collection.NewRecord[stats](rb, "recipe:<id>:stats", collection.RecordOptions{}))(t)
		ok(t, rec.Set(t.Context(), "1", stats{}))
		must(rec.Delete(t.Context(), "1"))(t)
		_, _, err := rec.Incr(t.Context(), "1", "views", 1)
		ok(t, err)
		equal(t, "keys", bricktest.Keys(t, rb), []string(nil))
	})
}
