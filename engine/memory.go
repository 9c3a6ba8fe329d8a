package engine

import (
	"runtime"
	"runtime/metrics"
	"slices"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// nodeSize is what a key costs besides its name and its value: node, bucket, and a share of the table's slack.
const nodeSize = 64 + 12

// sizeOf estimates the memory of a key, in bytes.
func sizeOf(n *node) int64 {
	size := nodeSize + roundUp(len(n.Key()))
	if n.Val.heap != 0 {
		size += 8
	}
	if o := n.Val.object(); o != nil {
		return size + o.size()
	}
	return size + roundUp(cap(n.Val.text()))
}

// sizes are those of Go's allocator above 256 bytes and up to 32 KiB.
var sizes = [...]uint16{
	288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5120,
	5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
}

// roundUp is about what the allocator gives for n bytes.
func roundUp(n int) int64 {
	switch {
	case n <= 8:
		return int64(n+7) &^ 7 // several share what the allocator gives at least
	case n <= 256:
		return int64(n+15) &^ 15
	case n > 32<<10:
		const page = 8 << 10
		return int64(n+page-1) &^ (page - 1)
	}
	i, _ := slices.BinarySearch(sizes[:], uint16(n))
	return int64(sizes[i])
}

// heapBytes is the memory of live and not yet swept objects of the process.
func heapBytes() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// measured says whether the size of a key is part of its database's.
type measured uint8

const (
	unknown  measured = iota
	changing          // it is part of Engine.unmeasured
	counted
	dropped
)

// place is a key and where it is.
type place struct {
	db *database
	n  *node
}

// remeasure takes the size of a key out of the account, as it is about to change. After the command the new one is
// put in.
func (db *database) remeasure(n *node) {
	switch n.Val.measured {
	case counted:
		db.bytes -= sizeOf(n)
	case unknown:
	default:
		return
	}
	n.Val.measured = changing
	db.e.unmeasured = append(db.e.unmeasured, place{db, n})
}

// measure brings the account up to date.
func (e *Engine) measure() {
	for i, p := range e.unmeasured {
		if p.n.Val.measured == changing {
			p.db.bytes += sizeOf(p.n)
			p.n.Val.measured = counted
		}
		e.unmeasured[i] = place{}
	}
	e.unmeasured = e.unmeasured[:0]
	if cap(e.unmeasured) > 1<<10 {
		e.unmeasured = nil
	}
}

// dataBytes is the memory of all keys.
func (e *Engine) dataBytes() (n int64) {
	e.measure()
	for _, db := range e.dbs {
		n += db.bytes
	}
	return n
}

// Estimates of what else there is, in bytes.
const (
	trackedKey  = 112 // a key that clients have read, beside its name
	trackedItem = 40  // a reader but the first
	clientSize  = 1 << 10
)

// usedMemory is what the engine says it uses, in bytes: keys, what clients have read, and their buffers.
func (e *Engine) usedMemory() int64 {
	t := &e.tracking
	return e.dataBytes() + int64(t.keys.Len())*trackedKey + int64(t.items-t.keys.Len())*trackedItem +
		int64(len(e.clients.byID))*(clientSize+leastInput)
}

func cmdMemoryUsage(c *call) {
	for i := 3; i < len(c.args); i++ {
		if !is(c.args[i], "samples") || i+1 == len(c.args) {
			c.fail(errSyntax)
			return
		}
		i++
		n, ok := num.Int(c.args[i])
		if !ok {
			c.fail(errNotInt)
			return
		}
		if n < 0 {
			c.fail(errSyntax)
			return
		}
	}
	n := c.db.live(c.args[2])
	if n == nil {
		c.w.Null()
		return
	}
	c.w.Int(sizeOf(n))
}

func cmdMemoryStats(c *call) {
	keys := int64(0)
	for _, db := range c.e.dbs {
		keys += int64(db.keys.Len())
	}
	used, data := c.e.usedMemory(), c.e.dataBytes()
	c.w.Map(6)
	c.w.BulkString("total.allocated")
	c.w.Int(used)
	c.w.BulkString("clients.normal")
	c.w.Int(int64(len(c.e.clients.byID)) * leastInput)
	c.w.BulkString("dataset.bytes")
	c.w.Int(data)
	c.w.BulkString("process.heap")
	c.w.Int(heapBytes())
	c.w.BulkString("keys.count")
	c.w.Int(keys)
	c.w.BulkString("keys.bytes-per-key")
	c.w.Int(data / max(keys, 1))
}

func cmdMemoryDoctor(c *call) {
	c.w.Verbatim("txt", "The engine's memory is Go's heap: see the process's own profile.\n")
}

func cmdMemoryPurge(c *call) {
	c.e.wg.Go(runtime.GC) // it takes its time, and nobody waits for it
	c.ok()
}
