package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// keeper is a folder with a log that runs.
type keeper struct {
	t      *testing.T
	folder *Folder
	log    *Log
	synced chan int64
	states chan error
	ended  chan struct{}
}

func keep(t *testing.T, dir string, policy Fsync) (*keeper, []string) {
	t.Helper()
	k := &keeper{t: t, synced: make(chan int64, 10_000), states: make(chan error, 1000), ended: make(chan struct{})}
	var err error
	if k.folder, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	found, _, err := load(k.folder)
	if err != nil {
		t.Fatal(err)
	}
	k.log, err = NewLog(k.folder, policy, Events{
		Synced: func(at int64) { k.synced <- at },
		State:  func(err error, _ bool) { k.states <- err },
		Grown:  func(int64) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(k.ended)
		k.log.Run()
	}()
	return k, found
}

// load reads a folder's commands as lines.
func load(d *Folder) (found []string, l Loaded, err error) {
	l, err = d.Load(func(db int, args [][]byte) error {
		found = append(found, fmt.Sprintf("%d %s", db, bytes.Join(args, []byte(" "))))
		return nil
	})
	return found, l, err
}

func (k *keeper) add(words ...string) {
	args := make([][]byte, len(words))
	for i, w := range words {
		args[i] = []byte(w)
	}
	k.log.Command(1, args)
	k.log.Commit()
}

// wait waits until all that was added is kept.
func (k *keeper) wait() {
	k.t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	for want := k.log.Position(); k.log.Synced() < want; {
		select {
		case <-k.synced:
		case <-deadline.C:
			k.t.Fatalf("synced up to %d within 30 s, want %d", k.log.Synced(), want)
		}
	}
}

func (k *keeper) close() {
	k.log.Stop()
	<-k.ended
	k.folder.Close()
}

// closeWith closes the folder and compares what it holds.
func (k *keeper) closeWith(want ...string) {
	k.t.Helper()
	k.close()
	again, got := keep(k.t, k.folder.Dir(), FsyncAlways)
	if diff := cmp.Diff(want, got); diff != "" {
		k.t.Fatal(diff)
	}
	again.close()
}

func TestLogIsReadBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k, _ := keep(t, dir, FsyncAlways)
	var want []string
	big := strings.Repeat("0123456789", 100_000)
	for i := range 300 {
		k.add("SET", fmt.Sprint("k", i), strings.Repeat("v", i*31))
		want = append(want, fmt.Sprintf("1 SET k%d %s", i, strings.Repeat("v", i*31)))
	}
	k.log.Begin()
	k.add("SET", "big", big)
	k.log.Command(2, [][]byte{[]byte("DEL"), {}})
	k.log.End()
	k.log.Begin()
	k.log.End() // nothing
	k.log.Commit()
	k.wait()
	k.close()
	want = append(want, "1 SET big "+big, "2 DEL ")
	k, got := keep(t, dir, FsyncNo)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	k.add("LATER")
	k.close()
	k, got = keep(t, dir, FsyncEverySecond)
	if last := got[len(got)-1]; last != "1 LATER" || len(got) != len(want)+1 {
		t.Errorf("%d commands, the last is %.100s", len(got), last)
	}
	k.close()
}

// A log that was cut anywhere within its last unit opens, without that unit, and goes on.
func TestLastUnitCutAtEveryByte(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k, _ := keep(t, dir, FsyncAlways)
	k.add("FIRST", "word")
	k.wait()
	path := filepath.Join(dir, logName(1))
	before := size(t, path)
	k.log.Begin()
	k.add("SECOND", strings.Repeat("x", 20))
	k.add("THIRD")
	k.log.End()
	k.log.Commit()
	k.close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(name string, content []byte, want []string, torn int64) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, l, err := load(d)
		if err != nil || cmp.Diff(want, got) != "" || l.Torn != torn {
			t.Fatalf("%s: %q, %d bytes dropped, %v; want %q, %d", name, got, l.Torn, err, want, torn)
		}
		d.Close()
		k, _ := keep(t, dir, FsyncAlways)
		k.add("NEXT")
		k.close()
		k, got = keep(t, dir, FsyncAlways)
		if got[len(got)-1] != "1 NEXT" || len(got) != len(want)+1 {
			t.Fatalf("%s: after it went on: %q", name, got)
		}
		k.close()
	}
	all := []string{"1 FIRST word", "1 SECOND " + strings.Repeat("x", 20), "1 THIRD"}
	for at := before; at < int64(len(whole)); at++ {
		try(fmt.Sprint("cut at ", at), whole[:at], all[:1], at-before)
		changed := bytes.Clone(whole)
		changed[at] ^= 0x40
		try(fmt.Sprint("changed at ", at), changed, all[:1], int64(len(whole))-before)
	}
	for at := range before {
		torn := at - headSize
		if at < headSize {
			torn = at - headSize // the head is made anew
		}
		if at == headSize {
			torn = 0
		}
		try(fmt.Sprint("cut at ", at), whole[:at], nil, torn)
	}
	try("zeros behind", append(bytes.Clone(whole), make([]byte, 5000)...), all, 5000)
	try("whole", whole, all, 0)
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Damage that no crash explains is not cut off: data that were kept would be lost without a word.
func TestDamageInTheMiddleIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k, _ := keep(t, dir, FsyncAlways)
	for i := range 10 {
		k.add("SET", "key", fmt.Sprint("value", i))
	}
	k.close()
	path := filepath.Join(dir, logName(1))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := headSize + recordHead + int(binary.LittleEndian.Uint32(whole[headSize:]))
	changed := bytes.Clone(whole)
	changed[at+12] ^= 1
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, _, err := load(d); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s: it is damaged at byte %d", path, at)) {
		t.Errorf("error %v, want one that names the file and byte %d", err, at)
	}
	if size(t, path) != int64(len(whole)) {
		t.Error("the log was changed")
	}
}

// snapshot writes one with the commands given and the log going on.
func (k *keeper) snapshot(lines ...string) error {
	k.t.Helper()
	r := k.log.Rotate()
	out := NewStream()
	s, err := k.log.NewSnapshot(r, out, nil)
	if err != nil {
		return err
	}
	k.add("SINCE") // the walk is slower than those who write
	for _, l := range lines {
		out.Command(0, bytes.Fields([]byte(l)))
		out.Commit()
		_ = s.Flush()
	}
	return s.Finish()
}

func TestSnapshotTakesThePlaceOfTheLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k, _ := keep(t, dir, FsyncEverySecond)
	k.add("OLD")
	if err := k.snapshot("SET a 1", "SET b 2"); err != nil {
		t.Fatal(err)
	}
	k.add("NEW")
	k.closeWith("0 SET a 1", "0 SET b 2", "1 SINCE", "1 NEW")
	k, _ = keep(t, dir, FsyncEverySecond)
	names, err := ours(dir)
	if err != nil || len(names) != 2 {
		t.Errorf("the folder has %v, %v", names, err)
	}
	if err := k.snapshot(); err != nil {
		t.Fatal(err)
	}
	k.closeWith("1 SINCE")
}

// Whatever the disk refuses while a snapshot is written, the folder holds one complete state.
func TestSnapshotThatFails(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	for _, operation := range []string{"create", "write", "sync", "manifest"} {
		for nth := 1; nth < 6; nth++ {
			dir := t.TempDir()
			k, _ := keep(t, dir, FsyncNo)
			k.add("OLD")
			r := k.log.Rotate()
			<-r.Ready()
			var n atomic.Int32
			fault := func(op string) error {
				if op == operation && int(n.Add(1)) == nth {
					return full
				}
				return nil
			}
			out := NewStream()
			k.folder.Fault.Store(&fault)
			s, err := k.log.NewSnapshot(r, out, nil)
			if err == nil {
				for range 3 {
					out.Command(0, [][]byte{[]byte("SNAPSHOT")})
					out.Commit()
					_ = s.Flush()
				}
				err = s.Finish()
			}
			failed := int(n.Load()) >= nth
			if failed != errors.Is(err, full) {
				t.Fatalf("%s %d: %v, want an error: %v", operation, nth, err, failed)
			}
			k.folder.Fault.Store(nil)
			k.close()
			k, got := keep(t, dir, FsyncNo)
			want := []string{"0 SNAPSHOT", "0 SNAPSHOT", "0 SNAPSHOT"}
			if failed {
				want = []string{"1 OLD"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s %d: %s", operation, nth, diff)
			}
			if err := k.snapshot("AGAIN"); err != nil {
				t.Fatal(err)
			}
			if names, err := ours(dir); err != nil || len(names) != 2 {
				t.Errorf("%s %d: the folder has %v, %v", operation, nth, names, err)
			}
			k.close()
		}
	}
}

// A full disk is told, what was not written is kept and written once there is room; nothing is twice in the log.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	dir := t.TempDir()
	k, _ := keep(t, dir, FsyncAlways)
	k.add("A")
	k.wait()
	fault := func(op string) error {
		if op == "write" {
			return full
		}
		return nil
	}
	k.folder.Fault.Store(&fault)
	k.add("B", strings.Repeat("b", 1000))
	if err := <-k.states; !errors.Is(err, full) {
		t.Fatalf("state %v, want %v", err, full)
	}
	if at := k.log.Synced(); at == k.log.Position() {
		t.Error("what was not written counts as kept")
	}
	k.add("C")
	k.folder.Fault.Store(nil)
	if err := <-k.states; err != nil {
		t.Fatalf("state %v, want none", err)
	}
	k.wait()
	k.closeWith("1 A", "1 B "+strings.Repeat("b", 1000), "1 C")
}

// After a sync that failed nobody knows what the file holds: only a snapshot makes it good, and until then nothing
// counts as kept.
func TestFailedSync(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k, _ := keep(t, dir, FsyncAlways)
	k.add("A")
	k.wait()
	bad := errors.New("i/o error")
	var n atomic.Int32
	fault := func(op string) error {
		if op == "sync" && n.Add(1) == 1 {
			return bad
		}
		return nil
	}
	k.folder.Fault.Store(&fault)
	k.add("B")
	if err := <-k.states; !errors.Is(err, bad) {
		t.Fatalf("state %v, want %v", err, bad)
	}
	if at := k.log.Synced(); at == k.log.Position() {
		t.Error("what was not synced counts as kept")
	}
	if err := k.snapshot("STATE"); err != nil {
		t.Fatal(err)
	}
	for err := range k.states {
		if err == nil {
			break
		}
	}
	k.add("D")
	k.wait()
	k.closeWith("0 STATE", "1 SINCE", "1 D")
}

func TestFolderWithoutManifest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k, _ := keep(t, dir, FsyncAlways)
	k.add("A")
	k.close()
	if err := os.Remove(filepath.Join(dir, manifestName)); err != nil {
		t.Fatal(err)
	}
	if d, err := Open(dir); err == nil {
		d.Close()
		t.Error("data were passed over")
	}
	if err := os.Truncate(filepath.Join(dir, logName(1)), headSize); err != nil {
		t.Fatal(err)
	}
	k, _ = keep(t, dir, FsyncAlways) // a crash in the first moment
	k.add("B")
	k.close()
	for _, text := range []string{"", "redbrick-engine 1\n", "something\n", "redbrick-engine 1\nlog 000002.log\nsum 00000000\n", "redbrick-engine 1\nlog ../x.log\nsum 11111111\n"} {
		if err := os.WriteFile(filepath.Join(dir, manifestName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := Open(dir); err == nil {
			d.Close()
			t.Errorf("manifest %q was accepted", text)
		}
	}
}

// Whatever a file holds, reading it ends, in an error or in units that had the right checksum.
func FuzzReader(f *testing.F) {
	var good []byte
	good = append(good, fileHead(holdsLog)...)
	s := NewStream()
	s.Command(3, [][]byte{[]byte("SET"), []byte("k"), []byte("v")})
	s.Begin()
	s.Command(0, [][]byte{[]byte("A")})
	s.Command(0, [][]byte{[]byte("B"), bytes.Repeat([]byte("x"), 300)})
	s.End()
	s.Commit()
	for _, p := range s.take() {
		seal(p.b)
		good = append(good, p.b...)
	}
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(append(bytes.Clone(good), endRecord()...))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := newReader(bytes.NewReader(in), holdsLog)
		var words [][]byte
		for err == nil {
			var unit []byte
			if unit, err = r.next(); err == nil {
				if r.unit > int64(len(in)) {
					t.Fatalf("a unit ends at %d of %d bytes", r.unit, len(in))
				}
				words, err = decode(unit, words, func(int, [][]byte) error { return nil })
			}
		}
		_, _ = parseManifest(in)
		_, _ = decode(in, words, func(int, [][]byte) error { return nil })
	})
}
