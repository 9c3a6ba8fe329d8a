//go:build slo

package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
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
