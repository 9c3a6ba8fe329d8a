package redbrick_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestHealthOfAServerThatAnswers(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		h := rb.Health(t.Context())
		if !h.Healthy || h.Err != nil || h.State != redbrick.StateReady || h.Latency <= 0 {
			t.Errorf("health %+v", h)
		}
		if h.Server == "" || h.Version == "" {
			t.Errorf("health %+v, want server and version", h)
		}
		masters, err := rb.Masters(t.Context())
		want := 1
		if rb.Features().Cluster {
			want = 3
		}
		if err != nil || len(masters) != want {
			t.Fatalf("%d masters, %v; want %d", len(masters), err, want)
		}
		seen := map[string]bool{}
		for _, m := range masters {
			if err := m.Do(t.Context(), m.B().Ping().Build()).Error(); err != nil {
				t.Error(err)
			}
			id, err := m.Do(t.Context(), m.B().Arbitrary("CLUSTER", "MYID").Build()).ToString()
			if want > 1 && (err != nil || seen[id]) {
				t.Errorf("master %q, %v; want each once", id, err)
			}
			seen[id] = true
		}
	})
}

func TestHealthOfAServerThatHangsIsBoundedAndSaysWhy(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	rb := redistest.OpenURL(t, s.URL(), func(o *redbrick.Options) { o.CommandTimeout = 200 * time.Millisecond })
	s.Pause()
	within(t, "Health", func() {
		if h := rb.Health(t.Context()); h.Healthy || !errors.Is(h.Err, redbrick.ErrTimeout) {
			t.Errorf("health %+v, want ErrTimeout", h)
		}
	})
	redistest.Eventually(t, time.Minute, func() error { // until the breaker opens
		if h := rb.Health(t.Context()); h.State == redbrick.StateReady {
			return errors.New("the state is ready still")
		}
		return nil
	})
	if err := rb.Ping(t.Context()); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	s.Resume()
	redistest.Eventually(t, time.Minute, func() error { return rb.Health(t.Context()).Err })
}
