package redbrick_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestLayoutRefusesAnOlderProgramByName(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		if err := rb.UseLayout("queue", 1, 1); err != nil {
			t.Fatal(err)
		}
		// The next release writes layout 2, which a program of layout 1 still reads.
		next := redistest.Another(t, rb)
		if err := next.UseLayout("queue", 2, 1); err != nil {
			t.Fatal(err)
		}
		again := redistest.Another(t, rb)
		if err := again.UseLayout("queue", 1, 1); err != nil {
			t.Errorf("a neighbouring release is refused: %v", err)
		}
		after := redistest.Another(t, rb)
		if err := after.UseLayout("queue", 3, 2); err != nil {
			t.Fatal(err)
		}
		old := redistest.Another(t, rb)
		err := old.UseLayout("queue", 1, 1)
		if !errors.Is(err, redbrick.ErrConfig) {
			t.Fatalf("got %v, want ErrConfig", err)
		}
		for _, want := range []string{"queue", "2", "1"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not name %q", err, want)
			}
		}
		if err := old.UseLayout("topic", 1, 1); err != nil {
			t.Errorf("another brick is refused too: %v", err)
		}
		if err := redistest.Another(t, rb).UseLayout("queue", 2, 1); err != nil {
			t.Errorf("a program of the lowest reader is refused: %v", err)
		}
		stored, err := rb.Do(ctx, rb.B().Hget().Key(rb.Namespace()+"~layout").Field("queue").Build()).ToString()
		if err != nil || stored != "3:2" {
			t.Errorf("stored is %q, %v; want 3:2: an older writer does not lower it", stored, err)
		}
	})
}

func TestABrickThatWasRefusedIsCheckedAgain(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		set := rb.B().Hset().Key(rb.Namespace()+"~layout").FieldValue().FieldValue("queue", "2:2").Build()
		if err := rb.Do(t.Context(), set).Error(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := rb.UseLayout("queue", 1, 1); !errors.Is(err, redbrick.ErrConfig) {
				t.Errorf("got %v, want ErrConfig", err)
			}
		}
	})
}

// TestALayoutThatIsAnsweredWithAnErrorTakesNothingAway: the server is there, so the rest goes on, also after it was away.
func TestALayoutThatIsAnsweredWithAnErrorTakesNothingAway(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		key := rb.Namespace() + "~layout"
		if err := rb.Do(t.Context(), rb.B().Set().Key(key).Value("no hash").Build()).Error(); err != nil {
			t.Fatal(err)
		}
		if err := rb.UseLayout("queue", 1, 1); err != nil {
			t.Errorf("got %v, want a word in the log", err)
		}
		if err := rb.Do(t.Context(), rb.B().Get().Key(key).Build()).Error(); err != nil {
			t.Errorf("got %v of a server that answers", err)
		}
		redbrick.Trip(rb)
		redistest.Eventually(t, time.Minute, func() error { return rb.Do(t.Context(), rb.B().Get().Key(key).Build()).Error() })
	})
}

// TestACellIsRecoveredUnderTheLockOfTheLayouts: a brick that comes after the check finds the server back, and checks itself.
func TestACellIsRecoveredUnderTheLockOfTheLayouts(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	if !redbrick.RecoversWithItsCheck(rb) {
		t.Error("the cell is open after its layouts were checked")
	}
}

// TestAServerThatLeavesALayoutUncheckedIsWaitedForOnce, not by each brick; when it answers again the check is made, and who is refused then
// does not come up.
func TestAServerThatLeavesALayoutUncheckedIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	refused := make(chan struct{})
	refuse := sync.OnceFunc(func() { close(refused) })
	const patience = 5 * time.Second
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), func(o *redbrick.Options) {
		o.ConnectTimeout = patience
		o.OnState = func(e redbrick.StateEvent) {
			if errors.Is(e.Err, redbrick.ErrConfig) {
				refuse()
			}
		}
	})
	server.Do("HSET", rb.Namespace()+"~layout", "queue", "2:2")
	proxy.Blackhole(true)
	began := time.Now()
	for _, brick := range []string{"cache", "session", "queue", "lock", "guard", "token", "ratelimit", "topic", "collection", "httpcache"} {
		if err := rb.UseLayout(brick, 1, 1); err != nil {
			t.Errorf("%s: %v", brick, err)
		}
	}
	if took := time.Since(began); took > 5*patience {
		t.Errorf("ten bricks waited %v for one server, want one to wait %v", took, patience)
	}
	proxy.Heal()
	select {
	case <-refused:
	case <-time.After(time.Minute):
		t.Fatal("nobody says that the client is refused")
	}
	if err := rb.Do(t.Context(), rb.B().Ping().Build()).Error(); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("got %v of a client that was refused, want ErrUnavailable", err)
	}
}
