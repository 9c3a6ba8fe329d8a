package redisproc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// busOffset lies between a Cluster node's port and its bus port. Redis fixes it.
const busOffset = 10000

// Ports are drawn below the ranges from which Linux (32768) and macOS (49152)
// take those of outgoing connections, so that no client holds a port which a
// stopped server wants back. Bus ports, up to 29999, are nobody's port.
const (
	lowestPort  = 10000
	highestPort = 19999
)

// A process has blocks of ports to itself: a server that is stopped, or a proxy that refuses, finds its port
// free when it wants it back, and nobody answers there meanwhile. Whoever listens on the first port of a block has it.
const (
	blockSize = 50
	mostBlock = 8
)

// portRange hands out the ports of the blocks it holds, each as late as possible a second time.
type portRange struct {
	mu     sync.Mutex
	guards []net.Listener
	blocks []int // first ports
	next   int   // how many ports were handed out or passed over
}

// ports are this process's. They are given up with it.
var ports portRange

// FreePort returns a loopback port nobody listens on, whose bus port (10000
// above) is free too. No other process that asks here is given it. A program that does not ask may take it before
// the caller does: starting must be tried again with another port then.
func FreePort() (int, error) { return ports.free() }

func (r *portRange) free() (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	const perBlock = blockSize - 1 // the first is the guard
	for range mostBlock * perBlock {
		if r.next == len(r.blocks)*perBlock && len(r.blocks) < mostBlock {
			r.take()
		}
		if len(r.blocks) == 0 {
			break
		}
		n := r.next % (len(r.blocks) * perBlock)
		r.next = n + 1
		if port := r.blocks[n/perBlock] + 1 + n%perBlock; free(port) && free(port+busOffset) {
			return port, nil
		}
	}
	return 0, errors.New("redisproc: no free port between " + strconv.Itoa(lowestPort) + " and " + strconv.Itoa(highestPort))
}

// take adds a block, unless there is none that nobody holds.
func (r *portRange) take() {
	for range 500 {
		first := lowestPort + blockSize*rand.IntN((highestPort+1-lowestPort)/blockSize)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first))
		if err == nil {
			r.guards, r.blocks = append(r.guards, l), append(r.blocks, first)
			return
		}
	}
}

func free(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return Close(l) == nil
}

// Close closes a listener so that its port is refused from then on. A process that is being started holds copies of
// all open files until it runs its program, and would keep the port open for that moment: the socket itself is told
// to listen no more, for all its copies.
func Close(l net.Listener) error {
	t, ok := l.(*net.TCPListener)
	if !ok {
		return l.Close()
	}
	copied, err := t.File()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	err = l.Close()                                           // first, so that Accept ends with net.ErrClosed
	_ = syscall.Shutdown(int(copied.Fd()), syscall.SHUT_RDWR) // fails where a listening socket cannot be shut, as on macOS
	return errors.Join(err, copied.Close())
}
