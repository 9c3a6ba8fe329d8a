package lock

import "errors"

var (
	// ErrHeld means that another holds the lock, or is before us in the queue for it, and that the time to wait is over.
	ErrHeld = errors.New("lock: held by another")
	// ErrLost is the cause with which the context of a lease ends that could not be kept: another may hold the lock from
	// now on. Release returns it, too.
	ErrLost = errors.New("lock: lease lost")
	// ErrReleased is the cause with which the context of a lease ends that was given back.
	ErrReleased = errors.New("lock: lease released")
	// ErrClosed means that the client was closed.
	ErrClosed = errors.New("lock: closed")
	// ErrName means that the name of a lock is empty.
	ErrName = errors.New("lock: empty name")
	// ErrResigned is the cause with which the context of a leader ends after Resign.
	ErrResigned = errors.New("lock: resigned")
	// ErrStopped is the cause with which the context of a leader ends after Stop.
	ErrStopped = errors.New("lock: election stopped")
)
