package browsertest

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/redbrick-go/redbrick/apps/shopchop/service"
	"github.com/redbrick-go/redbrick/redistest"
)

// startShopChop starts Shop & Chop as a person with nothing installed does, on
// SQLite and the embedded engine with the seed data, and gives its address and the
// folder of its data. The service ends with the test.
func startShopChop(t *testing.T) (base, data string) {
	t.Helper()
	var said output
	data = t.TempDir()
	var c service.Config
	c.DataDir, c.Seed, c.Logger = data, true, slog.New(slog.NewTextHandler(&said, nil))
	// All tests come from one address, and look at more than a person does in an hour.
	c.RateLimit.Disabled, c.RateLimit.Timeout, c.AuthPerHour = true, patience, 1000
	c.Passwords.Wait = patience
	main, err := service.Start(redistest.Patient(t.Context()), c) // a browser takes all processors
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
