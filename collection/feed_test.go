package collection_test

import (
	"slices"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/collection"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestFeedTrace(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]collection.FeedOptions{
		"plain": {Cap: 7}, "unique": {Cap: 7, Unique: true}, "ttl": {Cap: 3, Unique: true, TTL: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, rb *redbrick.Client) {
				f := must(collection.NewFeed(rb, "user:<id>:recent_recipes", o))(t)
				ctx, r, model := t.Context(), bricktest.Trace(t), map[string][]string{}
				for range 300 {
					id, value := pick(r, awkward[:3]), pick(r, awkward)
					switch r.IntN(8) {
					case 0:
						n := len(model[id])
						model[id] = slices.DeleteFunc(model[id], func(v string) bool { return v == value })
						equal(t, "removed", must(f.Remove(ctx, id, value))(t), int64(n-len(model[id])))
					case 1:
						if r.IntN(4) == 0 {
							equal(t, "cleared", must(f.Clear(ctx, id))(t), len(model[id]) > 0)
							delete(model, id)
						}
					default:
						values := append(some(r, awkward, 3), value)
						for _, v := range values {
							if o.Unique {
								model[id] = slices.DeleteFunc(model[id], func(old string) bool { return old == v })
							}
							model[id] = slices.Insert(model[id], 0, v)
						}
						model[id] = model[id][:min(len(model[id]), o.Cap)]
						equal(t, "length", must(f.Push(ctx, id, values...))(t), int64(len(model[id])))
					}
					page, limit := 1+r.IntN(3), 1+r.IntN(4)
					from := min((page-1)*limit, len(model[id]))
					to := min(from+limit, len(model[id]))
					equal(t, "page", must(f.Page(ctx, id, page, limit))(t),
						collection.Page{Items: model[id][from:to], Total: int64(len(model[id]))})
					equal(t, "len", must(f.Len(ctx, id))(t), int64(len(model[id])))
				}
			})
		})
	}
}

// A list that a Node service keeps by LPUSH and LTRIM is the same feed.
func TestFeedForeign(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		f := must(collection.NewFeed(rb, "user:<id>:recent_recipes", collection.FeedOptions{Unique: true}))(t)
		key := rb.Namespace() + "user:1:recent_recipes"
		ok(t, rb.Do(t.Context(), rb.B().Lpush().Key(key).Element("1", "2", "1").Build()).Error())
		must(f.Push(t.Context(), "1", "1"))(t)
		equal(t, "list", must(rb.Do(t.Context(), rb.B().Lrange().Key(key).Start(0).Stop(-1).Build()).AsStrSlice())(t), []string{"1", "2"})
	})
}

// What has a lifetime gets it with the first write, in the same step, and keeps to its rule afterwards.
func TestLifetimes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		feed := must(collection.NewFeed(rb, "f:<id>", collection.FeedOptions{TTL: time.Hour}))(t)
		set := must(collection.NewSet(rb, "s:<id>", collection.SetOptions{TTL: time.Hour}))(t)
		counter := must(collection.NewCounter(rb, "c:<id>", collection.CounterOptions{TTL: time.Hour}))(t)
		record := must(collection.NewRecord[stats](rb, "r:<id>", collection.RecordOptions{TTL: time.Hour, IncrCreates: true}))(t)
		writes := map[string]struct {
			write func(id string) error
			key   func(string) string
			renew bool
		}{
			"push":   {func(id string) error { _, err := feed.Push(ctx, id, "v"); return err }, feed.Key, true},
			"add":    {func(id string) error { _, err := set.Add(ctx, id, "v"); return err }, set.Key, true},
			"incr":   {func(id string) error { _, err := counter.Incr(ctx, id); return err }, counter.Key, false},
			"set":    {func(id string) error { return record.Set(ctx, id, stats{}) }, record.Key, true},
			"upsert": {func(id string) error { return record.Upsert(ctx, id, stats{}, "views") }, record.Key, false},
			"count":  {func(id string) error { _, _, err := record.Incr(ctx, id, "views", 1); return err }, record.Key, false},
		}
		ttl := func(key string) time.Duration {
			return time.Duration(must(rb.Do(ctx, rb.B().Pttl().Key(key).Build()).AsInt64())(t)) * time.Millisecond
		}
		for name, w := range writes {
			key := w.key(name)
			ok(t, w.write(name))
			if got := ttl(key); got < 59*time.Minute || got > time.Hour {
				t.Fatalf("%s: lifetime %v, expected an hour", name, got)
			}
			ok(t, rb.Do(ctx, rb.B().Pexpire().Key(key).Milliseconds(600_000).Build()).Error())
			ok(t, w.write(name))
			if got := ttl(key); got > 10*time.Minute != w.renew {
				t.Fatalf("%s again: lifetime %v, expected renewed = %v", name, got, w.renew)
			}
		}
		// A counter that another program made without expiry gets one.
		ok(t, rb.Do(ctx, rb.B().Set().Key(counter.Key("node")).Value("41").Build()).Error())
		equal(t, "count", must(counter.Incr(ctx, "node"))(t), int64(42))
		if got := ttl(counter.Key("node")); got <= 0 {
			t.Fatalf("lifetime %v, expected an hour", got)
		}
	})
}

func TestLifetimeEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		c := must(collection.NewCounter(rb, "c:<id>", collection.CounterOptions{TTL: time.Minute}))(t)
		must(c.IncrBy(t.Context(), "1", 5))(t)
		redistest.Advance(t, rb, 2*time.Minute)
		equal(t, "count", must(c.Get(t.Context(), "1"))(t), int64(0))
	}, redistest.Clock)
}
