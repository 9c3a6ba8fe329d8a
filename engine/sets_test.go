package engine

import (
	"fmt"
	"testing"
)

func TestSetScanKeepsItsPromise(t *testing.T) {
	t.Parallel()
	p := dialEngine(t, open(t, Options{}))
	scanKeepsItsPromise(t, p, "SSCAN", 1, func(name string) { p.do(t, "SADD", "k", name) }, func(name string) { p.do(t, "SREM", "k", name) })
}

// SPOP takes members that are there, each of them sooner or later, and the effects say which.
func TestRandomSetMembers(t *testing.T) {
	t.Parallel()
	for name, member := range map[string]func(i int) string{
		"integers": func(i int) string { return fmt.Sprint(i) },
		"words":    func(i int) string { return fmt.Sprint("m", i) },
	} {
		for _, members := range []int{20, 400, 2000} {
			e := open(t, Options{})
			log := &replica{e: open(t, Options{})}
			log.e.replaying = true
			e.recorder = log // before any client
			p, copied := dialEngine(t, e), dialEngine(t, log.e)
			there := map[string]bool{}
			for i := range members {
				p.do(t, "SADD", "s", member(i))
				there[member(i)] = true
			}
			drawn := map[string]bool{}
			for _, m := range p.do(t, "SRANDMEMBER", "s", "-40000").parts {
				drawn[m.text] = true
			}
			if len(drawn) != members {
				t.Errorf("%d %s: %d were ever drawn", members, name, len(drawn))
			}
			for _, count := range []int{2, members / 2, members - 1} {
				once := map[string]bool{}
				for _, m := range p.do(t, "SRANDMEMBER", "s", fmt.Sprint(count)).parts {
					once[m.text] = there[m.text]
				}
				if len(once) != count {
					t.Errorf("%d of %d %s: %d different", count, members, name, len(once))
				}
			}
			pop := func(args ...string) {
				r := p.do(t, append([]string{"SPOP", "s"}, args...)...)
				popped := r.parts
				if popped == nil {
					popped = []reply{r}
				}
				for _, m := range popped {
					if !there[m.text] {
						t.Fatalf("%q was popped, which was not there", m.text)
					}
					delete(there, m.text)
				}
				if got := p.do(t, "SCARD", "s").text; got != fmt.Sprint(len(there)) {
					t.Fatalf("%s members are left, want %d", got, len(there))
				}
				if want, got := p.do(t, "DEBUG", "DIGEST"), copied.do(t, "DEBUG", "DIGEST"); want.String() != got.String() {
					t.Fatalf("the effects of SPOP %q give other data", args)
				}
			}
			for range 4 {
				pop()
				pop("3")
			}
			pop(fmt.Sprint(max(1, len(there)-5)))
			pop()
			pop("100")
		}
	}
}
