package engine

import (
	"strings"
	"testing"
	"time"
)

// A key, and a field of a hash, is there through the very millisecond in which it ends, as Redis has it (its keyIsExpired asks
// for now > when), for those who look and for the loop; in the next one it is gone. EXPIRE and its kin delete what would end now.
func TestAKeyLivesThroughTheMillisecondOfItsExpiry(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	e.mu.Lock() // nobody else moves the clock
	defer e.mu.Unlock()
	cl := e.newClient(nil)
	end := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	last := end.Add(time.Millisecond - time.Microsecond)
	at := func(now time.Time, line string) string {
		t.Helper()
		var args [][]byte
		for _, w := range words(t, line) {
			args = append(args, []byte(w))
		}
		e.clock.set(now)
		cl.db = e.dbs[0]
		e.process(cl, args)
		out := string(cl.w.Buf)
		cl.w.Buf = cl.w.Buf[:0]
		return strings.ReplaceAll(out, "\r\n", " ")
	}
	for _, c := range []struct{ line, there, gone string }{
		{"GET k", "$1 v ", "$-1 "},
		{"EXISTS k", ":1 ", ":0 "},
		{"PTTL k", ":0 ", ":-2 "},
		{"TTL k", ":0 ", ":-2 "},
		{"TYPE k", "+string ", "+none "},
		{"KEYS *", "*1 $1 k ", "*0 "},
		{"SCAN 0", "*2 $1 0 *1 $1 k ", "*2 $1 0 *0 "},
		{"RANDOMKEY", "$1 k ", "$-1 "},
		{"PERSIST k", ":1 ", ":0 "},
		{"PEXPIRE k 0", ":1 ", ":0 "},
		{"EVAL \"return redis.call('EXISTS',KEYS[1])\" 1 k", ":1 ", ":0 "},
	} {
		for now, want := range map[time.Time]string{end: c.there, last: c.there, last.Add(time.Microsecond): c.gone} {
			at(end.Add(-time.Second), "FLUSHALL")
			at(end.Add(-time.Second), "SET k v PX 1000")
			if got := at(now, c.line); got != want {
				t.Errorf("%s %v after the end: %s, want %s", c.line, now.Sub(end), got, want)
			}
		}
	}
	at(end.Add(-time.Second), "FLUSHALL")
	at(end.Add(-time.Second), "SET k v PX 1000")
	at(end.Add(-time.Second), "HSET h f v g w")
	at(end.Add(-time.Second), "HPEXPIRE h 1000 FIELDS 1 f")
	for _, now := range []time.Time{end, last} {
		e.clock.set(now)
		e.cron()
		if n := e.dbs[0].keys.Len(); n != 2 {
			t.Errorf("the loop leaves %d keys %v after the end, want 2", n, now.Sub(end))
		}
		if got := at(now, "HMGET h f g"); got != "*2 $1 v $1 w " {
			t.Errorf("%v after the end the hash has %s", now.Sub(end), got)
		}
	}
	e.clock.set(last.Add(time.Microsecond))
	e.cron()
	if n := e.dbs[0].keys.Len(); n != 1 {
		t.Errorf("the loop leaves %d keys a millisecond after the end, want the hash alone", n)
	}
	if got := at(last.Add(time.Microsecond), "HMGET h f g"); got != "*2 $-1 $1 w " {
		t.Errorf("a millisecond after the end the hash has %s", got)
	}
}
