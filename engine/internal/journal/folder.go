package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrLocked is wrapped by the error about a folder that another process has open.
var ErrLocked = errors.New("another process has it open")

// Folder is a folder with data, held by this process.
type Folder struct {
	dir  string
	lock *os.File
	// Fault is asked before each "create", "write", "sync" and "manifest", for tests: it may wait or fail as a disk does.
	Fault atomic.Pointer[func(operation string) error]

	mu       sync.Mutex
	manifest manifest
	last     int   // the highest number a file ever had
	settled  int64 // size of the data files that are complete: all but the last log
	tail     int64 // size of the last log when the folder was opened
}

// Open takes a folder for this process, and makes it if need be.
func Open(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	free, err := lock(f)
	if err == nil && !free {
		err = fmt.Errorf("folder %s: %w", dir, ErrLocked)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	d := &Folder{dir: dir, lock: f}
	if err := d.readManifest(); err != nil {
		_ = d.Close() // the other error is the news
		return nil, fmt.Errorf("folder %s: %w", dir, err)
	}
	return d, nil
}

func (d *Folder) readManifest() error {
	names, err := ours(d.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		d.last = max(d.last, fileNumber(name))
	}
	text, err := os.ReadFile(filepath.Join(d.dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		// A crash before the first manifest leaves a log without units at most.
		for _, name := range names {
			if info, err := os.Stat(filepath.Join(d.dir, name)); err != nil || info.Size() > headSize {
				return fmt.Errorf("there are data files (%s) and no file %s that says which count", name, manifestName)
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	if d.manifest, err = parseManifest(text); err != nil {
		return fmt.Errorf("file %s: %w", manifestName, err)
	}
	return d.manifest.sweep(d.dir)
}

// Close lets the folder go. A second call does nothing.
func (d *Folder) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lock == nil {
		return nil
	}
	f := d.lock
	d.lock = nil
	err := unlock(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// Loaded is what Load found.
type Loaded struct {
	Commands int
	Bytes    int64
	// Torn is how many bytes were cut off the end of the last log: what a crash had left half-written. TornFile is that log.
	Torn     int64
	TornFile string
}

// Load gives all commands to run, in order.
func (d *Folder) Load(run func(db int, args [][]byte) error) (l Loaded, err error) {
	files := d.manifest.logs
	if d.manifest.snapshot != "" {
		files = append([]string{d.manifest.snapshot}, files...)
	}
	counted := func(db int, args [][]byte) error {
		l.Commands++
		return run(db, args)
	}
	for i, name := range files {
		size, err := d.loadFile(name, i == len(files)-1, counted, &l)
		if err != nil {
			return l, fmt.Errorf("file %s: %w", filepath.Join(d.dir, name), err)
		}
		l.Bytes += size
		if i == len(files)-1 {
			d.tail = size
		} else {
			d.settled += size
		}
	}
	return l, nil
}

// loadFile runs the units of a file and returns its size. Of the last log the damaged end is cut off.
func (d *Folder) loadFile(name string, last bool, run func(int, [][]byte) error, l *Loaded) (int64, error) {
	f, err := os.OpenFile(filepath.Join(d.dir, name), os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	kind := byte(holdsLog)
	if name == d.manifest.snapshot {
		kind = holdsSnapshot
	}
	r, err := newReader(f, kind)
	var words [][]byte
	for err == nil {
		var unit []byte
		if unit, err = r.next(); err == nil {
			if words, err = decode(unit, words, run); err != nil {
				return 0, fmt.Errorf("before byte %d: %w", r.at, err)
			}
		}
	}
	info, statErr := f.Stat()
	switch {
	case statErr != nil:
		return 0, statErr
	case errors.Is(err, errDamaged) && last && kind == holdsLog:
		if err := d.cut(f, r, info.Size()); err != nil {
			return 0, err
		}
		l.Torn, l.TornFile = info.Size()-r.unit, f.Name()
		return r.unit, nil
	case errors.Is(err, errDamaged), errors.Is(err, io.EOF) && kind == holdsSnapshot && !r.end:
		return 0, fmt.Errorf("it is damaged at byte %d of %d", r.unit, info.Size())
	case !errors.Is(err, io.EOF):
		return 0, err
	}
	return info.Size(), nil
}

// cut takes the damaged end off a log. It refuses to if good records follow: that is no write that a crash has cut
// short, and who looks after the data has to decide.
func (d *Folder) cut(f *os.File, r *reader, size int64) error {
	if followed(f, r.at, size) {
		return fmt.Errorf("it is damaged at byte %d of %d, and good records follow; cut it there to go on without them", r.unit, size)
	}
	if r.unit < headSize {
		if err := f.Truncate(0); err != nil {
			return err
		}
		if _, err := f.WriteAt(fileHead(holdsLog), 0); err != nil {
			return err
		}
		r.unit = headSize
		return f.Sync()
	}
	if err := f.Truncate(r.unit); err != nil {
		return err
	}
	return f.Sync()
}

// followed reports whether a good record lies behind the damaged one at an offset.
func followed(f *os.File, at, size int64) bool {
	if at < headSize {
		return false
	}
	bad := &reader{}
	head := make([]byte, recordHead)
	if _, err := f.ReadAt(head, at); err != nil {
		return false
	}
	next := at + recordHead + int64(uint32(head[0])|uint32(head[1])<<8|uint32(head[2])<<16|uint32(head[3])<<24)
	if next >= size {
		return false
	}
	bad.reset(io.NewSectionReader(f, next, size-next))
	_, kind, err := bad.record()
	return err == nil && kind <= kindMore
}

// Dir returns the folder's path.
func (d *Folder) Dir() string { return d.dir }

// create makes a data file with its head, on disk together with its name.
func (d *Folder) create(name string, kind byte) (*dataFile, error) {
	if err := d.fault("create"); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(d.dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(fileHead(kind))
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(d.dir)
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return &dataFile{f, d}, nil
}

// dataFile is a file that is written.
type dataFile struct {
	f *os.File
	d *Folder
}

func (f *dataFile) writeAt(p []byte, at int64) error {
	if err := f.d.fault("write"); err != nil {
		_, _ = f.f.WriteAt(p[:len(p)/2], at) // a full disk takes a part
		return err
	}
	_, err := f.f.WriteAt(p, at)
	return err
}

func (f *dataFile) sync() error {
	if err := f.d.fault("sync"); err != nil {
		return err
	}
	return f.f.Sync()
}

func (d *Folder) fault(operation string) error {
	if ask := d.Fault.Load(); ask != nil {
		return (*ask)(operation)
	}
	return nil
}

// save replaces the manifest. The lock is held.
func (d *Folder) save(m manifest) error {
	if err := d.fault("manifest"); err != nil {
		return err
	}
	if err := m.save(d.dir); err != nil {
		return err
	}
	d.manifest = m
	return nil
}

// nextLog begins a log behind those there are. With listed false the manifest does not name it before install does.
func (d *Folder) nextLog(listed bool) (f *dataFile, number int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	number = d.last + 1
	if f, err = d.create(logName(number), holdsLog); err != nil {
		return nil, 0, err
	}
	m := manifest{d.manifest.snapshot, append(slices.Clone(d.manifest.logs), logName(number))}
	if listed {
		if err := d.save(m); err != nil {
			f.f.Close()
			os.Remove(f.f.Name())
			return nil, 0, err
		}
	}
	d.last = number
	return f, number, nil
}

// install makes a snapshot, which is complete in its temporary file, and the logs from number on the folder's data, and
// removes what came before.
func (d *Folder) install(number int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := snapshotName(number)
	if err := os.Rename(filepath.Join(d.dir, name+".tmp"), filepath.Join(d.dir, name)); err != nil {
		return err
	}
	if err := syncDir(d.dir); err != nil {
		return err
	}
	m := manifest{snapshot: name, logs: []string{logName(number)}}
	for _, l := range d.manifest.logs {
		if fileNumber(l) > number {
			m.logs = append(m.logs, l)
		}
	}
	if err := d.save(m); err != nil {
		return err
	}
	return m.sweep(d.dir)
}
