package journal

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// Stream takes units in memory. Its owner calls Begin, Command, End and Commit under a lock of its own; another
// goroutine takes what was committed.
type Stream struct {
	cur      []byte // the chunk that is being filled
	from     int    // cur[from:] is not committed
	record   int    // where the open record begins in cur, -1 if none is open
	open     bool   // between Begin and End
	done     []piece
	appended int64 // bytes ever committed or filled in

	kick chan struct{} // something was committed

	mu      sync.Mutex
	ready   []piece
	free    [][]byte
	waiting atomic.Int64 // bytes committed and not yet recycled
	eased   sync.Cond    // waiting has become less
	unbound bool         // Throttle waits no more
}

// piece is a part of a chunk with whole records, or a mark between two.
type piece struct {
	b     []byte
	chunk []byte // of b, if nothing follows it there
	end   int64  // appended, after it
	mark  *Rotation
}

const (
	keepChunks = 4
	// backlog is how many bytes may wait before Throttle does.
	backlog = 64 << 20
)

// NewStream makes an empty stream.
func NewStream() *Stream {
	s := &Stream{record: -1, kick: make(chan struct{}, 1)}
	s.eased.L = &s.mu
	return s
}

// Begin opens a unit: what comes until End counts together.
func (s *Stream) Begin() { s.open = true }

// End closes a unit. One without commands leaves nothing.
func (s *Stream) End() {
	s.open = false
	if s.record >= 0 {
		s.closeRecord(kindLast)
	}
}

// Command adds a command on a database; outside of Begin and End it is a unit of its own.
func (s *Stream) Command(db int, args [][]byte) {
	size := (2 + len(args)) * binary.MaxVarintLen64
	for _, a := range args {
		size += len(a)
	}
	if s.record < 0 {
		s.openRecord()
	}
	if size <= cap(s.cur)-len(s.cur) {
		s.cur = appendCommand(s.cur, db, args)
	} else {
		s.spread(db, args)
	}
	if !s.open {
		s.closeRecord(kindLast)
	}
}

// spread writes a command that the chunk may have no room for.
func (s *Stream) spread(db int, args [][]byte) {
	var number [2 * binary.MaxVarintLen64]byte
	b := binary.AppendUvarint(number[:0], uint64(db))
	s.write(binary.AppendUvarint(b, uint64(len(args))))
	for _, a := range args {
		s.write(binary.AppendUvarint(number[:0], uint64(len(a))))
		s.write(a)
	}
}

func (s *Stream) write(b []byte) {
	for {
		n := copy(s.cur[len(s.cur):cap(s.cur)], b)
		s.cur = s.cur[:len(s.cur)+n]
		if b = b[n:]; len(b) == 0 {
			return
		}
		s.closeRecord(kindMore)
		s.openRecord()
	}
}

func (s *Stream) openRecord() {
	const least = recordHead + 64
	if cap(s.cur)-len(s.cur) < least {
		s.nextChunk()
	}
	s.record = len(s.cur)
	s.cur = s.cur[:len(s.cur)+recordHead]
}

// closeRecord fills in the head; the checksum is left to the goroutine that writes.
func (s *Stream) closeRecord(kind byte) {
	head := s.cur[s.record:]
	binary.LittleEndian.PutUint32(head, uint32(len(head)-recordHead))
	head[8] = kind
	s.appended += int64(len(head))
	s.record = -1
}

func (s *Stream) nextChunk() {
	if s.cur != nil {
		s.done = append(s.done, piece{b: s.cur[s.from:], chunk: s.cur, end: s.appended})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from = 0
	if last := len(s.free) - 1; last >= 0 {
		s.cur, s.free = s.free[last][:0], s.free[:last]
		return
	}
	s.cur = make([]byte, 0, chunkSize)
}

// Size returns how many bytes the open unit has in its last record, for those who cut units by size.
func (s *Stream) Size() int {
	if s.record < 0 {
		return 0
	}
	return len(s.cur) - s.record
}

// Position is where the stream is: after all units that have ended.
func (s *Stream) Position() int64 { return s.appended }

// Commit gives what was added to the writing goroutine. No unit is open, unless the owner ends in the middle of one.
func (s *Stream) Commit() {
	end := len(s.cur)
	if s.record >= 0 {
		end = s.record
	}
	if len(s.done) == 0 && end == s.from {
		return
	}
	s.mu.Lock()
	added := 0
	for _, p := range s.done {
		added += len(p.b)
	}
	s.ready = append(s.ready, s.done...)
	if fresh := s.cur[s.from:end]; len(fresh) > 0 {
		added += len(fresh)
		last := len(s.ready) - 1
		if last >= 0 && s.from > 0 && s.ready[last].mark == nil && len(s.ready[last].b) > 0 && s.ready[last].chunk == nil {
			// It lies right behind what was committed before.
			b := s.ready[last].b
			s.ready[last] = piece{b: b[:len(b)+len(fresh)], end: s.appended}
		} else {
			s.ready = append(s.ready, piece{b: fresh, end: s.appended})
		}
		s.from = end
	}
	s.waiting.Add(int64(added))
	s.mu.Unlock()
	clear(s.done)
	s.done = s.done[:0]
	s.wake()
}

// mark puts a mark behind all that was added. No unit is open.
func (s *Stream) mark(r *Rotation) {
	s.Commit()
	s.mu.Lock()
	s.ready = append(s.ready, piece{mark: r, end: s.appended})
	s.mu.Unlock()
	s.wake()
}

func (s *Stream) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// take returns what was committed since the last call.
func (s *Stream) take() []piece {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.ready
	s.ready = nil
	return list
}

// recycle notes that pieces are written, or not wanted.
func (s *Stream) recycle(list []piece) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range list {
		s.waiting.Add(-int64(len(p.b)))
		if p.chunk != nil && len(s.free) < keepChunks {
			s.free = append(s.free, p.chunk)
		}
	}
	if s.waiting.Load() < backlog {
		s.eased.Broadcast()
	}
}

// Discard forgets what was committed.
func (s *Stream) Discard() { s.recycle(s.take()) }

// Throttle waits while more was added than the disk takes. It is called without the owner's lock.
func (s *Stream) Throttle() {
	if s.waiting.Load() < backlog {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.waiting.Load() >= backlog && !s.unbound {
		s.eased.Wait()
	}
}

// unbind lets all go that wait in Throttle, or, with false, makes them wait again.
func (s *Stream) unbind(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unbound = on
	s.eased.Broadcast()
}
