package guard_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

// The scripts and the counters of the process do the same after any sequence of attempts, so the one stands in for the other.
func TestTheScriptsDoWhatTheProcessDoes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		g := newLogin(t, rb, guard.LoginOptions{})
		r := bricktest.Trace(t)
		const slack = 2 * time.Second // of real time, which the engine's clock has and the model's has not
		for n := 0; n < 60; {
			p := guard.Policy{Failures: 1 + r.IntN(6), Window: time.Duration(100+50*r.IntN(5)) * time.Second, FreeFailures: r.IntN(3)}
			if r.IntN(2) == 0 {
				p.Delay = 20 * time.Second
				p.MaxDelay = time.Duration(20+20*r.IntN(4)) * time.Second
			}
			now := time.Duration(0)
			twin := g.NewTwin(fmt.Sprint(r.Uint64()), p, func() time.Duration { return now })
			began := time.Now()
			whole := true
			var log []string
			for i := range 60 {
				id := fmt.Sprint("id", r.IntN(i+1))
				var redis, here int
				var err error
				switch op := r.IntN(10); {
				case op < 4:
					id = fmt.Sprint("id", i)
					log = append(log, "reserve "+id)
					var there, mine time.Duration
					there, mine, err = twin.Reserve(t.Context(), id)
					if d := there - mine; err == nil && (d > slack || d < -slack || (there > 0) != (mine > 0)) && time.Since(began) < slack {
						t.Fatalf("%+v %q: waits %v, here %v", p, log, there, mine)
					}
				case op < 7:
					what := "ffc"[op-4 : op-3]
					log = append(log, "settle "+id+" "+what)
					redis, here, err = twin.Settle(t.Context(), id, what)
				case op == 7 && r.IntN(4) == 0:
					log = append(log, "success "+id)
					redis, here, err = twin.Settle(t.Context(), id, "s")
				default:
					// Deadlines lie at multiples of 10 s from 5 s on.
					d := time.Duration(r.IntN(6)*10) * time.Second
					if i == 0 {
						d += 5 * time.Second
					}
					log = append(log, "pass "+d.String())
					now += d
					redistest.Advance(t, rb, d)
				}
				ok(t, err)
				if time.Since(began) >= slack { // the machine was slow: nobody knows what the clock said
					whole = false
					break
				}
				if redis != here {
					t.Fatalf("%+v %q: %d others, here %d", p, log, redis, here)
				}
			}
			if whole {
				n++
			}
		}
	}, redistest.Clock)
}
