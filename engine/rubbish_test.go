package engine

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// dialAny connects over the listener if there is one.
func dialAny(t testing.TB, e *Engine) *peer {
	t.Helper()
	if e.Addr() == nil {
		return dialEngine(t, e)
	}
	conn, err := (&net.Dialer{}).DialContext(context.Background(), e.Addr().Network(), e.Addr().String())
	return newPeer(t, conn, err)
}

// each runs a test over memory, TCP and a Unix socket.
func eachTransport(t *testing.T, run func(*testing.T, *Engine)) {
	for name, listen := range map[string]string{"memory": "", "tcp": "127.0.0.1:0", "unix": t.TempDir() + "/s"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open(t, Options{Listen: listen}))
		})
	}
}

func TestRubbish(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, e *Engine) {
		for in, answer := range map[string]string{
			"*1\r\nrubbish\r\n":                    "-ERR Protocol error: expected '$', got 'r'\r\n",
			"*99999999999\r\n":                     "-ERR Protocol error: invalid multibulk length\r\n",
			"*2\r\n$3\r\nGET\r\n$999999999999\r\n": "-ERR Protocol error: invalid bulk length\r\n",
			"PING\r\n*x\r\n":                       "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n",
			"SET a \"b\r\n":                        "-ERR Protocol error: unbalanced quotes in request\r\n",
			"QUIT\r\nPING\r\n":                     "+OK\r\n",
			"\x00\x01\x02\n":                       "-ERR unknown command '\x00\x01\x02', with args beginning with: \r\n",
		} {
			p := dialAny(t, e)
			_ = p.conn.SetDeadline(time.Now().Add(replyLimit))
			if _, err := io.WriteString(p.conn, in); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(answer, "-ERR unknown") {
				got := make([]byte, len("-ERR unknown"))
				if _, err := io.ReadFull(p.r, got); err != nil {
					t.Fatal(err)
				}
				continue
			}
			got, err := io.ReadAll(p.r)
			if err != nil && !strings.Contains(err.Error(), "reset") || string(got) != answer {
				t.Errorf("%q: got %q, %v; want %q and the end", in, got, err, answer)
			}
		}
		want(t, dialAny(t, e).line(t, "PING"), `+"PONG"`)
	})
}

// Half a command and the announcement of 512 MB take no more memory than their bytes.
func TestHalfACommand(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	before := heapBytes()
	for range 100 {
		p := dialEngine(t, e)
		if _, err := io.WriteString(p.conn, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc"); err != nil {
			t.Fatal(err)
		}
	}
	want(t, dialEngine(t, e).line(t, "PING"), `+"PONG"`)
	if grown := heapBytes() - before; grown > 256<<20 {
		t.Errorf("%d bytes for 100 announcements", grown)
	}
}

func TestLargeValue(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, e *Engine) {
		p := dialAny(t, e)
		value := strings.Repeat("0123456789abcdef", 1<<20) // 16 MB
		want(t, p.do(t, "SET", "k", value), `+"OK"`)
		if got := p.do(t, "GET", "k"); got.text != value {
			t.Fatalf("%d bytes came back", len(got.text))
		}
	})
}

// A client writes far more than buffers hold before it reads: every command is run and answered.
func TestWriteMuchBeforeReading(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, e *Engine) {
		p := dialAny(t, e)
		p.do(t, "SET", "k", strings.Repeat("x", 1000))
		const n = 20_000
		request := strings.Repeat("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", n) + strings.Repeat("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n", n)
		_ = p.conn.SetDeadline(time.Now().Add(4 * replyLimit))
		if _, err := io.WriteString(p.conn, request); err != nil {
			t.Fatal(err)
		}
		for range n {
			if r, err := readReply(p.r); err != nil || len(r.text) != 1000 {
				t.Fatalf("%v, %v", r, err)
			}
		}
		for range n - 1 {
			if _, err := readReply(p.r); err != nil {
				t.Fatal(err)
			}
		}
		want(t, p.next(t), `:"20000"`)
	})
}

func TestNeverReading(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, e *Engine) {
		other := dialAny(t, e)
		other.line(t, "CONFIG SET client-output-buffer-limit \"normal 8mb 0 0 pubsub 8mb 0 0\"")
		// One asks and does not read.
		deaf := dialAny(t, e)
		other.do(t, "SET", "k", strings.Repeat("x", 1<<20))
		for range 100 {
			if deaf.send([]string{"GET", "k"}) != nil {
				break
			}
		}
		// One subscribes and does not read.
		subscriber := dialAny(t, e)
		subscriber.line(t, "SUBSCRIBE c")
		message := strings.Repeat("m", 1<<20)
		for range 40 {
			other.do(t, "PUBLISH", "c", message)
		}
		until(t, func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return len(e.clients.byID) == 1 && e.stats.cutOff == 2
		})
		want(t, other.line(t, "PING"), `+"PONG"`)
	})
}

// 64 clients do everything at once; the race detector looks on.
func TestManyClients(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Listen: "127.0.0.1:0"})
	var wg sync.WaitGroup
	for i := range 64 {
		p := dialEngine(t, e)
		if i%4 == 0 {
			p = dialAny(t, e)
		}
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for range 20 {
				var cmds [][]string
				for range 30 {
					g := generators[r.IntN(len(generators))]
					if c := g.make(r); len(c) > 0 && !strings.HasPrefix(c[0], "B") {
						cmds = append(cmds, c)
					}
				}
				cmds = append(cmds, []string{"CLIENT", "LIST"}, []string{"INFO", "all"}, []string{"PUBLISH", "c", "m"}, []string{"CLIENT", "NO-TOUCH", "on"})
				if _, err := p.all(cmds...); err != nil {
					t.Errorf("client %d: %v", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestCloseWhileBusy(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Listen: "127.0.0.1:0"})
	var wg sync.WaitGroup
	for range 16 {
		p := dialAny(t, e)
		wg.Go(func() {
			for {
				if _, err := p.all([]string{"INCR", "n"}, []string{"BLPOP", "l", "0.001"}); err != nil {
					return
				}
			}
		})
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if _, err := e.Dial(t.Context(), "", nil, nil); err == nil {
		t.Fatal("Dial after Close works")
	}
	if err := e.Close(); err != nil {
		t.Fatalf("second Close: %v", err)
	}
	e.Advance(time.Hour) // nothing happens
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	if err := p.send([]string{"SHUTDOWN"}); err != nil {
		t.Fatal(err)
	}
	if _, err := readReply(bufio.NewReader(p.conn)); err == nil {
		t.Fatal("SHUTDOWN was answered")
	}
	<-e.Done()
}
