package program_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/program"
)

// programEnv turns the test binary into a program that says how many processors Go has and ends.
const programEnv = "PROGRAM_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		s := program.Spec{Name: "counts", Start: func(context.Context, program.Config) (program.Service, error) {
			return nil, errors.New("processors: " + strconv.Itoa(runtime.GOMAXPROCS(0)))
		}}
		os.Exit(s.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, os.Exit))
	}
	goleak.VerifyTestMain(m)
}

// With the engine in the process Go has four processors at least, unless the user says how many; without it the number
// is Go's.
func TestProcessorsOfAProgram(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set, redis string
		want       int
	}{
		{"", "", max(4, runtime.NumCPU())},
		{"", "embedded:", max(4, runtime.NumCPU())},
		{"", "redis://127.0.0.1:1", runtime.NumCPU()},
		{"2", "", 2},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Dir = t.TempDir()
		// Without a limit of the container that the test may run in.
		cmd.Env = []string{programEnv + "=1", "DATA_DIR=" + cmd.Dir, "GODEBUG=containermaxprocs=0", "GOMAXPROCS=" + c.set, "REDIS_URL=" + c.redis}
		out, err := cmd.CombinedOutput()
		if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 || strings.TrimSpace(string(out)) != "counts: processors: "+strconv.Itoa(c.want) {
			t.Errorf("GOMAXPROCS=%q with Redis %q, want %d: %v\n%s", c.set, c.redis, c.want, err, out)
		}
	}
}
