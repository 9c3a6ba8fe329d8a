//go:build unix

package childproc

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Pause stops the child without ending it: its connections stay open and
// nothing answers on them.
func (p *Process) Pause() error { return p.Signal(syscall.SIGSTOP) }

// Resume continues a paused child; a running one takes no notice.
func (p *Process) Resume() error { return p.Signal(syscall.SIGCONT) }

// SignalGroup sends sig to the child and to all its descendants that stayed in
// its process group. A child that has ended is no error.
func (p *Process) SignalGroup(sig os.Signal) error {
	number, ok := sig.(syscall.Signal)
	if !ok || !p.Running() {
		return nil
	}
	if err := syscall.Kill(-p.PID(), number); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("childproc: signal %v to group %d: %w", sig, p.PID(), err)
	}
	return nil
}
