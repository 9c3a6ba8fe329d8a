package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

func leased(t testing.TB, rb *redbrick.Client, o LeasedOptions) *Leased {
	t.Helper()
	o.Timeout = patience
	return must(NewLeased(rb, o))(t)
}

// node is a process that makes calls until it is denied so often, and says how many were admitted.
var node = redistest.NewProgram("node", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	defer rb.Close()
	l, err := NewLeased(rb, LeasedOptions{Timeout: patience, Batch: leasedBatch, Policy: leasedPolicy})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	admitted, failed := 0, error(nil)
	if _, err := c.Recv(); err != nil {
		return err
	}
	var wg sync.WaitGroup
	for range 70 {
		wg.Go(func() {
			for range leasedLimit / 10 {
				r, err := l.Allow(ctx, "x")
				mu.Lock()
				if r.Allowed && !r.Degraded {
					admitted++
				}
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(failed, c.Send(strconv.Itoa(admitted)))
})

const (
	leasedLimit = 2000
	leasedBatch = 100
	nodes       = 3
)

var leasedPolicy = Policy{Name: "leased", Limit: leasedLimit, Window: 1000 * time.Hour}

// TestLeasedOvershootsByAtMostABatchForEachFurtherNode: three processes of 70 goroutines.
func TestLeasedOvershootsByAtMostABatchForEachFurtherNode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		var all []*redistest.Process
		for range nodes {
			all = append(all, node.Start(t, rb))
		}
		for _, p := range all {
			p.Send("go")
		}
		total := 0
		for _, p := range all {
			n, err := strconv.Atoi(p.Recv())
			ok(t, err)
			total += n
			p.Wait()
		}
		// The bucket itself was full and hardly refills: nothing is admitted that it does not hold.
		if total > leasedLimit {
			t.Errorf("%d calls were admitted, want at most %d", total, leasedLimit)
		}
		// Who has tokens at the end hands them out before he is denied.
		if total < leasedLimit-nodes*leasedBatch {
			t.Errorf("%d calls were admitted of %d", total, leasedLimit)
		}
	}, redistest.Processes)
}

// TestLeasedHoldsItsBoundInEverySpanOfTime: nodes that draw, idle and burst at random; in no span more is admitted than a full
// bucket, its refill and (nodes - 1) batches; by one node, no batch.
func TestLeasedHoldsItsBoundInEverySpanOfTime(t *testing.T) {
	t.Parallel()
	for n := 1; n <= nodes; n++ {
		t.Run(fmt.Sprint(n, "-nodes"), func(t *testing.T) {
			t.Parallel()
			rb := redistest.Open(t, "embedded")
			p := Policy{Name: "leased", Limit: 1000, Window: time.Second, Burst: 200}
			const batch = 50
			var all []*Leased
			for range n {
				all = append(all, leased(t, rb, LeasedOptions{Policy: p, Batch: batch}))
			}
			r := bricktest.Trace(t)
			began := time.Now()
			var mu sync.Mutex
			type use struct{ from, to time.Duration } // the call was admitted in between
			var uses []use
			for took := time.Duration(0); took < 400*time.Millisecond || len(uses) < int(p.Burst) && took < patience; took = time.Since(began) {
				for range r.IntN(3) { // idle nodes keep their tokens meanwhile
					l, calls := all[r.IntN(n)], r.IntN(300)
					var wg sync.WaitGroup
					for range 4 {
						wg.Go(func() {
							for range calls {
								from := time.Since(began)
								got, err := l.Allow(context.Background(), "x")
								if err != nil {
									t.Error(err)
								}
								if got.Allowed {
									mu.Lock()
									uses = append(uses, use{from, time.Since(began)})
									mu.Unlock()
								}
							}
						})
					}
					wg.Wait()
				}
				for idle, since := time.Duration(r.IntN(20))*time.Millisecond, time.Now(); time.Since(since) < idle; {
					must(all[0].Allow(t.Context(), "others"))(t)
				}
			}
			// Of the calls that began at or after a and ended by b all were admitted between a and b.
			slices.SortFunc(uses, func(a, b use) int { return int(a.from - b.from) })
			for i := range uses {
				ends := make([]time.Duration, 0, len(uses)-i)
				for _, u := range uses[i:] {
					ends = append(ends, u.to)
				}
				slices.Sort(ends)
				for k, to := range ends {
					span := to - uses[i].from
					most := int(p.Burst) + int(span/time.Millisecond) + 1 + (n-1)*batch
					if k+1 > most {
						t.Fatalf("%d calls in %v, want at most %d", k+1, span, most)
					}
				}
				if i > 400 { // every pair would take long
					break
				}
			}
			if len(uses) < int(p.Burst) {
				t.Errorf("%d calls were admitted", len(uses))
			}
		})
	}
}

// TestLeasedTokensLapse with the time in which the bucket refills them: an idle node does not add to the others' burst.
func TestLeasedTokensLapse(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := leased(t, rb, LeasedOptions{Policy: Policy{Name: "x", Limit: 100, Window: 100 * time.Hour}, Batch: 10})
	equal(t, "lapse", l.lapse, 10*time.Hour)
	e := &lease{want: 1}
	g := &grant{lapses: time.Hour}
	g.left.Store(5)
	e.grant.Store(g)
	if _, is := l.hand(e, time.Hour-1); !is {
		t.Error("a token that has not lapsed is not handed out")
	}
	if r, is := l.hand(e, time.Hour); is {
		t.Errorf("%+v from tokens that have lapsed", r)
	}
	g = &grant{lapses: 2 * time.Hour}
	g.left.Store(4)
	e.grant.Store(g)
	e.tat.Store(int64(time.Hour + 99*time.Hour + 1))
	if r, is := l.hand(e, time.Hour); !is || r.Allowed || r.RetryAfter <= 0 {
		t.Errorf("%+v though the node alone is at the limit", r)
	}
}

// TestLeasedDrawsGrowWithUseAndShrinkNearExhaustion: so few round trips for many calls, and the last tokens are spread.
func TestLeasedDrawsGrowWithUseAndShrinkNearExhaustion(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := leased(t, rb, LeasedOptions{Policy: Policy{Name: "x", Limit: 10_000, Window: 1000 * time.Hour}, Batch: 1000})
	ctx := t.Context()
	n := 0
	for must(l.Allow(ctx, "x"))(t).Allowed {
		n++
	}
	equal(t, "admitted", n, 10_000)
	if s := l.Stats(); s.Allowed > 40 || s.Allowed < 20 || s.Denied > 1 {
		t.Errorf("%+v: want about ten draws to grow, ten full ones, ten to shrink", s)
	}
	draws := l.Stats()
	for range 1000 {
		if r := must(l.Allow(ctx, "x"))(t); r.Allowed || !r.Cached || r.RetryAfter > time.Hour {
			t.Fatalf("%+v", r)
		}
	}
	equal(t, "draws after the denial", l.Stats(), draws)
	// One that uses little draws little.
	e, g := &lease{want: 8}, &grant{}
	g.left.Store(1)
	e.grant.Store(g)
	equal(t, "after a draw that lapsed", e.size(), int64(2))
	equal(t, "and another one", e.size(), int64(1))
	e.want = 8
	g.left.Store(0)
	equal(t, "after one that was used", e.size(), int64(8))
}

// TestLeasedHandsOutEachTokenOnce: callers that do not wait for each other take all that there is, and no more, of what was drawn
// and of what the process alone may admit.
func TestLeasedHandsOutEachTokenOnce(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	const callers = 64
	few := int64(redistest.Scale(2_000_000))
	many := few + few/2
	for what, o := range map[string]struct{ given, limit int64 }{"drawn": {few, many}, "the process's own": {many, few}} {
		l := leased(t, rb, LeasedOptions{Policy: Policy{Name: fmt.Sprint("of", o.limit), Limit: o.limit, Window: 1000 * time.Hour}})
		e, g := &lease{}, &grant{lapses: time.Hour}
		g.left.Store(o.given)
		e.grant.Store(g)
		var handed, left atomic.Int64
		var wg sync.WaitGroup
		start := make(chan struct{})
		for range callers {
			wg.Go(func() {
				<-start
				for {
					r, ok := l.take(e, 1)
					if !ok {
						return
					}
					handed.Add(1)
					left.Add(r.Remaining)
				}
			})
		}
		close(start)
		wg.Wait()
		equal(t, what, handed.Load(), few)
		if o.given == few {
			equal(t, "the sum of what is said to be left", left.Load(), few*(few-1)/2)
		}
		equal(t, "left, "+what, g.left.Load(), o.given-few)
	}
}

// TestLeasedGivesNoMoreThanHalfOfWhatIsLeft, and the last ones one by one.
func TestLeasedGivesNoMoreThanHalfOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := leased(t, rb, LeasedOptions{Policy: Policy{Name: "x", Limit: 100, Window: 1000 * time.Hour}, Batch: 100})
		var given []int64
		for left := int64(100); left > 0; left -= given[len(given)-1] {
			reply := must(drawScript.Do(t.Context(), l.lane, []string{l.keys.key("x", &l.rule.Policy)},
				[]string{"80", l.rule.oneText, l.rule.mostText, l.rule.pText, l.rule.qText}).AsIntSlice())(t)
			given = append(given, reply[0])
		}
		equal(t, "given", given, []int64{50, 25, 13, 6, 3, 2, 1})
		for _, key := range bricktest.Keys(t, rb) {
			if ttl := must(rb.Do(t.Context(), rb.B().Pttl().Key(key).Build()).AsInt64())(t); ttl <= 0 {
				t.Errorf("%q has no expiry", key)
			}
		}
	}, lookAround)
}

// TestLeasedWithoutRedis does what its policy says, and callers of one failed draw share its answer.
func TestLeasedWithoutRedis(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ok(t, rb.Close())
	for away, want := range map[Away]int{Open: 10, Closed: 0, Local: 4} {
		l := leased(t, rb, LeasedOptions{Policy: Policy{Name: fmt.Sprint("l", int(away)), Limit: 4, Window: time.Hour, Away: away}})
		n := 0
		for range 10 {
			r, err := l.Allow(t.Context(), "x")
			if away == Closed {
				is(t, err, redbrick.ErrUnavailable)
			}
			if !r.Degraded {
				t.Errorf("%+v", r)
			}
			if r.Allowed {
				n++
			}
		}
		equal(t, fmt.Sprint("admitted, ", int(away)), n, want)
	}
	none := leased(t, rb, LeasedOptions{Policy: Policy{Name: "none", Limit: 0}})
	equal(t, "limit 0", must(none.Allow(t.Context(), "x"))(t).RetryAfter, Never)
	_, err := none.Allow(t.Context(), "")
	is(t, err, ErrInvalid)
}
