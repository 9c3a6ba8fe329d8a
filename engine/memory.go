package engine

import (
	"runtime"
	"runtime/metrics"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// nodeSize is what a key costs besides its name and its value: node, bucket, and a share of the table's slack.
const nodeSize = 112

// sizeOf estimates the memory of a key, in bytes.
func sizeOf(n *node) int64 {
	size := nodeSize + roundUp(len(n.Key()))
	if n.Val.heap != 0 {
		size += 8
	}
	if n.Val.obj != nil {
		return size + n.Val.obj.size()
	}
	return size + roundUp(cap(n.Val.str))
}

// roundUp is about what the allocator gives for n bytes.
func roundUp(n int) int64 { return int64(n+15) &^ 15 }

// heapBytes is the memory of live and not yet swept objects of the process.
func heapBytes() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// usedMemory is what the engine says it uses, in bytes.
func (e *Engine) usedMemory() int64 { return heapBytes() }

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
	used := heapBytes()
	c.w.Map(4)
	c.w.BulkString("total.allocated")
	c.w.Int(used)
	c.w.BulkString("clients.normal")
	c.w.Int(int64(len(c.e.clients.byID)) * leastInput)
	c.w.BulkString("keys.count")
	c.w.Int(keys)
	c.w.BulkString("keys.bytes-per-key")
	c.w.Int(used / max(keys, 1))
}

func cmdMemoryDoctor(c *call) {
	c.w.Verbatim("txt", "The engine's memory is Go's heap: see the process's own profile.\n")
}

func cmdMemoryPurge(c *call) {
	c.e.wg.Go(runtime.GC) // it takes its time, and nobody waits for it
	c.ok()
}
