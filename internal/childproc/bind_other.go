//go:build !unix

package childproc

import "syscall"

func bind(*syscall.SysProcAttr, syscall.Signal) {}
