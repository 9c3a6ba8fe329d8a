package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// BenchmarkProcess is a command without a connection: what runs under the lock.
func BenchmarkProcess(b *testing.B) {
	value := strings.Repeat("x", 100)
	for _, line := range []string{"GET k", "SET k " + value, "SET k " + value + " EX 100", "INCR n", "LPUSH l x", "LRANGE r 0 9", "PING"} {
		b.Run(strings.Join(strings.Fields(line)[:1], " "), func(b *testing.B) {
			e := open(b, Options{})
			e.mu.Lock()
			defer e.mu.Unlock()
			cl := e.newClient(nil)
			run := func(line string) {
				args, _ := resp.SplitArgs([]byte(line), nil)
				e.process(cl, args)
				cl.w.Buf = cl.w.Buf[:0]
			}
			run("SET k " + value)
			run("RPUSH r 1 2 3 4 5 6 7 8 9 10")
			args, _ := resp.SplitArgs([]byte(line), nil)
			b.ReportAllocs()
			for b.Loop() {
				e.process(cl, args)
				cl.w.Buf = cl.w.Buf[:0]
			}
		})
	}
}

// BenchmarkRueidis is what a brick sees: 64 goroutines on one connection in memory.
func BenchmarkRueidis(b *testing.B) {
	e := open(b, Options{})
	c := connect(b, e, rueidis.ClientOption{})
	value := strings.Repeat("x", 100)
	ctx := context.Background()
	for i := range 1000 {
		if err := c.Do(ctx, c.B().Set().Key(fmt.Sprint("key:", i)).Value(value).Build()).Error(); err != nil {
			b.Fatal(err)
		}
	}
	b.SetParallelism(32)
	b.Run("GET", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				c.Do(ctx, c.B().Get().Key(fmt.Sprint("key:", i%1000)).Build())
			}
		})
	})
	b.Run("SET", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				c.Do(ctx, c.B().Set().Key(fmt.Sprint("key:", i%1000)).Value(value).Build())
			}
		})
	})
}
