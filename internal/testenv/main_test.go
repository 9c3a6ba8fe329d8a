//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/redbrick-go/redbrick/internal/testreport"
	"go.uber.org/goleak"
)

// launcherEnv turns the test binary into the launcher itself.
const launcherEnv = "TESTENV_LAUNCHER"

func TestMain(m *testing.M) {
	if os.Getenv(launcherEnv) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// given sets every backend's variable, so that nothing is started.
var given = []string{
	"REDISTEST_REDIS_URL=redis://given", "REDISTEST_NOTRACKING_URL=redis://given",
	"REDISTEST_CLUSTER_URL=redis+cluster://given", "TEST_DATABASE_URL=postgres://given",
	"REDISTEST_CHROMIUM=/given", "REDISTEST_NODE=/given",
}

// launcher returns a command that runs testenv with args, in an environment
// that holds nothing of ours but env.
func launcher(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"--"}, args...)...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "REDISTEST_") && !strings.HasPrefix(v, "TEST_DATABASE_URL=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(append(cmd.Env, launcherEnv+"=1", "TMPDIR="+scratch(t)), env...)
	return cmd
}

// scratch is a temporary folder that another user may pass through, as the
// system's own one is.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "testenv-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("the launcher left %v behind", left)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// finish runs the launcher and returns its output and exit code.
func finish(t *testing.T, cmd *exec.Cmd) (string, int) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestGivenVariablesAreKeptAndTheExitCodeIsTheCommands(t *testing.T) {
	t.Parallel()
	out, code := finish(t, launcher(t, given, "sh", "-c", "echo at $REDISTEST_REDIS_URL; exit 3"))
	if code != 3 || !strings.Contains(out, "at redis://given") {
		t.Errorf("exit code %d, want 3; output:\n%s", code, out)
	}
}

func TestRequiredBackendThatIsMissingFails(t *testing.T) {
	t.Parallel()
	env := append(slices.Clone(given[1:]), "PATH=/no/such/folder", testreport.RequireEnv+"=redis")
	out, code := finish(t, launcher(t, env, "/bin/sh", "-c", "exit 0"))
	if code != exitMissing || !strings.Contains(out, "NOT COVERED") || !strings.Contains(out, "redis is required") {
		t.Errorf("exit code %d, want %d and a reason; output:\n%s", code, exitMissing, out)
	}
	env[len(env)-1] = testreport.RequireEnv + "=cluster"
	if out, code := finish(t, launcher(t, env, "/bin/sh", "-c", "exit 0")); code != 0 {
		t.Errorf("exit code %d with redis missing but not required, want 0; output:\n%s", code, out)
	}
}

func TestRequiredBackendThatATestSkippedFails(t *testing.T) {
	t.Parallel()
	env := append(slices.Clone(given), testreport.RequireEnv+"=postgres")
	out, code := finish(t, launcher(t, env, "sh", "-c", `echo "postgres: no such luck" >> $REDISTEST_REPORT`))
	if code != exitMissing || !strings.Contains(out, "no such luck") {
		t.Errorf("exit code %d, want %d and the reason; output:\n%s", code, exitMissing, out)
	}
}

func TestUnknownRequirementFails(t *testing.T) {
	t.Parallel()
	env := append(slices.Clone(given), testreport.RequireEnv+"=reddis")
	if out, code := finish(t, launcher(t, env, "sh", "-c", ":")); code != exitMissing || !strings.Contains(out, `"reddis"`) {
		t.Errorf("exit code %d, want %d and the name; output:\n%s", code, exitMissing, out)
	}
}

func TestSignalReachesTheCommandAndTheReportIsStillPrinted(t *testing.T) {
	t.Parallel()
	// The child is forked before the trap is set: between fork and exec it would have the trap, and lose the signal.
	cmd := launcher(t, given, "sh", "-c", `sleep 60 & trap "exit 7" TERM; echo up; wait`)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	if line, err := r.ReadString('\n'); err != nil || line != "up\n" {
		t.Fatalf("first line %q, %v; want up", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 7 || !bytes.Contains(rest, []byte("Test backends:")) {
		t.Errorf("exit code %d, want 7 and a report; output:\n%s", code, rest)
	}
}

func TestBackendsAnswerDuringTheCommandAndAreGoneAfter(t *testing.T) {
	t.Parallel()
	cmd := launcher(t, nil, "sh", "-c", "echo $REDISTEST_REDIS_URL $REDISTEST_CLUSTER_URL $TEST_DATABASE_URL; cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var addrs []string
	for _, u := range strings.Fields(line) {
		_, hosts, _ := strings.Cut(u, "://")
		hosts = hosts[strings.LastIndex(hosts, "@")+1:]
		hosts, _, _ = strings.Cut(hosts, "/")
		addrs = append(addrs, strings.Split(hosts, ",")...)
	}
	for _, a := range addrs {
		if err := dial(a); err != nil {
			t.Errorf("during the command: %v", err)
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the launcher: %v; output:\n%s", err, report)
	}
	for _, a := range addrs {
		if dial(a) == nil {
			t.Errorf("%s still answers after the run", a)
		}
	}
}

func dial(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

func TestUsage(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run([]string{"--"}, &stdout, &stderr); code != exitUsage || !strings.Contains(stderr.String(), "usage") {
		t.Errorf("run without a command: exit code %d, %q", code, stderr.String())
	}
}

func TestSummarySaysWhatRan(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	backends := []backend{{name: "redis", detail: "here"}, {name: "cluster", reason: "no program"}}
	r := testreport.Report{Ran: []string{"redis"}, Lacking: []string{"Config on embedded: TestX"}}
	if summarise(&out, backends, r, []string{"redis"}) {
		t.Error("redis is reported as missing")
	}
	for _, want := range []string{"redis       run (here)", "cluster     NOT COVERED (no program)", "Config on embedded: TestX"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, out.String())
		}
	}
}
