package redisproc

import (
	"fmt"
	"net"
	"runtime"
	"testing"
)

// Two processes, which two ranges stand for, are given different ports, and one process a port twice as late as it can.
func TestNobodyElseIsGivenAPort(t *testing.T) {
	t.Parallel()
	const draws = 3 * (blockSize - 1)
	var ranges [2]portRange
	t.Cleanup(func() {
		for i := range ranges {
			for _, l := range ranges[i].guards {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	})
	owner := map[int]int{}
	for range draws {
		for i := range ranges {
			port, err := ranges[i].free()
			if err != nil {
				t.Fatal(err)
			}
			if by, taken := owner[port]; taken {
				t.Fatalf("port %d of %d is given to %d", port, by, i)
			}
			owner[port] = i
			if port < lowestPort || port > highestPort {
				t.Errorf("port %d lies outside of %d to %d", port, lowestPort, highestPort)
			}
		}
	}
}

// A process whose blocks are all handed out begins anew with those that nobody listens on.
func TestPortsAreGivenAgain(t *testing.T) {
	t.Parallel()
	var r portRange
	t.Cleanup(func() {
		for _, l := range r.guards {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	first, err := r.free()
	if err != nil {
		t.Fatal(err)
	}
	held, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	for range 2 * mostBlock * blockSize {
		port, err := r.free()
		if err != nil {
			t.Fatal(err)
		}
		if port == first {
			t.Fatalf("port %d was given though somebody listens there", port)
		}
	}
	if n := len(r.blocks); n != mostBlock {
		t.Errorf("%d blocks are held, want %d", n, mostBlock)
	}
}

// A port is free once its listener is closed, also while a process that is being started still has a copy of it.
func TestAClosedPortIsFreeWhoeverHasACopy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return // elsewhere a copy keeps the port until its process runs its program
	}
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	copied, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if err := Close(l); err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Errorf("somebody answers at %v", c.RemoteAddr())
		c.Close()
	}
	again, err := net.Listen("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
