//go:build !unix

package childproc

// Pause is not supported here and returns [ErrUnsupported].
func (p *Process) Pause() error { return ErrUnsupported }

// Resume is not supported here and returns [ErrUnsupported].
func (p *Process) Resume() error { return ErrUnsupported }
