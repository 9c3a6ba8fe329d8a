//go:build slo

package engine

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// direct runs commands without a connection.
type direct struct {
	e  *Engine
	cl *client
}

func newDirect(t *testing.T) *direct {
	e := open(t, Options{})
	e.mu.Lock()
	defer e.mu.Unlock()
	return &direct{e, e.newClient(nil)}
}

func (d *direct) run(args ...[]byte) {
	d.e.mu.Lock()
	d.e.process(d.cl, args)
	d.cl.w.Buf = d.cl.w.Buf[:0]
	d.e.mu.Unlock()
}

// millionMembers makes a sorted set "z", a command at a time.
func millionMembers(add func(args ...string)) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 1_000_000 {
		add("ZADD", "z", strconv.Itoa(r.IntN(1_000_000)), fmt.Sprint("member:", i))
	}
}

func (d *direct) add(args ...string) {
	words := make([][]byte, len(args))
	for i, a := range args {
		words[i] = []byte(a)
	}
	d.run(words...)
}

// A rank among a million members takes under five microseconds.
func TestSLORankInAMillion(t *testing.T) {
	d := newDirect(t)
	millionMembers(d.add)
	var members [4096][]byte
	for i := range members {
		members[i] = fmt.Append(nil, "member:", rand.IntN(1_000_000))
	}
	const batches, batch = 200, 1000
	command, key := []byte("ZREVRANK"), []byte("z")
	var times []time.Duration
	for range batches {
		start := time.Now()
		for i := range batch {
			d.run(command, key, members[(len(times)*batch+i)%len(members)])
		}
		times = append(times, time.Since(start)/batch)
	}
	slices.Sort(times)
	took := times[batches/2]
	t.Logf("ZREVRANK takes %v", took)
	if took > 5*time.Microsecond {
		t.Errorf("ZREVRANK takes %v, want 5µs at most", took)
	}
}

// Sorted sets, one of a million members and many of ten, take at most 1.6 times redis-server's memory.
func TestSLOSortedSetMemory(t *testing.T) {
	for name, fill := range map[string]func(add func(args ...string)){
		"large": millionMembers,
		"small": func(add func(args ...string)) {
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
			heap := func() int64 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				return int64(m.HeapAlloc)
			}
			before := heap()
			fill(d.add)
			ours := heap() - before
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
