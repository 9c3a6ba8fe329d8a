package engine

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// blockedClients waits until so many clients wait for keys. The loop ends as soon as they do, or by the test's timeout.
func blockedClients(t *testing.T, e *Engine, want int) {
	t.Helper()
	until(t, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.blocking.waiters == want
	})
}

// until polls a condition that another goroutine will bring about.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("it did not come about within 30 s")
		}
	}
}

func want(t *testing.T, got reply, text string) {
	t.Helper()
	if got.String() != text {
		t.Fatalf("got %s, want %s", got, text)
	}
}

func (p *peer) next(t *testing.T) reply {
	t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(replyLimit))
	r, err := readReply(p.r)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestBlockedAreServedInOrder(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	var list []*peer
	for i := range 10 {
		p := dialEngine(t, e)
		if err := p.send([]string{"BLPOP", "other", "l", "0"}); err != nil {
			t.Fatal(err)
		}
		blockedClients(t, e, i+1)
		list = append(list, p)
	}
	pusher := dialEngine(t, e)
	want(t, pusher.line(t, "RPUSH l 0 1 2 3 4"), `:"5"`)
	want(t, pusher.line(t, "EXISTS l"), `:"0"`)
	for i, p := range list[:5] {
		want(t, p.next(t), fmt.Sprintf(`*2[$"l" $"%d"]`, i))
	}
	blockedClients(t, e, 5)
	want(t, pusher.line(t, "MULTI"), `+"OK"`)
	pusher.line(t, "RPUSH other x")
	pusher.line(t, "DEL other")
	pusher.line(t, "RPUSH other y")
	pusher.line(t, "EXEC")
	want(t, list[5].next(t), `*2[$"other" $"y"]`)
	blockedClients(t, e, 4)
}

func TestBlockedTimeout(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	if err := p.send([]string{"BLPOP", "l", "3600"}, []string{"PING"}); err != nil {
		t.Fatal(err)
	}
	blockedClients(t, e, 1)
	e.Advance(time.Hour - time.Minute)
	blockedClients(t, e, 1)
	e.Advance(2 * time.Minute)
	want(t, p.next(t), `*-1[]`)
	want(t, p.next(t), `+"PONG"`) // what came behind is run afterwards
	want(t, p.line(t, "BLPOP l 0.001"), `*-1[]`)
}

// What a client sends while it waits is run when it is served, in order, however much it is.
func TestPipelineBehindAWait(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p, other := dialEngine(t, e), dialEngine(t, e)
	cmds := [][]string{{"BLPOP", "l", "0"}}
	for i := range 3 * batch {
		cmds = append(cmds, []string{"RPUSH", "out", fmt.Sprint(i), strings.Repeat("x", 300)})
	}
	if err := p.send(cmds[:10]...); err != nil {
		t.Fatal(err)
	}
	blockedClients(t, e, 1)
	if err := p.send(cmds[10:]...); err != nil {
		t.Fatal(err)
	}
	want(t, other.line(t, "EXISTS out"), `:"0"`)
	other.line(t, "RPUSH l go")
	want(t, p.next(t), `*2[$"l" $"go"]`)
	for i := range 3 * batch {
		want(t, p.next(t), fmt.Sprintf(`:"%d"`, 2*i+2))
	}
	want(t, other.line(t, "LRANGE out 0 0"), `*1[$"0"]`)
}

func TestBlockedClientThatLeaves(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"", "127.0.0.1:0"} {
		e := open(t, Options{Listen: listen})
		p, other := dialAny(t, e), dialEngine(t, e)
		if err := p.send([]string{"BLPOP", "l", "0"}); err != nil {
			t.Fatal(err)
		}
		blockedClients(t, e, 1)
		p.conn.Close()
		blockedClients(t, e, 0)
		want(t, other.line(t, "RPUSH l kept"), `:"1"`)
		want(t, other.line(t, "LRANGE l 0 -1"), `*1[$"kept"]`)
	}
}

func TestClientUnblock(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p, other := dialEngine(t, e), dialEngine(t, e)
	id := p.line(t, "CLIENT ID").text
	for reason, answer := range map[string]string{
		"": `*-1[]`, "TIMEOUT": `*-1[]`, "ERROR": `-"UNBLOCKED client unblocked via CLIENT UNBLOCK"`,
	} {
		if err := p.send([]string{"BLPOP", "l", "0"}); err != nil {
			t.Fatal(err)
		}
		blockedClients(t, e, 1)
		want(t, other.line(t, "CLIENT UNBLOCK "+id+" "+reason), `:"1"`)
		want(t, p.next(t), answer)
		want(t, other.line(t, "CLIENT UNBLOCK "+id), `:"0"`)
	}
}

// A move that was waited for makes the next one ready; a key that became something else serves nobody.
func TestBlockedChain(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	first, second, other := dialEngine(t, e), dialEngine(t, e), dialEngine(t, e)
	if err := second.send([]string{"BLPOP", "b", "0"}); err != nil {
		t.Fatal(err)
	}
	blockedClients(t, e, 1)
	if err := first.send([]string{"BLMOVE", "a", "b", "LEFT", "RIGHT", "0"}); err != nil {
		t.Fatal(err)
	}
	blockedClients(t, e, 2)
	other.line(t, "SET a string")
	other.line(t, "DEL a")
	blockedClients(t, e, 2)
	other.line(t, "RPUSH a 1")
	want(t, first.next(t), `$"1"`)
	want(t, second.next(t), `*2[$"b" $"1"]`)
	want(t, other.line(t, "EXISTS a b"), `:"0"`)
}

func TestClientPause(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p, other := dialEngine(t, e), dialEngine(t, e)
	want(t, other.line(t, "CLIENT PAUSE 100000 WRITE"), `+"OK"`)
	want(t, p.line(t, "GET k"), `$"-1"`)
	if err := p.send([]string{"SET", "k", "v"}, []string{"GET", "k"}); err != nil {
		t.Fatal(err)
	}
	paused := func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return len(e.clients.pause.waiting) == 1
	}
	until(t, paused)
	want(t, other.line(t, "GET k"), `$"-1"`)
	want(t, other.line(t, "CLIENT UNPAUSE"), `+"OK"`)
	want(t, p.next(t), `+"OK"`)
	want(t, p.next(t), `$"v"`)

	want(t, other.line(t, "CLIENT PAUSE 50000"), `+"OK"`)
	if err := p.send([]string{"GET", "k"}); err != nil {
		t.Fatal(err)
	}
	until(t, paused)
	e.Advance(time.Minute)
	want(t, p.next(t), `$"v"`)
}

func TestClientKill(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Listen: "127.0.0.1:0"})
	p, other := dialAny(t, e), dialEngine(t, e)
	id := p.line(t, "CLIENT ID").text
	if list := other.line(t, "CLIENT LIST").text; !strings.Contains(list, "id="+id+" addr="+p.conn.LocalAddr().String()) {
		t.Fatalf("CLIENT LIST: %s", list)
	}
	want(t, other.line(t, "CLIENT KILL ID "+id), `:"1"`)
	if _, err := readReply(p.r); !errors.Is(err, io.EOF) && !strings.Contains(fmt.Sprint(err), "reset") {
		t.Fatalf("the killed client reads %v", err)
	}
	if list := other.line(t, "CLIENT LIST").text; strings.Contains(list, "id="+id+" ") {
		t.Fatalf("it is listed still: %s", list)
	}
	self := other.line(t, "CLIENT ID").text
	want(t, other.line(t, "CLIENT KILL ID "+self), `:"0"`)
	want(t, other.line(t, "CLIENT KILL ID "+self+" SKIPME no"), `:"1"`)
	if _, err := readReply(other.r); !errors.Is(err, io.EOF) {
		t.Fatalf("a client that killed itself reads %v, want EOF", err)
	}
}

// Who waits for several keys is served from the one that changed first, wherever it names it.
func TestBlockedTakeWhatChangedFirst(t *testing.T) {
	t.Parallel()
	const lists, sets = "RPUSH b x y | RPUSH a z", "ZADD b 1 x 2 y | ZADD a 3 z"
	bothSides(t, func(t *testing.T, dial func() *peer) {
		other := dial()
		for _, c := range []struct {
			wait, do, answer, left string
		}{
			{"BLPOP a b 0", lists, `*2[$"b" $"x"]`, ":1 :1"},
			{"BRPOP a b 0", lists, `*2[$"b" $"y"]`, ":1 :1"},
			{"BLMPOP 0 2 a b LEFT COUNT 5", lists, `*2[$"b" *2[$"x" $"y"]]`, ":1 :0"},
			{"BLMOVE b a LEFT RIGHT 0", lists, `$"x"`, ":2 :1"},
			{"BRPOPLPUSH b c 0", lists, `$"y"`, ":1 :1"},
			{"BZPOPMIN a b 0", sets, `*3[$"b" $"x" $"1"]`, ":1 :1"},
			{"BZPOPMAX a b 0", sets, `*3[$"b" $"y" $"2"]`, ":1 :1"},
			{"BZMPOP 0 2 a b MAX", sets, `*2[$"b" *1[*2[$"y" $"2"]]]`, ":1 :1"},
			{"BLPOP a b 0", "ZADD b 1 x | RPUSH a z", `*2[$"a" $"z"]`, ":0 :1"},
			{"BLPOP a b 0", "RPUSH b x | DEL b | RPUSH a z", `*2[$"a" $"z"]`, ":0 :0"},
			{"BLPOP a b 0", "RPUSH b x | RPUSH a z | DEL b | RPUSH b v", `*2[$"b" $"v"]`, ":1 :0"},
			{"BLPOP a b 0", "RPUSH src x | RENAME src b | RPUSH a z", `*2[$"b" $"x"]`, ":1 :0"},
			{`BLPOP "" b 0`, `RPUSH b x y | RPUSH "" z`, `*2[$"b" $"x"]`, ":0 :1"},
			{`BLPOP b "" 0`, `RPUSH "" z | RPUSH b x y`, `*2[$"" $"z"]`, ":0 :2"},
		} {
			other.line(t, "FLUSHALL")
			waits := dial()
			if err := waits.send(words(t, c.wait)); err != nil {
				t.Fatal(err)
			}
			waitStarted(t, other, 1)
			other.line(t, "MULTI")
			for line := range strings.SplitSeq(c.do, " | ") {
				other.line(t, line)
			}
			other.line(t, "EXEC")
			if got := waits.next(t).String(); got != c.answer {
				t.Errorf("%s, then %s: got %s, want %s", c.wait, c.do, got, c.answer)
			}
			size := func(key string) string {
				if r := other.line(t, "LLEN "+key); r.kind == ':' {
					return ":" + r.text
				}
				return ":" + other.line(t, "ZCARD "+key).text
			}
			if left := size("a") + " " + size("b"); left != c.left {
				t.Errorf("%s, then %s: %s are left, want %s", c.wait, c.do, left, c.left)
			}
		}
	})
}
