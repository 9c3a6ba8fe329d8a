package engine

import (
	"fmt"
	"strings"
	"testing"
)

// rebuildInto makes all of from's data anew in to, by the commands of rebuild, and returns the digest of that.
func rebuildInto(t *testing.T, to, from *Engine) string {
	t.Helper()
	from.mu.Lock()
	defer from.mu.Unlock()
	to.mu.Lock()
	defer to.mu.Unlock()
	cl := to.newClient(nil)
	for i, db := range from.dbs {
		to.dbs[i].flush()
		cl.db = to.dbs[i]
		for n := range db.keys.All {
			rebuild(n, func(words [][]byte) bool {
				if len(words) > pieceWords+8 {
					t.Errorf("%q of %d words", words[0], len(words))
				}
				to.process(cl, words)
				if out := cl.w.Buf; len(out) > 0 && out[0] == '-' {
					t.Errorf("rebuilding %q answered %q", words, out)
				}
				cl.w.Buf = cl.w.Buf[:0]
				return true
			})
		}
	}
	sum := to.digest()
	return fmt.Sprintf("%x", sum[:])
}

func TestRebuildLargeValues(t *testing.T) {
	t.Parallel()
	e, to := open(t, Options{}), open(t, Options{})
	to.replaying = true
	p := dialEngine(t, e)
	p.do(t, "SET", "string", strings.Repeat("0123456789", 50_000), "EX", "100")
	p.do(t, "SET", "empty", "")
	for i := range 3000 {
		p.do(t, "RPUSH", "list", fmt.Sprint(i))
		p.do(t, "ZADD", "zset", fmt.Sprint(i*7919%1000-500), fmt.Sprint("m", i))
	}
	p.do(t, "RPUSH", "wide", strings.Repeat("x", 200_000), strings.Repeat("y", 70_000), "")
	p.line(t, "ZADD small 1.1 a -inf b 0.1 c 1e300 d")
	p.do(t, "EXPIRE", "list", "100")
	p.do(t, "SELECT", "3")
	p.do(t, "SET", "elsewhere", "v")
	if want, got := p.do(t, "DEBUG", "DIGEST").text, rebuildInto(t, to, e); want != got {
		t.Errorf("digest %s, want %s", got, want)
	}
}
