package engine

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/testreport"
)

// open starts an engine that ends with the test.
func open(t testing.TB, o Options) *Engine {
	t.Helper()
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// connect gives a client of the kind the toolkit uses.
func connect(t testing.TB, e *Engine, o rueidis.ClientOption) rueidis.Client {
	t.Helper()
	o.InitAddress = []string{"embedded"}
	if o.DialCtxFn == nil {
		o.DialCtxFn = e.Dial
	}
	o.DisableCache, o.ForceSingleClient = true, true
	c, err := rueidis.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A command that adds to its own words leaves those of the next one alone.
func TestPipelinedWordsAreApart(t *testing.T) {
	t.Parallel()
	p := dialEngine(t, open(t, Options{}))
	if err := p.send([]string{"SUBSCRIBE", "a", "b"}, []string{"UNSUBSCRIBE"}, []string{"SET", "k", "v"}, []string{"GET", "k"}); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		p.next(t)
	}
	want(t, p.next(t), `+"OK"`)
	want(t, p.next(t), `$"v"`)
}

func TestRueidisInProcess(t *testing.T) {
	t.Parallel()
	for _, v2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("resp2=%v", v2), func(t *testing.T) {
			t.Parallel()
			e := open(t, Options{})
			c := connect(t, e, rueidis.ClientOption{AlwaysRESP2: v2})
			ctx := t.Context()
			if err := c.Do(ctx, c.B().Set().Key("k").Value("v").Ex(time.Minute).Build()).Error(); err != nil {
				t.Fatal(err)
			}
			if s, err := c.Do(ctx, c.B().Get().Key("k").Build()).ToString(); s != "v" || err != nil {
				t.Fatalf("GET: %q, %v", s, err)
			}
			e.Advance(2 * time.Minute)
			if err := c.Do(ctx, c.B().Get().Key("k").Build()).Error(); !rueidis.IsRedisNil(err) {
				t.Fatalf("GET after its time: %v, want nil", err)
			}
			var cmds []rueidis.Completed
			for i := range 1000 {
				cmds = append(cmds, c.B().Set().Key(fmt.Sprint("n", i)).Value("x").Build())
			}
			for _, r := range c.DoMulti(ctx, cmds...) {
				if err := r.Error(); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := c.Do(ctx, c.B().Dbsize().Build()).AsInt64(); n != 1000 || err != nil {
				t.Fatalf("DBSIZE: %d, %v", n, err)
			}
		})
	}
}

func TestRueidisSubscribes(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	c := connect(t, e, rueidis.ClientOption{})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got := make(chan rueidis.PubSubMessage)
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = c.Receive(ctx, c.B().Psubscribe().Pattern("news.*").Build(), func(m rueidis.PubSubMessage) { got <- m })
	})
	defer wg.Wait()
	defer cancel()
	for {
		n, err := c.Do(ctx, c.B().Publish().Channel("news.1").Message("hello").Build()).AsInt64()
		if err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			break
		}
	}
	if m := <-got; m.Message != "hello" || m.Channel != "news.1" || m.Pattern != "news.*" {
		t.Fatalf("got %+v", m)
	}
}

func TestRedisCLI(t *testing.T) {
	t.Parallel()
	cli, err := exec.LookPath("redis-cli")
	if err != nil {
		testreport.Missing(t, "redis", err.Error())
	}
	e := open(t, Options{Listen: "127.0.0.1:0"})
	host, port := e.hostPort()
	run := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), cli, append([]string{"-h", host, "-p", port}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("redis-cli %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	for _, c := range []struct{ command, want string }{
		{"SET greeting hello", "OK"},
		{"GET greeting", "hello"},
		{"-3 CONFIG GET maxclients", "maxclients 10000"},
		{"INCR n", "1"},
		{"NOSUCH a b", "ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b'"},
		{"DEBUG SLEEP 0", "OK"},
	} {
		if got := run(strings.Fields(c.command)...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.command, got, c.want)
		}
	}
	if info := run("INFO"); !strings.Contains(info, "redis_version:7.0.15") || !strings.Contains(info, "db0:keys=2") {
		t.Errorf("INFO: %s", info)
	}
}
