//go:build slo

package engine

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// The data that people have most of take at most 1.6 times redis-server's memory: a million short strings with a
// lifetime, many small sets and sorted sets, one large sorted set.
func TestSLOMemory(t *testing.T) {
	for name, fill := range map[string]func(add func(args ...string)){
		"strings": func(add func(args ...string)) {
			for i := range 1_000_000 {
				add("SET", fmt.Sprint("key:", i), fmt.Sprint("value:", i), "EX", "100000")
			}
		},
		"sets of numbers": func(add func(args ...string)) {
			r := rand.New(rand.NewPCG(1, 1))
			for i := range 100_000 {
				args := []string{"SADD", fmt.Sprint("set:", i)}
				for range 10 {
					args = append(args, strconv.Itoa(r.IntN(10_000)))
				}
				add(args...)
			}
		},
		"sorted set": millionMembers,
		"small sorted sets": func(add func(args ...string)) {
			r := rand.New(rand.NewPCG(1, 1))
			for i := range 50_000 {
				for j := range 10 {
					add("ZADD", fmt.Sprint("small:", i), strconv.Itoa(r.IntN(1000)), fmt.Sprint("m", j))
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDirect(t)
			before := liveHeap()
			fill(d.add)
			ours := liveHeap() - before
			runtime.KeepAlive(d)

			p := dialServer(t, startServer(t))
			before = usedByServer(t, p)
			var waiting [][]string
			fill(func(args ...string) {
				if waiting = append(waiting, args); len(waiting) == 1000 {
					if _, err := p.all(waiting...); err != nil {
						t.Fatal(err)
					}
					waiting = waiting[:0]
				}
			})
			theirs := usedByServer(t, p) - before
			t.Logf("%.1f MB, redis-server %.1f MB: %.2f times", float64(ours)/1e6, float64(theirs)/1e6, float64(ours)/float64(theirs))
			if float64(ours) > 1.6*float64(theirs) {
				t.Errorf("%d bytes, want 1.6 times redis-server's %d at most", ours, theirs)
			}
		})
	}
}

func usedByServer(t *testing.T, p *peer) int64 {
	_, rest, _ := strings.Cut(p.line(t, "INFO memory").text, "used_memory:")
	digits, _, _ := strings.Cut(rest, "\r\n")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
