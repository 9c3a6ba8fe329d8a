package engine

import (
	"syscall"
	"testing"
)

// Scripts meet the limits of memory and disk as their commands would.
func TestScriptsMeetLimits(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Dir: t.TempDir()})
	p := dialEngine(t, e)
	write, read := `return redis.call("SET", KEYS[1], "v")`, `return redis.call("GET", KEYS[1])`
	want(t, p.do(t, "EVAL", write, "1", "k"), `+"OK"`)
	limitNow(t, e, p, -1, "noeviction")
	if r := p.do(t, "EVAL", write, "1", "k"); r.kind != '-' || r.text[:4] != "OOM " {
		t.Errorf("over the limit: %s", r)
	}
	want(t, p.do(t, "EVAL", read, "1", "k"), `$"v"`)
	p.line(t, "CONFIG SET maxmemory 0")
	fault(e, "write", func() error { return syscall.ENOSPC })
	until(t, func() bool { return p.line(t, "SET l v").kind == '-' })
	if r := p.do(t, "EVAL", write, "1", "k"); r.kind != '-' || r.text[:8] != "MISCONF " {
		t.Errorf("with a full disk: %s", r)
	}
	want(t, p.do(t, "EVAL", read, "1", "k"), `$"v"`)
	e.store.folder.Fault.Store(nil)
	until(t, func() bool { return p.do(t, "EVAL", write, "1", "k").kind == '+' })
}
