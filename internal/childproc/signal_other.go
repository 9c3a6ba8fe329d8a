//go:build !unix

package childproc

import "os"

// Pause is not supported here and returns [ErrUnsupported].
func (p *Process) Pause() error { return ErrUnsupported }

// Resume is not supported here and returns [ErrUnsupported].
func (p *Process) Resume() error { return ErrUnsupported }

// SignalGroup signals the child alone: there are no process groups here.
func (p *Process) SignalGroup(sig os.Signal) error { return p.Signal(sig) }
