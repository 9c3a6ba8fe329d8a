package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
)

// Options says how to run an engine. The zero value is an engine in memory that only [Engine.Dial] reaches.
type Options struct {
	// Listen is an address to serve besides Dial: "127.0.0.1:6379", "127.0.0.1:0" for any free port, or the path of a
	// Unix socket, which begins with "/" or ".". Empty: none. An address that others can reach needs a Password.
	Listen string
	// Password is that of the default user, on every connection, those of Dial too. Empty: none.
	Password string
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
	return errors.Join(errs...)
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
