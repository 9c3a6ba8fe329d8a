//go:build !unix

package engine

import "time"

func cpuTimes() (system, user time.Duration) { return 0, 0 }

func residentBytes() int64 { return heapBytes() }
