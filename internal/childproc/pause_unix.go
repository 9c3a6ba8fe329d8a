//go:build unix

package childproc

import "syscall"

// Pause stops the child without ending it: its connections stay open and
// nothing answers on them.
func (p *Process) Pause() error { return p.Signal(syscall.SIGSTOP) }

// Resume continues a paused child; a running one takes no notice.
func (p *Process) Resume() error { return p.Signal(syscall.SIGCONT) }
