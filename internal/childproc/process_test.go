//go:build unix

package childproc

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/internal/testreport"
)

// parentEnv turns the test binary into a parent that starts a child, names it
// and waits to be killed.
const parentEnv = "CHILDPROC_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentEnv) != "" {
		child := exec.Command("cat")
		if _, err := child.StdinPipe(); err != nil {
			panic(err)
		}
		p, err := Launch(child, syscall.SIGKILL)
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(strconv.Itoa(p.PID()) + "\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	goleak.VerifyTestMain(m)
}

// idle returns a command that runs until its input ends.
func idle(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("cat")
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestStopEndsAChild(t *testing.T) {
	t.Parallel()
	p, err := Launch(idle(t), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Running() {
		t.Fatal("the child is not running after Launch")
	}
	if err := p.Stop(syscall.SIGTERM, time.Minute); err != nil {
		t.Fatal(err)
	}
	if p.Running() || p.Wait() == nil {
		t.Fatalf("after Stop: running %v, wait error %v; want ended by a signal", p.Running(), p.Wait())
	}
	if err := p.Stop(syscall.SIGTERM, time.Minute); err != nil {
		t.Fatalf("second Stop: %v", err)
	}
}

func TestStopKillsAChildThatIgnoresTheSignal(t *testing.T) {
	t.Parallel()
	p, err := Launch(idle(t), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	// Window changes are ignored by default, so this stands for a deaf child.
	if err := p.Stop(syscall.SIGWINCH, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if p.Running() {
		t.Fatal("the child outlived Stop")
	}
}

func TestStopEndsAPausedChild(t *testing.T) {
	t.Parallel()
	p, err := Launch(idle(t), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(syscall.SIGTERM, time.Minute); err != nil {
		t.Fatal(err)
	}
	if p.Running() {
		t.Fatal("the paused child outlived Stop")
	}
}

func TestLaunchNamesAMissingProgram(t *testing.T) {
	t.Parallel()
	if _, err := Launch(exec.Command("/no/such/program"), syscall.SIGKILL); err == nil {
		t.Fatal("no error for a program that does not exist")
	}
}

func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		testreport.Missing(t, "linux", "only there a child gets a signal when its parent dies")
	}
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"=1")
	in, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(line[:len(line)-1])
	if err != nil {
		t.Fatal(err)
	}
	if gone(pid, 0) {
		t.Fatalf("child %d ended before its parent was killed", pid)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	if !gone(pid, 30*time.Second) {
		t.Fatalf("child %d is alive after its parent was killed", pid)
	}
}

// gone polls until no live process has the id; a zombie counts as ended.
func gone(pid int, limit time.Duration) bool {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(limit); ; <-ticker.C {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			return true
		}
		for i := len(stat) - 1; i > 0; i-- {
			if stat[i] == ')' {
				if i+2 < len(stat) && stat[i+2] == 'Z' {
					return true
				}
				break
			}
		}
		if !time.Now().Before(end) {
			return false
		}
	}
}
