package redistest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/childproc"
)

const (
	programEnv = "REDISTEST_PROGRAM"
	placeEnv   = "REDISTEST_PLACE"
)

// Program is a part of a test that runs in a process of its own, which is the test binary
// once more. Declare it in a package variable, so that the new process knows it too.
type Program struct{ name string }

// Child is what a [Program] sees of its surroundings.
type Child struct {
	// Options opens a client at the place of the parent's: same backend, namespace and user.
	Options redbrick.Options
	// Args are those of Start.
	Args []string

	in  *bufio.Scanner
	out io.Writer
}

// Recv returns the next line that the parent sent, and io.EOF when it has closed.
func (c *Child) Recv() (string, error) {
	if !c.in.Scan() {
		if err := c.in.Err(); err != nil {
			return "", err
		}
		return "", io.EOF
	}
	return c.in.Text(), nil
}

// Send sends one line to the parent.
func (c *Child) Send(line string) error {
	_, err := io.WriteString(c.out, line+"\n")
	return err
}

// place is how the parent tells the child where to connect.
type place struct {
	URL, Namespace string
	Args           []string
}

// programs are filled by package variables, before any test or program runs.
var programs = map[string]func(ctx context.Context, c *Child) error{}

// NewProgram declares a program. Its context ends with the parent's interest in it; an error it
// returns is printed and makes the process fail. Two programs of one name are a fault of the test, and panic.
func NewProgram(name string, run func(ctx context.Context, c *Child) error) *Program {
	if _, taken := programs[name]; taken {
		panic("redistest: two programs are named " + name)
	}
	programs[name] = run
	return &Program{name}
}

// Process is a running [Program].
type Process struct {
	t    testing.TB
	proc *childproc.Process
	in   io.WriteCloser
	out  *bufio.Scanner
}

// Start runs the program at the place of rb. The backend needs the ability
// [Processes]. The process is killed at the end of the test if it still runs.
func (p *Program) Start(t testing.TB, rb *redbrick.Client, args ...string) *Process {
	t.Helper()
	s := siteOf(t, rb)
	if !s.backend.Has(Processes) {
		t.Fatalf("redistest: %s cannot be shared between processes: name the Cap Processes", s.backend.Name)
	}
	where, err := json.Marshal(place{URL: s.url(), Namespace: s.namespace, Args: args})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), programEnv+"="+p.name, placeEnv+"="+string(where))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	// A pipe of our own: that of exec.Cmd is closed when the process ends, read or not.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	proc, err := childproc.Launch(cmd, syscall.SIGKILL)
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proc.Kill(); err != nil {
			t.Error(err)
		}
		_ = r.Close()
	})
	return &Process{t: t, proc: proc, in: in, out: lines(r)}
}

// Send sends one line to the program. A program that has ended does not mind.
func (p *Process) Send(line string) {
	_, _ = io.WriteString(p.in, strings.ReplaceAll(line, "\n", " ")+"\n")
}

// Recv returns the next line that the program sent, and fails the test if it ended instead.
func (p *Process) Recv() string {
	p.t.Helper()
	if !p.out.Scan() {
		p.t.Fatalf("redistest: the program ended without the line that is expected of it: %v", p.out.Err())
	}
	return p.out.Text()
}

// Kill ends the program as a crash does.
func (p *Process) Kill() {
	p.t.Helper()
	if err := p.proc.Kill(); err != nil {
		p.t.Fatal(err)
	}
}

// Interrupt asks the program to end: its context is cancelled.
func (p *Process) Interrupt() {
	p.t.Helper()
	if err := p.proc.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
}

// Wait closes the line to the program, waits for its end, and fails the test if
// it failed or takes longer than a minute.
func (p *Process) Wait() {
	p.t.Helper()
	_ = p.in.Close()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	select {
	case <-p.proc.Done():
	case <-limit.C:
		p.t.Fatal("redistest: the program did not end within a minute")
	}
	if err := p.proc.Wait(); err != nil {
		p.t.Fatalf("redistest: the program failed: %v", err)
	}
}

// runProgram is the whole of the new process; it returns the exit code.
func runProgram(name string) int {
	run, ok := programs[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "redistest: no program is named %q; declare it in a package variable\n", name)
		return 1
	}
	var where place
	if err := json.Unmarshal([]byte(os.Getenv(placeEnv)), &where); err != nil {
		fmt.Fprintf(os.Stderr, "redistest: %s: %v\n", placeEnv, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx = Patient(ctx)
	c := &Child{
		Options: patient(redbrick.Options{URL: where.URL, Namespace: where.Namespace}),
		Args:    where.Args,
		in:      lines(os.Stdin),
		out:     os.Stdout,
	}
	if err := run(ctx, c); err != nil {
		fmt.Fprintf(os.Stderr, "redistest: program %s: %v\n", name, err)
		return 1
	}
	return 0
}

// lines splits what r brings; a line may have up to a megabyte.
func lines(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	return s
}
