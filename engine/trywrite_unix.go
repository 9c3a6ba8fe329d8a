//go:build unix

package engine

import (
	"errors"
	"syscall"
)

// socketWriter writes to a socket, which Go has made non-blocking.
type socketWriter struct {
	raw syscall.RawConn
	do  func(fd uintptr) bool // made once: a closure a write would be garbage

	p   []byte
	n   int
	err error
}

func newSocketWriter(raw syscall.RawConn) tryWriter {
	w := &socketWriter{raw: raw}
	w.do = w.once
	return w
}

func (w *socketWriter) once(fd uintptr) bool {
	for {
		w.n, w.err = syscall.Write(int(fd), w.p)
		if !errors.Is(w.err, syscall.EINTR) {
			return true
		}
	}
}

func (w *socketWriter) tryWrite(p []byte) (int, error) {
	w.p = p
	err := w.raw.Write(w.do)
	w.p = nil
	switch {
	case err != nil:
		return 0, err
	case errors.Is(w.err, syscall.EAGAIN):
		return 0, nil
	case w.err != nil:
		return 0, w.err
	}
	return w.n, nil
}
