package engine

import (
	"net"
	"slices"
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// replyMode is what CLIENT REPLY set.
type replyMode uint8

const (
	replyOn replyMode = iota
	replyOff
	replySkip // nothing for this command
	replySkipNext
)

// client is one connection, or the one that scripts call commands as. All is guarded by the engine's lock unless a
// comment says otherwise.
type client struct {
	e    *Engine
	id   int64
	conn net.Conn // nil for the client of scripts
	kind string   // "normal", "master" ... as CLIENT KILL TYPE names them
	out  output   // has a lock of its own

	addr, laddr, name, libName, libVer string
	created, seen                      int64 // microseconds since 1970
	last                               *command
	queryBytes                         int // bytes read and not yet run, for CLIENT LIST

	w       resp.Writer // replies and pushes not yet handed out
	queued  bool        // stands in e.dirty
	call    call
	db      *database
	authed  bool
	monitor bool
	noEvict bool
	noTouch bool
	script  bool // never blocks, is in no transaction
	reply   replyMode
	closing bool // ends after its replies
	gone    bool // taken out of the engine

	multi    *transaction
	watch    watching
	tracking trackingMode
	subs     subscriptions
	blocked  *waiter
	paused   bool          // waits for CLIENT UNPAUSE
	held     bool          // stands in store.held, whose lock guards it
	resume   chan struct{} // one token: blocked or paused no longer
}

// clients are the connections of an engine.
type clients struct {
	byID    map[int64]*client
	lastID  int64
	total   int64
	refused int64
	pause   pause
}

func newClients() clients { return clients{byID: map[int64]*client{}} }

// inOrder returns the clients, oldest first.
func (c *clients) inOrder() []*client {
	out := make([]*client, 0, len(c.byID))
	for _, cl := range c.byID {
		out = append(out, cl)
	}
	slices.SortFunc(out, func(a, b *client) int { return int(a.id - b.id) })
	return out
}

// newClient makes a client on database 0. The lock is held.
func (e *Engine) newClient(conn net.Conn) *client {
	e.clients.lastID++
	return &client{
		e: e, id: e.clients.lastID, conn: conn, kind: "normal", created: e.clock.us, seen: e.clock.us,
		db: e.dbs[0], authed: e.config.password == "", resume: make(chan struct{}, 1),
	}
}

// serve takes a connection over; false if the engine is closed.
func (e *Engine) serve(conn net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		conn.Close()
		return false
	}
	e.clock.tick()
	if len(e.clients.byID) >= e.config.maxClients {
		e.clients.refused++
		e.wg.Go(func() {
			_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = conn.Write([]byte("-ERR max number of clients reached\r\n"))
			conn.Close()
		})
		return true
	}
	cl := e.newClient(conn)
	cl.addr, cl.laddr = address(conn.RemoteAddr(), conn.LocalAddr())
	cl.out.init(conn)
	e.clients.byID[cl.id] = cl
	e.clients.total++
	e.wg.Go(newReader(cl).run)
	return true
}

// address names both ends as CLIENT LIST does.
func address(remote, local net.Addr) (string, string) {
	if remote.Network() == "unix" {
		return local.String() + ":0", local.String() + ":0"
	}
	if remote.Network() == "embedded" {
		return "embedded:0", "embedded:0"
	}
	return remote.String(), local.String()
}

// disconnect ends a client at once, its unsent replies are lost. It may be called twice.
func (e *Engine) disconnect(cl *client) {
	if !cl.gone {
		e.forget(cl)
		cl.out.drop()
		cl.conn.Close()
		cl.wakeUp()
	}
}

// forget takes a client out of everything that knows it.
func (e *Engine) forget(cl *client) {
	cl.gone, cl.closing = true, true
	delete(e.clients.byID, cl.id)
	cl.unwatch()
	cl.unsubscribeAll()
	cl.unblock()
	e.unpauseClient(cl)
	cl.stopMonitor()
	e.untrack(cl)
	cl.multi = nil
}

// wakeUp lets the client's goroutine go on.
func (cl *client) wakeUp() {
	select {
	case cl.resume <- struct{}{}:
	default:
	}
}

// waits reports that the client runs no commands for now.
func (cl *client) waits() bool { return cl.blocked != nil || cl.paused }

// subscriber reports whether a client of version 2 may use the commands of subscribers alone.
func (cl *client) subscriber() bool { return cl.subs.count() > 0 && !cl.w.V3 }
