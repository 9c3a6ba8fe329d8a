package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// waitStarted waits until so many clients of the other side wait, as its own INFO says.
func waitStarted(t *testing.T, p *peer, n int) {
	t.Helper()
	until(t, func() bool {
		return strings.Contains(p.line(t, "INFO clients").text, fmt.Sprintf("blocked_clients:%d\r\n", n))
	})
}

// bothSides runs a test on the engine and on a real server.
func bothSides(t *testing.T, test func(t *testing.T, dial func() *peer)) {
	t.Helper()
	t.Run("engine", func(t *testing.T) {
		t.Parallel()
		e := open(t, Options{})
		test(t, func() *peer { return dialEngine(t, e) })
	})
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		s := startServer(t)
		test(t, func() *peer { return dialServer(t, s) })
	})
}

func TestStreamWaits(t *testing.T) {
	t.Parallel()
	const gone = `-"UNBLOCKED the stream key no longer exists"`
	const noGroup = `-"NOGROUP the consumer group this client was blocked on no longer exists"`
	const group, grouped = "XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "*1[*2[$\"s\" *1[*2[$\"9-1\" *2[$\"a\" $\"b\"]]]]]"
	bothSides(t, func(t *testing.T, dial func() *peer) {
		other := dial()
		for _, c := range []struct {
			wait, do, answer string
		}{
			{group, "XADD s 9-1 a b", grouped},
			{group, "DEL s", gone},
			{group, "UNLINK s", gone},
			{group, "SET s v", gone},
			{group, "RENAME s t", gone},
			{group, "FLUSHALL", gone},
			{group, "FLUSHDB", gone},
			{group, "SWAPDB 0 1", gone},
			{group, "MOVE s 1", gone},
			{group, "PEXPIRE s 1", gone},
			{group, "EXPIRE s -1", gone},
			{group, "COPY string s REPLACE", gone},
			{group, "COPY full s REPLACE", noGroup},
			{group, "XGROUP DESTROY s g", noGroup},
			{group, "MULTI | DEL s | XADD s 9-1 a b | EXEC", noGroup},
			{group, "MULTI | DEL s | SADD s m | EXEC", gone},
			{group, "MULTI | XADD s 9-1 a b | DEL s | EXEC", gone},
			{group, "XGROUP SETID s g 0 | XADD s 9-1 a b", `*1[*2[$"s" *2[*2[$"1-1" *2[$"a" $"b"]] *2[$"9-1" *2[$"a" $"b"]]]]]`},
			{"XREADGROUP GROUP g c BLOCK 0 COUNT 1 NOACK STREAMS s >", "MULTI | XADD s 9-1 a b | XADD s 9-2 a b | EXEC", grouped},
			{"XREADGROUP GROUP g new BLOCK 0 STREAMS s u > >", "XADD u 5-5 a b", `*1[*2[$"u" *1[*2[$"5-5" *2[$"a" $"b"]]]]]`},
			{"XREAD BLOCK 0 STREAMS s $", "DEL s | SET s x | DEL s | XADD s 9-1 a b", grouped},
			{"XREAD BLOCK 0 STREAMS s 9-0", "XADD s 2-1 a b | XADD s 9-1 a b", grouped},
			{"XREAD BLOCK 0 STREAMS s full $ $", "MULTI | XADD full 9-1 c d | XADD s 9-1 a b | EXEC", `*1[*2[$"full" *1[*2[$"9-1" *2[$"c" $"d"]]]]]`},
			{"XREAD BLOCK 0 STREAMS none $", "RENAME full none", `*1[*2[$"none" *1[*2[$"1-1" *2[$"a" $"b"]]]]]`},
			{"XREAD BLOCK 20 STREAMS none 5", "PING", `*-1[]`},
		} {
			for _, line := range []string{
				"FLUSHALL", "SET string v", "XADD full 1-1 a b", "XADD s 1-1 a b", "XGROUP CREATE s g $", "XGROUP CREATE u g $ MKSTREAM",
			} {
				other.line(t, line)
			}
			p := dial()
			if err := p.send(words(t, c.wait)); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(c.wait, "BLOCK 20") {
				waitStarted(t, other, 1)
			}
			for line := range strings.SplitSeq(c.do, "|") {
				other.line(t, line)
			}
			if got := p.next(t); got.String() != c.answer {
				t.Errorf("%s, then %s: got %s, want %s", c.wait, c.do, got, c.answer)
			}
			p.conn.Close()
			waitStarted(t, other, 0)
		}
	})
}

func TestStreamReadersAreServedInOrder(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, dial func() *peer) {
		other := dial()
		other.line(t, "XGROUP CREATE s g $ MKSTREAM")
		var readers []*peer
		for i := range 4 {
			p := dial()
			if err := p.send(words(t, fmt.Sprintf("XREADGROUP GROUP g c%d BLOCK 0 COUNT 1 STREAMS s >", i))); err != nil {
				t.Fatal(err)
			}
			waitStarted(t, other, i+1)
			readers = append(readers, p)
		}
		every := dial()
		if err := every.send(words(t, "XREAD BLOCK 0 STREAMS s $")); err != nil {
			t.Fatal(err)
		}
		waitStarted(t, other, 5)
		for _, line := range []string{"MULTI", "XADD s 1-0 n 0", "XADD s 1-1 n 1", "XADD s 1-2 n 2", "EXEC"} {
			other.line(t, line)
		}
		for i, p := range readers[:3] {
			want(t, p.next(t), fmt.Sprintf(`*1[*2[$"s" *1[*2[$"1-%d" *2[$"n" $"%d"]]]]]`, i, i))
		}
		if got := every.next(t); len(got.parts[0].parts[1].parts) != 3 {
			t.Errorf("a reader without a group got %s", got)
		}
		other.line(t, "XADD s 1-3 n 3")
		want(t, readers[3].next(t), `*1[*2[$"s" *1[*2[$"1-3" *2[$"n" $"3"]]]]]`)
		want(t, other.line(t, "XPENDING s g"), `*4[:"4" $"1-0" $"1-3" *4[*2[$"c0" $"1"] *2[$"c1" $"1"] *2[$"c2" $"1"] *2[$"c3" $"1"]]]`)
	})
}

func TestStreamEvents(t *testing.T) {
	t.Parallel()
	lines := `
		XADD s 1-1 a b | XADD s 2-1 a b | XADD s MAXLEN 1 3-1 a b | XADD s MAXLEN 10 4-1 a b | XADD s 4-1 a b | XADD none NOMKSTREAM 1-1 a b
		XTRIM s MAXLEN 10 | XTRIM s MAXLEN 2 | XDEL s 9-9 | XDEL s 3-1 | XSETID s 5-1 | XSETID s 1-0
		XGROUP CREATE s g 0 | XGROUP CREATE s g 0 | XGROUP CREATE m g $ MKSTREAM | XGROUP SETID s g 0 | XGROUP CREATECONSUMER s g c | XGROUP CREATECONSUMER s g c
		XREADGROUP GROUP g c STREAMS s > | XREADGROUP GROUP g d STREAMS s > | XADD s 6-1 a b | XREADGROUP GROUP g d STREAMS s > | XREADGROUP GROUP g e STREAMS s 0
		XCLAIM s g f 0 4-1 | XCLAIM s g h 0 9-9 | XAUTOCLAIM s g i 0 - | XAUTOCLAIM s g i 0 - | XACK s g 4-1 | XGROUP DELCONSUMER s g c | XGROUP DELCONSUMER s g c
		XGROUP DESTROY s g | XGROUP DESTROY s g | XTRIM s MAXLEN 0 | DEL s | XREAD STREAMS s 0 | XLEN m | XACK nothing g 1-1 | XPENDING nothing g | XINFO STREAM nothing`
	e, s := open(t, Options{}), startServer(t)
	got := streamEvents(t, lines, func() *peer { return dialEngine(t, e) })
	want := streamEvents(t, lines, func() *peer { return dialServer(t, s) })
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("got %q\nwant %q", got[max(i-3, 0):min(i+3, len(got))], want[max(i-3, 0):min(i+3, len(want))])
		}
	}
}

// streamEvents returns the keyspace events of lines, those of each behind it.
func streamEvents(t *testing.T, lines string, dial func() *peer) (out []string) {
	p, events := dial(), dial()
	p.line(t, "CONFIG SET notify-keyspace-events KEAmn")
	events.line(t, "PSUBSCRIBE *")
	for line := range strings.FieldsFuncSeq(lines, func(r rune) bool { return r == '|' || r == '\n' }) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		p.line(t, line)
		p.line(t, "PUBLISH done x")
		out = append(out, line)
		for {
			m := events.next(t)
			if m.parts[2].text == "done" {
				break
			}
			out = append(out, "  "+m.parts[2].text+" "+m.parts[3].text)
		}
	}
	return out
}

func TestStreamTimes(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	first := p.line(t, "XADD s * a b").text
	e.Advance(time.Hour)
	second := p.line(t, "XADD s * a b").text
	var a, b int64
	if _, err := fmt.Sscanf(first+" "+second, "%d-0 %d-0", &a, &b); err != nil || b-a < time.Hour.Milliseconds() || b-a > time.Hour.Milliseconds()+60_000 {
		t.Errorf("ids %s and %s, an hour lies between", first, second)
	}
	p.line(t, "XGROUP CREATE s g 0")
	p.line(t, "XREADGROUP GROUP g c STREAMS s >")
	e.Advance(time.Minute)
	for _, r := range p.line(t, "XPENDING s g - + 10").parts {
		var idle int64
		if _, err := fmt.Sscan(r.parts[2].text, &idle); err != nil || idle < 60_000 || idle > 120_000 {
			t.Errorf("pending %s, a minute has gone", r)
		}
	}
	want(t, p.line(t, "XPENDING s g IDLE 3600000 - + 10"), `*0[]`)
	want(t, p.line(t, "XAUTOCLAIM s g d 3600000 - JUSTID"), `*3[$"0-0" *0[] *0[]]`)
	e.Advance(time.Hour)
	want(t, p.line(t, "XAUTOCLAIM s g d 3600000 - JUSTID"), `*3[$"0-0" *2[$"`+first+`" $"`+second+`"] *0[]]`)
	if err := p.send(words(t, "XREAD BLOCK 500000 STREAMS s $")); err != nil {
		t.Fatal(err)
	}
	blockedClients(t, e, 1)
	e.Advance(600 * time.Second)
	want(t, p.next(t), `*-1[]`)
}

// What the log of effects and what a snapshot give is the same to the last counter, the times of deliveries too.
func TestStreamReplay(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	copyOf := &replica{e: open(t, Options{})}
	copyOf.e.replaying = true
	e.recorder = copyOf
	p, waiting := dialEngine(t, e), dialEngine(t, e)
	p.line(t, "XGROUP CREATE s g $ MKSTREAM")
	for i := range 300 {
		p.line(t, fmt.Sprintf("XADD s MAXLEN ~ 150 * n %d", i))
	}
	for _, line := range []string{
		"XREADGROUP GROUP g alice COUNT 20 STREAMS s >", "XREADGROUP GROUP g bob COUNT 20 STREAMS s >", "XREADGROUP GROUP g bob COUNT 5 STREAMS s 0",
		"XREADGROUP GROUP g idle STREAMS s 0", "XGROUP CREATECONSUMER s g made", "XAUTOCLAIM s g carol 0 - COUNT 3", "XGROUP CREATE s other 0",
		"XREADGROUP GROUP other alice NOACK COUNT 7 STREAMS s >", "XSETID s 99999999999999-5 ENTRIESADDED 1000 MAXDELETEDID 77-7", "XTRIM s MAXLEN ~ 140",
	} {
		e.Advance(time.Second)
		if r := p.line(t, line); r.kind == '-' {
			t.Fatalf("%s: %s", line, r)
		}
	}
	pending := p.line(t, "XPENDING s g - + 30")
	p.do(t, "XACK", "s", "g", pending.parts[4].parts[0].text)
	p.do(t, "XDEL", "s", pending.parts[7].parts[0].text, pending.parts[12].parts[0].text)
	p.do(t, "XCLAIM", "s", "g", "dave", "0", pending.parts[7].parts[0].text, pending.parts[9].parts[0].text, "IDLE", "5000", "RETRYCOUNT", "9")
	p.line(t, "XREADGROUP GROUP g bob COUNT 1000 STREAMS s >")
	if err := waiting.send(words(t, "XREADGROUP GROUP g late BLOCK 0 STREAMS s >")); err != nil {
		t.Fatal(err)
	}
	blockedClients(t, e, 1)
	p.line(t, "XADD s * n last")
	waiting.next(t)

	rebuilt := open(t, Options{})
	rebuilt.replaying = true
	rebuildInto(t, rebuilt, e)
	full := fullStream(t, p)
	if got := fullStream(t, dialEngine(t, copyOf.e)); got != full {
		t.Errorf("effects give\n%s\nwant\n%s", got, full)
	}
	if got := fullStream(t, dialEngine(t, rebuilt)); got != full {
		t.Errorf("rebuilding gives\n%s\nwant\n%s", got, full)
	}
}

// fullStream is XINFO STREAM FULL without what depends on the moment and on deleted entries.
func fullStream(t *testing.T, p *peer) string {
	t.Helper()
	r := p.line(t, "XINFO STREAM s FULL COUNT 0")
	var blank func(r reply)
	blank = func(r reply) {
		for i := range r.parts {
			if i > 0 && (r.parts[i-1].text == "seen-time" || strings.HasPrefix(r.parts[i-1].text, "radix-tree-")) {
				r.parts[i].text = ""
			}
			blank(r.parts[i])
		}
	}
	blank(r)
	return strings.ReplaceAll(r.String(), "] ", "]\n")
}

func TestPendingList(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var list pendingList
	there := map[streamID]bool{}
	for range 60_000 {
		id := streamID{uint64(r.IntN(3000)), uint64(r.IntN(3))}
		grow := len(there) < 4000 && r.IntN(3) > 0
		switch {
		case there[id] && !grow:
			if p := list.remove(id); p == nil || p.id != id {
				t.Fatalf("remove %v: %v", id, p)
			}
			delete(there, id)
		case there[id]:
			if p := list.get(id); p == nil || p.id != id {
				t.Fatalf("get %v: %v", id, p)
			}
		case grow:
			list.add(&pendingEntry{id: id})
			there[id] = true
		default:
			if list.get(id) != nil || list.remove(id) != nil {
				t.Fatalf("%v is there", id)
			}
		}
	}
	var ids []streamID
	for id := range there {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, streamID.compare)
	var got []streamID
	for p := range list.ascend(streamID{}, lastID) {
		got = append(got, p.id)
	}
	if !slices.Equal(got, ids) || list.n != len(ids) || list.first().id != ids[0] || list.last().id != ids[len(ids)-1] {
		t.Errorf("%d entries, want %d in order", len(got), len(ids))
	}
	if p := list.from(streamID{ids[9].ms, ids[9].seq + 1}); p.id != ids[10] {
		t.Errorf("behind %v comes %v, want %v", ids[9], p.id, ids[10])
	}
	for _, id := range ids {
		list.remove(id)
	}
	if list.n != 0 || len(list.leaves) != 0 {
		t.Errorf("%d entries in %d leaves are left", list.n, len(list.leaves))
	}
}

// A stream's own figure of its memory is what its blocks hold, whatever was done to them.
func TestStreamSize(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	p := dialEngine(t, e)
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		p.do(t, cmdline("XADD", "s", maybe(r, 3, "MAXLEN", pick(r, "~", "="), "900"), "*", genFields(r)[:2])...)
		if r.IntN(3) == 0 {
			p.do(t, "XDEL", "s", p.line(t, "XRANGE s - + COUNT 1").parts[0].parts[0].text)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s := asStream(e.dbs[0].keys.GetString("s"))
	var held int64
	for _, b := range s.blocks {
		held += b.held
	}
	if s.bytes != held || s.length == 0 {
		t.Errorf("%d bytes counted for %d entries, blocks hold %d", s.bytes, s.length, held)
	}
}

// Backwards come the same entries as forwards, of entries of all lengths, deleted ones among them; the way to the last is
// short however long its block is.
func TestStreamBackwards(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for _, limits := range []blockLimits{{4096, 100}, {0, 0}} {
		s := &stream{}
		for i := range 2000 {
			length := r.IntN(20)
			if r.IntN(50) == 0 {
				length = []int{110 + r.IntN(40), 16_350 + r.IntN(40), 100_000}[r.IntN(3)]
			}
			fields := [][]byte{[]byte("name"), make([]byte, length)}
			if r.IntN(4) == 0 {
				fields = append(fields, []byte("other"), []byte("v"))
			}
			s.add(streamID{uint64(i / 3), uint64(i%3 + 1)}, fields, limits)
		}
		for range 700 {
			s.remove(streamID{uint64(r.IntN(667)), uint64(r.IntN(3) + 1)})
		}
		s.edges()
		for range 200 {
			from, to := streamID{uint64(r.IntN(700)), uint64(r.IntN(4))}, streamID{uint64(r.IntN(700)), uint64(r.IntN(4))}
			var forwards, backwards []streamID
			for e := range s.ascend(from, to) {
				forwards = append(forwards, e.id)
			}
			for e := range s.descend(from, to) {
				backwards = append(backwards, e.id)
			}
			slices.Reverse(backwards)
			if !slices.Equal(forwards, backwards) {
				t.Fatalf("from %v to %v: forwards %v, backwards %v", from, to, forwards, backwards)
			}
		}
		// What is read is the end of a block alone: the rest may be rubbish.
		last := func() (ids []streamID) {
			for e := range s.descend(streamID{}, lastID) {
				if ids = append(ids, e.id); len(ids) == 3 {
					break
				}
			}
			return ids
		}
		want, b := last(), s.blocks[len(s.blocks)-1]
		e, _, _ := s.find(want[2])
		for i := b.body; i < e.at; i++ {
			b.data[i] = 0xff
		}
		if got := last(); !slices.Equal(got, want) {
			t.Errorf("the last are %v, want %v", got, want)
		}
	}
}
