package redisproc

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/internal/testreport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// within gives a test's server calls a deadline far above what they take.
func within(t *testing.T) context.Context {
	t.Helper()
	if _, err := Find(); errors.Is(err, ErrNotFound) {
		testreport.Missing(t, "redis", err.Error())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// start starts a server that ends with the test.
func start(t *testing.T, ctx context.Context, o Options) *Server {
	t.Helper()
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// must runs a command that is expected to work.
func must(t *testing.T, ctx context.Context, s *Server, args ...string) string {
	t.Helper()
	reply, err := s.Do(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}
