package cache

import (
	"strconv"
	"testing"
	"time"
)

// The loader fails for everything that is hot: each failure takes note of one id, and must not look at all of them.
func TestRefreshesThatFailCostTheSameHoweverManyTheyAre(t *testing.T) {
	t.Parallel()
	const ids = 100_000
	var r refreshing
	began := time.Now()
	for i := range ids {
		id := strconv.Itoa(i)
		if !r.begin(id) {
			t.Fatalf("%s may not begin", id)
		}
		r.end(id, true)
		if r.begin(id) {
			t.Fatalf("%s begins again at once", id)
		}
	}
	// To look at all of them each time takes tens of seconds, to look at one a tenth of a second.
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestPausesOfRefreshesTakeNoMemoryForGood(t *testing.T) {
	t.Parallel()
	var r refreshing
	for i := range 1000 {
		r.begin(strconv.Itoa(i))
		r.end(strconv.Itoa(i), true)
	}
	r.mu.Lock()
	over := time.Now().Add(-time.Hour)
	for id := range r.ids {
		r.ids[id] = over
	}
	r.swept = over
	r.mu.Unlock()
	r.end("last", true)
	if n := len(r.ids); n != 1 {
		t.Errorf("%d ids are kept, want the last", n)
	}
}
