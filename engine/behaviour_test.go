package engine

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

func TestGetAllocatesNothing(t *testing.T) { //nolint:paralleltest // counts the process's allocations
	e := open(t, Options{})
	e.mu.Lock()
	defer e.mu.Unlock()
	cl := e.newClient(nil)
	run := func(line string) func() {
		args, _ := resp.SplitArgs([]byte(line), nil)
		return func() {
			e.process(cl, args)
			cl.w.Buf = cl.w.Buf[:0]
		}
	}
	run("SET k " + strings.Repeat("x", 100))()
	for line, most := range map[string]float64{"GET k": 0, "GET none": 0, "INCR n": 0, "EXISTS k": 0, "SET k v": 1} {
		if n := testing.AllocsPerRun(1000, run(line)); n > most {
			t.Errorf("%s: %v allocations, want %v", line, n, most)
		}
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p, events := dialEngine(t, e), dialEngine(t, e)
	p.line(t, "CONFIG SET notify-keyspace-events Ex")
	events.line(t, "PSUBSCRIBE __keyevent@*__:expired")
	for i := range 1000 {
		p.do(t, "SET", fmt.Sprint("k", i), "v", "EX", fmt.Sprint(100*(i%100+1)))
	}
	e.Advance(5050 * time.Second)
	want(t, p.line(t, "DBSIZE"), `:"500"`)
	for range 500 {
		if r := events.next(t); r.parts[0].text != "pmessage" || r.parts[2].text != "__keyevent@0__:expired" {
			t.Fatalf("got %s", r)
		}
	}
	e.Advance(3 * time.Hour)
	want(t, p.line(t, "DBSIZE"), `:"0"`)
	if info := p.line(t, "INFO stats").text; !strings.Contains(info, "expired_keys:1000\r\n") {
		t.Errorf("INFO: %s", info)
	}
}

// A key that nobody looks at goes by itself, in real time.
func TestActiveExpiry(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	p.line(t, "SET k v PX 20")
	p.line(t, "SET far v EX 1000")
	until(t, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.dbs[0].keys.Len() == 1
	})
}

func TestExpiredIsSeenByNobody(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	p.line(t, "DEBUG SET-ACTIVE-EXPIRE 0")
	for _, line := range []string{
		"GET k", "EXISTS k", "TYPE k", "TTL k", "STRLEN k", "MGET k", "KEYS *", "SCAN 0 COUNT 100", "RANDOMKEY", "OBJECT ENCODING k", "MEMORY USAGE k",
		"GETDEL k", "COPY k l", "TOUCH k", "DEL k", "PERSIST k", "EXPIRE k 100", "RENAMENX k l", "MOVE k 1", "SETRANGE k 0 \"\"",
	} {
		p.line(t, "FLUSHALL")
		fresh := normal(words(t, line), p.line(t, line))
		p.line(t, "SET k v PX 100")
		e.Advance(200 * time.Millisecond)
		if got := normal(words(t, line), p.line(t, line)); got.String() != fresh.String() {
			t.Errorf("%s: %s, without the key %s", line, got, fresh)
		}
	}
}

func TestKeyspaceEvents(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p, events := dialEngine(t, e), dialEngine(t, e)
	p.line(t, "CONFIG SET notify-keyspace-events KEA")
	events.line(t, "PSUBSCRIBE __key*__:*")
	for _, c := range []struct {
		line   string
		events []string // of the key's own channel
	}{
		{"SET k v", []string{"set"}},
		{"SET k v EX 100", []string{"set", "expire"}},
		{"APPEND k w", []string{"append"}},
		{"PERSIST k", []string{"persist"}},
		{"GETDEL k", []string{"del"}},
		{"INCR k", []string{"incrby"}},
		{"EXPIRE k -1", []string{"del"}},
		{"RPUSH k a", []string{"rpush"}},
		{"LPOP k", []string{"lpop", "del"}},
		{"SETRANGE k 1 x", []string{"setrange"}},
		{"DEL k", []string{"del"}},
	} {
		p.line(t, c.line)
		for _, name := range c.events {
			space, event := events.next(t), events.next(t)
			if space.parts[2].text != "__keyspace@0__:k" || space.parts[3].text != name || event.parts[2].text != "__keyevent@0__:"+name || event.parts[3].text != "k" {
				t.Fatalf("%s: got %s and %s, want %s", c.line, space, event, name)
			}
		}
	}
}

func TestScanWhileKeysComeAndGo(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	for i := range 500 {
		p.do(t, "SET", fmt.Sprint("stays", i), "v")
	}
	seen, cursor, most := map[string]bool{}, "0", 0
	for i := 0; ; i++ {
		r := p.do(t, "SCAN", cursor, "COUNT", "20")
		for _, k := range r.parts[1].parts {
			seen[k.text] = true
		}
		most = max(most, len(r.parts[1].parts))
		if cursor = r.parts[0].text; cursor == "0" {
			break
		}
		for j := range 100 {
			if i < 20 {
				p.do(t, "SET", fmt.Sprintf("comes%d-%d", i, j), "v")
			} else {
				p.do(t, "DEL", fmt.Sprintf("comes%d-%d", i-20, j))
			}
		}
	}
	for i := range 500 {
		if !seen[fmt.Sprint("stays", i)] {
			t.Fatalf("stays%d was not seen", i)
		}
	}
	if most > 60 {
		t.Errorf("COUNT 20 gave %d keys at once", most)
	}
}

func TestMonitor(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p, m := dialEngine(t, e), dialEngine(t, e)
	want(t, m.line(t, "MONITOR"), `+"OK"`)
	p.do(t, "SET", "k", "a\"\n\x01")
	if got := m.next(t).text; !strings.HasSuffix(got, ` [0 embedded:0] "SET" "k" "a\"\n\x01"`) {
		t.Errorf("got %s", got)
	}
	p.line(t, "AUTH secret")
	if got := m.next(t).text; strings.Contains(got, "secret") {
		t.Errorf("a password is shown: %s", got)
	}
}

func TestSlowlog(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	p.line(t, "CLIENT SETNAME me")
	p.line(t, "CONFIG SET slowlog-log-slower-than 0")
	p.do(t, "SET", "k", strings.Repeat("x", 200))
	p.line(t, "CONFIG SET slowlog-log-slower-than -1")
	r := p.line(t, "SLOWLOG GET -1")
	if len(r.parts) != 2 || r.parts[0].parts[3].parts[2].text != strings.Repeat("x", 128)+"... (72 more bytes)" || r.parts[0].parts[5].text != "me" {
		t.Errorf("got %s", r)
	}
	want(t, p.line(t, "SLOWLOG LEN"), `:"2"`)
}

func TestPassword(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Listen: "127.0.0.1:0", Password: "s3cret"})
	p := dialAny(t, e)
	want(t, p.line(t, "GET k"), `-"NOAUTH Authentication required."`)
	want(t, p.line(t, "AUTH wrong"), `-"WRONGPASS invalid username-password pair or user is disabled."`)
	if r := p.line(t, "HELLO 3"); r.kind != '-' || !strings.HasPrefix(r.text, "NOAUTH") {
		t.Errorf("HELLO: %s", r)
	}
	if r := p.line(t, "HELLO 3 AUTH default s3cret SETNAME me"); r.kind != '%' {
		t.Errorf("HELLO: %s", r)
	}
	want(t, p.line(t, "CLIENT GETNAME"), `$"me"`)
	want(t, p.line(t, "RESET"), `+"RESET"`)
	want(t, p.line(t, "PING"), `-"NOAUTH Authentication required."`)
	want(t, p.line(t, "AUTH s3cret"), `+"OK"`)
	want(t, p.line(t, "PING"), `+"PONG"`)
	stranger := dialAny(t, e)
	want(t, stranger.do(t, "SET", "k", strings.Repeat("x", 20_000)), `-"ERR Protocol error: unauthenticated bulk length"`)
}

func TestMaxClients(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	p.line(t, "CONFIG SET maxclients 2")
	dialEngine(t, e).line(t, "PING")
	want(t, dialEngine(t, e).next(t), `-"ERR max number of clients reached"`)
}

func TestClientReply(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	if err := p.send([]string{"CLIENT", "REPLY", "SKIP"}, []string{"SET", "k", "1"}, []string{"INCR", "k"},
		[]string{"CLIENT", "REPLY", "OFF"}, []string{"INCR", "k"}, []string{"NOSUCH"}, []string{"CLIENT", "REPLY", "ON"}, []string{"GET", "k"}); err != nil {
		t.Fatal(err)
	}
	want(t, p.next(t), `:"2"`)
	want(t, p.next(t), `+"OK"`)
	want(t, p.next(t), `$"3"`)
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for listen, part := range map[string]string{
		"0.0.0.0:0":     "loopback",
		":6379":         "loopback",
		"example.org:1": "loopback",
		"127.0.0.1":     "host:port",
	} {
		e, err := Open(Options{Listen: listen})
		if err == nil {
			e.Close()
			t.Errorf("Listen %q was accepted", listen)
			continue
		}
		if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), listen) || !strings.Contains(err.Error(), part) {
			t.Errorf("Listen %q: %v", listen, err)
		}
	}
	_, err := Open(Options{MaxMemory: -1, MaxMemoryPolicy: "lru"})
	if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "MaxMemory is -1") || !strings.Contains(err.Error(), `MaxMemoryPolicy is "lru", expected volatile-lru`) {
		t.Errorf("bad memory options: %v", err)
	}
	e, err := Open(Options{Listen: "127.0.0.1:0", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := Open(Options{Listen: e.Addr().String()}); err == nil || errors.Is(err, ErrOptions) {
		t.Errorf("an address in use: %v", err)
	}
}

// A socket that a crashed process has left is taken over, one in use is not.
func TestUnixSocketLeftBehind(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	e := open(t, Options{Listen: path})
	want(t, dialAny(t, e).line(t, "PING"), `+"PONG"`)
	if second, err := Open(Options{Listen: path}); err == nil {
		second.Close()
		t.Fatal("two engines on one socket")
	}
	want(t, dialAny(t, e).line(t, "PING"), `+"PONG"`)
}

func TestInfoAndConfig(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Listen: "127.0.0.1:0"})
	p := dialEngine(t, e)
	p.line(t, "SET k v EX 100")
	p.line(t, "NOSUCH")
	p.line(t, "GET a b")
	info := p.line(t, "INFO everything").text
	for _, part := range []string{
		"# Server\r\nredis_version:7.0.15", "# Clients\r\nconnected_clients:1", "# Memory\r\nused_memory:", "# Persistence\r\nloading:0",
		"# Replication\r\nrole:master", "# CPU\r\nused_cpu_sys:", "cmdstat_set:calls=1,", "cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1",
		"errorstat_ERR:count=2", "latency_percentiles_usec_set:p50=", "# Cluster\r\ncluster_enabled:0", "# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=",
	} {
		if !strings.Contains(info, part) {
			t.Errorf("INFO lacks %q:\n%s", part, info)
		}
	}
	all := p.line(t, "CONFIG GET *")
	for i := 0; i < len(all.parts); i += 2 {
		name, value := all.parts[i].text, all.parts[i+1].text
		r := p.do(t, "CONFIG", "SET", name, value)
		immutable := strings.Contains(r.text, "immutable")
		if r.kind != '+' && !immutable {
			t.Errorf("CONFIG SET %s %q, its own value: %s", name, value, r)
		}
	}
	if r := p.line(t, "LATENCY HISTOGRAM set"); len(r.parts) != 2 {
		t.Errorf("LATENCY HISTOGRAM: %s", r)
	}
	if r := p.line(t, "COMMAND DOCS get"); len(r.parts) != 2 || r.parts[0].text != "get" {
		t.Errorf("COMMAND DOCS: %s", r)
	}
	if all, count := p.line(t, "COMMAND"), p.line(t, "COMMAND COUNT"); fmt.Sprint(len(all.parts)) != count.text {
		t.Errorf("COMMAND lists %d, COMMAND COUNT says %s", len(all.parts), count)
	}
	if r := p.line(t, "CLIENT HELP"); len(r.parts) < 10 {
		t.Errorf("CLIENT HELP: %s", r)
	}
}

func TestLatencyMonitor(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	p.line(t, "CONFIG SET latency-monitor-threshold 1")
	p.line(t, "DEBUG SLEEP 0.005")
	if r := p.line(t, "LATENCY LATEST"); len(r.parts) != 1 || r.parts[0].parts[0].text != "command" {
		t.Errorf("LATENCY LATEST: %s", r)
	}
	if r := p.line(t, "LATENCY HISTORY command"); len(r.parts) < 1 { // where the machine is slow, so are others
		t.Errorf("LATENCY HISTORY: %s", r)
	}
	want(t, p.line(t, "LATENCY RESET"), `:"1"`)
}
