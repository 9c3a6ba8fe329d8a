package clienttest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redbrick-go/redbrick/engine"
	"github.com/redbrick-go/redbrick/internal/childproc"
	"github.com/redbrick-go/redbrick/redistest"
)

// cli is redis-cli at an engine.
type cli struct {
	t    *testing.T
	path string
	at   []string
}

func newCLI(t *testing.T, o engine.Options) *cli {
	t.Helper()
	path := tool(t, "redis-cli")
	host, port := serve(t, o)
	return &cli{t, path, []string{"-h", host, "-p", port}}
}

// run gives the lines it prints, with input on its standard input.
func (c *cli) run(input string, args ...string) string {
	c.t.Helper()
	return strings.TrimRight(output(c.t, input, c.path, append(c.at, args...)...), "\n")
}

func (c *cli) want(want string, args ...string) {
	c.t.Helper()
	if diff := cmp.Diff(want, c.run("", args...)); diff != "" {
		c.t.Errorf("redis-cli %q (-want +got):\n%s", args, diff)
	}
}

func TestRedisCLI(t *testing.T) {
	t.Parallel()
	c := newCLI(t, engine.Options{})
	c.want("PONG", "PING")
	c.want("OK", "SET", "greeting", "hello\nworld")
	c.want("hello\nworld", "GET", "greeting")
	c.want(`"hello\nworld"`, "--no-raw", "GET", "greeting")
	c.want("(nil)", "--no-raw", "GET", "nothing")
	c.want("(integer) 3", "--no-raw", "RPUSH", "list", "a", "b", "c")
	c.want("1) \"a\"\n2) \"b\"\n3) \"c\"", "--no-raw", "LRANGE", "list", "0", "-1")
	c.want(`"a","b","c"`, "--csv", "LRANGE", "list", "0", "-1")
	c.want(`["a","b","c"]`, "--json", "LRANGE", "list", "0", "-1")
	c.want("(error) ERR value is not an integer or out of range", "--no-raw", "INCR", "greeting")
	c.want("(error) ERR unknown command 'NOSUCH', with args beginning with: 'a' ", "--no-raw", "NOSUCH", "a")
	c.want("1", "-n", "3", "SADD", "set", "m")
	c.want("m", "-n", "3", "SMEMBERS", "set")
	c.want("1\n2\n3", "-r", "3", "INCR", "n")
	if got := c.run("value from stdin", "-x", "SET", "from-stdin"); got != "OK" {
		t.Errorf("-x: %q", got)
	}
	c.want("value from stdin", "GET", "from-stdin")
	if got := c.run("MULTI\nSET a 1\nINCR a\nEXEC\n"); got != "OK\nQUEUED\nQUEUED\nOK\n2" {
		t.Errorf("a transaction on standard input: %q", got)
	}
	for _, args := range [][]string{{"INFO"}, {"INFO", "everything"}, {"CLIENT", "LIST"}, {"COMMAND", "DOCS"}, {"COMMAND"}, {"CONFIG", "GET", "*"}, {"MEMORY", "STATS"}, {"LATENCY", "DOCTOR"}, {"SLOWLOG", "GET"}} {
		for _, protocol := range []string{"-2", "-3"} {
			if got := c.run("", append([]string{protocol}, args...)...); got == "" && args[0] != "SLOWLOG" || strings.HasPrefix(got, "ERR") {
				t.Errorf("%s %q: %q", protocol, args, got)
			}
		}
	}
}

func TestRedisCLIVersion3(t *testing.T) {
	t.Parallel()
	c := newCLI(t, engine.Options{})
	c.want("2", "HSET", "h", "f", "v", "g", "w")
	c.want("1# \"f\" => \"v\"\n2# \"g\" => \"w\"", "-3", "--no-raw", "HGETALL", "h")
	c.want("1", "ZADD", "z", "1.5", "m")
	c.want("(double) 1.5", "-3", "--no-raw", "ZSCORE", "z", "m")
	c.want("1) 1) \"m\"\n   2) (double) 1.5", "-3", "--no-raw", "ZRANGE", "z", "0", "-1", "WITHSCORES")
	c.want("(integer) 1", "-3", "--no-raw", "SADD", "s", "m")
	c.want("1~ \"m\"", "-3", "--no-raw", "SMEMBERS", "s")
	c.want("(nil)", "-3", "--no-raw", "GET", "nothing")
}

func TestRedisCLIPassword(t *testing.T) {
	t.Parallel()
	c := newCLI(t, engine.Options{Password: "open sesame"})
	c.want("NOAUTH Authentication required.", "GET", "k")
	c.want("PONG", "--no-auth-warning", "-a", "open sesame", "PING")
	c.want("PONG", "-3", "--no-auth-warning", "--user", "default", "--pass", "open sesame", "PING")
}

// What walks over the keys: by pattern and type, and for the largest.
func TestRedisCLIWalks(t *testing.T) {
	t.Parallel()
	c := newCLI(t, engine.Options{})
	n := redistest.Scale(20_000)
	var in strings.Builder
	for i := range n {
		fmt.Fprintf(&in, "SET key:%d %d\r\n", i, i)
	}
	in.WriteString("RPUSH long-list a b c d e f\r\nHSET big-hash a 1 b 2 c 3\r\nZADD big-zset 1 a 2 b\r\nSADD big-set a b\r\nXADD big-stream * f v\r\n")
	in.WriteString("SET big-string " + strings.Repeat("x", 5000) + "\r\n")
	got := c.run(in.String(), "--pipe")
	if want := fmt.Sprintf("errors: 0, replies: %d", n+6); !strings.HasSuffix(got, want) {
		t.Fatalf("--pipe: %q, want %q at the end", got, want)
	}
	scanned := strings.Split(c.run("", "--scan", "--pattern", "key:*"), "\n")
	seen := map[string]bool{}
	for _, k := range scanned {
		seen[k] = true
	}
	if len(seen) != n {
		t.Errorf("--scan gives %d keys, want %d", len(seen), n)
	}
	c.want(`"key:17"`, "--quoted-pattern", `"key:1\x37"`, "--no-raw", "--scan")
	largest := c.run("", "--bigkeys")
	for _, want := range []string{
		`Biggest string found '"big-string"' has 5000 bytes`, `Biggest   list found '"long-list"' has 6 items`, `Biggest   hash found '"big-hash"' has 3 fields`,
		`Biggest   zset found '"big-zset"' has 2 members`, `Biggest    set found '"big-set"' has 2 members`, `Biggest stream found '"big-stream"' has 1 entries`,
		fmt.Sprintf("Sampled %d keys in the keyspace!", n+6), fmt.Sprintf("%d strings with", n+1),
	} {
		if !strings.Contains(largest, want) {
			t.Errorf("--bigkeys lacks %q:\n%s", want, largest)
		}
	}
	if heaviest := c.run("", "--memkeys"); !regexp.MustCompile(`Biggest string found '"big-string"' has 5\d{3} bytes`).MatchString(heaviest) {
		t.Errorf("--memkeys:\n%s", heaviest)
	}
	c.start("--stat", "-i", "0.01").until(fmt.Sprintf(`^%d +\S+ +\d+ +0 +\d+ \(\+\d+\) `, n+6))
}

func TestRedisCLIScript(t *testing.T) {
	t.Parallel()
	c := newCLI(t, engine.Options{})
	file := t.TempDir() + "/twice.lua"
	write(t, file, "redis.call('SET', KEYS[1], ARGV[1]) return {redis.call('GET', KEYS[1]), tonumber(ARGV[1]) * 2}")
	c.want("21\n42", "--eval", file, "k", ",", "21")
	c.want("(error) ERR my words", "--no-raw", "EVAL", "return redis.error_reply('ERR my words')", "0")
}

// lines is a running redis-cli whose lines are read one by one.
type lines struct {
	t *testing.T
	s *bufio.Scanner
}

func (c *cli) start(args ...string) *lines {
	c.t.Helper()
	cmd := exec.Command(c.path, append(c.at, args...)...)
	out, w, err := os.Pipe() // that of exec.Cmd is closed when the program ends, read or not
	if err != nil {
		c.t.Fatal(err)
	}
	cmd.Stdout = w
	proc, err := childproc.Launch(cmd, syscall.SIGKILL)
	w.Close()
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := proc.Kill(); err != nil {
			c.t.Error(err)
		}
		out.Close()
	})
	return &lines{c.t, bufio.NewScanner(out)}
}

// until reads on to the line that matches.
func (l *lines) until(pattern string) {
	l.t.Helper()
	var passed []string
	for re := regexp.MustCompile(pattern); l.s.Scan(); {
		if re.MatchString(l.s.Text()) {
			return
		}
		passed = append(passed, l.s.Text())
	}
	l.t.Fatalf("no line matches %s: %v\n%s", pattern, l.s.Err(), strings.Join(passed, "\n"))
}

func TestRedisCLIListens(t *testing.T) {
	t.Parallel()
	c := newCLI(t, engine.Options{})
	for _, protocol := range []string{"-2", "-3"} {
		monitor := c.start(protocol, "MONITOR")
		monitor.until(`^OK$`)
		c.run("", "SET", "watched", "it's")
		monitor.until(`^\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "SET" "watched" "it's"$`)

		channel := "news" + protocol
		news := c.start(protocol, "SUBSCRIBE", channel, "more")
		news.until(`^2$`)
		c.want("1", "PUBLISH", channel, "first")
		news.until(`^first$`)
		patterns := c.start(protocol, "PSUBSCRIBE", "n*"+protocol)
		patterns.until(`^1$`)
		c.want("2", "PUBLISH", channel, "second")
		news.until(`^second$`)
		patterns.until(`^second$`)
	}
}

// A client that waits is given what another one brings.
func TestRedisCLIWaits(t *testing.T) {
	t.Parallel()
	c := newCLI(t, engine.Options{})
	waiting := c.start("BLPOP", "queue", "0")
	redistest.Eventually(t, patience, func() error {
		if list := c.run("", "INFO", "clients"); !strings.Contains(list, "blocked_clients:1") {
			return fmt.Errorf("nobody waits: %s", list)
		}
		return nil
	})
	c.want("1", "RPUSH", "queue", "job")
	waiting.until("^job$")
}
