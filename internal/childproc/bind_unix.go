//go:build unix && !linux

package childproc

import "syscall"

func bind(attr *syscall.SysProcAttr, _ syscall.Signal) { attr.Setpgid = true }
