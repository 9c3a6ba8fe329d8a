package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// generators make random commands, one for each family; a row is drawn as often as its weight. They draw keys from key,
// so that commands of all families meet on the same keys.
var generators = []struct {
	weight int
	make   func(*rand.Rand) []string
}{
	{10, genString},
	{6, genKey},
	{8, genList},
	{8, genHash},
	{8, genSet},
	{5, genBitmap},
	{5, genHyperLogLog},
	{2, genSort},
	{14, genZSet},
	{3, genGeo},
	{12, genStream},
	{8, genScript},
}

// Sizes of a run: commands altogether, and between two clean sheets.
const (
	fuzzCommands     = 50_000
	fuzzCommandsFull = 1_000_000
	fuzzRound        = 500
	fuzzPipeline     = 50
)

func key(r *rand.Rand) string { return "k" + strconv.Itoa(r.IntN(8)) }

func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// number is an integer, most of them small, some at the edges, some none.
func number(r *rand.Rand) string {
	switch r.IntN(20) {
	case 0:
		return pick(r, "9223372036854775807", "-9223372036854775808", "9223372036854775808", "4294967296", "-1")
	case 1:
		return pick(r, "abc", "", "1.5", " 1", "01", "+1", "1e3")
	}
	return strconv.Itoa(r.IntN(25) - 6)
}

// float is a number with a fraction.
func float(r *rand.Rand) string {
	switch r.IntN(20) {
	case 0:
		return pick(r, "inf", "-inf", "nan", "1e300", "-1e-300", "abc", "", "0x10")
	case 1:
		return number(r)
	}
	return strconv.FormatFloat(float64(r.IntN(2000)-1000)/float64(int(1)<<r.IntN(4)), 'f', -1, 64)
}

// value is a short string: a number, a word, bytes.
func value(r *rand.Rand) string {
	switch r.IntN(10) {
	case 0, 1, 2:
		return number(r)
	case 3:
		return float(r)
	case 4:
		return "\x00\xff\r\n"[:1+r.IntN(4)]
	case 5:
		return strings.Repeat("x", r.IntN(80))
	}
	return string(rune('a' + r.IntN(12)))
}

// some repeats make a few times, and hardly ever not at all.
func some(r *rand.Rand, most int, one func(*rand.Rand) string) (out []string) {
	for range r.IntN(most) + 1 {
		out = append(out, one(r))
	}
	if r.IntN(50) == 0 {
		return nil
	}
	return out
}

// maybe returns words now and then.
func maybe(r *rand.Rand, one int, words ...string) []string {
	if r.IntN(one) == 0 {
		return words
	}
	return nil
}

func when(on bool, words ...string) []string {
	if on {
		return words
	}
	return nil
}

func cmdline(parts ...any) (out []string) {
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			out = append(out, p)
		case []string:
			out = append(out, p...)
		}
	}
	return out
}

// round is one sequence on clean data, with the peers it runs on.
type round struct {
	ours, theirs *peer
	replica      *peer   // of an engine that runs the effects of ours
	replayed     *Engine // of replica
	rebuilt      *Engine
	engine       *Engine // of ours
	clean        func()
}

// differ runs commands on both sides and returns the first that is answered differently, or -1 and, if the data differ
// in the end, why.
func (r *round) differ(t *testing.T, cmds [][]string) (at int, why string) {
	r.clean()
	for from := 0; from < len(cmds); from += fuzzPipeline {
		part := cmds[from:min(from+fuzzPipeline, len(cmds))]
		want, err := r.theirs.all(part...)
		if err != nil {
			t.Fatalf("redis-server: %v", err)
		}
		got, err := r.ours.all(part...)
		if err != nil {
			t.Fatalf("engine: %v, after %d replies to %q", err, len(got), part)
		}
		for i := range part {
			w, g := normal(part[i], want[i]), normal(part[i], got[i])
			if w.String() != g.String() {
				return from + i, fmt.Sprintf("%q\n got %s\nwant %s", part[i], g, w)
			}
		}
	}
	if w, g := r.theirs.do(t, "DEBUG", "DIGEST"), r.ours.do(t, "DEBUG", "DIGEST"); w.String() != g.String() {
		return len(cmds), fmt.Sprintf("data differ: digest %s, want %s", g, w)
	}
	if w, g := r.ours.do(t, "DEBUG", "DIGEST"), r.replica.do(t, "DEBUG", "DIGEST"); w.String() != g.String() {
		return len(cmds), fmt.Sprintf("the effects give other data: digest %s, want %s", g, w)
	}
	checkAccount(t, r.engine)
	if w, g := r.ours.do(t, "DEBUG", "DIGEST"), rebuildInto(t, r.rebuilt, r.engine); w.text != g {
		return len(cmds), fmt.Sprintf("rebuilt values give other data: digest %s, want %s", g, w)
	}
	want := streamState(r.engine)
	if got := streamState(r.replayed); got != want {
		return len(cmds), fmt.Sprintf("the effects give other groups:\n%s\nwant\n%s", got, want)
	}
	if got := streamState(r.rebuilt); got != want {
		return len(cmds), fmt.Sprintf("rebuilt groups differ:\n%s\nwant\n%s", got, want)
	}
	return -1, ""
}

// shrink leaves out commands as long as a difference stays.
func (r *round) shrink(t *testing.T, cmds [][]string) ([][]string, string) {
	_, why := r.differ(t, cmds)
	for size := len(cmds) / 2; size > 0; size /= 2 {
		for from := 0; from+size <= len(cmds); {
			less := slices.Delete(slices.Clone(cmds), from, from+size)
			lessAt, lessWhy := r.differ(t, less)
			if lessAt < 0 {
				from += size
				continue
			}
			cmds, why = less[:min(lessAt+1, len(less))], lessWhy
		}
	}
	return cmds, why
}

func TestFuzzAgainstRedis(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	e := open(t, Options{})
	copyOf := &replica{e: open(t, Options{})}
	copyOf.e.replaying = true
	e.recorder = copyOf // before any client
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("ENGINE_FUZZ_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("ENGINE_FUZZ_SEED is %q, expected a number", text)
		}
		seed = n
	}
	commands := fuzzCommands
	if os.Getenv("REDISTEST_FULL") != "" {
		commands = fuzzCommandsFull
	}
	random := rand.New(rand.NewPCG(seed, 1))
	total := 0
	for _, g := range generators {
		total += g.weight
	}
	ours, theirs, third := dialEngine(t, e), dialServer(t, s), dialEngine(t, copyOf.e)
	rebuilt := open(t, Options{})
	rebuilt.replaying = true
	for n := 0; n < commands; n += fuzzRound {
		proto, few := pick(random, "2", "3"), pick(random, "3", "128")
		r := &round{ours, theirs, third, copyOf.e, rebuilt, e, func() {
			for _, p := range []*peer{ours, theirs} {
				p.do(t, "RESET")
				p.do(t, "HELLO", proto)
				p.do(t, "FLUSHALL")
				// Keys whose time is over go when they are looked at, on both sides at the same command.
				p.do(t, "DEBUG", "SET-ACTIVE-EXPIRE", "0")
				p.do(t, "CONFIG", "SET", "zset-max-listpack-entries", few) // the large form too
			}
		}}
		var cmds [][]string
		for range fuzzRound {
			w := random.IntN(total)
			for _, g := range generators {
				if w -= g.weight; w < 0 {
					cmds = append(cmds, g.make(random))
					break
				}
			}
		}
		if at, _ := r.differ(t, cmds); at >= 0 {
			short, why := r.shrink(t, cmds)
			var lines []string
			for _, c := range short {
				lines = append(lines, fmt.Sprintf("%q", c))
			}
			t.Fatalf("seed %d: RESP%s: %s\nafter\n%s", seed, proto, why, strings.Join(lines, "\n"))
		}
	}
}

// replica runs the effects of another engine.
type replica struct {
	e  *Engine
	cl *client
}

func (r *replica) effect(db int, args [][]byte) {
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	if r.cl == nil {
		r.cl = r.e.newClient(nil)
	}
	r.cl.db = r.e.dbs[db]
	r.e.process(r.cl, args)
	if out := r.cl.w.Buf; len(out) > 0 && out[0] == '-' {
		panic(fmt.Sprintf("effect %q answered %q", args, out))
	}
	r.cl.w.Buf = r.cl.w.Buf[:0]
}

func (r *replica) begin() {}
func (r *replica) end()   {}
