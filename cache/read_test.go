package cache

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/redistest"
)

// Where only early refreshes depend on the TTL, one read in eight asks for it; the others are one command.
func TestReadsWithoutTheProcessSeldomAskForTheTTL(t *testing.T) {
	t.Parallel()
	const reads = 4000
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL())
	load := func(context.Context, string) (string, error) { return "value", nil }
	plain, err := New(rb, "plain", Options[string]{Load: load, NoNear: true})
	if err != nil {
		t.Fatal(err)
	}
	stale, err := New(rb, "stale", Options[string]{Load: load, NoNear: true, StaleFor: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cache       *Cache[string]
		least, most int64
	}{{plain, reads / askers / 2, reads / askers * 2}, {stale, reads, reads}} {
		if _, err := c.cache.Get(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
		server.ResetCommands()
		for range reads {
			if got, err := c.cache.Get(t.Context(), "1"); err != nil || got != "value" {
				t.Fatal(got, err)
			}
		}
		sent := server.Commands()
		if n := sent["pttl"]; sent["get"] != reads || n < c.least || n > c.most {
			t.Errorf("cache %s: %d reads took %v, want from %d to %d pttl", c.cache.name, reads, sent, c.least, c.most)
		}
	}
}

// A read that asks for itself and seven others refreshes so often as all of them would.
func TestEarlyRefreshIsAsLikelyWhereFewAsk(t *testing.T) {
	t.Parallel()
	c := &Cache[int]{opt: Options[int]{EarlyRefresh: 2, Load: func(context.Context, string) (int, error) { return 0, nil }}}
	const took, trials = time.Second, 400_000
	c.cost.add(took)
	for _, left := range []time.Duration{5 * time.Second, 8 * time.Second} {
		all, few := 0, 0
		for i := range trials {
			if c.early(left, 0) {
				all++
			}
			if i%askers == 0 && c.early(left, askers) {
				few++
			}
		}
		want := trials * math.Exp(-left.Seconds()/2)
		for name, got := range map[string]int{"all ask": all, "one in eight asks": few} {
			if math.Abs(float64(got)-want) > 0.1*want { // eight standard deviations
				t.Errorf("%v left, %s: %d of %d reads refresh, want %.0f", left, name, got, trials, want)
			}
		}
	}
}

// What was found valid is not checked again; what was not is.
func TestCheckedRemembersWhatIsValid(t *testing.T) {
	t.Parallel()
	var c checked
	calls := 0
	check := func(b []byte) bool { calls++; return b[0] == '{' }
	for range 3 {
		if !c.valid([]byte(`{"a":1}`), check) || c.valid([]byte(`["a":1}`), check) {
			t.Error("valid and invalid are mixed up")
		}
	}
	if calls != 4 {
		t.Errorf("checked %d times, want 4: once what is valid, each time what is not", calls)
	}
}
