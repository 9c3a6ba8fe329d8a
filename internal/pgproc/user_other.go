//go:build !unix

package pgproc

import "syscall"

func unprivileged(_, _ string) (func() *syscall.SysProcAttr, error) {
	return func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }, nil
}
