package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// streamIDs are few, so that commands meet on them; * is not among them, whose ids depend on the moment.
func genStreamID(r *rand.Rand) string {
	switch r.IntN(30) {
	case 0:
		// Nothing beyond 64 bits: the error that C's strtoull leaves behind fails the next SORT of redis-server 7.0.
		return pick(r, "x", "", "-", "1-", "-1", "1-x", "18446744073709551615-18446744073709551615", "0-0", "0", "01-001")
	case 1:
		return strconv.Itoa(r.IntN(40))
	}
	return strconv.Itoa(r.IntN(40)) + "-" + strconv.Itoa(r.IntN(3))
}

func genStreamBound(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return pick(r, "-", "+")
	case 1:
		return "(" + genStreamID(r)
	}
	return genStreamID(r)
}

func genTrim(r *rand.Rand) []string {
	mark := maybe(r, 2, pick(r, "=", "~", "~"))
	out := cmdline("MAXLEN", mark, strconv.Itoa(r.IntN(12)))
	if r.IntN(3) == 0 {
		out = cmdline("MINID", mark, genStreamID(r))
	}
	return cmdline(out, maybe(r, 5, "LIMIT", number(r)))
}

func genGroup(r *rand.Rand) string    { return pick(r, "g", "h", "bin\x00ary") }
func genConsumer(r *rand.Rand) string { return pick(r, "alice", "bob", "carol", "\xff\x00") }

func genFields(r *rand.Rand) []string {
	if r.IntN(2) == 0 {
		return []string{"f", value(r)}
	}
	out := []string{}
	for range r.IntN(3) + 1 {
		out = append(out, pick(r, "f", "g", "10"), value(r))
	}
	if r.IntN(40) == 0 {
		return out[:len(out)-1]
	}
	return out
}

// idleTime is far from what the two sides may differ by.
func idleTime(r *rand.Rand) string { return pick(r, "0", "0", "50000000", "-1", "x") }

func genStream(r *rand.Rand) []string {
	k, g, c := key(r), genGroup(r), genConsumer(r)
	count := maybe(r, 2, "COUNT", number(r))
	switch r.IntN(32) {
	case 0, 1, 2, 3, 4, 5, 6:
		id := pick(r, genStreamID(r), strconv.Itoa(r.IntN(40))+"-*", strconv.Itoa(r.IntN(40))+"-*")
		return cmdline("XADD", k, maybe(r, 8, "NOMKSTREAM"), when(r.IntN(4) == 0, genTrim(r)...), id, genFields(r))
	case 7:
		return cmdline("XLEN", k)
	case 8:
		return cmdline("XRANGE", k, genStreamBound(r), genStreamBound(r), count)
	case 9:
		return cmdline("XREVRANGE", k, genStreamBound(r), genStreamBound(r), count)
	case 10:
		return cmdline("XREAD", count, "STREAMS", k, key(r), pick(r, "$", genStreamID(r)), genStreamID(r))
	case 11, 12:
		return cmdline("XDEL", k, some(r, 3, genStreamID))
	case 13:
		return cmdline("XTRIM", k, genTrim(r))
	case 14:
		return cmdline("XSETID", k, genStreamID(r), maybe(r, 2, "ENTRIESADDED", number(r)), maybe(r, 2, "MAXDELETEDID", genStreamID(r)))
	case 15, 16:
		return cmdline("XGROUP", "CREATE", k, g, pick(r, "$", "0", genStreamID(r)), maybe(r, 2, "MKSTREAM"), maybe(r, 4, "ENTRIESREAD", number(r)))
	case 17:
		return cmdline("XGROUP", "SETID", k, g, pick(r, "$", "0", genStreamID(r)), maybe(r, 2, "ENTRIESREAD", number(r)))
	case 18:
		return cmdline("XGROUP", pick(r, "CREATECONSUMER", "DELCONSUMER"), k, g, c)
	case 19:
		return cmdline("XGROUP", "DESTROY", k, g)
	case 20, 21, 22:
		return cmdline("XREADGROUP", "GROUP", g, c, count, maybe(r, 6, "NOACK"), "STREAMS", k, pick(r, ">", ">", ">", genStreamID(r)))
	case 23, 24:
		return cmdline("XACK", k, g, some(r, 4, genStreamID))
	case 25:
		return cmdline("XPENDING", k, g)
	case 26:
		return cmdline("XPENDING", k, g, maybe(r, 3, "IDLE", idleTime(r)), genStreamBound(r), genStreamBound(r), number(r), maybe(r, 3, c))
	case 27, 28:
		return cmdline("XCLAIM", k, g, c, idleTime(r), some(r, 3, genStreamID), maybe(r, 3, "IDLE", pick(r, "100000000", "0")),
			maybe(r, 6, "TIME", "1000"), maybe(r, 4, "RETRYCOUNT", number(r)), maybe(r, 3, "FORCE"), maybe(r, 3, "JUSTID"), maybe(r, 6, "LASTID", genStreamID(r)))
	case 29:
		return cmdline("XAUTOCLAIM", k, g, c, idleTime(r), genStreamBound(r), maybe(r, 2, "COUNT", strconv.Itoa(r.IntN(5))), maybe(r, 3, "JUSTID"))
	case 30:
		return cmdline("XINFO", "STREAM", k, maybe(r, 2, cmdline("FULL", maybe(r, 2, "COUNT", number(r)))...))
	}
	// Bounds in bytes are left to the cases: changed under a stream, they make redis-server 7.0.15 end with an assertion.
	return pick2(r, cmdline("XINFO", "GROUPS", k), cmdline("XINFO", "CONSUMERS", k, g), cmdline("CONFIG", "SET", "stream-node-max-entries", pick(r, "2", "3", "5", "100")))
}

func pick2(r *rand.Rand, list ...[]string) []string { return list[r.IntN(len(list))] }

// streamState shows all of an engine's streams that DEBUG DIGEST leaves out: counters, groups, what is pending.
func streamState(e *Engine) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for _, db := range e.dbs {
		for n := range db.keys.All {
			s := asStream(n)
			if s == nil {
				continue
			}
			var b strings.Builder
			fmt.Fprintf(&b, "%d %q %d %v %v %v %v %d", db.id, n.Key(), s.length, s.first, s.top, s.last, s.maxDeleted, s.added)
			for _, g := range s.groups {
				fmt.Fprintf(&b, "\n  %q %v %d", g.name, g.last, g.read)
				for p := range g.pending.ascend(streamID{}, lastID) {
					fmt.Fprintf(&b, " %v:%q,%d,%d", p.id, p.owner.name, p.at, p.count)
				}
				for _, c := range g.consumers {
					fmt.Fprintf(&b, "\n    %q", c.name)
					for p := range c.pending.ascend(streamID{}, lastID) {
						fmt.Fprintf(&b, " %v", p.id)
					}
				}
			}
			out = append(out, b.String())
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
