package redisproc

import "errors"

var (
	// ErrNotFound says that no redis-server or valkey-server is on the PATH.
	ErrNotFound = errors.New("redisproc: neither redis-server nor valkey-server is on the PATH")
	// ErrNotReady says that a server or a cluster did not come up in time, or
	// ended by itself; the text carries the end of its log.
	ErrNotReady = errors.New("redisproc: not ready")
	// ErrReply is wrapped by every error that a server answered, so that it can
	// be told from a broken connection.
	ErrReply = errors.New("redisproc: error reply")
)
