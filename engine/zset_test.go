package engine

import (
	"fmt"
	"testing"
	"time"
)

func TestZSetEvents(t *testing.T) {
	testEvents(t, `
		ZADD z 1 a 2 b 3 c 4 d 5 e
		ZADD z 1 a
		ZADD z XX 7 nosuch
		ZADD z CH 2 a
		ZADD z INCR 2 a
		ZINCRBY z 0 a
		ZINCRBY new 1 a
		ZREM new a
		ZREM z nosuch
		ZREM z a
		ZPOPMIN z
		ZPOPMAX z 0
		ZPOPMAX z 10
		ZADD z 1 a 2 b 3 c 4 d 5 e
		BZPOPMIN none z 0
		ZMPOP 2 none z MIN COUNT 1
		ZREMRANGEBYRANK z 10 20
		ZREMRANGEBYRANK z 0 0
		ZREMRANGEBYSCORE z -inf +inf
		ZADD a 1 x 2 y
		ZADD w 1 x
		ZADD w 1 x
		ZADD w NX 2 x
		ZREM w nosuch
		ZINCRBY w 0 x
		ZPOPMIN w
		ZPOPMIN w
		ZADD b 1 x
		ZUNIONSTORE dst 2 a b
		ZINTERSTORE dst 2 a b
		ZDIFFSTORE dst 2 a b
		ZDIFFSTORE dst 2 a a
		ZDIFFSTORE dst 2 a a
		ZRANGESTORE dst a 0 -1
		ZRANGESTORE dst a 10 20
		ZRANGESTORE dst a 10 20
		ZREMRANGEBYLEX a - +
		ZRANGE none 0 -1
		SORT b BY nosort STORE l
	`)
}

// Those who wait for sorted sets and those who wait for lists stand in one queue, and each takes what is its own.
func TestBlockedForSortedSets(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	waiting := 0
	wait := func(line string) *peer {
		p := dialEngine(t, e)
		if err := p.send(words(t, line)); err != nil {
			t.Fatal(err)
		}
		waiting++
		blockedClients(t, e, waiting)
		return p
	}
	first, list, second := wait("BZPOPMIN other k 0"), wait("BLPOP k 0"), wait("BZPOPMAX k 0")
	many, moved, manyLists := wait("BZMPOP 0 2 other k MAX COUNT 2"), wait("BZPOPMIN k 0"), wait("BLMPOP 0 1 k LEFT")
	p := dialEngine(t, e)
	want(t, p.line(t, "ZADD k 1 a 2 b 3 c 4 d"), `:"4"`)
	want(t, first.next(t), `*3[$"k" $"a" $"1"]`)
	want(t, second.next(t), `*3[$"k" $"d" $"4"]`)
	want(t, many.next(t), `*2[$"k" *2[*2[$"c" $"3"] *2[$"b" $"2"]]]`)
	blockedClients(t, e, 3)
	want(t, p.line(t, "EXISTS k"), `:"0"`)
	p.line(t, "SET k v") // nobody's
	blockedClients(t, e, 3)
	p.line(t, "RPUSH l x y z")
	p.line(t, "RENAME l k")
	want(t, list.next(t), `*2[$"k" $"x"]`)
	want(t, manyLists.next(t), `*2[$"k" *1[$"y"]]`)
	p.line(t, "ZADD src 1 m")
	p.line(t, "ZUNIONSTORE k 1 src")
	want(t, moved.next(t), `*3[$"k" $"m" $"1"]`)
	blockedClients(t, e, 0)

	waiting = 0
	late := wait("BZPOPMIN k 100")
	e.Advance(101 * time.Second)
	want(t, late.next(t), `*-1[]`)
	waiting = 0
	late = wait("BZMPOP 100 1 k MIN")
	e.Advance(101 * time.Second)
	want(t, late.next(t), `*-1[]`)
}

// ZRANK WITHSCORE is of Redis 7.2: there is no server to compare with.
func TestRankWithScore(t *testing.T) {
	t.Parallel()
	p := dialEngine(t, open(t, Options{}))
	p.line(t, "ZADD z 1 a 2.5 b")
	p.line(t, "SET s v")
	for _, c := range [][2]string{
		{"ZRANK z b WITHSCORE", `*2[:"1" $"2.5"]`},
		{"ZREVRANK z b withscore", `*2[:"0" $"2.5"]`},
		{"ZRANK z nosuch WITHSCORE", `*-1[]`},
		{"ZRANK none b WITHSCORE", `*-1[]`},
		{"ZRANK z b FOO", `-"ERR syntax error"`},
		{"ZRANK z b WITHSCORE FOO", `-"ERR wrong number of arguments for 'zrank' command"`},
		{"ZRANK s b WITHSCORE", `-"WRONGTYPE Operation against a key holding the wrong kind of value"`},
	} {
		want(t, p.line(t, c[0]), c[1])
	}
	p.line(t, "HELLO 3")
	want(t, p.line(t, "ZRANK z b WITHSCORE"), `*2[:"1" ,"2.5"]`)
	want(t, p.line(t, "ZREVRANK z nosuch WITHSCORE"), `_""`)
}

// The walk gives every member that stays, while others come and go and the table changes its size.
func TestZScanWhileMembersComeAndGo(t *testing.T) {
	t.Parallel()
	p := dialEngine(t, open(t, Options{}))
	for i := range 300 {
		p.do(t, "ZADD", "z", fmt.Sprint(i), fmt.Sprint("stays", i))
	}
	seen, cursor := map[string]bool{}, "0"
	for i := 0; ; i++ {
		r := p.do(t, "ZSCAN", "z", cursor, "COUNT", "20")
		for j := 0; j < len(r.parts[1].parts); j += 2 {
			seen[r.parts[1].parts[j].text] = true
		}
		if cursor = r.parts[0].text; cursor == "0" {
			break
		}
		if i < 20 {
			for j := range 100 {
				p.do(t, "ZADD", "z", "0", fmt.Sprintf("comes%d-%d", i, j))
			}
		} else {
			p.line(t, "ZREMRANGEBYSCORE z 0 0")
			p.line(t, "ZADD z 0 stays0")
		}
	}
	for i := range 300 {
		if !seen[fmt.Sprint("stays", i)] {
			t.Errorf("stays%d was not seen", i)
		}
	}
}

// Random members are all there, and different.
func TestRandomMembers(t *testing.T) {
	t.Parallel()
	p := dialEngine(t, open(t, Options{}))
	for i := range 200 {
		p.do(t, "ZADD", "z", fmt.Sprint(i), fmt.Sprint("m", i))
	}
	seen := map[string]int{}
	for range 100 {
		once := map[string]bool{}
		for _, m := range p.line(t, "ZRANDMEMBER z 50").parts {
			once[m.text] = true
			seen[m.text]++
		}
		if len(once) != 50 {
			t.Fatalf("%d different members, want 50", len(once))
		}
	}
	if len(seen) != 200 {
		t.Errorf("saw %d of 200", len(seen))
	}
	for m, n := range seen {
		if n > 60 { // 25 on average
			t.Errorf("%s came %d times of 100", m, n)
		}
	}
}
