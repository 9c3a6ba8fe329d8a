package redbrick

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/script"
)

// Lane is a way to Redis with a deadline of its own. Every call on it ends within the deadline, by the server's reply,
// by ErrTimeout, or by ErrUnavailable; at once, and without touching the network, while the breaker is open.
// A call that ends early never costs the connection that others share.
type Lane struct {
	c       *Client
	name    string
	timeout time.Duration
	// gradual lanes have their reads let through by growing shares after an outage.
	gradual bool
	// bulk lanes carry replies that may take longer than the deadline though the server is well.
	bulk  bool
	wheel wheel
	// pick chooses the connection of the lane.
	pick func(context.Context, *conns) (rueidis.Client, error)
	// node is the one server of a lane that Masters gave; such a lane goes past the breaker.
	node rueidis.Client
}

var (
	errNotConnected error = unsent("not connected yet")
	errBreakerOpen  error = unsent("the breaker is open")
	errClosed             = fmt.Errorf("%w: the client is closed", ErrUnavailable)
)

// unsent is an ErrUnavailable of a call that was refused before anything was sent.
type unsent string

func (u unsent) Error() string { return ErrUnavailable.Error() + ": " + string(u) }

func (unsent) Is(target error) bool { return target == ErrUnavailable || target == script.ErrNotSent }

// Bulk is this lane for replies that may be large. A call on it has the same deadline, but one that meets it does not count
// as a failure of the server, which may be busy sending: the server is asked for something small instead, and the breaker
// opens where that is not answered either.
func (l *Lane) Bulk() *Lane {
	return &Lane{c: l.c, name: l.name, timeout: l.timeout, gradual: l.gradual, bulk: true, pick: l.pick, node: l.node}
}

// B starts a command.
func (l *Lane) B() rueidis.Builder {
	if l.node != nil {
		return l.node.B()
	}
	return l.c.B()
}

// Do sends one command. The command must not be used again.
func (l *Lane) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	cn, slot, err := l.enter(cmd)
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	began := l.began()
	s := l.deadline(ctx)
	r := l.send(s.call, cn, cmd)
	s.end(!lost(r))
	var fault error
	if r.Error() != nil {
		r, fault = l.judge(ctx, cn, r, s.given)
	}
	l.report(slot, fault)
	l.observe(began, 1, fault)
	return r
}

// DoMulti sends several commands in one pipeline and returns a result for each, in order. On Cluster they may go to
// several servers.
func (l *Lane) DoMulti(ctx context.Context, cmds ...rueidis.Completed) []rueidis.RedisResult {
	if len(cmds) == 0 {
		return nil
	}
	var few [8]uint16 // most pipelines are short
	slots := few[:]
	if len(cmds) > len(few) {
		slots = make([]uint16, len(cmds))
	}
	var cn *conns
	var refused []error
	send := cmds
	for i, cmd := range cmds {
		one, slot, err := l.enter(cmd)
		slots[i] = slot
		if err != nil {
			if refused == nil {
				refused = make([]error, len(cmds))
				send = append([]rueidis.Completed(nil), cmds[:i]...)
			}
			refused[i] = err
			continue
		}
		cn = one
		if refused != nil {
			send = append(send, cmd)
		}
	}
	var results []rueidis.RedisResult
	began := l.began()
	var fault error
	var s span
	if len(send) > 0 {
		s = l.deadline(ctx)
		results = l.sendMulti(s.call, cn, send)
		s.end(s.leave == nil || !slices.ContainsFunc(results, lost))
	}
	if refused != nil {
		all := make([]rueidis.RedisResult, len(cmds))
		next := 0
		for i := range all {
			if refused[i] != nil {
				all[i] = rueidis.NewErrorResult(refused[i])
				continue
			}
			all[i] = results[next]
			next++
		}
		results = all
	}
	var blamed *cell
	for i := range results {
		if refused != nil && refused[i] != nil {
			continue
		}
		var f error
		if results[i].Error() != nil {
			results[i], f = l.judge(ctx, cn, results[i], s.given)
		}
		// A pipeline that is lost is one failure of each cell it went to, however long it was.
		if cell := l.c.breaker.cell(slots[i]); f == nil || cell != blamed {
			l.report(slots[i], f)
			if f != nil {
				fault, blamed = f, cell
			}
		}
	}
	l.observe(began, len(cmds), fault)
	return results
}

func (l *Lane) send(ctx context.Context, cn *conns, cmd rueidis.Completed) rueidis.RedisResult {
	wire, err := l.wire(ctx, cn)
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	var r rueidis.RedisResult
	if l.c.greeting.Load() == 0 { // as do would, with less on the stack of every waiting caller
		r = bare(wire).Do(ctx, cmd)
	} else {
		r = l.c.do(ctx, wire, cmd)
	}
	if lost(r) {
		return l.again(ctx, wire, cmd, r)
	}
	return r
}

// again repeats a read as long as there is an heir to ask.
func (l *Lane) again(ctx context.Context, asked rueidis.Client, cmd rueidis.Completed, r rueidis.RedisResult) rueidis.RedisResult {
	for next := l.heir(ctx, asked, cmd, r); next != nil; next = l.heir(ctx, asked, cmd, r) {
		r, asked = l.c.do(ctx, next, cmd), next
	}
	return r
}

// heir is whom to ask again where a read has no answer because the connection it went to was replaced, and closed,
// meanwhile: by that of more near caches, or of a new primary. Otherwise it is nil.
func (l *Lane) heir(ctx context.Context, asked rueidis.Client, cmd rueidis.Completed, r rueidis.RedisResult) rueidis.Client {
	if r.NonRedisError() == nil || l.node != nil || !cmd.IsReadOnly() || ctx.Err() != nil {
		return nil
	}
	cn := l.c.conns.Load()
	if cn == nil {
		return nil
	}
	if now, err := l.wire(ctx, cn); err == nil && now != asked {
		return now
	}
	return nil
}

func (l *Lane) sendMulti(ctx context.Context, cn *conns, cmds []rueidis.Completed) []rueidis.RedisResult {
	wire, err := l.wire(ctx, cn)
	if err != nil {
		results := make([]rueidis.RedisResult, len(cmds))
		for i := range results {
			results[i] = rueidis.NewErrorResult(err)
		}
		return results
	}
	results := l.c.doMulti(ctx, wire, cmds)
	for i, cmd := range cmds {
		if lost(results[i]) {
			results[i] = l.again(ctx, wire, cmd, results[i])
		}
	}
	return results
}

func (l *Lane) wire(ctx context.Context, cn *conns) (rueidis.Client, error) {
	if l.node != nil {
		return l.node, nil
	}
	return l.pick(ctx, cn)
}

func (l *Lane) report(slot uint16, fault error) {
	switch {
	case l.node != nil:
	case l.bulk && errors.Is(fault, ErrTimeout):
		l.c.doubt(slot)
	default:
		l.c.breaker.report(slot, fault)
	}
}

// enter finds the connection for a command and asks the breaker.
func (l *Lane) enter(cmd rueidis.Completed) (*conns, uint16, error) {
	cn := l.c.conns.Load()
	slot := cmd.Slot()
	if l.node != nil && cn != nil {
		return cn, slot, nil
	}
	if cn == nil {
		if l.c.closed.Load() {
			return nil, slot, errClosed
		}
		return nil, slot, errNotConnected
	}
	if l.c.cluster && slot&builtOffline != 0 {
		return nil, slot, errNotConnected
	}
	slot &^= builtOffline
	if !l.c.breaker.allow(slot, l.gradual && cmd.IsReadOnly()) {
		return nil, slot, errBreakerOpen
	}
	return cn, slot, nil
}

// span is how long a call may last.
type span struct {
	call  context.Context //nolint:containedctx // what the call is made under
	given time.Duration   // what the caller's own deadline leaves the server for the answer, where it is the sooner one
	stop  func()          // what is left of it is to be ended, if not nil
	leave *leaving        // likewise
}

// deadline gives the call its end. The caller's context is used as it is where it ends sooner.
func (l *Lane) deadline(ctx context.Context) span {
	if l.timeout <= 0 { // closing the connection does not end a call that waits on the server
		ctx, cancel := context.WithCancel(ctx)
		stop := context.AfterFunc(l.c.life, cancel)
		return span{call: ctx, stop: func() {
			stop()
			cancel()
		}}
	}
	if ctx.Done() == nil {
		return span{call: l.wheel.context(l.timeout)}
	}
	if d, ok := ctx.Deadline(); ok {
		if left := time.Until(d); left <= l.timeout+2*leavingTick { // as long as a lane's own deadline may take
			return span{call: ctx, given: left}
		}
	}
	if l.c.options.Client != nil { // one that may heed a deadline alone, and hand the context on to whoever keeps it
		call, cancel := context.WithTimeout(ctx, l.timeout)
		return span{call: call, stop: cancel}
	}
	leave := l.c.leavings.enter(ctx, l.timeout)
	return span{call: leave, leave: leave}
}

// end is called when the call has returned; clean is false where something of it may go on.
func (s *span) end(clean bool) {
	if s.leave != nil {
		s.leave.exit(clean)
	}
	if s.stop != nil {
		s.stop()
	}
}

// lost reports whether there is no reply.
func lost(r rueidis.RedisResult) bool { return r.NonRedisError() != nil }

// enough is how long a caller has to wait for an answer to know that the server, not he, is to blame.
const enough = 50 * time.Millisecond

// judge translates what went wrong and tells the breaker's view of it: nil for every reply of a server that works, also
// for an error reply, and for a caller who went away, unless his own deadline had given the server enough time.
func (l *Lane) judge(ctx context.Context, cn *conns, r rueidis.RedisResult, given time.Duration) (rueidis.RedisResult, error) {
	err := r.Error()
	if err == nil || rueidis.IsRedisNil(err) {
		return r, nil
	}
	if re, ok := rueidis.IsRedisErr(err); ok {
		text := re.Error()
		switch {
		case re.IsLoading(), re.IsClusterDown(), strings.HasPrefix(text, "MASTERDOWN"):
			err = fmt.Errorf("%w: %w", ErrUnavailable, re)
			return rueidis.NewErrorResult(err), err
		case strings.HasPrefix(text, "TRYAGAIN"): // the slot is being moved: of its keys some are here, some there
			return rueidis.NewErrorResult(fmt.Errorf("%w: %w", ErrUnavailable, re)), nil
		case strings.HasPrefix(text, "READONLY"):
			// The name we dialled now leads to a replica: dial again to find the primary.
			l.c.redial(cn)
			err = fmt.Errorf("%w: %w", ErrUnavailable, re)
			return rueidis.NewErrorResult(err), nil
		}
		return r, nil
	}
	gone := ended(ctx)
	switch {
	case given >= enough && errors.Is(gone, context.DeadlineExceeded):
		return rueidis.NewErrorResult(gone), fmt.Errorf("%w: no reply within %v: %w", ErrTimeout, given, ErrUnavailable)
	case gone != nil:
		return rueidis.NewErrorResult(gone), nil // no fault of the server: the result carries it
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%w: no reply within %v: %w", ErrTimeout, l.timeout, ErrUnavailable)
	case l.c.life.Err() != nil:
		return rueidis.NewErrorResult(errClosed), nil //nolint:nilerr // a closed client is no failure of the server
	default:
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return rueidis.NewErrorResult(err), err
}

// ended is the error of a context that is over, also in the moment before its timer says so: the deadline that was set
// on a connection from it may strike first.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
		return context.DeadlineExceeded
	}
	return nil
}

func (l *Lane) began() time.Time {
	if l.c.options.Observer.Command == nil {
		return time.Time{}
	}
	return time.Now()
}

func (l *Lane) observe(began time.Time, commands int, err error) {
	if f := l.c.options.Observer.Command; f != nil {
		f(CommandEvent{Lane: l.name, Commands: commands, Duration: time.Since(began), Err: err})
	}
}
