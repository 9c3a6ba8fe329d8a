package engine

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/resp"
	"github.com/redbrick-go/redbrick/internal/redisproc"
	"github.com/redbrick-go/redbrick/internal/testreport"
)

// This file compares the engine with a real redis-server: the same commands to both, reply by reply. Cases are lines as
// one would type them into redis-cli; TestCases runs them, the fuzzer makes its own.

// reply is a reply in either protocol: its first byte, the text of a leaf, the parts of an aggregate.
type reply struct {
	kind  byte
	text  string
	parts []reply
}

func (r reply) String() string {
	if r.parts == nil {
		return fmt.Sprintf("%c%q", r.kind, r.text)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%c%s[", r.kind, r.text)
	for i, p := range r.parts {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.String())
	}
	return b.String() + "]"
}

func readReply(r *bufio.Reader) (reply, error) {
	head, err := r.ReadString('\n')
	if err != nil {
		return reply{}, err
	}
	if len(head) < 3 || !strings.HasSuffix(head, "\r\n") {
		return reply{}, fmt.Errorf("line %q", head)
	}
	out := reply{kind: head[0], text: head[1 : len(head)-2]}
	n, _ := strconv.Atoi(out.text)
	switch out.kind {
	case '$', '=':
		if n < 0 {
			return out, nil
		}
		body := make([]byte, n+2)
		if _, err := io.ReadFull(r, body); err != nil {
			return reply{}, err
		}
		out.text = string(body[:n])
	case '%', '|':
		n *= 2
		fallthrough
	case '*', '~', '>':
		out.parts = []reply{}
		for range n {
			p, err := readReply(r)
			if err != nil {
				return reply{}, err
			}
			out.parts = append(out.parts, p)
		}
	}
	return out, nil
}

// peer is a connection to the engine or to the server.
type peer struct {
	conn net.Conn
	r    *bufio.Reader
}

// replyLimit bounds the wait for replies; nothing in the cases takes long.
const replyLimit = 30 * time.Second

func newPeer(t testing.TB, conn net.Conn, err error) *peer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &peer{conn, bufio.NewReader(conn)}
}

func dialEngine(t testing.TB, e *Engine) *peer {
	conn, err := e.Dial(context.Background(), "", nil, nil)
	return newPeer(t, conn, err)
}

func dialServer(t testing.TB, s *redisproc.Server) *peer {
	conn, err := net.DialTimeout("tcp", s.Addr(), replyLimit)
	return newPeer(t, conn, err)
}

// send writes commands in one go.
func (p *peer) send(cmds ...[]string) error {
	var b strings.Builder
	for _, args := range cmds {
		fmt.Fprintf(&b, "*%d\r\n", len(args))
		for _, a := range args {
			fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
		}
	}
	_ = p.conn.SetDeadline(time.Now().Add(replyLimit))
	_, err := io.WriteString(p.conn, b.String())
	return err
}

// all sends commands and returns their replies.
func (p *peer) all(cmds ...[]string) ([]reply, error) {
	if err := p.send(cmds...); err != nil {
		return nil, err
	}
	var out []reply
	for range cmds {
		r, err := readReply(p.r)
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

// do sends one command, which must not fail to be answered.
func (p *peer) do(t testing.TB, args ...string) reply {
	t.Helper()
	r, err := p.all(args)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return r[0]
}

// line is do for a command as one types it.
func (p *peer) line(t testing.TB, line string) reply {
	t.Helper()
	return p.do(t, words(t, line)...)
}

func words(t testing.TB, line string) []string {
	t.Helper()
	args, ok := resp.SplitArgs([]byte(line), nil)
	if !ok {
		t.Fatalf("line %q cannot be split", line)
	}
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = string(a)
	}
	return out
}

// startServer starts a redis-server of the version the engine copies, or skips the test.
func startServer(t testing.TB) *redisproc.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := redisproc.Start(ctx, redisproc.Options{Conf: []string{"enable-debug-command yes", "hz 100"}})
	switch {
	case errors.Is(err, redisproc.ErrNotFound):
		testreport.Missing(t, "redis", err.Error())
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	info, err := s.Do(ctx, "INFO", "server")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(info, "redis_version:7.0.") && !testreport.Required("redis") {
		testreport.Missing(t, "redis 7.0", "the server is of another version, whose replies are no measure")
	}
	return s
}

// normal makes replies comparable that may differ in order or by a moment. Families add their commands to it.
func normal(args []string, r reply) reply {
	if len(args) == 0 || r.kind == '-' {
		return r
	}
	name := strings.ToLower(args[0])
	switch name {
	case "keys", "smembers", "sinter", "sunion", "sdiff", "spop", "hkeys", "hvals":
		return sorted(r, 1)
	case "hgetall", "config":
		return sorted(r, 2)
	case "scan", "sscan":
		if len(r.parts) == 2 {
			r.parts[1] = sorted(r.parts[1], 1)
		}
	case "hscan", "zscan":
		if len(r.parts) == 2 {
			r.parts[1] = sorted(r.parts[1], 2)
		}
	case "randomkey", "srandmember", "hrandfield", "zrandmember", "lastsave":
		return shape(r)
	case "time":
		return shape(r)
	case "object":
		if len(args) > 1 && strings.EqualFold(args[1], "idletime") {
			return shape(r)
		}
	case "xpending", "xinfo":
		return normalStream(args, r)
	case "ttl", "pttl", "expiretime", "pexpiretime":
		// A key that was given ten seconds has 10 or 9 of them, whoever asks.
		if n, err := strconv.ParseInt(r.text, 10, 64); err == nil && n > 0 {
			r.text = "positive"
		}
	}
	return r
}

// sorted puts the parts into order, in groups.
func sorted(r reply, group int) reply {
	if len(r.parts)%group != 0 {
		return r
	}
	groups := slices.Collect(slices.Chunk(r.parts, group))
	slices.SortFunc(groups, func(a, b []reply) int {
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	parts := []reply{}
	for _, g := range groups {
		parts = append(parts, g...)
	}
	return reply{r.kind, r.text, parts}
}

// shape keeps kinds and lengths.
func shape(r reply) reply {
	out := reply{kind: r.kind}
	if r.parts != nil {
		out.parts, out.text = []reply{}, r.text
	}
	for _, p := range r.parts {
		out.parts = append(out.parts, shape(p))
	}
	return out
}

// testCases runs groups of lines on the engine and on a server, each group on empty data, in both protocols. A group
// is a text of lines; empty ones and those that begin with # are left out.
func testCases(t *testing.T, groups map[string]string) {
	t.Parallel()
	s := startServer(t)
	for _, proto := range []string{"2", "3"} {
		e := open(t, Options{})
		ours, theirs := dialEngine(t, e), dialServer(t, s)
		for _, p := range []*peer{ours, theirs} {
			p.do(t, "HELLO", proto)
		}
		for _, name := range sortedKeys(groups) {
			for _, p := range []*peer{ours, theirs} {
				p.do(t, "FLUSHALL")
			}
			n := 0
			for line := range strings.Lines(groups[name]) {
				n++
				line = strings.TrimSpace(line)
				if line == "" || line[0] == '#' {
					continue
				}
				args := words(t, line)
				want, got := normal(args, theirs.do(t, args...)), normal(args, ours.do(t, args...))
				if want.String() != got.String() {
					t.Errorf("RESP%s %s:%d %s\n got %s\nwant %s", proto, name, n, line, got, want)
				}
			}
			want, got := theirs.do(t, "DEBUG", "DIGEST"), ours.do(t, "DEBUG", "DIGEST")
			if want.String() != got.String() {
				t.Errorf("RESP%s %s: data differ: digest %s, want %s", proto, name, got, want)
			}
		}
	}
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
