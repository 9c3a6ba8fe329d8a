package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// What rueidis keeps for its DoCache is dropped by a write, an expiry, a flush and a script of others.
func TestRueidisCache(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"embedded"}, DialCtxFn: e.Dial, ForceSingleClient: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	other := dialEngine(t, e)
	read := func() rueidis.RedisResult {
		return c.DoCache(t.Context(), c.B().Get().Key("k").Cache(), time.Hour)
	}
	value := func(want string) {
		t.Helper()
		until(t, func() bool {
			r := read()
			s, err := r.ToString()
			return want == "" && rueidis.IsRedisNil(err) || err == nil && s == want
		})
		if r := read(); !r.IsCacheHit() {
			t.Errorf("%q is not kept", want)
		}
	}
	other.do(t, "SET", "k", "1")
	value("1")
	other.do(t, "SET", "k", "2", "EX", "100")
	value("2")
	e.Advance(101 * time.Second)
	value("")
	other.do(t, "SET", "k", "3")
	value("3")
	other.do(t, "FLUSHALL")
	value("")
}

func TestExpiryTellsReaders(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p, other := dialEngine(t, e), dialEngine(t, e)
	p.do(t, "HELLO", "3")
	p.line(t, "CLIENT TRACKING on")
	other.line(t, "SET k v EX 10")
	p.line(t, "GET k")
	e.Advance(11 * time.Second)
	want(t, p.next(t), `>2[$"invalidate" *1[$"k"]]`)
}

func TestTrackingIsBounded(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p, other := dialEngine(t, e), dialEngine(t, e)
	p.do(t, "HELLO", "3")
	p.line(t, "CLIENT TRACKING on")
	p.line(t, "CONFIG SET tracking-table-max-keys 10")
	kept := map[string]bool{}
	for i := range 1001 {
		line := []string{"GET", fmt.Sprint("k", i)}
		if i == 1000 {
			line = []string{"PING"} // the next command looks at what the last read
		} else {
			kept[line[1]] = true
		}
		if err := p.send(line); err != nil {
			t.Fatal(err)
		}
		for {
			r := p.next(t)
			if r.kind != '>' {
				break
			}
			delete(kept, r.parts[1].parts[0].text)
		}
	}
	if len(kept) != 10 {
		t.Errorf("%d keys are remembered, want 10", len(kept))
	}
	for key := range kept {
		other.do(t, "SET", key, "v")
		want(t, p.next(t), `>2[$"invalidate" *1[$"`+key+`"]]`)
	}
	for _, part := range []string{"tracking_total_keys:0\r\n", "tracking_total_items:0\r\n", "tracking_clients:1\r\n"} {
		if info := other.line(t, "INFO everything").text; !strings.Contains(info, part) {
			t.Errorf("INFO lacks %q", part)
		}
	}
	if list := other.line(t, "CLIENT LIST").text; !strings.Contains(list, " flags=t ") || !strings.Contains(list, " redir=0 ") {
		t.Errorf("CLIENT LIST: %s", list)
	}
}

// Many readers of one key cost a message each and are forgotten with it; those that left cost nothing.
func TestManyReaders(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	var peers []*peer
	for range 50 {
		p := dialEngine(t, e)
		p.do(t, "HELLO", "3")
		p.line(t, "CLIENT TRACKING on")
		p.line(t, "MGET k k l")
		peers = append(peers, p)
	}
	other := dialEngine(t, e)
	for _, p := range peers[25:] {
		p.line(t, "CLIENT TRACKING off")
	}
	if info := other.line(t, "INFO stats").text; !strings.Contains(info, "tracking_total_keys:2\r\ntracking_total_items:100\r\n") {
		t.Errorf("INFO: %s", info)
	}
	other.line(t, "SET k v")
	for i, p := range peers {
		if i < 25 {
			want(t, p.next(t), `>2[$"invalidate" *1[$"k"]]`)
		}
		want(t, p.line(t, "PING"), `+"PONG"`)
		p.line(t, "CLIENT TRACKING off")
	}
	if info := other.line(t, "INFO stats").text; !strings.Contains(info, "tracking_total_keys:0\r\n") {
		t.Errorf("the table outlives its last client: %s", info)
	}
}

func TestNoTracking(t *testing.T) {
	t.Parallel()
	p := dialEngine(t, open(t, Options{NoTracking: true}))
	want(t, p.line(t, "CLIENT TRACKING on"), `-"NOPERM this user has no permissions to run the 'client|tracking' command"`)
	want(t, p.line(t, "PING"), `+"PONG"`)
}

// A message for the client whose command runs comes after the reply, and never within one.
func TestPushesStayOutOfReplies(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	a, b := dialEngine(t, e), dialEngine(t, e)
	for _, p := range []*peer{a, b} {
		p.do(t, "HELLO", "3")
	}
	a.do(t, "CLIENT", "TRACKING", "on", "REDIRECT", b.line(t, "CLIENT ID").text)
	a.line(t, "MGET k l")
	if err := b.send([]string{"MULTI"}, []string{"SET", "k", "v"}, []string{"SET", "l", "v"}, []string{"EXEC"}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`+"OK"`, `+"QUEUED"`, `+"QUEUED"`, `*2[+"OK" +"OK"]`, `>2[$"invalidate" *1[$"k"]]`, `>2[$"invalidate" *1[$"l"]]`} {
		want(t, b.next(t), text)
	}
}
