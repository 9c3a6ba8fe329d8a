package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/journal"
)

// Options says how to run an engine. The zero value is an engine in memory that only [Engine.Dial] reaches.
type Options struct {
	// Listen is an address to serve besides Dial: "127.0.0.1:6379", "127.0.0.1:0" for any free port, or the path of a
	// Unix socket, which begins with "/" or ".". Empty: none. An address that others can reach needs a Password.
	Listen string
	// Dir is a folder to keep the data in; it is made if need be, and belongs to one engine at a time. Empty: they are
	// gone with the engine.
	Dir string
	// Fsync says when writes have to be on the disk itself. Empty is FsyncEverySecond. It has no meaning without Dir.
	Fsync Fsync
	// Password is that of the default user, on every connection, those of Dial too. Empty: none.
	Password string
	// MaxMemory bounds the memory of the data in bytes: beyond it MaxMemoryPolicy decides. 0 is no bound.
	MaxMemory int64
	// MaxMemoryPolicy is one of Redis's policies of eviction: volatile-lru, volatile-random, volatile-ttl, allkeys-lru,
	// allkeys-random, noeviction. Empty is noeviction: commands that grow are refused.
	MaxMemoryPolicy string
	// NoTracking refuses CLIENT TRACKING, as servers do whose users have no right to it. For tests of what is done then.
	NoTracking bool
	// Logger is told what an operator should know. Nil is silent.
	Logger *slog.Logger
}

func (o Options) validate() error {
	var errs []error
	if o.Listen != "" && o.network() == "tcp" {
		host, _, err := net.SplitHostPort(o.Listen)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%w: Listen is %q, expected host:port or the path of a socket: %w", ErrOptions, o.Listen, err))
		case o.Password == "" && !loopback(host):
			errs = append(errs, fmt.Errorf("%w: Listen is %q, expected a loopback address (127.0.0.1, ::1, localhost) as there is no Password", ErrOptions, o.Listen))
		}
	}
	if o.Fsync != "" && !o.Fsync.known() {
		errs = append(errs, fmt.Errorf("%w: Fsync is %q, expected everysec, always or no", ErrOptions, o.Fsync))
	}
	if o.MaxMemory < 0 {
		errs = append(errs, fmt.Errorf("%w: MaxMemory is %d, expected bytes, or 0 for no bound", ErrOptions, o.MaxMemory))
	}
	if o.MaxMemoryPolicy != "" && !slices.Contains(policies, o.MaxMemoryPolicy) {
		errs = append(errs, fmt.Errorf("%w: MaxMemoryPolicy is %q, expected %s", ErrOptions, o.MaxMemoryPolicy, strings.Join(policies, ", ")))
	}
	return errors.Join(errs...)
}

// Fsync is a policy for writes to disk, in the words of Redis's appendfsync.
type Fsync string

const (
	// FsyncEverySecond syncs once a second: a crash of the machine loses about a second, one of the process what it wrote
	// in its last milliseconds.
	FsyncEverySecond Fsync = "everysec"
	// FsyncAlways answers a write once it is on disk. Writes that come at the same time share one sync.
	FsyncAlways Fsync = "always"
	// FsyncNo leaves it to the operating system.
	FsyncNo Fsync = "no"
)

func (f Fsync) known() bool { return f == FsyncEverySecond || f == FsyncAlways || f == FsyncNo }

func (f Fsync) policy() journal.Fsync {
	switch f {
	case FsyncAlways:
		return journal.FsyncAlways
	case FsyncNo:
		return journal.FsyncNo
	default:
		return journal.FsyncEverySecond
	}
}

func (o Options) network() string {
	if strings.HasPrefix(o.Listen, "/") || strings.HasPrefix(o.Listen, ".") {
		return "unix"
	}
	return "tcp"
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
