package httpcache

import (
	"bytes"
	"runtime"
	"testing"
)

func TestAFormHoldsNoMoreMemoryThanItHasBytes(t *testing.T) { //nolint:paralleltest // the heap of the whole process is measured
	body := bytes.Repeat([]byte("word, "), 10_000)
	for n := range codings {
		compress(n, body) // what it keeps for the next
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		forms := make([][]byte, 200)
		size := 0
		for i := range forms {
			forms[i] = compress(n, body)
			size += len(forms[i])
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		// The bodies have 12 MB.
		if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > int64(2*size)+4<<20 { //nolint:gosec // no heap is as large
			t.Errorf("%s: %d bytes of forms hold %d", codingNames[n], size, held)
		}
		runtime.KeepAlive(forms)
	}
}
