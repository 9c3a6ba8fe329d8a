package clienttest

import (
	"bytes"
	"log/slog"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/engine"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// patience bounds a run of a client: ten times what it takes on a busy machine.
const patience = 2 * time.Minute

// serve starts an engine that ends with the test, and returns the host and port it listens on.
func serve(t *testing.T, o engine.Options) (host, port string) {
	t.Helper()
	o.Listen = "127.0.0.1:0"
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	e, err := engine.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	host, port, err = net.SplitHostPort(e.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

// tool finds a program of Redis.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		redistest.Missing(t, "redis", err.Error())
	}
	return path
}

// output runs a program to its end with the input given, and returns what it printed.
func output(t *testing.T, input string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader([]byte(input))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	limit := time.AfterFunc(patience, func() {
		if cmd.Process != nil {
			_ = cmd.Process.Kill()
		}
	})
	defer limit.Stop()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, stderr.Bytes())
	}
	return string(out)
}
