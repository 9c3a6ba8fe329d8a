package journal

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Fsync says when what was written has to be on the disk itself.
type Fsync int32

// The policies. Every second is the zero value.
const (
	FsyncEverySecond Fsync = iota
	FsyncAlways
	FsyncNo
)

// errLost fails a snapshot whose log was lost meanwhile.
var errLost = errors.New("the log behind the snapshot was lost by a failed sync")

const (
	syncEvery  = time.Second
	retryAfter = 100 * time.Millisecond
	// gatherFor is the time between writes that nobody waits for: one for each command would cost more than the command.
	gatherFor = time.Millisecond
)

// Rotation is a change from one log to the next: what was added to the stream before it is in the old one.
type Rotation struct {
	ready  chan struct{}
	number int // of the new log, once ready is closed
}

// Ready is closed when the new log takes over.
func (r *Rotation) Ready() <-chan struct{} { return r.ready }

// Events are what a log tells its owner, from its goroutine.
type Events struct {
	// Synced says that all up to a position of the stream is kept as the policy wants it.
	Synced func(position int64)
	// State says that nothing can be written any more (err), or that it can again (nil). After an error of fsync the
	// kernel may have dropped what was not written: then snapshot is set and only a snapshot makes it good.
	State func(err error, snapshot bool)
	// Grown is called after the log has become longer.
	Grown func(size int64)
}

// Log writes one stream to a folder's logs.
type Log struct {
	*Stream
	folder *Folder
	on     Events
	policy atomic.Int32
	synced atomic.Int64 // position in the stream
	size   atomic.Int64 // of all logs since the snapshot
	stop   chan struct{}

	// The goroutine's own:
	file     *dataFile
	good     int64   // bytes of file that are written
	todo     []piece // taken and not yet written, because of an error
	written  int64   // position in the stream
	unsynced bool
	failing  bool
	reason   error // of the failure
	syncAt   time.Time
	wroteAt  time.Time // the last write
	lost     bool      // what is added to this file is nothing worth: an earlier part may be missing
	end      error     // why not all was on disk when Run returned

	// broken is set by a failed fsync, until a snapshot is installed.
	broken atomic.Bool
	files  sync.Mutex // held while a file is written
}

// NewLog goes on with the folder's last log, or begins the first. Run has to be called next.
func NewLog(d *Folder, policy Fsync, on Events) (*Log, error) {
	l := &Log{Stream: NewStream(), folder: d, on: on, stop: make(chan struct{})}
	l.policy.Store(int32(policy))
	if len(d.manifest.logs) == 0 {
		f, _, err := d.nextLog(true)
		if err != nil {
			return nil, err
		}
		l.file, l.good = f, headSize
	} else {
		name := d.manifest.logs[len(d.manifest.logs)-1]
		f, err := os.OpenFile(filepath.Join(d.dir, name), os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		l.file, l.good = &dataFile{f, d}, d.tail
	}
	l.size.Store(d.settled + d.tail)
	return l, nil
}

// SetPolicy changes when to sync.
func (l *Log) SetPolicy(p Fsync) { l.policy.Store(int32(p)); l.wake() }

// Policy tells when to sync.
func (l *Log) Policy() Fsync { return Fsync(l.policy.Load()) }

// Synced returns the position up to which the stream is kept as the policy wants it.
func (l *Log) Synced() int64 { return l.synced.Load() }

// Size returns the bytes of the logs since the snapshot, and of it until the first is made by this process.
func (l *Log) Size() int64 { return l.size.Load() }

// Rotate puts a change to a new log behind all that was added. It is called by the stream's owner.
func (l *Log) Rotate() *Rotation {
	r := &Rotation{ready: make(chan struct{})}
	l.mark(r)
	return r
}

// Stop makes Run write the rest and return.
func (l *Log) Stop() {
	close(l.stop)
	l.unbind(true)
}

// Err returns why not all that was added is on disk, once Run has returned; nil if it is.
func (l *Log) Err() error { return l.end }

// Run writes until Stop.
func (l *Log) Run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		stopping := false
		select {
		case <-l.kick:
		case <-timer.C:
		case <-l.stop:
			stopping = true
		}
		if !stopping && l.Policy() != FsyncAlways && !l.gather() {
			stopping = true
		}
		l.todo = append(l.todo, l.take()...)
		leaveProcessor()
		l.files.Lock()
		err := l.write(stopping)
		l.wroteAt = time.Now()
		l.files.Unlock()
		l.report(err)
		if stopping {
			if l.end = err; err == nil && l.broken.Load() {
				l.end = l.reason
			}
			l.file.f.Close()
			return
		}
		switch {
		case l.failing:
			timer.Reset(retryAfter)
		case l.unsynced && l.Policy() == FsyncEverySecond:
			timer.Reset(max(time.Until(l.syncAt), time.Millisecond))
		default:
			timer.Reset(time.Hour)
		}
	}
}

// leaveProcessor lets those go first who wait for the processor of this goroutine. What comes next may wait for the disk, and
// keeps the processor with all who wait for it until the runtime notices, which takes it up to 10 ms.
func leaveProcessor() { runtime.Gosched() }

// gather waits until enough time has passed since the last write, unless the log is stopped.
func (l *Log) gather() (goOn bool) {
	wait := time.Until(l.wroteAt.Add(gatherFor))
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.stop:
		return false
	}
}

// write brings what there is to disk.
func (l *Log) write(stopping bool) error {
	for len(l.todo) > 0 {
		p := l.todo[0]
		var err error
		switch {
		case p.mark != nil:
			err = l.rotate(p.mark)
		case !l.lost:
			err = l.put(p)
		}
		if err != nil {
			return err
		}
		l.written = p.end
		l.recycle(l.todo[:1])
		l.todo[0] = piece{}
		l.todo = l.todo[1:]
	}
	l.todo = nil
	policy := l.Policy()
	if !l.unsynced || l.lost {
		return nil
	}
	if stopping || policy == FsyncAlways || policy == FsyncEverySecond && !time.Now().Before(l.syncAt) {
		return l.sync()
	}
	return nil
}

// put writes a piece behind the good part of the file.
func (l *Log) put(p piece) error {
	seal(p.b)
	if err := l.file.writeAt(p.b, l.good); err != nil {
		// What is half-written is written over by the next try; a crash before that cuts it off.
		_ = l.file.f.Truncate(l.good)
		return err
	}
	if !l.unsynced {
		l.unsynced, l.syncAt = true, time.Now().Add(syncEvery)
	}
	l.good += int64(len(p.b))
	l.size.Add(int64(len(p.b)))
	return nil
}

func (l *Log) sync() error {
	if err := l.file.sync(); err != nil {
		l.lost = true
		l.broken.Store(true)
		return err
	}
	l.unsynced = false
	return nil
}

// rotate closes the log and begins the next.
func (l *Log) rotate(r *Rotation) error {
	if l.unsynced && !l.lost {
		if err := l.sync(); err != nil {
			return err
		}
	}
	// A log behind a broken one has a gap before it: it counts with the snapshot alone.
	f, number, err := l.folder.nextLog(!l.broken.Load())
	if err != nil {
		return err
	}
	l.file.f.Close()
	l.file, l.good, l.unsynced, l.lost = f, headSize, false, false
	r.number = number
	close(r.ready)
	return nil
}

// report tells the owner what came of a try.
func (l *Log) report(err error) {
	broken := l.broken.Load()
	switch {
	case err != nil && !l.failing:
		l.failing, l.reason = true, err
		l.unbind(true) // writes are refused now
		l.on.State(err, broken)
	case err == nil && l.failing && !broken:
		l.failing = false
		l.unbind(false)
		l.on.State(nil, false)
	case broken:
		l.on.State(l.reason, true) // until a snapshot comes about
	}
	if err != nil || broken {
		return
	}
	if l.Policy() != FsyncAlways || !l.unsynced {
		l.synced.Store(l.written)
		l.on.Synced(l.written)
	}
	l.on.Grown(l.size.Load())
}

// install makes a finished snapshot the folder's data, with the logs from its rotation on.
func (l *Log) install(r *Rotation, size int64) error {
	l.files.Lock()
	defer l.files.Unlock()
	if l.lost {
		return errLost
	}
	if l.broken.Load() {
		// The new log has to hold what was written since, before it counts.
		if err := l.sync(); err != nil {
			return err
		}
	}
	if err := l.folder.install(r.number); err != nil {
		return err
	}
	l.size.Store(size + l.good)
	l.broken.Store(false)
	l.wake()
	return nil
}
