package collection_test

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/collection"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestCounterTrace(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]collection.CounterOptions{"plain": {}, "ttl": {TTL: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, rb *redbrick.Client) {
				c := must(collection.NewCounter(rb, "count:<id>", o))(t)
				ctx, r, model := t.Context(), bricktest.Trace(t), map[string]int64{}
				for range 200 {
					id := pick(r, awkward)
					_, there := model[id]
					switch r.IntN(5) {
					case 0:
						equal(t, "reset", must(c.Reset(ctx, id))(t), there)
						delete(model, id)
					case 1:
						model[id]++
						equal(t, "incr", must(c.Incr(ctx, id))(t), model[id])
					default:
						n := r.Int64N(1<<40) - 1<<39
						model[id] += n
						equal(t, "incrby", must(c.IncrBy(ctx, id, n))(t), model[id])
					}
					equal(t, "get", must(c.Get(ctx, id))(t), model[id])
				}
				many := must(c.GetMany(ctx, awkward...))(t)
				for _, id := range awkward {
					equal(t, "many", many[id], model[id])
				}
				equal(t, "large", must(c.IncrBy(ctx, "large", math.MaxInt64-1))(t), int64(math.MaxInt64-1))
				_, err := c.IncrBy(ctx, "large", 10)
				is(t, err, collection.ErrRange)
				ok(t, rb.Do(ctx, rb.B().Set().Key(c.Key("text")).Value("many").Build()).Error())
				_, err = c.Incr(ctx, "text")
				is(t, err, collection.ErrNotInteger)
				_, err = c.Get(ctx, "text")
				is(t, err, collection.ErrNotInteger)
			})
		})
	}
}

func TestBoundedTrace(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]collection.BoundedOptions{
		"stock": {}, "strict": {Strict: true}, "both": {Min: -5, Max: 20}, "above": {Min: 3, Max: 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, rb *redbrick.Client) {
				c := must(collection.NewBoundedCounter(rb, "inventory:<item>:stock", o))(t)
				ctx, r, model := t.Context(), bricktest.Trace(t), map[string]int64{}
				least, most := o.Min, o.Max
				if most == 0 {
					most = 1<<53 - 1
				}
				for range 300 {
					id := pick(r, awkward[:4])
					value, found := model[id]
					n := 1 + r.Int64N(8)
					switch r.IntN(8) {
					case 0:
						equal(t, "deleted", must(c.Delete(ctx, id))(t), found)
						delete(model, id)
					case 1:
						ok(t, c.Set(ctx, id, least+n%7))
						model[id] = least + n%7
					case 2:
						equal(t, "init", must(c.Init(ctx, id, least+1))(t), !found)
						if !found {
							model[id] = least + 1
						}
					default:
						if !found && !o.Strict {
							value = min(max(0, least), most)
						}
						next, call := value+n, c.Give
						if r.IntN(2) == 0 {
							next, call = value-n, c.Take
						}
						want := collection.Moved{Value: value, Found: found}
						if (found || !o.Strict) && least <= next && next <= most {
							want.OK, want.Value = true, next
							model[id] = next
						}
						equal(t, "moved", must(call(ctx, id, n))(t), want)
					}
					got, there, err := c.Get(ctx, id)
					ok(t, err)
					value, found = model[id]
					equal(t, "there", there, found)
					equal(t, "value", got, value)
				}
			})
		})
	}
}

// A hundred goroutines on two clients take from one stock: not one piece too many, not one too few.
func TestBoundedConcurrent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		var both []*collection.BoundedCounter
		for _, c := range []*redbrick.Client{rb, redistest.Another(t, rb)} {
			both = append(both, must(collection.NewBoundedCounter(c, "inventory:<item>:stock", collection.BoundedOptions{}))(t))
		}
		const stock = 300
		ok(t, both[0].Set(t.Context(), "egg", stock))
		var taken, refused atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				for n := int64(1); n <= 3; n++ {
					got, err := both[i%2].Take(t.Context(), "egg", n)
					switch {
					case err != nil || got.Value < 0:
						t.Errorf("%+v, %v", got, err)
					case got.OK:
						taken.Add(n)
					default:
						refused.Add(1)
					}
				}
			})
		}
		wg.Wait()
		left, _, err := both[0].Get(t.Context(), "egg")
		ok(t, err)
		equal(t, "taken and left", taken.Load()+left, int64(stock))
		if left < 0 || left > 2 || refused.Load() == 0 {
			t.Fatalf("%d left, %d refused; expected less than a full take left and some refused", left, refused.Load())
		}
	})
}

// Other programs read and write the same plain integer; what they leave out of bounds may only move back.
func TestBoundedForeign(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		c := must(collection.NewBoundedCounter(rb, "inventory:<item>:stock", collection.BoundedOptions{Max: 10}))(t)
		key := rb.Namespace() + "inventory:egg:stock"
		must(c.Give(ctx, "egg", 3))(t)
		equal(t, "incr", must(rb.Do(ctx, rb.B().Incrby().Key(key).Increment(-5).Build()).AsInt64())(t), int64(-2))
		equal(t, "take", must(c.Take(ctx, "egg", 1))(t), collection.Moved{Value: -2, Found: true})
		equal(t, "give", must(c.Give(ctx, "egg", 1))(t), collection.Moved{OK: true, Value: -1, Found: true})
		for _, text := range []string{"abc", "", "1.5", "007", "-0", " 1", "+1", "9007199254740993", "99999999999999999999"} {
			ok(t, rb.Do(ctx, rb.B().Set().Key(key).Value(text).Build()).Error())
			_, err := c.Take(ctx, "egg", 1)
			is(t, err, collection.ErrNotInteger)
			equal(t, "untouched", must(rb.Do(ctx, rb.B().Get().Key(key).Build()).ToString())(t), text)
		}
	})
}
