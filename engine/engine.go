package engine

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/pipe"
)

// databases is how many numbered databases there are.
const databases = 16

// Engine is a Redis engine in this process. Its methods may be called from several goroutines.
type Engine struct {
	log      *slog.Logger
	listener net.Listener // nil without Options.Listen
	runID    string
	started  time.Time

	stop chan struct{}
	kick chan struct{} // the loop has to look at its plan again
	wg   sync.WaitGroup

	// Everything below is guarded by mu, which is held while commands run and never while bytes move.
	mu         sync.Mutex
	closed     bool
	clock      clock
	timers     timers
	commands   map[string]*command
	dbs        [databases]*database
	config     config
	stats      stats
	clients    clients
	running    *call // of a connection, that runs now; of a script the call that began it
	tracking   tracking
	eviction   eviction
	unmeasured []place // keys whose size changes with the command that runs
	peak       int64   // of used memory, when INFO last looked
	pubsub     pubsub
	blocking   blocking
	scripts    scripts
	slowlog    slowlog
	latency    latency
	monitors   []*client
	dirty      []*client // clients with replies that nobody has handed out yet
	recorder   recorder  // takes the effects of writes; nil if nobody wants them
	words      [][]byte  // of the effect that is recorded
	store      *store    // keeps the data in a folder; nil without Options.Dir
	snapshots  uint8     // number of the last snapshot that began
	// replaying is set while effects are run again: nothing expires, as the effects say what did.
	replaying  bool
	lazyOnly   bool // DEBUG SET-ACTIVE-EXPIRE 0
	noTracking bool // Options.NoTracking
	grouped    int  // depth of effect groups: EXEC, scripts
}

// Open starts an engine, with the data of Options.Dir if that is given. Close ends it. Errors about o wrap [ErrOptions];
// others say why the address cannot be listened on or the folder cannot be used: [ErrLocked], [ErrNewer], or what is
// damaged where.
func Open(o Options) (*Engine, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var id [20]byte
	rand.Read(id[:])
	e := &Engine{
		log: o.Logger, runID: hex.EncodeToString(id[:]), started: time.Now(),
		stop: make(chan struct{}), kick: make(chan struct{}, 1),
		commands: commandTable(), config: defaultConfig(), clients: newClients(), pubsub: newPubSub(),
	}
	e.config.password, e.noTracking = o.Password, o.NoTracking
	e.config.maxMemory = o.MaxMemory
	if o.MaxMemoryPolicy != "" {
		e.config.policy = o.MaxMemoryPolicy
	}
	e.scripts.over.L = &e.mu
	e.clock.tick()
	e.clock.planned = math.MaxInt64
	for i := range e.dbs {
		e.dbs[i] = &database{e: e, id: i}
	}
	if o.Dir != "" {
		if err := e.openStore(o); err != nil {
			return nil, err
		}
		e.wg.Go(e.store.log.Run)
	}
	if o.Listen != "" {
		if o.network() == "unix" {
			removeDeadSocket(o.Listen)
		}
		l, err := (&net.ListenConfig{}).Listen(context.Background(), o.network(), o.Listen)
		if err != nil {
			_ = e.Close() // the other error is the news
			return nil, fmt.Errorf("engine: listen: %w", err)
		}
		e.listener = l
		e.wg.Go(e.accept)
	}
	e.wg.Go(e.loop)
	return e, nil
}

// removeDeadSocket makes way for a new socket where a process that is gone has left its own.
func removeDeadSocket(path string) {
	if info, err := os.Stat(path); err != nil || info.Mode()&os.ModeSocket == 0 {
		return
	}
	if c, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "unix", path); err == nil {
		c.Close()
		return
	}
	os.Remove(path)
}

// Addr returns the address listened on, nil without Options.Listen.
func (e *Engine) Addr() net.Addr {
	if e.listener == nil {
		return nil
	}
	return e.listener.Addr()
}

// Dial connects to the engine. It has the shape of rueidis.ClientOption.DialCtxFn; address, dialer and TLS have no
// meaning here. After Close it fails with ErrClosed.
func (e *Engine) Dial(ctx context.Context, _ string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	client, server := pipe.New()
	if !e.serve(server) {
		return nil, fmt.Errorf("%w: %w", ErrClosed, net.ErrClosed)
	}
	return client, nil
}

// accept serves those who connect to the listener until it is closed.
func (e *Engine) accept() {
	for {
		conn, err := e.listener.Accept()
		if err == nil {
			e.serve(conn)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Out of file descriptors, most likely: others have to go before the next one can come.
		e.log.Warn("the engine could not accept a connection", "error", err)
		pause := time.NewTimer(100 * time.Millisecond)
		select {
		case <-e.stop:
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

// Advance moves the engine's clock forward, for tests. When it returns, keys whose time is over are gone and blocking
// commands whose timeout has passed are answered.
func (e *Engine) Advance(d time.Duration) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return
	}
	e.wg.Add(1) // so that Close waits for what is sent below
	defer e.wg.Done()
	e.clock.advance(d)
	for e.cron() == 0 {
	}
	e.wake()
	e.unlockAndSend()
}

// Done is closed when the engine ends, by Close or by the SHUTDOWN command. Close is to be called in either case.
func (e *Engine) Done() <-chan struct{} { return e.stop }

// Close cuts all connections and waits for their goroutines, and until all that was written is on disk if there is a
// folder; the error is why the disk did not take it. A second call does nothing.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.shutDown()
	e.mu.Unlock()
	e.wg.Wait()
	if e.store == nil {
		return nil
	}
	err := e.store.folder.Close()
	if lost := e.store.log.Err(); lost != nil {
		err = fmt.Errorf("engine: what was written last is not on disk: %w", lost)
	}
	return err
}

// shutDown ends what runs, without waiting for it. The lock is held.
func (e *Engine) shutDown() {
	if e.closed {
		return
	}
	e.closed = true
	close(e.stop)
	if e.listener != nil {
		e.listener.Close()
	}
	for _, cl := range e.clients.inOrder() {
		e.disconnect(cl)
	}
	if e.store != nil {
		e.store.stop()
	}
}
