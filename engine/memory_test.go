package engine

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// checkAccount compares the running account of memory with the sum over all keys.
func checkAccount(t *testing.T, e *Engine) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.measure()
	for _, db := range e.dbs {
		sum := int64(0)
		for n := range db.keys.All {
			sum += sizeOf(n)
		}
		if sum != db.bytes {
			t.Errorf("database %d: the account says %d bytes, its keys have %d", db.id, db.bytes, sum)
		}
	}
}

func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// used_memory is what Go's heap grows by, within a fifth.
func TestUsedMemoryIsTrue(t *testing.T) { //nolint:paralleltest // measures the process's heap
	const many = 30_000
	one := func(args ...string) func(int) []string {
		return func(i int) []string {
			out := make([]string, len(args))
			for j, a := range args {
				out[j] = strings.ReplaceAll(a, "%", fmt.Sprint(i))
			}
			return out
		}
	}
	long := strings.Repeat("v", 1000)
	for name, line := range map[string]func(int) []string{
		"short strings":            one("SET", "key:%", "value%"),
		"strings with a lifetime":  one("SET", "key:%", strings.Repeat("v", 100), "EX", "1000"),
		"long strings":             one("SET", "key:%", long),
		"numbers":                  one("SET", "key:%", "%"),
		"one list":                 one("RPUSH", "list", "value:%"),
		"one list of long values":  one("RPUSH", "list", long),
		"small lists":              one("RPUSH", "list:%", "some", "words of", "a list", "value:%"),
		"one hash":                 one("HSET", "hash", "field:%", "value:%"),
		"small hashes":             one("HSET", "hash:%", "name", "value:%", "other", "v", "third", "x"),
		"hashes of long values":    one("HSET", "hash:%", "name", long),
		"one set":                  one("SADD", "set", "member:%"),
		"small sets":               one("SADD", "set:%", "a", "b", "member:%"),
		"one set of numbers":       one("SADD", "set", "%"),
		"small sets of numbers":    one("SADD", "set:%", "1", "2", "%"),
		"one sorted set":           one("ZADD", "zset", "%", "member:%"),
		"small sorted sets":        one("ZADD", "zset:%", "1", "a", "2", "b", "%", "member:%"),
		"one stream":               one("XADD", "stream", "*", "field", "value:%", "other", "v"),
		"small streams":            one("XADD", "stream:%", "*", "field", "value:%"),
		"one append-only string":   one("APPEND", "string", "some bytes at the end"),
		"strings with other names": one("SET", "a/rather/long/name/of/a/key/as/people/use/them/"+strings.Repeat("x", 60)+"%", "v"),
	} {
		e := open(t, Options{})
		p := dialEngine(t, e)
		warm := make([][]string, 500) // the connection's buffers are no part of the comparison
		for i := range warm {
			warm[i] = []string{"ECHO", long}
		}
		if _, err := p.all(warm...); err != nil {
			t.Fatal(err)
		}
		before, said := liveHeap(), usedNow(e)
		for i := 0; i < many; i += 500 {
			cmds := make([][]string, 500)
			for j := range cmds {
				cmds[j] = line(i + j)
			}
			got, err := p.all(cmds...)
			if err != nil || got[0].kind == '-' {
				t.Fatalf("%s: %s, %v", name, got[0], err)
			}
		}
		grown, says := liveHeap()-before, usedNow(e)-said
		if says < grown*8/10 || says > grown*12/10 {
			t.Errorf("%s: used_memory grew by %d, the heap by %d (%.2f)", name, says, grown, float64(says)/float64(grown))
		}
		checkAccount(t, e)
		p.line(t, "FLUSHALL")
		if left := usedNow(e) - said; left != 0 {
			t.Errorf("%s: %d bytes are said to be used by no keys", name, left)
		}
	}
}
