package engine

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limitNow sets maxmemory to what is used now and a little more.
func limitNow(t *testing.T, e *Engine, p *peer, more int64, policy string) {
	t.Helper()
	e.mu.Lock()
	used := e.usedMemory()
	e.mu.Unlock()
	want(t, p.do(t, "CONFIG", "SET", "maxmemory-policy", policy, "maxmemory", strconv.FormatInt(used+more, 10)), `+"OK"`)
}

func usedNow(e *Engine) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.usedMemory()
}

func fillKeys(t *testing.T, p *peer, from, to int, more ...string) {
	t.Helper()
	var cmds [][]string
	for i := from; i < to; i++ {
		cmds = append(cmds, append([]string{"SET", fmt.Sprint("key", i), strings.Repeat("v", 100)}, more...))
	}
	got, err := p.all(cmds...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		if r.kind != '+' {
			t.Fatalf("SET: %s", r)
		}
	}
}

func TestNoEviction(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	fillKeys(t, p, 0, 100)
	limitNow(t, e, p, 0, "noeviction")
	p.line(t, "APPEND key1 "+strings.Repeat("x", 1000)) // may be the one that passes the limit
	oom := `-"OOM command not allowed when used memory > 'maxmemory'."`
	for _, line := range []string{"SET new v", "LPUSH l x", "INCR n", "COPY key1 key2 REPLACE", "SETRANGE key1 0 x"} {
		want(t, p.line(t, line), oom)
	}
	want(t, p.line(t, "STRLEN key1"), `:"1100"`)
	want(t, p.line(t, "MULTI"), `+"OK"`)
	want(t, p.line(t, "GET key1"), oom)
	want(t, p.line(t, "EXEC"), `-"EXECABORT Transaction discarded because of previous errors."`)
	want(t, p.line(t, "EXPIRE key2 100"), `:"1"`)
	want(t, p.line(t, "DEL key1"), `:"1"`)
	want(t, p.line(t, "SET new v"), `+"OK"`)
	want(t, p.line(t, "DBSIZE"), `:"100"`)
	want(t, p.line(t, "CONFIG SET maxmemory 0"), `+"OK"`)
	fillKeys(t, p, 100, 500)
}

func TestTransactionThatGrowsIsRefused(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p, other := dialEngine(t, e), dialEngine(t, e)
	for _, line := range []string{"MULTI", "SET k v", "GET k"} {
		p.line(t, line)
	}
	limitNow(t, e, other, -1, "noeviction")
	want(t, p.line(t, "EXEC"), `-"EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'."`)
}

// Keys that were used of late stay, the others go.
func TestEvictionOfTheLeastUsed(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"allkeys-lru", "volatile-lru"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			e := open(t, Options{})
			p := dialEngine(t, e)
			var life []string
			if policy == "volatile-lru" {
				life = []string{"EX", "100000"}
			}
			fillKeys(t, p, 0, 10_000, life...)
			if policy == "volatile-lru" {
				for i := range 100 {
					p.do(t, "SET", fmt.Sprint("forever", i), "v")
				}
			}
			e.Advance(time.Minute)
			for i := range 5000 {
				p.do(t, "GET", fmt.Sprint("key", i))
			}
			e.Advance(time.Minute)
			limitNow(t, e, p, 0, policy)
			most := usedNow(e)
			fillKeys(t, p, 20_000, 23_000, life...)
			p.line(t, "PING") // makes room for what the last command took
			if used := usedNow(e); used > most {
				t.Errorf("%d bytes are used, the limit is %d", used, most)
			}
			used, idle := 0, 0
			for i := range 10_000 {
				if p.do(t, "EXISTS", fmt.Sprint("key", i)).text == "0" {
					continue
				}
				if i < 5000 {
					used++
				} else {
					idle++
				}
			}
			if used < 4900 || idle > 2300 {
				t.Errorf("%d of 5000 used keys and %d of 5000 idle ones are left after 3000 more came", used, idle)
			}
			if n := p.line(t, "EXISTS key20000 key22999"); n.text != "2" {
				t.Errorf("the newest keys are gone")
			}
			if policy == "volatile-lru" {
				for i := range 100 {
					want(t, p.do(t, "EXISTS", fmt.Sprint("forever", i)), `:"1"`)
				}
			}
			if info := p.line(t, "INFO stats").text; strings.Contains(info, "evicted_keys:0\r\n") {
				t.Error("INFO counts no evicted keys")
			}
		})
	}
}

func TestEvictionOfTheShortestLived(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	for i := range 1000 {
		p.do(t, "SET", fmt.Sprint("key", i), strings.Repeat("v", 100), "EX", strconv.Itoa(1000+i))
	}
	p.line(t, "CONFIG SET maxmemory-samples 64")
	limitNow(t, e, p, -100*250, "volatile-ttl")
	p.line(t, "PING")
	left := 0
	for i := range 1000 {
		if p.do(t, "EXISTS", fmt.Sprint("key", i)).text == "1" {
			left++
		} else if i > 300 {
			t.Errorf("key%d went before others that end earlier", i)
		}
	}
	if left == 1000 || left < 700 {
		t.Errorf("%d keys are left", left)
	}
}

// Nothing with a lifetime is left: writes are refused, as without eviction.
func TestNothingMayGo(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"volatile-lru", "volatile-ttl", "volatile-random"} {
		e := open(t, Options{})
		p := dialEngine(t, e)
		fillKeys(t, p, 0, 100)
		limitNow(t, e, p, -100, policy)
		want(t, p.line(t, "SET k v"), `-"OOM command not allowed when used memory > 'maxmemory'."`)
		want(t, p.line(t, "EXPIRE key1 1000"), `:"1"`)
		want(t, p.line(t, "SET k v"), `+"OK"`)
		want(t, p.line(t, "EXISTS key1"), `:"0"`)
	}
}

// Those who watch, wait, keep copies and follow events learn of an eviction, and so does the log.
func TestEvictionIsTold(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"allkeys-random", "allkeys-lru", "volatile-random"} {
		o := Options{Dir: t.TempDir()}
		e := open(t, o)
		p, reader, events, watcher := dialEngine(t, e), dialEngine(t, e), dialEngine(t, e), dialEngine(t, e)
		p.line(t, "CONFIG SET notify-keyspace-events Ee")
		p.line(t, "SELECT 2")
		fillKeys(t, p, 0, 1, "EX", "10000")
		reader.do(t, "HELLO", "3")
		reader.line(t, "SELECT 2")
		reader.line(t, "CLIENT TRACKING ON")
		reader.line(t, "GET key0")
		watcher.line(t, "SELECT 2")
		watcher.line(t, "WATCH key0")
		watcher.line(t, "MULTI")
		events.line(t, "SUBSCRIBE __keyevent@2__:evicted")
		limitNow(t, e, p, -1, policy)
		want(t, reader.next(t), `>2[$"invalidate" *1[$"key0"]]`)
		want(t, events.next(t), `*3[$"message" $"__keyevent@2__:evicted" $"key0"]`)
		want(t, watcher.line(t, "EXEC"), `*-1[]`)
		want(t, p.line(t, "DBSIZE"), `:"0"`)
		e = reopen(t, e, o)
		want(t, dialEngine(t, e).line(t, "INFO keyspace"), `$"# Keyspace\r\n"`)
	}
}

// A limit that is lowered far is reached in small steps, while others are served.
func TestEvictionGoesOnByItself(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	for i := 0; i < 20_000; i += 10_000 {
		fillKeys(t, p, i, i+10_000)
	}
	want(t, p.line(t, "CONFIG SET maxmemory-policy allkeys-lru maxmemory 1mb"), `+"OK"`)
	until(t, func() bool { return usedNow(e) <= 1<<20 })
	if n := p.line(t, "DBSIZE"); n.text == "0" {
		t.Error("everything is gone")
	}
}
