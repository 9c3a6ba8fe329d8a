package caches

import (
	"slices"
	"strconv"
	"testing"

	"github.com/redbrick-go/redbrick/internal/store"
)

// What fails again while it is being repeated is repeated again: the first repetition may have come before the second write.
func TestWhatFailsAgainDuringItsRepetitionStaysPending(t *testing.T) {
	t.Parallel()
	p := NewPending(PendingOptions{})
	token := [2]store.Token{"first", "second"}
	p.Add("1", "2")
	p.addTags([]string{"x", "y"})
	p.AddLease("k", token[0])
	p.AddLease("l", token[0])
	r, _ := p.next()
	p.Add("1")
	p.addTags([]string{"x"})
	p.AddLease("k", token[1])
	p.done(r)
	r, more := p.next()
	if !more || !slices.Equal(r.entries, []string{"1"}) || !slices.Equal(r.tags, []string{"x"}) || len(r.leases) != 1 || r.leases["k"] != token[1] {
		t.Errorf("pending: %+v, want 1, x and the second lease of k", r)
	}
	if !p.Has("1") || p.Has("2") {
		t.Errorf("1 waits: %v, 2 waits: %v; want the first alone", p.Has("1"), p.Has("2"))
	}
	p.done(r)
	if r, more = p.next(); more || p.Has("1") {
		t.Errorf("pending in the end: %+v", r)
	}
}

func TestWhatWaitsForRedisIsBounded(t *testing.T) {
	t.Parallel()
	p := NewPending(PendingOptions{})
	for i := range MaxPending {
		name := strconv.Itoa(i)
		if p.AddLease(name, store.Token(name)); !p.Add(name) || p.addTags([]string{name}) != 1 {
			t.Fatalf("no room for the %d.", i)
		}
	}
	if p.AddLease("one more", "token"); p.Add("one more") || len(p.entries) != MaxPending || len(p.leases) != MaxPending {
		t.Errorf("%d entries and %d leases wait", len(p.entries), len(p.leases))
	}
	if taken := p.addTags([]string{"0", "one more", "1"}); taken != 1 || len(p.tags) != MaxPending {
		t.Errorf("%d tags wait, %d were taken", len(p.tags), taken)
	}
	if !p.Add("0") {
		t.Error("no room for what is there")
	}
}
