package childproc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// ErrUnsupported is returned by [Process.Pause] and [Process.Resume] on a
// system that has no stop and continue signals.
var ErrUnsupported = errors.New("childproc: not supported on this system")

// Process is one started child. Make it with [Launch].
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Launch starts cmd in a process group of its own and ties its life to ours.
// When the parent dies, the child gets the signal onDeath (Linux only).
// The caller's cmd.SysProcAttr is kept and added to.
func Launch(cmd *exec.Cmd, onDeath syscall.Signal) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	bind(cmd.SysProcAttr, onDeath)
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Linux ties the death signal to the thread that forked, not to the
		// process. This goroutine keeps that thread for as long as the child lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, fmt.Errorf("childproc: start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// PID returns the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed once the child has ended and was waited for.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running reports whether the child has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Wait blocks until the child has ended and returns what exec.Cmd.Wait did.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Signal sends sig to the child. A child that has ended is no error.
func (p *Process) Signal(sig os.Signal) error {
	if !p.Running() {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("childproc: signal %v to process %d: %w", sig, p.PID(), err)
	}
	return nil
}

// Stop asks the child to end with sig, waits for grace, then kills it, and
// returns after it was waited for. A paused child is continued first, for a
// stopped process does not handle a signal. Stop of an ended child does nothing.
func (p *Process) Stop(sig os.Signal, grace time.Duration) error {
	if err := p.Signal(sig); err != nil {
		return err
	}
	if err := p.Resume(); err != nil && !errors.Is(err, ErrUnsupported) {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		return p.Kill()
	}
}

// Kill ends the child at once, as a crash would, and waits for it.
func (p *Process) Kill() error {
	if err := p.Signal(os.Kill); err != nil {
		return err
	}
	<-p.done
	return nil
}
