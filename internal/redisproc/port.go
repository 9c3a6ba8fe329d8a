package redisproc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// busOffset lies between a Cluster node's port and its bus port. Redis fixes it.
const busOffset = 10000

// Ports are drawn below the ranges from which Linux (32768) and macOS (49152)
// take those of outgoing connections, so that no client holds a port which a
// stopped server wants back.
const (
	lowestPort  = 10000
	highestPort = 21999
)

// FreePort returns a loopback port nobody listens on, whose bus port (10000
// above) is free too. Another process may take it before the caller does:
// starting must be tried again with another port then.
func FreePort() (int, error) {
	for range 200 {
		port := lowestPort + rand.IntN(highestPort-lowestPort+1)
		if free(port) && free(port+busOffset) {
			return port, nil
		}
	}
	return 0, errors.New("redisproc: no free port between " + strconv.Itoa(lowestPort) + " and " + strconv.Itoa(highestPort))
}

func free(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return Close(l) == nil
}

// Close closes a listener so that its port is refused from then on. A process
// that is being started holds copies of all open files until it runs its program, and
// would keep the port open for that moment: Close returns when there is none.
func Close(l net.Listener) error {
	err := l.Close()
	syscall.ForkLock.RLock()   // granted once no start is under way
	syscall.ForkLock.RUnlock() //nolint:staticcheck // passing the lock is all that is wanted
	return err
}
