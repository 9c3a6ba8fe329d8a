package pgproc

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/internal/testreport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServerTakesSessionsAndStops(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context())
	if errors.Is(err, ErrNotFound) {
		testreport.Missing(t, "postgres", err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if !strings.HasPrefix(s.URL(), "postgres://postgres@127.0.0.1:") || !strings.Contains(s.Version(), "PostgreSQL") {
		t.Errorf("URL %q, version %q", s.URL(), s.Version())
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if s.proc.Running() {
		t.Error("the server runs after Stop")
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of a stopped server is still there: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := Start(ctx); err == nil {
		t.Errorf("Start with an ended context gave a server at %s", s.URL())
	}
}
