package main

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/internal/childproc"
	"go.uber.org/goleak"
)

// programEnv turns the test binary into the program.
const programEnv = "REDBRICK_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// program is a running "redbrick engine".
type program struct {
	proc *childproc.Process
	said *bufio.Scanner
	addr string
}

var ready = regexp.MustCompile(`^redbrick engine: ready at (\S+), data in`)

// start runs the program until it is ready.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	return startWith(t, nil, args...)
}

// startWith is start with more in the environment.
func startWith(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = slices.Concat(os.Environ(), []string{programEnv + "=1", "TEST_ENGINE_PASSWORD=open sesame"}, env)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = w
	proc, err := childproc.Launch(cmd, syscall.SIGKILL)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{proc: proc, said: bufio.NewScanner(r)}
	t.Cleanup(func() {
		if err := proc.Kill(); err != nil {
			t.Error(err)
		}
		r.Close()
	})
	var all []string
	for p.said.Scan() {
		all = append(all, p.said.Text())
		if m := ready.FindStringSubmatch(p.said.Text()); m != nil {
			p.addr = m[1]
			return p
		}
	}
	t.Fatalf("%q is not ready: %v\n%s", args, p.said.Err(), strings.Join(all, "\n"))
	return nil
}

// say sends a line on a connection of its own and returns the first line of the answer.
func (p *program) say(t *testing.T, lines ...string) string {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(p.addr, "/") {
		network = "unix"
	}
	conn, err := net.Dial(network, p.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	var answer string
	for _, line := range lines {
		if _, err := conn.Write([]byte(line + "\r\n")); err != nil {
			t.Fatal(err)
		}
		if answer, err = r.ReadString('\n'); err != nil {
			return err.Error()
		}
	}
	return strings.TrimSpace(answer)
}

// exit waits for the end and returns the code and what was said since ready.
func (p *program) exit(t *testing.T) (code int, said string) {
	t.Helper()
	limit := time.AfterFunc(time.Minute, func() { _ = p.proc.Kill() })
	defer limit.Stop()
	var lines []string
	for p.said.Scan() {
		lines = append(lines, p.said.Text())
	}
	err := p.proc.Wait()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return code, strings.Join(lines, "\n")
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// However it is asked to end, it ends well, and what was written is there at the next start.
func TestDataOutliveAnEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, p *program){
		"SIGTERM":  func(t *testing.T, p *program) { interrupt(t, p, syscall.SIGTERM) },
		"SIGINT":   func(t *testing.T, p *program) { interrupt(t, p, os.Interrupt) },
		"SHUTDOWN": func(t *testing.T, p *program) { p.say(t, "SHUTDOWN") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := []string{"engine", "--listen", "127.0.0.1:0", "--dir", filepath.Join(t.TempDir(), "data"), "--fsync", "no"}
			p := start(t, args...)
			for range 3 {
				p.say(t, "INCR visits")
			}
			end(t, p)
			if code, said := p.exit(t); code != 0 || said != "" {
				t.Fatalf("ended with code %d and said:\n%s", code, said)
			}
			p = start(t, args...)
			want(t, "after the restart", p.say(t, "INCR visits"), ":4")
		})
	}
}

func interrupt(t *testing.T, p *program, s os.Signal) {
	t.Helper()
	if err := p.proc.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	p := start(t, "engine", "--listen", "0.0.0.0:0", "--password-env", "TEST_ENGINE_PASSWORD")
	_, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		t.Fatal(err)
	}
	p.addr = "127.0.0.1:" + port
	want(t, "without a password", p.say(t, "PING"), "-NOAUTH Authentication required.")
	want(t, "with the password", p.say(t, `AUTH "open sesame"`, "PING"), "+PONG")
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "redbrick-*") // t.TempDir may be too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := start(t, "engine", "--listen", dir+"/s")
	want(t, "over the socket", p.say(t, "PING"), "+PONG")
}

// Go has four processors at least, for its collector not to hold up clients, unless the user says how many.
func TestProcessors(t *testing.T) {
	t.Parallel()
	for set, number := range map[string]int{"": max(4, runtime.NumCPU()), "2": 2} {
		// Without a limit of the container that the test may run in.
		p := startWith(t, []string{"GOMAXPROCS=" + set, "GODEBUG=containermaxprocs=0"}, "engine", "--listen", "127.0.0.1:0")
		has := p.say(t, `EVAL "return tonumber(string.match(redis.call('INFO', 'server'), 'go_processors:(%d+)'))" 0`)
		want(t, "processors with GOMAXPROCS="+set, has, ":"+strconv.Itoa(number))
	}
}

// A folder that another engine has is an error that names it.
func TestFolderInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, "engine", "--listen", "127.0.0.1:0", "--dir", dir)
	cmd := exec.Command(os.Args[0], "engine", "--listen", "127.0.0.1:0", "--dir", dir)
	cmd.Env = append(os.Environ(), programEnv+"=1")
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), dir) {
		t.Errorf("code %d, want 1 and the folder's name:\n%s", code, out)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "engine")
	cmd.Env = append(os.Environ(), programEnv+"=1")
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(string(out), "--listen") {
		t.Errorf("code %d, want 2:\n%s", code, out)
	}
}
