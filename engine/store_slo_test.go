//go:build slo

package engine

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// fillGigabyte writes a gigabyte: small values with lifetimes, values of a page, lists.
func fillGigabyte(t *testing.T, e *Engine) {
	t.Helper()
	p := dialEngine(t, e)
	small, page := strings.Repeat("s", 100), strings.Repeat("p", 4000)
	var cmds [][]string
	flush := func() {
		if _, err := p.all(cmds...); err != nil {
			t.Fatal(err)
		}
		cmds = cmds[:0]
	}
	for i := range 2_000_000 {
		cmds = append(cmds, []string{"SET", fmt.Sprint("small:", i), small, "EX", "100000"})
		if i%10 == 0 {
			cmds = append(cmds, []string{"SET", fmt.Sprint("page:", i), page})
		}
		if i%100 == 0 {
			cmds = append(cmds, []string{"RPUSH", fmt.Sprint("list:", i/10_000), small, small, page})
		}
		if len(cmds) > 1000 {
			flush()
		}
	}
	flush()
}

// The longest wait of another client while a gigabyte is written as a snapshot, and the time until it is read again.
//
// The processors are those of a program that serves an engine.
func TestSLOGigabyte(t *testing.T) {
	defer runtime.GOMAXPROCS(RaiseProcs())
	o := Options{Dir: t.TempDir(), Fsync: FsyncEverySecond}
	e := open(t, o)
	p, saver := dialEngine(t, e), dialEngine(t, e)
	p.line(t, "CONFIG SET auto-aof-rewrite-percentage 0")
	fillGigabyte(t, e)
	longest := func(during func()) (worst time.Duration, calls int) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			during()
		}()
		for {
			select {
			case <-done:
				return worst, calls
			default:
			}
			began := time.Now()
			p.do(t, "SET", fmt.Sprint("small:", calls*37%2_000_000), "new")
			worst = max(worst, time.Since(began))
			calls++
		}
	}
	alone, calls := longest(func() { saver.line(t, "BLPOP none 2") })
	t.Logf("without a snapshot: longest wait %v of %d calls", alone, calls)
	began := time.Now()
	worst, calls := longest(func() {
		if err := saver.send([]string{"SAVE"}); err != nil {
			t.Error(err)
		}
		saver.conn.SetReadDeadline(time.Now().Add(5 * time.Minute))
		if r, err := readReply(saver.r); err != nil || r.kind != '+' {
			t.Errorf("SAVE: %s, %v", r, err)
		}
	})
	t.Logf("a snapshot took %v, longest wait %v of %d calls", time.Since(began), worst, calls)
	if worst > 10*time.Millisecond {
		t.Errorf("a client waited %v during the snapshot, want 10ms at most", worst)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range entries {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	began = time.Now()
	e = open(t, o)
	took := time.Since(began)
	t.Logf("reading %d MB took %v", size>>20, took)
	if took > 10*time.Second {
		t.Errorf("the start took %v, want 10s at most", took)
	}
	if n := e.dbs[0].keys.Len(); n != 2_200_200 {
		t.Errorf("%d keys, want 2200200", n)
	}
}
