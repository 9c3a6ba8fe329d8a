package engine

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// BenchmarkProcess is a command without a connection: what runs under the lock.
func BenchmarkProcess(b *testing.B) {
	value := strings.Repeat("x", 100)
	for _, line := range []string{"GET k", "SET k " + value, "SET k " + value + " EX 100", "INCR n", "LPUSH l x", "LRANGE r 0 9", "HSET h f v", "HGET h f", "HINCRBY h n 1", "SADD s m", "SISMEMBER s m", "SRANDMEMBER s", "SETBIT b 7 1", "PFADD p x", "PING"} {
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

// connectTo makes a client of an engine, or of a redis-server.
func connectTo(b *testing.B, name string) rueidis.Client {
	b.Helper()
	if name == "engine" {
		return connect(b, open(b, Options{}), rueidis.ClientOption{})
	}
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{startServer(b).Addr()}, DisableCache: true, ForceSingleClient: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}

// BenchmarkRueidis is what a brick sees, 64 goroutines with one client: the engine in memory, and beside it
// redis-server over loopback TCP.
func BenchmarkRueidis(b *testing.B) {
	const goroutines = 64
	value := strings.Repeat("x", 100)
	ctx := context.Background()
	for _, name := range []string{"engine", "redis-server"} {
		b.Run(name, func(b *testing.B) {
			c := connectTo(b, name)
			for i := range 1000 {
				if err := c.Do(ctx, c.B().Set().Key(fmt.Sprint("key:", i)).Value(value).Build()).Error(); err != nil {
					b.Fatal(err)
				}
			}
			for command, run := range map[string]func(key string) rueidis.Completed{
				"GET": func(key string) rueidis.Completed { return c.B().Get().Key(key).Build() },
				"SET": func(key string) rueidis.Completed { return c.B().Set().Key(key).Value(value).Build() },
			} {
				b.Run(command, func(b *testing.B) {
					b.SetParallelism(max(1, goroutines/runtime.GOMAXPROCS(0)))
					b.RunParallel(func(pb *testing.PB) {
						for i := 0; pb.Next(); i++ {
							c.Do(ctx, run("key:"+strconv.Itoa(i%1000)))
						}
					})
				})
			}
		})
	}
}
