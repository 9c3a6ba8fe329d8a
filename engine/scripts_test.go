package engine

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// slowScripts makes scripts let others in at once.
func slowScripts(t *testing.T) *Engine {
	e := open(t, Options{})
	dialEngine(t, e).do(t, "CONFIG", "SET", "busy-reply-threshold", "1")
	return e
}

// busy waits until a script keeps others out, and returns what they are told.
func busy(t *testing.T, p *peer) reply {
	t.Helper()
	for end := time.Now().Add(replyLimit); time.Now().Before(end); {
		if r := p.do(t, "GET", "k"); r.kind == '-' {
			return r
		}
	}
	t.Fatal("nobody was told that a script runs")
	return reply{}
}

// holdScripts subscribes to the channel "go on" until the function returned is called: a script that asks for its number
// of subscribers, which change while it runs, knows when to end.
func holdScripts(t *testing.T, e *Engine) (goOn func()) {
	t.Helper()
	holds := dialEngine(t, e)
	holds.do(t, "SUBSCRIBE", "go on")
	return func() { holds.conn.Close() }
}

func expect(t *testing.T, got reply, kind byte, text string) {
	t.Helper()
	if got.kind != kind || !strings.HasPrefix(got.text, text) {
		t.Errorf("got %s, want %c%q", got, kind, text)
	}
}

func TestScriptKill(t *testing.T) {
	t.Parallel()
	e := slowScripts(t)
	runs, other := dialEngine(t, e), dialEngine(t, e)
	for _, script := range []string{
		"while true do end",
		"while true do pcall(function() while true do end end) end",
		"while true do pcall(redis.call, 'get', 'k') end",
		"local co = coroutine.wrap(function() while true do end end) co()",
		"local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function(a, b) while true do end end)",
		"return string.find(string.rep('a', 100000), '.-.-.-.-b')",
		"return xpcall(function() while true do end end, function(e) return e end)",
		"return loadstring('while true do end')()",
	} {
		if err := runs.send([]string{"EVAL", script, "0"}); err != nil {
			t.Fatal(err)
		}
		expect(t, busy(t, other), '-', "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.")
		expect(t, other.do(t, "PING"), '-', "BUSY ")
		expect(t, other.do(t, "SHUTDOWN"), '-', "BUSY ")
		expect(t, other.do(t, "SCRIPT", "KILL"), '+', "OK")
		r, err := readReply(runs.r)
		if err != nil {
			t.Fatal(err)
		}
		if r.kind != '-' || !strings.Contains(r.text, "Script killed by user with SCRIPT KILL.") {
			t.Errorf("%s: %s", script, r)
		}
		expect(t, other.do(t, "PING"), '+', "PONG")
		expect(t, other.do(t, "SCRIPT", "KILL"), '-', errNotBusy)
		expect(t, runs.do(t, "EVAL", "return 'fine'", "0"), '$', "fine")
	}
}

// A script that has written cannot be killed, only the engine can be stopped; and what waits for its writes sees them
// when it is over.
func TestScriptThatWroteIsNotKilled(t *testing.T) {
	t.Parallel()
	e := slowScripts(t)
	runs, other, waits := dialEngine(t, e), dialEngine(t, e), dialEngine(t, e)
	if err := waits.send([]string{"BLPOP", "l", "0"}); err != nil {
		t.Fatal(err)
	}
	blockedClients(t, e, 1)
	if err := runs.send([]string{"EVAL", "redis.call('rpush', 'l', 'a', 'b') while true do end", "0"}); err != nil {
		t.Fatal(err)
	}
	busy(t, other)
	expect(t, other.do(t, "SCRIPT", "KILL"), '-', errUnkillable)
	expect(t, other.do(t, "EXISTS", "l"), '-', "BUSY")
	e.mu.Lock()
	if n := e.blocking.waiters; n != 1 {
		t.Errorf("%d clients wait in the middle of a script, want 1", n)
	}
	e.mu.Unlock()
	if err := other.send([]string{"SHUTDOWN", "NOSAVE"}); err != nil {
		t.Fatal(err)
	}
	<-e.Done()
}

func TestCloseEndsAScript(t *testing.T) {
	t.Parallel()
	e := slowScripts(t)
	runs, other := dialEngine(t, e), dialEngine(t, e)
	if err := runs.send([]string{"EVAL", "redis.call('set', 'k', 'v') while true do end", "0"}); err != nil {
		t.Fatal(err)
	}
	busy(t, other)
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// Time stands still within a script, whatever others do meanwhile, and keys do not end in the middle of it.
func TestTimeStandsStillInAScript(t *testing.T) {
	t.Parallel()
	e := slowScripts(t)
	runs, other := dialEngine(t, e), dialEngine(t, e)
	goOn := holdScripts(t, e)
	runs.do(t, "SET", "k", "v", "PX", "1000000")
	const script = `
local before = redis.call('time')
local seen = redis.call('get', 'k')
while redis.call('pubsub', 'numsub', 'go on')[2] > 0 do end
local after = redis.call('time')
return {before[1] == after[1] and before[2] == after[2], seen, redis.call('get', 'k')}`
	if err := runs.send([]string{"EVAL", script, "0"}); err != nil {
		t.Fatal(err)
	}
	busy(t, other)
	e.Advance(time.Hour)
	goOn()
	r, err := readReply(runs.r)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.String(); got != `*3[:"1" $"v" $"v"]` {
		t.Errorf("got %s", got)
	}
	expect(t, other.do(t, "EXISTS", "k"), ':', "0")
}

// Nothing of a script is left for the next: no global, no changed library, no setting of cjson.
func TestScriptsLeaveNothing(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	for _, script := range []string{
		"leak = 1", "function leak() end", "_G.leak = 1", "rawset(_G, 'leak', 1)", "setmetatable(_G, nil)", "getmetatable(_G).__index = nil",
		"string.leak = 1", "rawset(string, 'leak', 1)", "string.format = nil", "redis.call = nil", "KEYS = 1", "table.insert(redis, 1)",
		"getmetatable('').__index = nil", "getmetatable('').__add = nil", "cjson.encode_number_precision(3)", "redis.setresp(3)", "redis.call('select', 3)",
		"local f = loadstring('leak = 1') f()", "coroutine.wrap(function() leak = 1 end)()", "table.foreach(redis, function(k, v) end)",
		"for k, v in pairs(redis) do if type(v) == 'table' then v.leak = 1 end end", "error('x')", "local function f() return f() + 1 end f()",
		"return unpack({}, 1, 7000)", "local t = {} for i = 1, 500 do t[i] = coroutine.create(function() coroutine.yield() end) coroutine.resume(t[i]) end",
	} {
		p.do(t, "EVAL", script, "0")
		const check = `
return {pcall(function() return leak end) and 'leak' or 'clean', rawget(_G, 'leak') == nil, string.leak == nil, type(string.format), type(redis.call),
	type(KEYS), cjson.encode(1 / 3), ('x'):rep(2), redis.call('get', 'db'), #KEYS, redis.call('hgetall', 'none')}`
		p.do(t, "SET", "db", "0")
		r := p.do(t, "EVAL", check, "0")
		if got := r.String(); got != `*11[$"clean" :"1" :"1" $"function" $"function" $"table" $"0.33333333333333" $"xx" $"0" :"0" *0[]]` {
			t.Errorf("after %s: %s", script, got)
		}
	}
}

// A script that allocates without end is ended, the engine goes on.
func TestScriptMemory(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	for _, script := range []string{
		"return string.rep('x', 1000000000)",
		"return string.rep(string.rep('x', 1000000), 1000000)",
		"return ('%99d'):rep(10000000):format(1)",
		"return struct.pack('c999999999', 'x')",
		"return string.format('%99.99s', 1, 2, 3)  .. string.rep('x', 600000000)",
		"local f f = function(a) return f(a) + 1 end return f(1)",
		"return cjson.decode(string.rep('[', 100000))",
		"return cmsgpack.unpack(string.rep('\\145', 100000))",
		"return loadstring(string.rep('(', 100000))()",
		"return loadstring('return ' .. string.rep('-', 100000))()",
		"return loadstring('return ' .. string.rep('not ', 100000) .. '1')()",
		"return string.find(string.rep('a', 1000000), string.rep('a?', 300000) .. 'b')",
	} {
		r := p.do(t, "EVAL", script, "0")
		if r.kind == '+' {
			t.Errorf("%s: %.100s", script, r.String())
		}
		expect(t, p.do(t, "EVAL", "return 'fine'", "0"), '$', "fine")
	}
}

// The effects of a script are one group, and the commands in it, not the script.
func TestScriptEffectsAreOneGroup(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	log := &groups{}
	e.recorder = log
	p := dialEngine(t, e)
	p.do(t, "EVAL", "redis.call('set', KEYS[1], 'v', 'ex', 100) redis.call('get', KEYS[1]) redis.call('rpush', 'l', 1, 2.5) return redis.call('spop', 'none')", "1", "k")
	p.do(t, "EVAL", "return redis.call('get', KEYS[1])", "1", "k")
	p.do(t, "MULTI")
	p.do(t, "EVAL", "redis.call('incr', 'n')", "0")
	p.do(t, "INCR", "n")
	p.do(t, "EXEC")
	p.do(t, "EVAL", "redis.call('incr', 'n') error('x')", "0")
	e.mu.Lock()
	defer e.mu.Unlock()
	got := strings.ReplaceAll(strings.Join(log.lines, "|"), "(|)|", "") // those of reads
	const wantLines = "(|SET k v PXAT at|rpush l 1 2.5|)|(|incr n|INCR n|)|(|incr n|)"
	if got != wantLines {
		t.Errorf("got  %s\nwant %s", got, wantLines)
	}
}

type groups struct{ lines []string }

func (g *groups) begin() { g.lines = append(g.lines, "(") }
func (g *groups) end()   { g.lines = append(g.lines, ")") }
func (g *groups) effect(_ int, args [][]byte) {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = string(a)
		if i > 0 && words[i-1] == "PXAT" {
			words[i] = "at"
		}
	}
	g.lines = append(g.lines, strings.Join(words, " "))
}

// 64 clients run scripts at once, some of which fail or are long; each sees its own effects.
func TestManyScripts(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	dialEngine(t, e).do(t, "CONFIG", "SET", "busy-reply-threshold", "0")
	var wg sync.WaitGroup
	for c := range 64 {
		p := dialEngine(t, e)
		wg.Go(func() {
			for n := range 50 {
				key := fmt.Sprint("k", c)
				r, err := p.all(
					[]string{"EVAL", "local n = redis.call('incr', KEYS[1]) redis.call('incr', 'all') return n", "1", key},
					[]string{"EVAL", "error(ARGV[1])", "0", key},
					[]string{"EVAL", "local t = {} for i = 1, 100 do t[i] = KEYS[1] .. i end return #table.concat(t)", "1", key},
				)
				if err != nil {
					t.Error(err)
					return
				}
				if r[0].text != fmt.Sprint(n+1) || !strings.Contains(r[1].text, key) || r[2].kind != ':' {
					t.Errorf("client %d, round %d: %v", c, n, r)
					return
				}
			}
		})
	}
	wg.Wait()
	expect(t, dialEngine(t, e).do(t, "GET", "all"), '$', "3200")
}

// BenchmarkScript is a limiter's script without a connection: what runs under the lock.
func BenchmarkScript(b *testing.B) {
	e := open(b, Options{})
	p := dialEngine(b, e)
	sha := p.do(b, "SCRIPT", "LOAD", gcra).text
	args, _ := resp.SplitArgs([]byte("EVALSHA "+sha+" 1 limit 10 100 60000 1"), nil)
	e.mu.Lock()
	defer e.mu.Unlock()
	cl := e.newClient(nil)
	b.ReportAllocs()
	for b.Loop() {
		e.process(cl, args)
		cl.w.Buf = cl.w.Buf[:0]
	}
}

// BenchmarkScriptRueidis is what a brick sees, 64 goroutines with one client: the engine in memory, and beside it
// redis-server over loopback TCP.
func BenchmarkScriptRueidis(b *testing.B) {
	ctx := context.Background()
	for _, name := range []string{"engine", "redis-server"} {
		b.Run(name, func(b *testing.B) {
			c := connectTo(b, name)
			script := rueidis.NewLuaScript(gcra)
			b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0)))
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if err := script.Exec(ctx, c, []string{"limit:" + strconv.Itoa(i%1000)}, []string{"10", "100", "60000", "1"}).Error(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// gcra is a rate limiter: a burst and a rate, on the server's clock.
const gcra = `
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval = tonumber(ARGV[1])
local burst = tonumber(ARGV[2]) * interval
local tat = tonumber(redis.call('GET', KEYS[1]) or now)
if tat < now then tat = now end
local new = tat + interval * tonumber(ARGV[4])
local allow = new - burst
if allow > now then
	return {0, 0, math.ceil(allow - now), math.ceil(tat - now)}
end
redis.call('SET', KEYS[1], string.format('%.0f', new), 'PX', math.ceil((new - now) / 1000))
return {1, math.floor((now - allow) / interval), 0, math.ceil(new - now)}
`

// The context of a client is its own affair: one that leaves in the middle of its script does not end it.
func TestClientLeavesItsScript(t *testing.T) {
	t.Parallel()
	e := slowScripts(t)
	conn, err := e.Dial(context.Background(), "", nil, nil)
	runs, other := newPeer(t, conn, err), dialEngine(t, e)
	goOn := holdScripts(t, e)
	if err := runs.send([]string{"EVAL", "while redis.call('pubsub', 'numsub', 'go on')[2] > 0 do end redis.call('set', 'done', '1')", "0"}); err != nil {
		t.Fatal(err)
	}
	busy(t, other)
	runs.conn.Close()
	goOn()
	until(t, func() bool { return other.do(t, "GET", "done").text == "1" })
}
