package browsertest

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/redbrick-go/redbrick/apps/shopchop/service"
	"github.com/redbrick-go/redbrick/ratelimit"
)

// startShopChop starts Shop & Chop as a person with nothing installed does, on
// SQLite and the embedded engine with the seed data, and gives its address and the
// folder of its data. The service ends with the test.
func startShopChop(t *testing.T) (base, data string) {
	t.Helper()
	var said output
	data = t.TempDir()
	main, err := service.Start(t.Context(), service.Config{
		DataDir: data, Seed: true,
		// All tests come from one address, and look at more than a person does in an hour.
		RateLimit: ratelimit.Options{Disabled: true}, AuthPerHour: 1000,
		Logger: slog.New(slog.NewTextHandler(&said, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := main.Close(context.Background()); err != nil {
			t.Errorf("end the service: %v", err)
		}
		if t.Failed() {
			t.Logf("the service said:\n%s", said.String())
		}
	})
	return "http://" + main.Addr(), data
}

// output is a buffer for several writers.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}
