package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// fault puts an error, or a wait, in the way of one operation of the disk; the function returned takes it away.
func fault(e *Engine, operation string, do func() error) (undo func()) {
	f := func(op string) error {
		if op == operation {
			return do()
		}
		return nil
	}
	e.store.folder.Fault.Store(&f)
	return func() { e.store.folder.Fault.Store(nil) }
}

// With fsync always no reply, to the writer or to one who sees the write, leaves before the write is on disk.
func TestAlwaysAnswersWhatIsOnDisk(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Dir: t.TempDir(), Fsync: FsyncAlways})
	p, reader := dialEngine(t, e), dialEngine(t, e)
	p.line(t, "SET before 1")
	var held atomic.Bool
	release := make(chan struct{})
	undo := fault(e, "sync", func() error {
		held.Store(true)
		<-release
		return nil
	})
	if err := p.send([]string{"SET", "k", "v"}); err != nil {
		t.Fatal(err)
	}
	until(t, held.Load)
	if err := reader.send([]string{"GET", "k"}); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return holding(e) == 2 })
	log, err := os.ReadFile(filepath.Join(e.store.folder.Dir(), "000001.log"))
	if err != nil || !bytes.Contains(log, []byte("\x03SET\x01k\x01v")) {
		t.Errorf("the write is not in the log: %q, %v", log, err)
	}
	undo()
	close(release)
	want(t, p.next(t), `+"OK"`)
	want(t, reader.next(t), `$"v"`)
	if got := e.store.log.Synced(); got != e.store.log.Position() {
		t.Errorf("synced up to %d of %d", got, e.store.log.Position())
	}
}

// Clients that write while the disk is busy share the next sync.
func TestAlwaysSharesSyncs(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Dir: t.TempDir(), Fsync: FsyncAlways})
	var syncs atomic.Int64
	goOn, over := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(over) })
	fault(e, "sync", func() error {
		syncs.Add(1)
		select {
		case <-goOn:
		case <-over:
		}
		return nil
	})
	const clients, rounds = 32, 20
	var list []*peer
	for range clients {
		list = append(list, dialEngine(t, e))
	}
	for round := range rounds {
		for i, p := range list {
			if err := p.send([]string{"SET", fmt.Sprint(i), fmt.Sprint(round)}); err != nil {
				t.Fatal(err)
			}
		}
		until(t, func() bool { return holding(e) == clients })
		goOn <- struct{}{} // the sync that held them up
		answered := make(chan struct{})
		var more sync.WaitGroup
		more.Go(func() { // and the next, if that was not for all
			for {
				select {
				case goOn <- struct{}{}:
				case <-answered:
					return
				case <-over:
					return
				}
			}
		})
		for _, p := range list {
			want(t, p.next(t), `+"OK"`)
		}
		close(answered)
		more.Wait() // it must not release a sync of the next round
	}
	if n := syncs.Load(); n > 2*rounds {
		t.Errorf("%d syncs for %d times %d writes at once, want %d at most", n, rounds, clients, 2*rounds)
	}
}

// holding is how many clients have replies that wait for the disk.
func holding(e *Engine) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, cl := range e.clients.byID {
		if cl.out.holds() {
			n++
		}
	}
	return n
}

func TestFullDiskRefusesWrites(t *testing.T) {
	t.Parallel()
	for _, policy := range []Fsync{FsyncEverySecond, FsyncAlways} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			o := Options{Dir: t.TempDir(), Fsync: policy}
			e := open(t, o)
			p, other := dialEngine(t, e), dialEngine(t, e)
			p.line(t, "SET k 1")
			until(t, func() bool { // a write that comes late fails before the next command, which is refused then
				e.mu.Lock()
				defer e.mu.Unlock()
				return e.store.log.Synced() == e.store.log.Position()
			})
			undo := fault(e, "write", func() error { return syscall.ENOSPC })
			if _, err := p.all([]string{"INCR", "k"}); (err != nil) != (policy == FsyncAlways) {
				// A reply that waited for the disk never comes: the connection ends, as nobody knows whether it counts.
				t.Fatalf("INCR: %v", err)
			}
			refused := `-"MISCONF Errors writing to the AOF file: No space left on device"`
			until(t, func() bool { return other.line(t, "SET l 1").String() == refused })
			want(t, other.line(t, "PING"), refused)
			want(t, other.line(t, "GET k"), `$"2"`)
			want(t, other.line(t, "MULTI"), `+"OK"`)
			want(t, other.line(t, "SET m 1"), refused)
			want(t, other.line(t, "EXEC"), `-"EXECABORT Transaction discarded because of previous errors."`)
			if info := other.line(t, "INFO persistence").text; !strings.Contains(info, "aof_last_write_status:err\r\n") {
				t.Errorf("INFO: %s", info)
			}
			undo()
			until(t, func() bool { return other.line(t, "SET l 1").String() == `+"OK"` })
			e = reopen(t, e, o)
			want(t, dialEngine(t, e).line(t, "MGET k l m"), `*3[$"2" $"1" $"-1"]`)
		})
	}
}

// A sync that fails costs nothing once the disk is well: a snapshot takes the log's place by itself.
func TestFailedSyncIsMadeGood(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir(), Fsync: FsyncAlways}
	e := open(t, o)
	p, other := dialEngine(t, e), dialEngine(t, e)
	p.line(t, "SET k 1")
	var n atomic.Int64
	fault(e, "sync", func() error {
		if n.Add(1) < 4 {
			return syscall.EIO
		}
		return nil
	})
	if _, err := p.all([]string{"INCR", "k"}); err == nil {
		t.Fatal("INCR was answered")
	}
	until(t, func() bool { return other.line(t, "SET l 1").String() == `+"OK"` })
	e = reopen(t, e, o)
	want(t, dialEngine(t, e).line(t, "MGET k l"), `*2[$"2" $"1"]`)
}

// folderSize adds up the files of a folder, which may come and go.
func folderSize(t *testing.T, dir string) (total int64) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			total += info.Size()
		}
	}
	return total
}

func TestTheLogIsRewrittenWhenItHasGrown(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir(), Fsync: FsyncNo}
	e := open(t, o)
	p := dialEngine(t, e)
	p.line(t, "CONFIG SET auto-aof-rewrite-min-size 100kb")
	long := strings.Repeat("x", 1000)
	for i := range 1000 {
		p.do(t, "SET", "k", fmt.Sprint(i, long))
	}
	// The last command may have begun one rewrite more.
	until(t, func() bool {
		info := p.line(t, "INFO persistence").text
		return strings.Contains(info, "aof_rewrite_in_progress:0\r\n") && !strings.Contains(info, "aof_rewrites:0\r\n") && folderSize(t, o.Dir) <= 400_000
	})
	e = reopen(t, e, o)
	want(t, dialEngine(t, e).line(t, "GET k"), `$"999`+long+`"`)
}

func TestSaveCommands(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir()}
	e := open(t, o)
	p := dialEngine(t, e)
	p.line(t, "SET k v EX 100")
	before := p.line(t, "LASTSAVE")
	e.Advance(3 * time.Second)
	want(t, p.line(t, "SAVE"), `+"OK"`)
	if after := p.line(t, "LASTSAVE"); after.text <= before.text {
		t.Errorf("LASTSAVE is %s, was %s", after, before)
	}
	if info := p.line(t, "INFO persistence").text; !strings.Contains(info, "rdb_changes_since_last_save:0\r\n") || !strings.Contains(info, "aof_enabled:1\r\n") {
		t.Errorf("INFO: %s", info)
	}
	want(t, p.line(t, "BGSAVE what"), `-"ERR syntax error"`)
	want(t, p.line(t, "CONFIG SET appendfsync always"), `+"OK"`)
	want(t, p.line(t, "SET l v"), `+"OK"`)
	want(t, p.line(t, "CONFIG GET appendfsync"), `*2[$"appendfsync" $"always"]`)
	want(t, p.line(t, "CONFIG GET dir"), `*2[$"dir" $"`+o.Dir+`"]`)
	if r := p.line(t, "CONFIG SET appendonly no"); r.kind != '-' {
		t.Errorf("CONFIG SET appendonly no: %s", r)
	}
	release := make(chan struct{})
	undo := fault(e, "create", func() error { <-release; return nil })
	want(t, p.line(t, "BGSAVE"), `+"Background saving started"`)
	want(t, p.line(t, "BGSAVE"), `-"ERR Background save already in progress"`)
	want(t, p.line(t, "BGSAVE SCHEDULE"), `+"Background saving scheduled"`)
	want(t, p.line(t, "SAVE"), `-"ERR Background save already in progress"`)
	want(t, p.line(t, "BGREWRITEAOF"), `-"ERR Background append only file rewriting already in progress"`)
	undo()
	close(release)
	until(t, func() bool {
		return p.line(t, "BGREWRITEAOF").String() == `+"Background append only file rewriting started"`
	})
	want(t, p.line(t, "SHUTDOWN SAVE NOSAVE"), `-"ERR syntax error"`)
	until(t, func() bool {
		r, err := p.all([]string{"SHUTDOWN", "SAVE"})
		return err != nil || !strings.Contains(r[0].text, "Errors trying to SHUTDOWN")
	})
	<-e.Done()
	e = reopen(t, e, o)
	p = dialEngine(t, e)
	want(t, p.line(t, "GET k"), `$"v"`)
	if ttl := p.line(t, "TTL k"); ttl.text == "-1" {
		t.Error("the lifetime is lost")
	}
	if entries, err := os.ReadDir(o.Dir); err != nil || len(entries) != 4 { // lock, manifest, snapshot, log
		t.Errorf("the folder has %v, %v", entries, err)
	}
	none := dialEngine(t, open(t, Options{}))
	for _, line := range []string{"SAVE", "BGSAVE", "BGREWRITEAOF"} {
		want(t, none.line(t, line), `-"ERR nothing is kept on disk: this engine has no folder"`)
	}
}

// A key whose time came while nobody had the folder is gone after the start.
func TestExpiredWhileClosed(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir()}
	e := open(t, o)
	p := dialEngine(t, e)
	for _, line := range []string{"SET k v PX 1", "SET stays v PX 100000", "SET set v", "PEXPIRE set 1"} {
		p.line(t, line)
	}
	until(t, func() bool { return p.line(t, "EXISTS k set").text == "0" })
	e = reopen(t, e, o)
	want(t, dialEngine(t, e).line(t, "EXISTS k set"), `:"0"`)
	want(t, dialEngine(t, e).line(t, "EXISTS stays"), `:"1"`)
}

// Close says that the disk did not take the last writes.
func TestCloseTellsWhatIsLost(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"write", "sync"} {
		e, err := Open(Options{Dir: t.TempDir(), Fsync: FsyncNo})
		if err != nil {
			t.Fatal(err)
		}
		p := dialEngine(t, e)
		fault(e, operation, func() error { return syscall.EIO })
		want(t, p.line(t, "SET k v"), `+"OK"`)
		if err := e.Close(); !errors.Is(err, syscall.EIO) {
			t.Errorf("a failed %s: Close gives %v", operation, err)
		}
	}
}
