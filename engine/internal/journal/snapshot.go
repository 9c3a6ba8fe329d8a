package journal

import (
	"os"
	"path/filepath"
)

// syncBytes is how much of a snapshot is written before it is synced: a sync of all at once would hold up the log's.
const syncBytes = 8 << 20

// Snapshot writes one stream to a file that becomes a folder's data as a whole.
type Snapshot struct {
	*Stream
	log      *Log
	rotation *Rotation
	file     *dataFile
	name     string
	size     int64
	unsynced int64
	err      error // of a write; nothing more is written then
}

// NewSnapshot begins a snapshot of the data as they are where the rotation was asked for. It waits for the rotation,
// until stop is closed.
func (l *Log) NewSnapshot(r *Rotation, s *Stream, stop <-chan struct{}) (*Snapshot, error) {
	select {
	case <-r.ready:
	case <-stop:
		return nil, os.ErrClosed
	}
	name := snapshotName(r.number) + ".tmp"
	f, err := l.folder.create(name, holdsSnapshot)
	if err != nil {
		return nil, err
	}
	return &Snapshot{Stream: s, log: l, rotation: r, file: f, name: name, size: headSize}, nil
}

// Flush writes what was committed. After an error it drops it: the walk over the data goes on to its end.
func (s *Snapshot) Flush() error {
	list := s.take()
	leaveProcessor()
	if s.log.Policy() != FsyncAlways {
		// One call that waits for the disk keeps one processor, see leaveProcessor; two at once would stop a machine that
		// has two. Under FsyncAlways clients wait for the log, which then has to go first.
		s.log.files.Lock()
		defer s.log.files.Unlock()
	}
	for _, p := range list {
		if s.err == nil && len(p.b) > 0 {
			seal(p.b)
			s.err = s.put(p.b)
		}
	}
	s.recycle(list)
	return s.err
}

func (s *Snapshot) put(b []byte) error {
	if err := s.file.writeAt(b, s.size); err != nil {
		return err
	}
	s.size += int64(len(b))
	if s.unsynced += int64(len(b)); s.unsynced >= syncBytes {
		s.unsynced = 0
		return s.file.sync()
	}
	return nil
}

// Size returns how many bytes were written.
func (s *Snapshot) Size() int64 { return s.size }

// Finish completes the file and makes it the folder's data. All was flushed.
func (s *Snapshot) Finish() error {
	if s.err == nil {
		s.err = s.put(endRecord())
	}
	if s.err == nil {
		s.err = s.file.sync()
	}
	if closed := s.file.f.Close(); s.err == nil {
		s.err = closed
	}
	if s.err == nil {
		s.err = s.log.install(s.rotation, s.size)
	}
	if s.err != nil {
		os.Remove(filepath.Join(s.log.folder.dir, s.name))
	}
	return s.err
}

// Abort gives the snapshot up, and lets go whom its stream holds up.
func (s *Snapshot) Abort() {
	s.unbind(true)
	s.file.f.Close()
	os.Remove(filepath.Join(s.log.folder.dir, s.name))
}
