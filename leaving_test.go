package redbrick_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// What calls of callers who may leave are made under serves one call after another: nobody may get the end of somebody else's.
func TestCallersWhoLeaveEndNobodyElsesCall(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	rb := redistest.OpenURL(t, s.URL(), func(o *redbrick.Options) { o.CommandTimeout = time.Minute })
	key := rb.Namespace() + "k"
	if err := put(t.Context(), &rb.Lane, key, "v"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.Pause()
		gone, leave := context.WithCancel(t.Context())
		var leavers sync.WaitGroup
		for range 64 {
			leavers.Go(func() {
				if err := get(gone, &rb.Lane, key); !errors.Is(err, context.Canceled) {
					t.Errorf("a caller who left: got %v, want context.Canceled", err)
				}
			})
		}
		time.AfterFunc(short/10, leave)
		within(t, "those who leave", leavers.Wait)
		leave()
		s.Resume()
		var stayers sync.WaitGroup
		for range 64 {
			stayers.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for range 50 {
					if v, err := rb.Do(ctx, rb.B().Get().Key(key).Build()).ToString(); v != "v" || err != nil {
						t.Errorf("a caller who stayed: got %q, %v", v, err)
						return
					}
				}
			})
		}
		stayers.Wait()
	}
}

func TestNobodyIsLookedForWhereNobodyCalls(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	rb := redistest.OpenURL(t, s.URL(), func(o *redbrick.Options) { o.HotTimeout = short })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	key := rb.Namespace() + "k"
	if err := put(ctx, &rb.Lane, key, "v"); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, time.Minute, func() error {
		if rb.LooksAfterCallers() {
			return errors.New("the client looks for callers who left though nobody calls")
		}
		return nil
	})
	s.Pause()
	defer s.Resume()
	within(t, "the next call", func() {
		if err := get(ctx, rb.Hot(), key); !errors.Is(err, redbrick.ErrTimeout) {
			t.Errorf("got %v, want ErrTimeout", err)
		}
	})
}
