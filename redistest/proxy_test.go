package redistest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redis/rueidis"
)

// silence is how long a test listens before it believes that nothing comes.
const silence = 100 * time.Millisecond

// repeater is a server that sends back what it gets.
func repeater(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					if _, err := conn.Write([]byte(line)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// client is one connection to a repeater through a proxy.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func dial(t *testing.T, p *redistest.Proxy) *client {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) send(line string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(line + "\n")); err != nil {
		c.t.Fatal(err)
	}
}

// recv expects a line within a minute.
func (c *client) recv(want string) {
	c.t.Helper()
	if got, err := c.read(time.Minute); err != nil || got != want+"\n" {
		c.t.Fatalf("received %q, %v; want %q", got, err, want)
	}
}

// quiet expects that nothing comes and that the connection stays.
func (c *client) quiet() {
	c.t.Helper()
	if got, err := c.read(silence); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("received %q, %v; want silence on an open connection", got, err)
	}
}

// ended expects the end of the connection.
func (c *client) ended() {
	c.t.Helper()
	if got, err := c.read(time.Minute); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("received %q, %v; want the end of the connection", got, err)
	}
}

func (c *client) read(limit time.Duration) (string, error) {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		c.t.Fatal(err)
	}
	return c.r.ReadString('\n')
}

func TestProxyPassesBothWays(t *testing.T) {
	t.Parallel()
	p := redistest.NewProxy(t, repeater(t))
	c := dial(t, p)
	for range 3 {
		c.send("hello")
		c.recv("hello")
	}
	if s := p.Stats(); s.Accepted != 1 || s.Open != 1 || s.ToServer != 18 || s.ToClient != 18 || s.Lost != 0 {
		t.Errorf("stats %+v, want one open connection and 18 bytes each way", s)
	}
}

func TestProxyCutEndsAndRefusesUntilHeal(t *testing.T) {
	t.Parallel()
	p := redistest.NewProxy(t, repeater(t))
	c := dial(t, p)
	c.send("a")
	c.recv("a")
	p.Cut()
	c.ended()
	if conn, err := net.Dial("tcp", p.Addr()); err == nil {
		conn.Close()
		t.Error("a cut proxy takes connections")
	}
	p.Heal()
	c = dial(t, p)
	c.send("b")
	c.recv("b")
}

func TestProxyRefuseKeepsOpenConnections(t *testing.T) {
	t.Parallel()
	p := redistest.NewProxy(t, repeater(t))
	c := dial(t, p)
	c.send("a")
	c.recv("a")
	p.Refuse()
	c.send("b")
	c.recv("b")
	if conn, err := net.Dial("tcp", p.Addr()); err == nil {
		conn.Close()
		t.Error("a refusing proxy takes connections")
	}
}

func TestProxyDropEndsConnectionsAndTakesNewOnes(t *testing.T) {
	t.Parallel()
	p := redistest.NewProxy(t, repeater(t))
	c := dial(t, p)
	c.send("a")
	c.recv("a")
	p.Drop()
	c.ended()
	c = dial(t, p)
	c.send("b")
	c.recv("b")
}

func TestProxyBlackholeSwallowsAndKeepsTheConnection(t *testing.T) {
	t.Parallel()
	p := redistest.NewProxy(t, repeater(t))
	lossy, idle := dial(t, p), dial(t, p)
	for _, c := range []*client{lossy, idle} {
		c.send("a")
		c.recv("a")
	}
	p.Blackhole(true)
	lossy.send("lost")
	lossy.quiet()
	fresh := dial(t, p)
	fresh.send("lost too")
	fresh.quiet()
	redistest.Eventually(t, time.Minute, func() error {
		if got := p.Stats().Lost; got != 14 {
			return errors.New("the proxy has not swallowed both lines yet")
		}
		return nil
	})
	p.Blackhole(false)
	// Their streams have a gap; that of the idle one does not.
	lossy.ended()
	fresh.ended()
	idle.send("b")
	idle.recv("b")
}

func TestProxyBlackholeHidesTheEndOfTheOtherSide(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := redistest.NewProxy(t, l.Addr().String())
	c := dial(t, p)
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p.Blackhole(true, redistest.ToClient)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	c.quiet()
	p.Heal()
	c.ended()
}

func TestProxyFaultsByDirection(t *testing.T) {
	t.Parallel()
	p := redistest.NewProxy(t, repeater(t))
	c := dial(t, p)
	c.send("a")
	c.recv("a")
	p.Blackhole(true, redistest.ToClient)
	c.send("b")
	c.quiet()
	redistest.Eventually(t, time.Minute, func() error { // silence does not say that it got so far
		if s := p.Stats(); s.ToServer != 4 || s.ToClient != 2 || s.Lost != 2 {
			return fmt.Errorf("stats %+v, want the request delivered and the answer lost", s)
		}
		return nil
	})
}

func TestProxyHoldDeliversLater(t *testing.T) {
	t.Parallel()
	p := redistest.NewProxy(t, repeater(t))
	c := dial(t, p)
	p.Hold(true)
	c.send("a")
	c.quiet()
	p.Hold(false)
	c.recv("a")
}

func TestProxyDelayAddsToEachDirection(t *testing.T) {
	t.Parallel()
	p := redistest.NewProxy(t, repeater(t))
	c := dial(t, p)
	const delay = 50 * time.Millisecond
	p.Delay(delay)
	began := time.Now()
	c.send("a")
	c.recv("a")
	if took := time.Since(began); took < 2*delay {
		t.Errorf("a round trip took %v with %v each way", took, delay)
	}
	p.Delay(time.Hour, redistest.ToClient)
	c.send("b")
	c.quiet()
	p.Delay(0)
	c.recv("b")
}

func TestClientBehindABlackholeMeetsItsDeadline(t *testing.T) {
	t.Parallel()
	p := redistest.NewProxy(t, redistest.Private(t).Addr())
	rb := redistest.OpenURL(t, "redis://"+p.Addr())
	set(t, rb, "k", "v")
	p.Blackhole(true)
	ctx, cancel := context.WithTimeout(t.Context(), silence)
	defer cancel()
	if _, err := get(ctx, rb, "k"); err == nil || rueidis.IsRedisNil(err) {
		t.Errorf("GET through a black hole: %v, want an error", err)
	}
	p.Heal()
	redistest.Eventually(t, time.Minute, func() error {
		got, err := get(t.Context(), rb, "k")
		if err == nil && got != "v" {
			t.Errorf("GET after the black hole = %q, want v", got)
		}
		return err
	})
}
