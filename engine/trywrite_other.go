//go:build !unix

package engine

import "syscall"

func newSocketWriter(syscall.RawConn) tryWriter { return noWriter{} }
