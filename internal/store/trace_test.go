package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/store"
	"github.com/redbrick-go/redbrick/redistest"
)

// TestTraces runs random calls of several loads, writers and strangers on one entry. After each call the reply and all
// that lies in Redis is what the model says, and no load that began before a change was stored, or is valid.
func TestTraces(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := store.New(store.Options{Namespace: rb.Namespace()})
		wakes := listen(t, rb)
		const length = 50
		steps := redistest.Scale(50_000)
		if redistest.BackendOf(t, rb).Has(redistest.Cluster) {
			steps = redistest.Scale(10_000) // a step is several round trips to several servers
		}
		for i := range steps / length {
			tr := newTrace(t, rb, s, uint64(i))
			for range length {
				tr.step()
				tr.compare()
			}
			if got := wakes.next(t, rb, tr.v); got != tr.wakes {
				t.Fatalf("%d wake-ups, want %d; trace:\n%s", got, tr.wakes, tr.log.String())
			}
		}
	})
}

// load is a load under way, as its loader sees it.
type load struct {
	token   store.Token
	seq     uint64
	began   int
	granted bool
	saw     held // what lay at V then
}

// trace is a run of random calls beside the model.
type trace struct {
	*model
	t   *testing.T
	rb  *redbrick.Client
	s   *store.Store
	v   string
	r   *rand.Rand
	log strings.Builder

	now    int // number of the step
	loads  []load
	ttls   int
	ended  int // step of the last write by our scripts, or loss of L
	bumped int // step of the last invalidation of the tag
	lostAt int // step of the last loss of C or F
	entry  load
}

func newTrace(t *testing.T, rb *redbrick.Client, s *store.Store, seed uint64) *trace {
	tr := &trace{
		model: newModel(), t: t, rb: rb, s: s, v: fmt.Sprintf("%sv%d", rb.Namespace(), seed), r: rand.New(rand.NewPCG(seed, 1)),
	}
	clock, floor := clockKeys(s) // one for all entries, so the last trace has left them
	for _, key := range []string{clock, floor, s.TagKey(tagged), s.TagKey(other)} {
		tr.do("DEL", key)
	}
	return tr
}

func (tr *trace) fatalf(format string, args ...any) {
	tr.t.Helper()
	tr.t.Fatalf(format+"\ntrace:\n%s", append(args, tr.log.String())...)
}

func (tr *trace) must(err error) {
	tr.t.Helper()
	if err != nil {
		tr.fatalf("%v", err)
	}
}

func (tr *trace) do(args ...string) {
	tr.t.Helper()
	err := tr.rb.Do(tr.t.Context(), tr.rb.B().Arbitrary(args[0]).Keys(args[1]).Args(args[2:]...).Build()).Error()
	tr.must(err)
}

// ttl gives a lifetime that no other entry of the trace has: equal expiries of two writes are possible, within one ms.
func (tr *trace) ttl() time.Duration {
	tr.ttls++
	return time.Duration(tr.ttls) * 1000 * time.Second
}

// expiry reads when V expires, and checks it against the lifetime that was asked for.
func (tr *trace) expiry(ttl time.Duration) int64 {
	tr.t.Helper()
	at, err := tr.rb.Do(tr.t.Context(), tr.rb.B().Pexpiretime().Key(tr.v).Build()).AsInt64()
	tr.must(err)
	if off := time.Until(time.UnixMilli(at)) - ttl; off.Abs() > time.Minute {
		tr.fatalf("V expires %v off %v", off, ttl)
	}
	return at
}

func (tr *trace) pick() *load {
	if len(tr.loads) == 0 {
		return &load{token: "none"}
	}
	return &tr.loads[tr.r.IntN(len(tr.loads))]
}

func (tr *trace) step() {
	tr.t.Helper()
	tr.now++
	ops := []func(){
		tr.acquire, tr.acquire, tr.acquire, tr.fill, tr.fill, tr.fill, tr.set, tr.drop, tr.abandon,
		tr.foreignSet, tr.foreignSetex, tr.foreignDel, tr.foreignHash, tr.foreignExpire,
		tr.evictLease, tr.garbageLease, tr.bump, tr.evictClock, tr.futureClock,
	}
	ops[tr.r.IntN(len(ops))]()
}

func (tr *trace) note(format string, args ...any) {
	fmt.Fprintf(&tr.log, "%d: "+format+"\n", append([]any{tr.now}, args...)...)
}

func (tr *trace) acquire() {
	l := load{token: store.Token("t" + strconv.Itoa(tr.now)), began: tr.now}
	mode := []store.Mode{store.Miss, store.Refresh, store.Replace}[tr.r.IntN(3)]
	newer := tr.r.IntN(2) == 0
	seen := 1e6 * time.Hour // longer than any
	if newer {
		seen = time.Millisecond
	}
	newer = newer || tr.V.Expiry == -1 // an entry that does not expire is newer than all that do
	before := tr.V
	want := tr.model.acquire(l.token, mode, newer)
	grants, seq, err := tr.s.AcquireTagged(tr.t.Context(), tr.rb, leaseTime, store.Ask{V: tr.v, Token: l.token, Mode: mode, Seen: seen})
	tr.must(err)
	g := grants[0]
	tr.must(g.Err)
	got := "held"
	switch {
	case g.Granted:
		got = "granted"
	case g.Value != nil:
		got = "found"
	}
	tr.note("acquire %s %s newer=%v: %s", l.token, mode, newer, got)
	if got != want {
		tr.fatalf("acquire gives %s, want %s", got, want)
	}
	switch got {
	case "found":
		if string(g.Value) != before.Value || (g.TTL == store.Forever) != (before.Expiry == -1) {
			tr.fatalf("found %q for %v, want %q until %d", g.Value, g.TTL, before.Value, before.Expiry)
		}
	case "held":
		if g.Held <= 0 || g.Held > leaseTime {
			tr.fatalf("held for %v, want up to %v", g.Held, leaseTime)
		}
	}
	if last, _ := strconv.ParseUint(tr.N.C, 10, 64); seq < last || tr.lost() && seq <= last {
		tr.fatalf("clock gives %d after %s, lost %v", seq, tr.N.C, tr.lost())
	} else if !tr.lost() && seq != last {
		tr.fatalf("clock gives %d, want %s", seq, tr.N.C)
	}
	tr.tick(strconv.FormatUint(seq, 10))
	l.seq, l.granted, l.saw = seq, g.Granted, before
	tr.loads = append(tr.loads, l)
}

func (tr *trace) fill() {
	l := tr.pick()
	ttl := tr.ttl()
	value := string(store.Frame{Seq: l.seq, Tags: []string{tagged}, Body: []byte(strconv.Itoa(tr.now))}.Append(nil))
	stored, errs := tr.s.Fill(tr.t.Context(), tr.rb, store.Entry{V: tr.v, Token: l.token, Value: []byte(value), TTL: ttl})
	tr.must(errs[0])
	tr.note("fill %s: %v", l.token, stored[0])
	// The promise: stored if nothing of ours came between, and a stranger would find what the load's beginning found.
	if fresh := l.granted && l.began > tr.ended && l.saw == tr.V; stored[0] != fresh {
		tr.fatalf("fill of a load begun at %d gives %v; our last write was at %d, V was %v", l.began, stored[0], tr.ended, l.saw)
	}
	var expiry int64
	if stored[0] {
		expiry = tr.expiry(ttl)
	}
	if want := tr.model.fill(l.token, value, expiry); stored[0] != want {
		tr.fatalf("fill gives %v, want %v", stored[0], want)
	}
	if stored[0] {
		tr.ended, tr.entry = tr.now, *l
	}
	l.granted = false
}

func (tr *trace) set() {
	ttl, value := tr.ttl(), "set"+strconv.Itoa(tr.now)
	tr.note("set")
	tr.must(tr.s.Set(tr.t.Context(), tr.rb, store.Entry{V: tr.v, Value: []byte(value), TTL: ttl})[0])
	tr.model.set(value, tr.expiry(ttl))
	tr.ended = tr.now
}

func (tr *trace) drop() {
	had, errs := tr.s.Drop(tr.t.Context(), tr.rb, tr.v)
	tr.note("drop: %v", had[0])
	tr.must(errs[0])
	if want := tr.model.drop(); had[0] != want {
		tr.fatalf("drop gives %v, want %v", had[0], want)
	}
	tr.ended = tr.now
}

func (tr *trace) abandon() {
	l := tr.pick()
	tr.note("abandon %s", l.token)
	tr.must(tr.s.Abandon(tr.t.Context(), tr.rb, tr.v, l.token))
	tr.model.abandon(l.token)
	l.granted = false
}

func (tr *trace) foreignSet() {
	value := "foreign" + strconv.Itoa(tr.now)
	tr.note("foreign SET")
	tr.do("SET", tr.v, value)
	tr.V = held{"string", value, -1}
}

func (tr *trace) foreignSetex() {
	value, ttl := "foreign"+strconv.Itoa(tr.now), tr.ttl()
	tr.note("foreign SETEX")
	tr.do("SETEX", tr.v, strconv.Itoa(int(ttl/time.Second)), value)
	tr.V = held{"string", value, tr.expiry(ttl)}
}

func (tr *trace) foreignDel() {
	tr.note("foreign DEL")
	tr.do("DEL", tr.v)
	tr.V = held{"none", "", -2}
}

func (tr *trace) foreignHash() {
	tr.note("foreign hash")
	tr.do("DEL", tr.v)
	tr.do("HSET", tr.v, "f", "1")
	tr.V = held{"hash", "", -1}
}

func (tr *trace) foreignExpire() {
	ttl := tr.ttl()
	tr.note("foreign PEXPIRE")
	tr.do("PEXPIRE", tr.v, strconv.FormatInt(ttl.Milliseconds(), 10))
	if tr.V.Kind != "none" {
		tr.V.Expiry = tr.expiry(ttl)
	}
}

func (tr *trace) evictLease() {
	tr.note("evict L")
	tr.do("DEL", tr.s.LeaseKey(tr.v))
	tr.L, tr.ended = lease{}, tr.now
}

func (tr *trace) garbageLease() {
	tr.note("garbage at L")
	tr.do("SET", tr.s.LeaseKey(tr.v), "garbage", "PX", "3600000")
	tr.L, tr.ended = lease{Garbage: true}, tr.now
}

func (tr *trace) bump() {
	tags := [][]string{{tagged}, {other}, {other, tagged}, {}}[tr.r.IntN(4)]
	n, err := tr.s.Bump(tr.t.Context(), tr.rb, tags...)
	tr.note("bump %v: %d", tags, n)
	tr.must(err)
	if last, _ := strconv.ParseUint(tr.N.C, 10, 64); n <= last {
		tr.fatalf("bump gives %d after %d", n, last)
	}
	tr.model.bump(strconv.FormatUint(n, 10), tags...)
	if len(tags) > 0 && tags[len(tags)-1] == tagged {
		tr.bumped = tr.now
	}
}

func (tr *trace) evictClock() {
	clock, floor := clockKeys(tr.s)
	which := tr.r.IntN(3)
	tr.note("evict clock %d", which)
	if which != 0 && tr.N.C < tr.time() { // lost while it is not behind time, the clock could not go on from where it was
		tr.do("DEL", clock)
		tr.N.C, tr.lostAt = "", tr.now
	}
	if which != 1 {
		tr.do("DEL", floor)
		tr.N.F, tr.lostAt = "", tr.now
	}
}

// futureClock is what a clock that went back looks like.
func (tr *trace) futureClock() {
	if tr.lost() || tr.r.IntN(3) > 0 {
		return
	}
	clock, _ := clockKeys(tr.s)
	tr.N.C = strconv.FormatInt(time.Now().Add(time.Hour).UnixMicro(), 10)
	tr.note("clock is ahead: %s", tr.N.C)
	tr.do("SET", clock, tr.N.C, "PX", "3600000")
}

// time is that of the server in microseconds.
func (tr *trace) time() string {
	clock, err := tr.rb.Do(tr.t.Context(), tr.rb.B().Time().Build()).AsIntSlice()
	tr.must(err)
	return strconv.FormatInt(clock[0]*1_000_000+clock[1], 10)
}

func clockKeys(s *store.Store) (clock, floor string) {
	return strings.TrimSuffix(s.TagPrefix(), "~t:{tags}") + "~tc:{tags}", s.TagPrefix()
}

// compare reads everything back.
func (tr *trace) compare() {
	tr.t.Helper()
	got := read(tr.t, tr.rb, tr.s, tr.v)
	if diff := cmp.Diff(tr.copy(), got); diff != "" {
		tr.fatalf("state (-model +redis):\n%s", diff)
	}
	frame, err := store.Parse([]byte(got.V.Value))
	if err != nil || len(frame.Tags) == 0 {
		return
	}
	floor, at, err := tr.s.ReadTags(tr.t.Context(), tr.rb, frame.Tags...)
	tr.must(err)
	valid := frame.Seq >= floor && at[0] <= frame.Seq
	e := tr.entry
	switch {
	case e.began <= tr.bumped && valid:
		tr.fatalf("the entry of a load begun at %d is valid after the bump at %d", e.began, tr.bumped)
	case e.began <= tr.lostAt && !tr.lost() && valid:
		tr.fatalf("the entry of a load begun at %d is valid after the loss at %d", e.began, tr.lostAt)
	case e.began > tr.bumped && e.began > tr.lostAt && !valid:
		tr.fatalf("the entry of a load begun at %d is invalid, the last bump was at %d: %d, floor %d, tag %d", e.began, tr.bumped, frame.Seq, floor, at[0])
	}
}

// read takes all that the scripts keep of v.
func read(t *testing.T, rb *redbrick.Client, s *store.Store, v string) state {
	t.Helper()
	ctx := t.Context()
	l := s.LeaseKey(v)
	clock, floor := clockKeys(s)
	results := rb.DoMulti(ctx,
		rb.B().Type().Key(v).Build(), rb.B().Get().Key(v).Build(), rb.B().Pexpiretime().Key(v).Build(),
		rb.B().Type().Key(l).Build(), rb.B().Hgetall().Key(l).Build(),
		rb.B().Mget().Key(clock, floor, s.TagKey(tagged), s.TagKey(other)).Build())
	var st state
	var err1, err2, err3 error
	st.V.Kind, err1 = results[0].ToString()
	if st.V.Kind == "string" {
		st.V.Value, err2 = results[1].ToString()
	}
	st.V.Expiry, err3 = results[2].AsInt64()
	kind, err4 := results[3].ToString()
	var err5 error
	switch kind {
	case "hash":
		st.L.Fields, err5 = results[4].AsStrMap()
	case "string":
		st.L.Garbage = true
	}
	values, err6 := results[5].ToArray()
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	text := func(m rueidis.RedisMessage) string {
		s, _ := m.ToString()
		return s
	}
	st.N = numbers{text(values[0]), text(values[1]), text(values[2]), text(values[3])}
	return st
}

// wakeups collects what is published on the channel that wakes waiters.
type wakeups struct{ came chan string }

func listen(t *testing.T, rb *redbrick.Client) wakeups {
	t.Helper()
	w := wakeups{make(chan string, 10_000)}
	stop, err := rb.Subscribe(t.Context(), store.WakeChannel(rb.Namespace()), func(v string) { w.came <- v }, func(bool) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return w
}

// next returns how many wake-ups came for v since the last call. It publishes from the server of v, behind all of them.
func (w wakeups) next(t *testing.T, rb *redbrick.Client, v string) int {
	t.Helper()
	end := "end of " + v
	publish := rb.B().Eval().Script("return redis.call('PUBLISH', ARGV[1], ARGV[2])").Numkeys(1).Key(v).
		Arg(store.WakeChannel(rb.Namespace()), end).Build()
	if err := rb.Do(t.Context(), publish).Error(); err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		select {
		case got := <-w.came:
			switch got {
			case end:
				return n
			case v:
			default:
				t.Fatalf("wake-up for %q, expected %q", got, v)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("the last message did not come")
		}
	}
}
