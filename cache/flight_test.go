package cache

import (
	"strconv"
	"testing"
	"time"
)

// The loader fails for everything that is hot: each failure takes note of one id, and must not look at all of them.
func TestRefreshesThatFailCostTheSameHoweverManyTheyAre(t *testing.T) {
	t.Parallel()
	var r refreshing
	began, looks := time.Now(), 0
	for i := range 1000 {
		id := strconv.Itoa(i)
		if !r.begin(id) {
			t.Fatalf("%s may not begin", id)
		}
		r.ids["over"] = began.Add(-time.Hour)
		ended := time.Now()
		r.end(id, true)
		if r.ids[id].Before(ended.Add(retryRefresh)) {
			t.Fatalf("%s may begin again at once", id)
		}
		if _, there := r.ids["over"]; !there { // whoever looks at all of them takes it out
			looks++
		}
	}
	if most := 1 + int(time.Since(began)/retryRefresh); looks > most {
		t.Errorf("%d failures looked at all ids, want at most %d: one in %v", looks, most, retryRefresh)
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
