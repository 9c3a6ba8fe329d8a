package lock_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/lock"
	"github.com/redbrick-go/redbrick/redistest"
)

// Times of the model lie a second and more apart, so that within slack the model and the server tell the same time.
const (
	modelTTL   = 40 * time.Second
	modelBeat  = 5 * time.Second
	modelStep  = 7 * time.Second
	modelAlive = 3 * modelBeat
	modelQueue = time.Minute
	slack      = 900 * time.Millisecond
)

// model is a lock in Go. Its clock moves in steps.
type model struct {
	now     time.Duration
	holder  string
	until   time.Duration
	queue   []string
	alive   map[string]time.Duration
	touched time.Duration // when the queue was last asked for a place in
}

func (m *model) advance(d time.Duration) {
	m.now += d
	if m.now >= m.until {
		m.holder = ""
	}
	if m.now >= m.touched+modelQueue {
		m.queue, m.alive = nil, map[string]time.Duration{}
	}
}

// prune drops the dead, and of those whose sign of life was lost the first ones, but for the caller.
func (m *model) prune(caller string) {
	m.queue = slices.DeleteFunc(m.queue, func(c string) bool {
		until, known := m.alive[c]
		return known && m.now >= until
	})
	for len(m.queue) > 0 && m.queue[0] != caller {
		if _, known := m.alive[m.queue[0]]; known {
			break
		}
		m.queue = m.queue[1:]
	}
}

// acquire reports whether the caller has the lock then. Who waits stands in the queue.
func (m *model) acquire(c string, waits bool) bool {
	switch {
	case m.holder == c:
		m.until = m.now + modelTTL
		return true
	case m.holder != "" && !waits:
		return false
	}
	m.prune(c)
	if m.holder == "" && (len(m.queue) == 0 || m.queue[0] == c) {
		m.queue = slices.DeleteFunc(m.queue, func(o string) bool { return o == c })
		m.holder, m.until = c, m.now+modelTTL
		return true
	}
	if waits {
		if !slices.Contains(m.queue, c) {
			m.queue = append(m.queue, c)
		}
		m.alive[c], m.touched = m.now+modelAlive, m.now
	}
	return false
}

func (m *model) renew(c string) bool {
	if m.holder != c {
		return false
	}
	m.until = m.now + modelTTL
	return true
}

func (m *model) release(c string, queued bool) bool {
	held := m.holder == c
	if held {
		m.holder = ""
	}
	if queued {
		m.queue = slices.DeleteFunc(m.queue, func(o string) bool { return o == c })
	}
	if m.holder == "" {
		m.prune("")
	}
	return held
}

// Random interleavings of callers that acquire, wait, renew, release, hang and die, of a clock that jumps and of keys that are
// lost: the scripts do what the model does, and no token that a holder gets is below one that was given before. So a store
// that refuses lower tokens never takes a write of a former holder after one of a later.
func TestTheScriptsDoWhatTheModelDoes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		traces(t, rb, 60, func(d time.Duration) { redistest.Advance(t, rb, d) })
	}, redistest.Clock)
}

func TestTheScriptsDoWhatTheModelDoesOnServers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) { traces(t, rb, 10, nil) }, redistest.Processes)
}

func traces(t *testing.T, rb *redbrick.Client, n int, advance func(time.Duration)) {
	l := newLocker(t, rb, lock.Options{})
	r := bricktest.Trace(t)
	// A busy machine cuts traces short, and has to play more of them.
	const whole = 60
	for steps := 0; steps < n*whole; {
		name := fmt.Sprint("lock", r.Uint64())
		m := &model{alive: map[string]time.Duration{}}
		began := time.Now()
		var given int64
		fences := map[string]int64{} // what each caller holds, or believes to
		var store store
		var log []string
		for range whole {
			c := fmt.Sprint("caller", r.IntN(4))
			var got, want any
			var err error
			what := ""
			switch op := r.IntN(12); {
			case op < 5:
				waits := op < 3
				what = fmt.Sprintf("%s acquires, waits %v", c, waits)
				beat := time.Duration(0)
				if waits {
					beat = modelBeat
				}
				was := m.holder == c
				want = m.acquire(c, waits)
				var reply int64
				reply, err = l.RunAcquire(t.Context(), name, c, modelTTL, beat)
				got = reply > 0
				switch {
				case reply > 0 && was && fences[c] != 0 && reply < fences[c], reply > 0 && !was && reply <= given:
					t.Fatalf("%q: token %d after %d", append(log, what), reply, given)
				case reply > 0:
					given = max(given, reply)
					fences[c] = reply
				case !waits && reply != 0, waits && (reply >= 0 || reply < -modelBeat.Milliseconds()):
					t.Fatalf("%q: reply %d", append(log, what), reply)
				}
			case op == 5:
				what = c + " renews"
				want = m.renew(c)
				var reply int64
				reply, err = l.RunRenew(t.Context(), name, c, modelTTL)
				got = reply == 1
			case op < 8:
				queued := op == 6
				what = fmt.Sprintf("%s releases, queued %v", c, queued)
				want = m.release(c, queued)
				var reply int64
				reply, err = l.RunRelease(t.Context(), name, c, queued)
				got = reply == 1
			case op == 8: // the store is written to by whoever held the lock once
				if f := fences[c]; f != 0 && m.holder != c && fences[m.holder] > f && store.write(fences[m.holder]) && store.write(f) {
					t.Fatalf("%q: the store takes %d after %d", log, f, fences[m.holder])
				}
				continue
			case op == 9 && r.IntN(2) == 0:
				what = "the counter is lost"
				err = rb.Do(t.Context(), rb.B().Del().Key(rb.Namespace()+"lock:{"+name+"}:fence").Build()).Error()
			case op == 9:
				what = "the signs of life are lost"
				clear(m.alive)
				err = rb.Do(t.Context(), rb.B().Del().Key(rb.Namespace()+"lock:{"+name+"}:alive").Build()).Error()
			case advance != nil:
				d := time.Duration(r.IntN(4)) * modelStep
				what = "time passes: " + d.String()
				advance(d)
				m.advance(d)
			}
			took := time.Since(began)
			ok(t, err)
			log = append(log, what)
			if took > slack { // the machine was slow: nobody knows what the clock said
				break
			}
			steps++
			if got != want {
				t.Fatalf("%q: got %v, the model says %v", log, got, want)
			}
		}
	}
}
