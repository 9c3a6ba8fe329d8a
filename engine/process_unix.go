//go:build unix

package engine

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cpuTimes returns what the process has used of the processors.
func cpuTimes() (system, user time.Duration) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	return time.Duration(u.Stime.Nano()), time.Duration(u.Utime.Nano())
}

// residentBytes is the memory the system has given to the process.
func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return heapBytes()
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return heapBytes()
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return heapBytes()
	}
	return pages * int64(os.Getpagesize())
}
