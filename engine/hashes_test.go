package engine

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// lines runs lines of the form "command => reply" and compares the replies.
func lines(t *testing.T, p *peer, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		cmd, reply, ok := strings.Cut(strings.TrimSpace(line), " => ")
		if !ok {
			continue
		}
		if got := p.line(t, cmd).String(); got != reply {
			t.Errorf("%s\n got %s\nwant %s", cmd, got, reply)
		}
	}
}

// The commands of Redis 7.4, which the server of the other tests has not.
func TestFieldLifetimes(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	lines(t, p, `
		HEXPIRE none 100 FIELDS 2 a b => *2[:"-2" :"-2"]
		HTTL none FIELDS 1 a => *1[:"-2"]
		HPERSIST none FIELDS 1 a => *1[:"-2"]
		HSET h a 1 b 2 c 3 d 4 => :"4"
		HTTL h FIELDS 2 a x => *2[:"-1" :"-2"]
		HEXPIRE h 100 FIELDS 3 a b x => *3[:"1" :"1" :"-2"]
		HEXPIRE h 200 NX FIELDS 2 a c => *2[:"0" :"1"]
		HEXPIRE h 300 XX FIELDS 2 c d => *2[:"1" :"0"]
		HEXPIRE h 50 GT FIELDS 2 a d => *2[:"0" :"0"]
		HEXPIRE h 400 GT FIELDS 1 a => *1[:"1"]
		HEXPIRE h 500 LT FIELDS 2 a d => *2[:"0" :"1"]
		HEXPIRE h 90 lt fields 1 b => *1[:"1"]
		HTTL h FIELDS 4 a b c d => *4[:"400" :"90" :"300" :"500"]
		HPERSIST h FIELDS 3 a a x => *3[:"1" :"-1" :"-2"]
		HTTL h FIELDS 1 a => *1[:"-1"]
		HPEXPIREAT h 9999999999999 FIELDS 1 a => *1[:"1"]
		HPEXPIRETIME h FIELDS 2 a x => *2[:"9999999999999" :"-2"]
		HEXPIRETIME h FIELDS 1 a => *1[:"10000000000"]
		HEXPIREAT h 9999999999 FIELDS 1 a => *1[:"1"]
		HPEXPIRETIME h FIELDS 1 a => *1[:"9999999999000"]
		HPEXPIRE h 100000000 FIELDS 1 a => *1[:"1"]
		HINCRBY h a 5 => :"6"
		HINCRBYFLOAT h a 0.5 => $"6.5"
		HEXPIRE h 100 NX FIELDS 1 a => *1[:"0"]
		HSETNX h a 1 => :"0"
		HEXPIRE h 100 NX FIELDS 1 a => *1[:"0"]
		HSET h a 1 => :"0"
		HTTL h FIELDS 1 a => *1[:"-1"]
		HEXPIRE h 0 FIELDS 2 a x => *2[:"2" :"-2"]
		HEXPIREAT h 1 NX FIELDS 1 b => *1[:"0"]
		HPEXPIREAT h 1 FIELDS 2 b b => *2[:"2" :"-2"]
		HKEYS h => *2[$"c" $"d"]
		HDEL h c => :"1"
		HSET h c 1 => :"1"
		HTTL h FIELDS 1 c => *1[:"-1"]
		HPEXPIRE h 0 FIELDS 2 c d => *2[:"2" :"2"]
		EXISTS h => :"0"

		HSET h a 1 => :"1"
		HEXPIRE h 100 FIELDS 1 => -"ERR wrong number of arguments for 'hexpire' command"
		HEXPIRE h 100 FOO 1 a => -"ERR Mandatory argument FIELDS is missing or not at the right position"
		HEXPIRE h 100 NX XX FIELDS 1 a => -"ERR Mandatory argument FIELDS is missing or not at the right position"
		HEXPIRE h 100 1 a FIELDS => -"ERR Mandatory argument FIELDS is missing or not at the right position"
		HEXPIRE h 100 FIELDS 0 a => -"ERR Parameter `+"`numFields`"+` should be greater than 0"
		HEXPIRE h 100 FIELDS x a => -"ERR Parameter `+"`numFields`"+` should be greater than 0"
		HEXPIRE h 100 NX x FIELDS => -"ERR Mandatory argument FIELDS is missing or not at the right position"
		HEXPIRE h 100 a NX FIELDS => -"ERR Mandatory argument FIELDS is missing or not at the right position"
		HEXPIRE h 100 NX FIELDS 2 => -"ERR The `+"`numfields`"+` parameter must match the number of arguments"
		HEXPIRE h 100 FIELDS 2 a => -"ERR The `+"`numfields`"+` parameter must match the number of arguments"
		HEXPIRE h 100 FIELDS 1 a b => -"ERR The `+"`numfields`"+` parameter must match the number of arguments"
		HEXPIRE h x FIELDS 1 a => -"ERR value is not an integer or out of range"
		HEXPIRE h -1 FIELDS 1 a => -"ERR invalid expire time, must be >= 0"
		HEXPIRE h 9223372036854775807 FIELDS 1 a => -"ERR invalid expire time in 'hexpire' command"
		HPEXPIRE h 70368744177663 FIELDS 1 a => -"ERR invalid expire time in 'hpexpire' command"
		HPEXPIREAT h 70368744177664 FIELDS 1 a => -"ERR invalid expire time in 'hpexpireat' command"
		HPEXPIREAT h 70368744177663 FIELDS 1 a => *1[:"1"]
		HEXPIREAT h 70368744178 FIELDS 1 a => -"ERR invalid expire time in 'hexpireat' command"
		HTTL h FOO 1 a => -"ERR Mandatory argument FIELDS is missing or not at the right position"
		HTTL h FIELDS 0 a => -"ERR Number of fields must be a positive integer"
		HPTTL h FIELDS x a => -"ERR Number of fields must be a positive integer"
		HPERSIST h FIELDS 2 a => -"ERR The `+"`numfields`"+` parameter must match the number of arguments"
		HPERSIST h FIELDS 1 => -"ERR wrong number of arguments for 'hpersist' command"
		SET s v => +"OK"
		HEXPIRE s x FOO 1 a => -"WRONGTYPE Operation against a key holding the wrong kind of value"
		HTTL s FOO 1 a => -"WRONGTYPE Operation against a key holding the wrong kind of value"
		HPERSIST s FOO 1 a => -"WRONGTYPE Operation against a key holding the wrong kind of value"
	`)
}

// Lifetimes of fields go where the hash goes, and end there.
func TestFieldLifetimesMove(t *testing.T) {
	t.Parallel()
	for _, big := range []bool{false, true} {
		e := open(t, Options{})
		p := dialEngine(t, e)
		p.line(t, "DEBUG SET-ACTIVE-EXPIRE 0")
		fill := func() {
			p.line(t, "FLUSHALL")
			p.line(t, "HSET h stays 1 goes 2")
			if big {
				p.do(t, "HSET", "h", "stays", strings.Repeat("x", 100))
			}
			p.line(t, "HEXPIRE h 100 FIELDS 1 goes")
		}
		for line, key := range map[string]string{"PING": "h", "COPY h i": "i", "RENAME h j": "j", "SWAPDB 0 1": "", "MOVE h 1": ""} {
			fill()
			p.line(t, line)
			if key == "" {
				p.line(t, "SELECT 1")
				key = "h"
			}
			want(t, p.do(t, "HTTL", key, "FIELDS", "2", "stays", "goes"), `*2[:"-1" :"100"]`)
			e.Advance(101 * time.Second)
			want(t, p.do(t, "HKEYS", key), `*1[$"stays"]`)
			p.line(t, "SELECT 0")
		}
		fill()
		p.line(t, "DEL h")
		p.line(t, "HSET h goes 1")
		e.Advance(101 * time.Second)
		want(t, p.line(t, "HLEN h"), `:"1"`)
		e.mu.Lock()
		if n := len(e.dbs[0].fields); n != 0 {
			t.Errorf("%d hashes are in the plan", n)
		}
		e.mu.Unlock()
	}
}

func TestExpiredFieldIsSeenByNobody(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	p.line(t, "DEBUG SET-ACTIVE-EXPIRE 0")
	// Each against a hash that never had the field, and against no hash.
	for _, rest := range []string{"", "r 0"} {
		for _, line := range []string{
			"HGET h f", "HMGET h f r", "HGETALL h", "HKEYS h", "HVALS h", "HLEN h", "HSTRLEN h f", "HEXISTS h f", "HDEL h f", "HINCRBY h f 1", "HINCRBYFLOAT h f 1",
			"HSETNX h f 2", "HSET h f 2", "HRANDFIELD h 5", "HSCAN h 0", "HTTL h FIELDS 1 f", "HPERSIST h FIELDS 1 f", "HEXPIRE h 5 FIELDS 1 f", "EXISTS h", "TYPE h", "KEYS *",
			"SCAN 0 COUNT 100", "RANDOMKEY", "DEL h", "RENAMENX h i", "COPY h i", "OBJECT ENCODING h", "MOVE h 1", "SET h x NX", "SORT l GET *->f", "EXPIRE h 10",
		} {
			p.line(t, "FLUSHALL")
			p.line(t, "RPUSH l h")
			if rest != "" {
				p.line(t, "HSET h "+rest)
			}
			fresh := p.line(t, line)
			p.line(t, "FLUSHALL")
			p.line(t, "RPUSH l h")
			p.line(t, "HSET h f 1 "+rest)
			p.line(t, "HPEXPIRE h 100 FIELDS 1 f")
			e.Advance(200 * time.Millisecond)
			if got := p.line(t, line); strings.HasPrefix(line, "RANDOMKEY") || line == "KEYS *" || strings.HasPrefix(line, "SCAN") {
				if strings.Contains(got.String(), `"h"`) && rest == "" {
					t.Errorf("%s: %s", line, got)
				}
			} else if got.String() != fresh.String() {
				t.Errorf("%s with %q: %s, without the field %s", line, rest, got, fresh)
			}
		}
	}
}

// Fields that nobody looks at go by themselves, in real time, and the key with the last of them.
func TestActiveFieldExpiry(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	p.line(t, "HSET h a 1 b 2")
	p.line(t, "HSET far a 1")
	p.line(t, "HEXPIRE far 100000 FIELDS 1 a")
	p.line(t, "HPEXPIRE h 20 FIELDS 2 a b")
	until(t, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.dbs[0].keys.Len() == 1
	})
	// Many at once, of one hash and of many.
	for i := range 3000 {
		p.do(t, "HSET", "big", fmt.Sprint(i), "v")
		p.do(t, "HEXPIRE", "big", "500", "FIELDS", "1", fmt.Sprint(i))
		p.do(t, "HSET", fmt.Sprint("small", i%100), fmt.Sprint(i), "v")
		p.do(t, "HEXPIRE", fmt.Sprint("small", i%100), "2000", "FIELDS", "1", fmt.Sprint(i))
	}
	e.Advance(1000 * time.Second)
	want(t, p.line(t, "DBSIZE"), `:"101"`)
	e.Advance(2000 * time.Second)
	want(t, p.line(t, "DBSIZE"), `:"1"`)
}

func TestFieldExpiryEventsAndEffects(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	log := &replica{e: open(t, Options{})}
	log.e.replaying = true
	e.recorder = log // before any client
	p, events, watcher, copied := dialEngine(t, e), dialEngine(t, e), dialEngine(t, e), dialEngine(t, log.e)
	p.line(t, "CONFIG SET notify-keyspace-events Kgh")
	events.line(t, "PSUBSCRIBE __key*__:*")
	expect := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if r := events.next(t); r.parts[3].text != name {
				t.Fatalf("event %s, want %s", r, name)
			}
		}
		if want, got := p.line(t, "DEBUG DIGEST"), copied.line(t, "DEBUG DIGEST"); want.String() != got.String() {
			t.Fatalf("the effects give %s, want %s: %s and %s", got, want, copied.line(t, "HGETALL h"), p.line(t, "HGETALL h"))
		}
	}
	p.line(t, "HSET h a 1 b 2 c 3 d 4")
	expect("hset")
	p.line(t, "HEXPIRE h 100 FIELDS 3 a b x")
	expect("hexpire")
	p.line(t, "HPERSIST h FIELDS 2 b c")
	expect("hpersist")
	p.line(t, "HEXPIRE h 0 FIELDS 2 b x")
	expect("hexpire")
	p.line(t, "HEXPIRE h 100 FIELDS 1 c")
	expect("hexpire")
	p.line(t, "HINCRBY h c 1")
	expect("hincrby")
	watcher.line(t, "WATCH h")
	e.Advance(101 * time.Second)
	expect("hexpired")
	want(t, p.line(t, "HGETALL h"), `*2[$"d" $"4"]`)
	watcher.line(t, "MULTI")
	want(t, watcher.line(t, "EXEC"), `*-1[]`)
	p.line(t, "HPEXPIRE h 5000 FIELDS 1 d")
	expect("hexpire")
	e.Advance(6 * time.Second)
	expect("hexpired", "del")
	p.line(t, "HSET h a 1")
	p.line(t, "HPEXPIRE h 0 FIELDS 1 a")
	expect("hset", "hexpire", "del")
	want(t, copied.line(t, "DBSIZE"), `:"0"`)
}

// Lifetimes of fields, set and cleared at random while time goes on, are those of a model; the effects and the
// commands that rebuild give the same.
func TestFieldLifetimesLikeAModel(t *testing.T) {
	t.Parallel()
	e, rebuilt := open(t, Options{}), open(t, Options{})
	rebuilt.replaying = true
	log := &replica{e: open(t, Options{})}
	log.e.replaying = true
	e.recorder = log // before any client
	p, copied := dialEngine(t, e), dialEngine(t, log.e)
	r := rand.New(rand.NewPCG(7, 7))
	model, now := map[string]int{}, 0 // field -> end; 0 for never
	for step := range 5000 {
		field := strconv.Itoa(r.IntN(700)) // a table in the end
		switch at, there := model[field]; r.IntN(8) {
		case 0, 1, 2:
			p.do(t, "HSET", "h", field, "v")
			model[field] = 0
		case 3:
			p.do(t, "HINCRBY", "h", field+"n", "1")
			if _, there := model[field+"n"]; !there {
				model[field+"n"] = 0
			}
		case 4:
			p.do(t, "HDEL", "h", field)
			delete(model, field)
		case 5:
			p.do(t, "HPERSIST", "h", "FIELDS", "1", field)
			if there && at > 0 {
				model[field] = 0
			}
		default:
			in := 1 + r.IntN(1000)
			p.do(t, "HEXPIRE", "h", strconv.Itoa(in), "FIELDS", "1", field)
			if there {
				model[field] = now + in
			}
		}
		if step%20 > 0 {
			continue
		}
		e.Advance(10 * time.Second)
		now += 10
		for field, at := range model {
			if at > 0 && at < now {
				delete(model, field)
			}
			// What ends in this very second may be there or not.
			if at == now {
				p.do(t, "HDEL", "h", field)
				delete(model, field)
			}
		}
		if got := p.line(t, "HLEN h").text; got != strconv.Itoa(len(model)) {
			t.Fatalf("step %d: %s fields, want %d", step, got, len(model))
		}
	}
	sum := p.line(t, "DEBUG DIGEST").text
	if got := copied.line(t, "DEBUG DIGEST").text; got != sum {
		t.Errorf("the effects give other data")
	}
	if got := rebuildInto(t, rebuilt, e); got != sum {
		t.Errorf("rebuilt values give other data")
	}
}

// HSCAN gives every field that stays, while others come and go and the hash grows and shrinks.
func TestHashScanKeepsItsPromise(t *testing.T) {
	t.Parallel()
	p := dialEngine(t, open(t, Options{}))
	scanKeepsItsPromise(t, p, "HSCAN", 2, func(name string) { p.do(t, "HSET", "k", name, "v") }, func(name string) { p.do(t, "HDEL", "k", name) })
}

// scanKeepsItsPromise walks through what add and remove change under "k".
func scanKeepsItsPromise(t *testing.T, p *peer, command string, group int, add, remove func(name string)) {
	t.Helper()
	for i := range 300 {
		add(fmt.Sprint("stays", i))
	}
	for i := range 2000 {
		add(fmt.Sprint("goes", i))
	}
	seen, cursor := map[string]bool{}, "0"
	for i := 0; ; i++ {
		r := p.do(t, command, "k", cursor, "COUNT", "20")
		for j := 0; j < len(r.parts[1].parts); j += group {
			seen[r.parts[1].parts[j].text] = true
		}
		if cursor = r.parts[0].text; cursor == "0" {
			break
		}
		for j := range 100 {
			if i < 20 {
				remove(fmt.Sprint("goes", 100*i+j))
			} else {
				add(fmt.Sprint("comes", 100*i+j))
			}
		}
		if i == 100 {
			t.Fatal("the walk has no end")
		}
	}
	for i := range 300 {
		if !seen[fmt.Sprint("stays", i)] {
			t.Fatalf("stays%d was not seen", i)
		}
	}
}

func TestRandomFields(t *testing.T) {
	t.Parallel()
	for _, fields := range []int{10, 1000} {
		p := dialEngine(t, open(t, Options{}))
		for i := range fields {
			p.do(t, "HSET", "h", fmt.Sprint("f", i), fmt.Sprint("v", i))
		}
		for _, count := range []int{1, 3, 9, 200, 900, 2000} {
			r := p.do(t, "HRANDFIELD", "h", fmt.Sprint(count), "WITHVALUES")
			seen := map[string]bool{}
			for i := 0; i < len(r.parts); i += 2 {
				if "v"+r.parts[i].text[1:] != r.parts[i+1].text {
					t.Fatalf("%s has %s", r.parts[i], r.parts[i+1])
				}
				seen[r.parts[i].text] = true
			}
			if len(seen) != min(count, fields) || len(r.parts) != 2*len(seen) {
				t.Errorf("%d of %d fields: %d replies, %d different", count, fields, len(r.parts), len(seen))
			}
		}
		drawn := map[string]int{}
		for _, f := range p.do(t, "HRANDFIELD", "h", "-20000").parts {
			drawn[f.text]++
		}
		if len(drawn) != fields {
			t.Errorf("%d of %d fields were ever drawn", len(drawn), fields)
		}
		p.line(t, `CONFIG SET client-output-buffer-limit "normal 1000000 0 0"`)
		for _, count := range []string{"-9223372036854775807", "-150000"} {
			if r := p.do(t, "HRANDFIELD", "h", count); !strings.Contains(r.text, "client-output-buffer-limit") {
				t.Errorf("%s: %.100s", count, r)
			}
		}
		if r := p.line(t, "HRANDFIELD h -40000 WITHVALUES"); len(r.parts) != 80_000 {
			t.Errorf("got %.100s", r)
		}
	}
}

// Lifetimes of fields are the same after a restart, from the log and from a snapshot; what ends meanwhile goes.
func TestFieldLifetimesOutliveARestart(t *testing.T) {
	t.Parallel()
	const year2100, years = "4102444800000", 365 * 24 * time.Hour
	o := Options{Dir: t.TempDir()}
	e := open(t, o)
	for _, save := range []bool{false, true} {
		p := dialEngine(t, e)
		p.line(t, "FLUSHALL")
		p.line(t, "HSET h a 1 b 2 c 3 d 4")
		p.line(t, "HPEXPIREAT h "+year2100+" FIELDS 2 a b")
		p.line(t, "HSET h b 5")
		p.line(t, "HPEXPIRE h 50 FIELDS 1 c")
		p.line(t, "HSET gone a 1")
		p.line(t, "HPEXPIRE gone 50 FIELDS 1 a")
		if save {
			saveNow(t, p)
		}
		e = reopen(t, e, o)
		p = dialEngine(t, e)
		until(t, func() bool { return p.line(t, "DBSIZE").text == "1" && p.line(t, "HLEN h").text == "3" })
		want(t, p.line(t, "HPEXPIRETIME h FIELDS 4 a b c d"), `*4[:"`+year2100+`" :"-1" :"-2" :"-1"]`)
	}
	e.Advance(80 * years)
	want(t, dialEngine(t, e).line(t, "HKEYS h"), `*2[$"b" $"d"]`)
}
