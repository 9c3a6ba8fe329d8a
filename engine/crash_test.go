package engine

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/internal/childproc"
)

// crashEnv makes the test binary a process with an engine on a folder, to be killed.
const crashEnv = "REDBRICK_ENGINE_CRASH_DIR"

// serveUntilKilled is that process. It says where it listens and goes on until its input ends.
func serveUntilKilled(dir string) {
	e, err := Open(Options{Dir: dir, Fsync: FsyncAlways, Listen: "127.0.0.1:0"})
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stdout, e.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startVictim starts that process and returns its address.
func startVictim(t *testing.T, dir string) (*childproc.Process, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashEnv+"="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	p, err := childproc.Launch(cmd, syscall.SIGKILL)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill() })
	addr, err := bufio.NewReader(r).ReadString('\n')
	r.Close()
	if err != nil {
		t.Fatalf("the child said %q: %v", addr, err)
	}
	return p, strings.TrimSpace(addr)
}

// storm is a client that writes as fast as it can and knows what was acknowledged.
type storm struct {
	id    int
	acked int // rounds of all its writes that were answered
}

// run writes until the connection ends. Each round adds one to a counter, one value to a list, and one to both counters
// of a transaction.
func (s *storm) run(addr string, acked func()) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil // killed before the first write
	}
	defer conn.Close()
	p := &peer{conn, bufio.NewReader(conn)}
	id := strconv.Itoa(s.id)
	for {
		n := strconv.Itoa(s.acked)
		got, err := p.all([]string{"INCR", "count" + id}, []string{"LPUSH", "list" + id, n}, []string{"MULTI"}, []string{"INCR", "left" + id},
			[]string{"SET", "other" + id, n, "EX", "1000"}, []string{"INCR", "right" + id}, []string{"EXEC"})
		if err != nil {
			return nil // killed
		}
		for _, r := range got {
			if r.kind == '-' {
				return fmt.Errorf("client %s: %s", id, r)
			}
		}
		s.acked++
		acked()
	}
}

// intOf is the number in a reply, 0 for none.
func intOf(r reply) int64 {
	n, err := strconv.ParseInt(r.text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// check compares what the folder holds with what was acknowledged, and takes over what the last round brought about.
func (s *storm) check(t *testing.T, p *peer) {
	t.Helper()
	id := strconv.Itoa(s.id)
	number := func(key string) int {
		return int(intOf(p.do(t, "GET", key)))
	}
	count, left, right := number("count"+id), number("left"+id), number("right"+id)
	list := p.do(t, "LRANGE", "list"+id, "0", "-1").parts
	if left != right {
		t.Errorf("client %s: half a transaction: %d and %d", id, left, right)
	}
	for name, n := range map[string]int{"counter": count, "list": len(list), "transactions": left} {
		if n < s.acked || n > s.acked+1 {
			t.Errorf("client %s: %s has %d, %d were acknowledged and one more was on its way", id, name, n, s.acked)
		}
	}
	for i, v := range list {
		if v.text != strconv.Itoa(len(list)-1-i) {
			t.Errorf("client %s: the list has %s at %d of %d", id, v.text, i, len(list))
			return
		}
	}
	if count < len(list) || len(list) < left {
		t.Errorf("client %s: later writes are there without earlier ones: %d, %d, %d", id, count, len(list), left)
	}
	// What was on its way is done again from the start, so that all three agree.
	for _, line := range []string{"DEL list" + id, "DEL count" + id, "DEL left" + id, "DEL right" + id} {
		p.line(t, line)
	}
	s.acked = 0
}

// A process that is killed at any moment, writing and in the middle of snapshots, loses nothing it has acknowledged and
// does nothing twice.
func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	rounds := 10
	if os.Getenv("REDISTEST_FULL") != "" {
		rounds = 200
	}
	o := Options{Dir: t.TempDir(), Fsync: FsyncAlways}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	storms := make([]*storm, 8)
	for i := range storms {
		storms[i] = &storm{id: i}
	}
	snapshots := 0
	for round := range rounds {
		p, addr := startVictim(t, o.Dir)
		conn, err := net.Dial("tcp", addr)
		control := newPeer(t, conn, err)
		control.line(t, "CONFIG SET auto-aof-rewrite-min-size 20kb auto-aof-rewrite-percentage 20")
		if round%3 == 0 {
			for i := range 50 { // so that a snapshot takes its time
				control.do(t, "SET", fmt.Sprint("filler", i), strings.Repeat("x", 100_000))
			}
		}
		var total atomic.Int64
		kill := make(chan struct{})
		killAt := int64(1 + random.IntN(600))
		var wg sync.WaitGroup
		failed := make(chan error, len(storms))
		for _, s := range storms {
			wg.Go(func() {
				failed <- s.run(addr, func() {
					if total.Add(1) == killAt {
						close(kill)
					}
				})
			})
		}
		if round%2 == 0 {
			wg.Go(func() {
				for {
					if _, err := control.all([]string{"SAVE"}); err != nil {
						return
					}
				}
			})
		}
		select {
		case <-kill:
		case err := <-failed:
			t.Fatalf("round %d: a client ended before the process: %v", round, err)
		}
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		if left, _ := filepath.Glob(filepath.Join(o.Dir, "*.snapshot.tmp")); len(left) > 0 {
			snapshots++
		}
		for range storms {
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
		}
		e, err := Open(o)
		if err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		after := dialEngine(t, e)
		for _, s := range storms {
			s.check(t, after)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("seed %d, round %d", seed, round)
		}
	}
	t.Logf("%d of %d kills hit a snapshot", snapshots, rounds)
}

// Wherever a crash happens between two operations on the disk, the folder holds all that was acknowledged: copies are
// taken at each of them and opened.
func TestCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	dir, copies := t.TempDir(), t.TempDir()
	e := open(t, Options{Dir: dir, Fsync: FsyncAlways})
	type moment struct {
		dir   string
		acked int64
	}
	var mu sync.Mutex
	var moments []moment
	var acked, sent atomic.Int64
	f := func(string) error {
		mu.Lock()
		defer mu.Unlock()
		m := moment{filepath.Join(copies, strconv.Itoa(len(moments))), acked.Load()}
		if err := os.CopyFS(m.dir, os.DirFS(dir)); err != nil {
			return nil // a file went away meanwhile: no moment that one can see
		}
		moments = append(moments, m)
		return nil
	}
	e.store.folder.Fault.Store(&f)
	p, saver := dialEngine(t, e), dialEngine(t, e)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = saver.all([]string{"SAVE"})
			}
		}
	}()
	for range 60 {
		sent.Add(1)
		if _, err := p.all([]string{"INCR", "n"}, []string{"LPUSH", "l", "x"}); err != nil {
			t.Fatal(err)
		}
		acked.Add(1)
	}
	close(stop)
	<-stopped
	e.store.folder.Fault.Store(nil)
	mu.Lock()
	defer mu.Unlock()
	if len(moments) < 100 {
		t.Errorf("%d moments", len(moments))
	}
	for i, m := range moments {
		c, err := Open(Options{Dir: m.dir})
		if err != nil {
			t.Fatalf("moment %d: %v", i, err)
		}
		q := dialEngine(t, c)
		n, length := intOf(q.line(t, "GET n")), intOf(q.line(t, "LLEN l"))
		if n < m.acked || n > sent.Load() || length > n || length < m.acked || length < n-1 {
			t.Errorf("moment %d: n is %d, the list has %d, %d were acknowledged", i, n, length, m.acked)
		}
		c.Close()
	}
}
