package redistest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// probeEnv lets a test of this file run that is made to be skipped or to fail.
const probeEnv = "REDISTEST_PROBE"

// probe runs one test of this binary in a machine that seems to have no
// redis-server, and returns its output, its report and whether it passed.
func probe(t *testing.T, test string, env ...string) (output, report string, passed bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report")
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.v")
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "REDISTEST_") && !strings.HasPrefix(v, "REDIS_URL=") && !strings.HasPrefix(v, "PATH=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(append(cmd.Env, probeEnv+"=1", "PATH=", "REDISTEST_REPORT="+path), env...)
	out, err := cmd.CombinedOutput()
	text, readErr := os.ReadFile(path)
	if readErr != nil && !os.IsNotExist(readErr) {
		t.Fatal(readErr)
	}
	return string(out), string(text), err == nil
}

// probed reports whether this is the process of its own that a probe is meant for, which the tests of the report start.
func probed() bool { return os.Getenv(probeEnv) != "" }

func TestProbeEach(t *testing.T) {
	if !probed() {
		return
	}
	redistest.Each(t, func(*testing.T, *redbrick.Client) {})
}

func TestProbeCap(t *testing.T) {
	if !probed() {
		return
	}
	redistest.Each(t, func(*testing.T, *redbrick.Client) {}, redistest.Processes)
}

func TestProbeLeak(t *testing.T) {
	if !probed() {
		return
	}
	go func() { select {} }()
}

func TestProbePostgres(t *testing.T) {
	if !probed() {
		return
	}
	redistest.Missing(t, "postgres", "no initdb")
}

func TestMissingBackendIsSkippedAndReported(t *testing.T) {
	t.Parallel()
	out, report, passed := probe(t, "TestProbeEach")
	if !passed || !strings.Contains(out, "SKIP: TestProbeEach/redis") || !strings.Contains(out, "PASS: TestProbeEach/embedded") {
		t.Errorf("passed %v, want embedded to pass and redis to be skipped:\n%s", passed, out)
	}
	for _, line := range []string{"ran embedded\n", "redis: ", "notracking: ", "cluster: "} {
		if !strings.Contains(report, line) {
			t.Errorf("the report has no line %q:\n%s", line, report)
		}
	}
}

func TestRequiredBackendThatIsMissingFails(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"redis", "cluster"} {
		out, _, passed := probe(t, "TestProbeEach", "REDISTEST_REQUIRE=embedded,"+name)
		if passed || !strings.Contains(out, "FAIL: TestProbeEach/"+name) || !strings.Contains(out, name+" is required") {
			t.Errorf("passed %v with %s required and missing:\n%s", passed, name, out)
		}
	}
	if out, _, passed := probe(t, "TestProbePostgres", "REDISTEST_REQUIRE=postgres"); passed {
		t.Errorf("passed with postgres required and missing:\n%s", out)
	}
}

func TestMissingCapabilityIsSkippedAndReported(t *testing.T) {
	t.Parallel()
	out, report, passed := probe(t, "TestProbeCap", "REDISTEST_REQUIRE=embedded")
	if want := "capability Processes on embedded: TestProbeCap/embedded\n"; !passed || !strings.Contains(report, want) {
		t.Errorf("passed %v, want a pass and the line %q in the report:\n%s\n%s", passed, want, report, out)
	}
}

func TestLeakedGoroutineFails(t *testing.T) {
	t.Parallel()
	out, _, passed := probe(t, "TestProbeLeak")
	if passed || !strings.Contains(out, "goroutines were left behind") {
		t.Errorf("passed %v with a leaked goroutine:\n%s", passed, out)
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		scale, full string
		n, want     int
	}{
		{"", "", 500, 500}, {"", "", 5_000, 1_000}, {"", "", 1_000_000, 100_000},
		{"0.01", "", 1_000_000, 1_000}, {"3", "", 100_000, 30_000}, {"50", "", 100_000, 100_000},
		{"", "1", 1_000_000, 1_000_000},
	} {
		t.Setenv("REDISTEST_SCALE", c.scale)
		t.Setenv("REDISTEST_FULL", c.full)
		if got := redistest.Scale(c.n); got != c.want {
			t.Errorf("Scale(%d) with scale %q, full %q = %d, want %d", c.n, c.scale, c.full, got, c.want)
		}
	}
}
