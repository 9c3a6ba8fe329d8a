package engine

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/redbrick-go/redbrick/engine/internal/journal"
)

// store keeps the data in a folder. It is the recorder of an engine that has one. All is guarded by the engine's lock
// unless a comment says otherwise.
type store struct {
	e      *Engine
	folder *journal.Folder
	log    *journal.Log
	held   held // has a lock of its own

	failure string // why writes are refused: Redis's error; "" if they are not

	wanted   bool      // a snapshot begins after the command that runs
	saving   bool      // a snapshot is on its way
	walk     *snapshot // its walk over the data, nil once all is seen
	backlog  atomic.Pointer[journal.Stream]
	waiters  []*waiter // SAVE and SHUTDOWN SAVE
	saved    int64     // when the last snapshot was complete, seconds since 1970
	failed   bool      // the last snapshot did not come about
	changes  int64     // stats.changes when it began
	took     int64     // seconds, the last
	rewrites int64

	base      int64        // size of the logs after the last snapshot
	rewriteAt atomic.Int64 // size at which the next begins by itself; 0 for never
}

// held are clients with replies that wait for the disk.
type held struct {
	mu   sync.Mutex
	list []*client
}

func (h *held) add(cl *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !cl.held {
		cl.held = true
		h.list = append(h.list, cl)
	}
}

func (h *held) take() []*client {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.list
	h.list = nil
	for _, cl := range list {
		cl.held = false
	}
	return list
}

// openStore takes the folder and runs what its files hold. Nobody else has the engine yet.
func (e *Engine) openStore(o Options) error {
	folder, err := journal.Open(o.Dir)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	s := &store{e: e, folder: folder, saved: e.started.Unix()}
	if err := e.load(folder); err != nil {
		_ = folder.Close() // the other error is the news
		return fmt.Errorf("engine: %w", err)
	}
	s.log, err = journal.NewLog(folder, o.Fsync.policy(), journal.Events{Synced: s.synced, State: s.state, Grown: s.grown})
	if err != nil {
		_ = folder.Close() // the other error is the news
		return fmt.Errorf("engine: folder %s: %w", o.Dir, err)
	}
	s.base = s.log.Size()
	e.store, e.recorder = s, s
	s.planRewrite()
	return nil
}

// load runs the commands in the folder's files.
func (e *Engine) load(folder *journal.Folder) error {
	e.replaying = true
	defer func() { e.replaying = false }()
	cl := &client{e: e, authed: true}
	c := &cl.call
	loaded, err := folder.Load(func(db int, args [][]byte) error {
		if db >= databases {
			return fmt.Errorf("a command is for database %d", db)
		}
		cmd, refusal := e.find(cl, args)
		if refusal != "" {
			return errors.New(refusal)
		}
		cl.db = e.dbs[db]
		*c = call{e: e, cl: cl, db: cl.db, cmd: cmd, args: args, w: &cl.w}
		cmd.run(c)
		if c.failed {
			return fmt.Errorf("command %.100q: %s", args, cl.w.Buf)
		}
		cl.w.Buf = cl.w.Buf[:0]
		e.measure()
		return nil
	})
	e.stats, e.blocking.ready = stats{}, nil
	if err != nil {
		return err
	}
	if loaded.Torn > 0 {
		e.log.Warn("the engine cut a half-written end off its log", "file", loaded.TornFile, "dropped_bytes", loaded.Torn)
	}
	e.log.Info("the engine loaded its data", "dir", folder.Dir(), "bytes", loaded.Bytes, "commands", loaded.Commands)
	return nil
}

func (s *store) effect(db int, args [][]byte) { s.log.Command(db, args) }
func (s *store) begin()                       { s.log.Begin() }
func (s *store) end()                         { s.log.End() }

// commit gives what was recorded to the log's goroutine, and returns the position that replies have to wait for; 0 if
// they need not.
func (s *store) commit() int64 {
	s.log.Commit()
	if s.failure == "" && s.log.Policy() == journal.FsyncAlways {
		if at := s.log.Position(); at > s.log.Synced() {
			return at
		}
	}
	return 0
}

// throttle waits while more is written than the disk takes. The lock is not held.
func (s *store) throttle() {
	s.log.Throttle()
	if b := s.backlog.Load(); b != nil {
		b.Throttle()
	}
}

// synced sends the replies that waited for a position. It runs in the log's goroutine.
func (s *store) synced(position int64) {
	for _, cl := range s.held.take() {
		if cl.out.release(position) {
			s.held.add(cl)
		}
		s.e.sendTo([]*client{cl})
	}
}

// state takes note that the disk fails, or no longer. It runs in the log's goroutine.
func (s *store) state(err error, snapshot bool) {
	s.e.fromOutside(func() { s.failing(err, snapshot) })
}

func (s *store) failing(err error, snapshot bool) {
	e := s.e
	switch {
	case err == nil:
		s.failure = ""
		e.log.Info("the engine writes to its folder again", "dir", s.folder.Dir())
	case s.failure == "":
		s.failure = "MISCONF Errors writing to the AOF file: " + reason(err)
		e.log.Error("the engine cannot write to its folder and refuses writes", "dir", s.folder.Dir(), "error", err)
		// Nobody knows what becomes of the writes that were not answered: their connections end, as in a crash.
		for _, cl := range e.clients.inOrder() {
			if cl.out.holds() {
				e.disconnect(cl)
			}
		}
	}
	if snapshot && !s.saving {
		s.begun()
	}
}

// reason is an error of the system in its own words.
func reason(err error) string {
	var code syscall.Errno
	if !errors.As(err, &code) {
		return err.Error()
	}
	text := code.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// refuses returns why a command may not run while the disk fails, "" if it may.
func (s *store) refuses(cl *client, cmd *command) string {
	if s == nil || s.failure == "" {
		return ""
	}
	if cmd.flags&write != 0 || cmd.is("ping") || cmd.is("exec") && cl.multi != nil && cl.multi.writes {
		return s.failure
	}
	return ""
}

// planRewrite sets the size at which the next snapshot begins by itself.
func (s *store) planRewrite() {
	c := &s.e.config
	if c.rewritePercent == 0 {
		s.rewriteAt.Store(0)
		return
	}
	grown := max(s.base, 1) / 100 * c.rewritePercent
	s.rewriteAt.Store(max(min(c.rewriteLeast, math.MaxInt64-1)+1, s.base+grown))
}

// long reports that a log of this size is to be replaced by a snapshot.
func (s *store) long(size int64) bool {
	at := s.rewriteAt.Load()
	return at > 0 && size >= at
}

// grown begins a snapshot once the log is long. It runs in the log's goroutine.
func (s *store) grown(size int64) {
	if !s.long(size) {
		return
	}
	s.e.fromOutside(func() {
		if !s.saving {
			s.begun()
		}
	})
}

// fromOutside runs do under the lock for a goroutine that no client waits for, unless the engine has ended.
func (e *Engine) fromOutside(do func()) {
	e.mu.Lock()
	defer e.unlockAndSend()
	for e.midScript() && !e.closed {
		e.scripts.over.Wait()
	}
	if !e.closed {
		e.clock.tick()
		do()
	}
}

// end of the engine: what was recorded is given to the log, which writes it and ends. The lock is held.
func (s *store) stop() {
	s.log.Commit()
	s.log.Stop()
}
