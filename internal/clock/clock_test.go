package clock_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/internal/clock"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestCoarseClockFollowsTheExactOneAndNeverLeads(t *testing.T) {
	t.Parallel()
	c := clock.NewCoarse()
	defer c.Stop()
	var last, most time.Duration
	for c.Exact() < 300*time.Millisecond {
		now := c.Now()
		exact := c.Exact()
		if now > exact {
			t.Fatalf("%v is ahead of %v", now, exact)
		}
		if now < last {
			t.Fatalf("went back from %v to %v", last, now)
		}
		last, most = now, max(most, exact-now)
	}
	if last == 0 {
		t.Error("the clock does not move")
	}
	t.Logf("lagged by up to %v, tick %v", most, clock.Tick)
}

func TestStoppedClockStandsStill(t *testing.T) {
	t.Parallel()
	c := clock.NewCoarse()
	c.Stop()
	c.Stop()
	at := c.Now()
	redistest.Eventually(t, time.Minute, func() error {
		if c.Now() != at {
			t.Errorf("moved from %v to %v", at, c.Now())
		}
		if now := c.Exact(); now < at+10*clock.Tick {
			return fmt.Errorf("only %v since the start", now)
		}
		return nil
	})
}
