package engine

import (
	"net"
	"syscall"

	"github.com/redbrick-go/redbrick/engine/internal/pipe"
)

// tryWriter writes what a connection takes without waiting.
type tryWriter interface {
	tryWrite(p []byte) (n int, err error)
}

func newTryWriter(conn net.Conn) tryWriter {
	switch c := conn.(type) {
	case *pipe.Conn:
		return pipeWriter{c}
	case syscall.Conn:
		if raw, err := c.SyscallConn(); err == nil {
			return newSocketWriter(raw)
		}
	}
	return noWriter{}
}

type pipeWriter struct{ conn *pipe.Conn }

func (w pipeWriter) tryWrite(p []byte) (int, error) { return w.conn.TryWrite(p) }

// noWriter leaves all to the goroutine that may wait.
type noWriter struct{}

func (noWriter) tryWrite([]byte) (int, error) { return 0, nil }
