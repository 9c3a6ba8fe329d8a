package guard_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/internal/script"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestWithoutRedisEachProcessCountsAndWhatItSawBeforeCounts(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	open := func(o guard.LoginOptions) *guard.Login {
		rb := redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) {
			o.Namespace, o.HotTimeout, o.MaxRetries = "x:", 200*time.Millisecond, -1
		})
		return newLogin(t, rb, o)
	}
	g, other := open(guard.LoginOptions{Secrets: [][]byte{secret}}), open(guard.LoginOptions{Secrets: [][]byte{secret}})
	closed := open(guard.LoginOptions{Name: "closed", Prefix: guard.Policy{Away: guard.Closed}})
	fail(t, g, attempt("anna", 1), 2)
	device := reserve(t, g, attempt("carl", 1)).Success(t.Context()).Device
	under := reserve(t, g, attempt("dora", 9))
	server.Pause()
	if _, err := closed.Reserve(t.Context(), attempt("anna", 1)); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("error %v of a policy that is closed", err)
	}
	under.Failure(t.Context()) // nothing hangs
	fail(t, g, attempt("anna", 2), 3)
	if got := refused(t, g, attempt("anna", 3)); !got.Local || got.Policy != "account" || got.RetryAfter > 900*time.Second || got.RetryAfter < 800*time.Second {
		t.Errorf("%+v", got)
	}
	fail(t, other, attempt("anna", 3), 5) // another process has its own count
	refused(t, other, attempt("anna", 3))
	known := attempt("carl", 7)
	known.Device = device
	fail(t, g, known, 5)
	if got := refused(t, g, known); got.Policy != "device" {
		t.Errorf("%+v", got)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	passed := 0
	for i := range 1000 {
		wg.Go(func() {
			if _, err := g.Reserve(t.Context(), attempt("eve", 1000+i)); err == nil {
				mu.Lock()
				passed++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if passed != 5 {
		t.Errorf("%d of 1,000 attempts passed, want 5", passed)
	}
	server.Resume()
	redistest.Eventually(t, patience, func() error { // Redis decides again, and may have heard of more than it answered
		r, err := g.Reserve(t.Context(), attempt("anna", 4))
		var throttled *guard.Throttled
		switch {
		case err == nil:
			r.Cancel(t.Context())
		case errors.As(err, &throttled) && !throttled.Local:
			return nil
		}
		return err
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := g.Reserve(gone, attempt("fay", 1))
	is(t, err, context.Canceled)
}

// Where the counters of the process are full, unknown keys are refused and known ones keep their count.
func TestAFloodOfAccountsPushesNoCounterOut(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	g := newLogin(t, rb, guard.LoginOptions{})
	now := time.Duration(0)
	g.SetLocal(300, func() time.Duration { return now })
	ok(t, rb.Close())
	fail(t, g, attempt("anna", 1), 4)
	n := 0
	for i := range 1000 {
		if r, err := g.Reserve(t.Context(), attempt(fmt.Sprint(i), 100+i)); err == nil {
			r.Failure(t.Context())
			n++
		}
	}
	if n == 0 || n > 100 {
		t.Errorf("%d accounts were counted with room for 300 keys", n)
	}
	fail(t, g, attempt("anna", 1), 1)
	refused(t, g, attempt("anna", 1))
	now += 901 * time.Second // all of it has ended
	fail(t, g, attempt("new", 1), 1)
}

// One attempt looks at few keys of a process that is full, or all others would wait.
func TestAFullProcessForgetsAFewKeysAtATime(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	g := newLogin(t, rb, guard.LoginOptions{})
	now := time.Duration(0)
	const most = 9000
	g.SetLocal(most, func() time.Duration { return now })
	ok(t, rb.Close())
	for i := range most / 3 { // an account, a pair and a prefix each
		fail(t, g, attempt(fmt.Sprint(i), i), 1)
	}
	if n := g.LocalKeys(); n != most {
		t.Fatalf("%d keys, want %d", n, most)
	}
	now += 901 * time.Second // all of it has ended
	for i := range most / 9 {
		before := g.LocalKeys()
		fail(t, g, attempt(fmt.Sprint("new", i), most+i), 1)
		if n := g.LocalKeys(); n < before-1000 {
			t.Fatalf("one attempt dropped %d keys", before-n)
		}
	}
	if n := g.LocalKeys(); n > most {
		t.Errorf("%d keys, with room for %d", n, most)
	}
}

// half keeps the calls for one of two slots from Redis.
type half struct {
	script.Doer
	fails int
}

func (h *half) DoMulti(ctx context.Context, cmds ...rueidis.Completed) []rueidis.RedisResult {
	if len(cmds) != 2 {
		return h.Doer.DoMulti(ctx, cmds...)
	}
	out := make([]rueidis.RedisResult, 2)
	out[h.fails] = rueidis.NewErrorResult(fmt.Errorf("%w: a part", redbrick.ErrUnavailable))
	out[1-h.fails] = h.Do(ctx, cmds[1-h.fails])
	return out
}

// One part of a cluster is away: its policies are decided here, and what is refused here leaves nothing in the other part.
func TestAPartOfAClusterThatIsAwayIsDecidedHere(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	g := newLogin(t, rb, guard.LoginOptions{})
	g.Apart()
	g.SetDoer(&half{rb, 1})
	fail(t, g, attempt("a", 1), 5)
	if got := refused(t, g, attempt("b", 1)); !got.Local || got.Policy != "prefix" {
		t.Errorf("%+v", got)
	}
	if got := refused(t, g, attempt("a", 2)); got.Local || got.Policy != "account" {
		t.Errorf("%+v", got)
	}
	for key, n := range dump(t, rb) {
		if n != 5 {
			t.Errorf("%s has %d", key, n)
		}
	}
}
