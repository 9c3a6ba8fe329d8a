package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reopen closes an engine and opens its folder again.
func reopen(t *testing.T, e *Engine, o Options) *Engine {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, o)
}

func digestOf(e *Engine) string {
	e.mu.Lock()
	sum := e.digest()
	e.mu.Unlock()
	return fmt.Sprintf("%x\n%s", sum[:], streamState(e))
}

// saveNow asks for a snapshot and waits for it.
func saveNow(t *testing.T, p *peer) {
	t.Helper()
	until(t, func() bool { return p.line(t, "SAVE").String() == `+"OK"` })
}

// Random data are the same after a restart: from the log alone, from a snapshot, and from a snapshot that was written
// while they changed.
func TestRandomDataOutliveARestart(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("ENGINE_FUZZ_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	r := rand.New(rand.NewPCG(seed, 7))
	o := Options{Dir: t.TempDir(), Fsync: FsyncNo}
	e := open(t, o)
	total := 0
	for _, g := range generators {
		total += g.weight
	}
	for round := range 20 {
		p := dialEngine(t, e)
		if round > 0 {
			p.do(t, "CONFIG", "RESETSTAT")
		}
		for range 40 {
			var cmds [][]string
			for range 50 {
				w := r.IntN(total)
				for _, g := range generators {
					if w -= g.weight; w < 0 {
						cmds = append(cmds, g.make(r))
						break
					}
				}
			}
			switch r.IntN(12) {
			case 0, 1, 2:
				cmds = append(cmds, []string{"BGSAVE", "SCHEDULE"})
			case 3:
				cmds = append(cmds, []string{"SWAPDB", "0", strconv.Itoa(r.IntN(3))})
			case 4:
				cmds = append(cmds, []string{"FLUSHDB"})
			case 5:
				cmds = append(cmds, []string{"SELECT", strconv.Itoa(r.IntN(3))})
			case 6:
				cmds = append(cmds, []string{"SELECT", "0"}, []string{"MULTI"}, []string{"INCR", "counted"}, []string{"LPUSH", "pushed", "x"}, []string{"BGSAVE"}, []string{"INCR", "counted"}, []string{"EXEC"})
			}
			if _, err := p.all(cmds...); err != nil {
				t.Fatal(err)
			}
		}
		if r.IntN(3) == 0 {
			p.do(t, "RESET")
			saveNow(t, p)
		}
		e.Advance(0) // what has ended is gone on both sides
		checkAccount(t, e)
		want := digestOf(e)
		e = reopen(t, e, o)
		e.Advance(0)
		checkAccount(t, e)
		if got := digestOf(e); got != want {
			t.Fatalf("seed %d, round %d: digest %s after the restart, want %s", seed, round, got, want)
		}
	}
}

// Whatever happens while a snapshot is written, file and log together give the data: keys that are changed, deleted,
// renamed, moved, emptied away and exchanged before the walk comes to them.
func TestSnapshotWhileDataChange(t *testing.T) {
	t.Parallel()
	for _, act := range []string{
		"INCR n1", "APPEND s1 x", "DEL s1", "RENAME s1 s2", "MOVE s1 5", "EXPIRE s1 1000", "LPUSH l1 x", "LPOP l1", "FLUSHDB", "FLUSHALL",
		"SWAPDB 0 1", "SET s1 new", "GETDEL s1", "COPY s1 s2 REPLACE", "LMOVE l1 l2 LEFT RIGHT", "SETRANGE s1 0 zz", "LSET l1 0 x", "RPUSH large x", "SET largestring v",
		"XADD x 9-9 f v", "XDEL x 1-2", "XTRIM x MAXLEN 1", "XREADGROUP GROUP g new STREAMS x >", "XREADGROUP GROUP g old STREAMS x 0", "XACK x g 1-1", "XCLAIM x g other 0 1-1",
		"XAUTOCLAIM x g other 0 -", "XGROUP DESTROY x g", "XGROUP SETID x g 0", "XGROUP DELCONSUMER x g old", "XGROUP CREATE x h 0", "XSETID x 20-0",
		"SORT l1 ALPHA STORE l2", "MSET s1 a s2 b new c", "LTRIM large 5 10", "APPEND largestring x",
	} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			o := Options{Dir: t.TempDir(), Fsync: FsyncNo}
			e := open(t, o)
			p := dialEngine(t, e)
			p.line(t, "MSET n1 5 s1 abc s2 def")
			p.line(t, "RPUSH l1 a b c")
			p.line(t, "RPUSH l2 a b c")
			for _, id := range []string{"1-1", "1-2", "1-3"} {
				p.line(t, "XADD x "+id+" f v")
			}
			p.line(t, "XGROUP CREATE x g 0")
			p.line(t, "XREADGROUP GROUP g old COUNT 2 STREAMS x >")
			p.do(t, "SET", "largestring", strings.Repeat("0123456789", 30_000))
			for i := range 200 {
				p.do(t, "RPUSH", "large", strings.Repeat(strconv.Itoa(i), 300))
			}
			p.line(t, "SELECT 1")
			p.line(t, "SET other v")
			p.line(t, "SELECT 0")
			for steps := range 12 {
				p.line(t, "SET before "+strconv.Itoa(steps))
				// A walk by hand: some steps, the act, the rest.
				e.mu.Lock()
				e.store.begun()
				walk := e.store.walk
				for range steps {
					walk.step()
				}
				e.mu.Unlock()
				p.line(t, act)
				p.line(t, "INCR n1")
				until(t, func() bool {
					e.mu.Lock()
					defer e.mu.Unlock()
					return !e.store.saving
				})
				want := digestOf(e)
				e = reopen(t, e, o)
				if got := digestOf(e); got != want {
					t.Fatalf("digest %s after %d steps and a restart, want %s", got, steps, want)
				}
				p = dialEngine(t, e)
			}
		})
	}
}

func TestOneFolderOneEngine(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir()}
	e := open(t, o)
	second, err := Open(o)
	if err == nil {
		second.Close()
		t.Fatal("two engines in one folder")
	}
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), o.Dir) {
		t.Errorf("error %q, want one that names the folder", err)
	}
	reopen(t, e, o)
}

func TestNewerFormatIsRefused(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"manifest", "000001.log"} {
		o := Options{Dir: t.TempDir()}
		e := open(t, o)
		dialEngine(t, e).line(t, "SET k v")
		e.Close()
		path := filepath.Join(o.Dir, file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if file == "manifest" {
			text = []byte(strings.Replace(string(text), "redbrick-engine 1", "redbrick-engine 2", 1))
		} else {
			text[8] = 2
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = Open(o)
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "format 2") || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
