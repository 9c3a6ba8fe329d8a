//go:build unix

package journal

import (
	"errors"
	"os"
	"syscall"
)

// unlock lets the folder go. Closing the file is not enough: a child that is being started has it open for a moment.
func unlock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// lock takes the folder for this process until the file is closed; the system lets go of it when the process dies.
func lock(f *os.File) (free bool, err error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}
