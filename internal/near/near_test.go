package near_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/internal/clock"
	"github.com/redbrick-go/redbrick/internal/near"
	"github.com/redbrick-go/redbrick/redistest"
)

type level struct {
	*near.Cache[int]

	generation atomic.Uint64
	clock      *clock.Coarse
}

func newLevel(t *testing.T, edit func(*near.Options)) *level {
	t.Helper()
	l := &level{clock: clock.NewCoarse()}
	t.Cleanup(l.clock.Stop)
	l.generation.Store(2)
	o := near.Options{MaxBytes: 64 << 20, Generation: &l.generation, Clock: l.clock}
	if edit != nil {
		edit(&o)
	}
	var err error
	if l.Cache, err = near.New[int](o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// flush does what the feed does when news may have been lost.
func (l *level) flush(by uint64) {
	l.generation.Add(by)
	l.Flush()
}

func (l *level) keep(id string, v int) bool {
	return l.Begin(id).Store(&near.Entry[int]{Value: v}, time.Hour, 8)
}

func (l *level) has(id string) bool {
	_, ok := l.Get(id)
	return ok
}

func TestAnEntryThatGrewWeighsMoreAndIsWhatItWas(t *testing.T) {
	t.Parallel()
	l := newLevel(t, nil)
	if l.Grow("a", func(int) int { t.Error("there is none"); return 1 }) {
		t.Error("grew what is not there")
	}
	cell := &near.Cell{}
	l.Begin("a").Store(&near.Entry[int]{Value: 7, Seq: 5, Tags: []*near.Cell{cell}}, time.Hour, 8)
	_, before := l.Size()
	if !l.Grow("a", func(int) int { return 0 }) {
		t.Error("not there")
	}
	if _, same := l.Size(); same != before {
		t.Errorf("nothing was added: %d bytes, %d before", same, before)
	}
	if !l.Grow("a", func(v int) int { return v + 1001 }) {
		t.Error("not there")
	}
	if n, after := l.Size(); n != 1 || after != before+1000 {
		t.Errorf("%d entries, %d bytes, %d before", n, after, before)
	}
	if e, ok := l.Get("a"); !ok || e.Value != 7 {
		t.Errorf("%+v", e)
	}
	if cell.Store(6); l.has("a") {
		t.Error("its tag does not count any more")
	}
	l.Forget("a")
	if n, after := l.Size(); n != 0 || after != 0 {
		t.Errorf("%d entries, %d bytes after it was forgotten", n, after)
	}
}

// Between Begin and Store everything that makes the read doubtful makes the ticket void.
func TestTicketIsVoidAfterWhateverMayHaveChangedTheEntry(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		between func(l *level)
		kept    bool
	}{
		"nothing":                {func(*level) {}, true},
		"another id":             {func(l *level) { l.Forget("b") }, true},
		"invalidation":           {func(l *level) { l.Forget("a") }, false},
		"lost connection":        {func(l *level) { l.flush(2) }, false},
		"lost and not yet back":  {func(l *level) { l.flush(1) }, false},
		"lost and back":          {func(l *level) { l.flush(1); l.flush(1) }, false},
		"another reader stores":  {func(l *level) { l.keep("a", 7) }, true},
		"another reader cancels": {func(l *level) { l.Begin("a").Cancel() }, true},
		"invalidated, read anew": {func(l *level) { l.Forget("a"); l.Begin("a").Cancel() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLevel(t, nil)
			ticket := l.Begin("a")
			tt.between(l)
			if kept := ticket.Store(&near.Entry[int]{Value: 1}, time.Hour, 8); kept != tt.kept {
				t.Errorf("kept %v, want %v", kept, tt.kept)
			}
			e, ok := l.Get("a")
			if ok != tt.kept || ok && e.Value != 1 {
				t.Errorf("got %+v, %v", e, ok)
			}
		})
	}
}

func TestNothingIsKeptOrServedWhileNewsDoNotArrive(t *testing.T) {
	t.Parallel()
	l := newLevel(t, nil)
	if !l.keep("a", 1) {
		t.Fatal("not kept")
	}
	l.generation.Add(1) // lost; the flush is about to come
	if l.has("a") {
		t.Error("served after the connection was lost")
	}
	if l.keep("b", 1) {
		t.Error("kept with an odd generation")
	}
	l.generation.Add(1)
	if l.has("a") {
		t.Error("an entry of an older generation is served when news arrive again")
	}
}

// The TTL was read after Begin: however long the answer took, the entry ends in the process before it ends in Redis.
func TestEntryNeverOutlivesItsTTL(t *testing.T) {
	t.Parallel()
	l := newLevel(t, nil)
	const ttl = 200 * time.Millisecond
	for i := range 5 {
		id := fmt.Sprint(i)
		ticket := l.Begin(id)
		end := l.clock.Exact() + ttl
		slow := time.NewTimer(ttl / 2)
		<-slow.C
		kept := ticket.Store(&near.Entry[int]{Value: 1}, ttl, 8)
		for {
			now := l.clock.Exact()
			ok := l.has(id)
			if ok && now > end {
				t.Fatalf("served %v after its end", now-end)
			}
			// Whoever was held up for longer than the entry had left has seen nothing wrong.
			if left := end - l.clock.Exact(); kept && !ok && left > 4*clock.Tick {
				t.Fatalf("kept, and not served %v before its end", left)
			}
			if !ok && now > end+ttl {
				break
			}
		}
	}
}

func TestEntryThatIsAboutToEndIsNotKept(t *testing.T) {
	t.Parallel()
	l := newLevel(t, nil)
	for _, ttl := range []time.Duration{-time.Second, 0, time.Millisecond, 2 * clock.Tick} {
		if l.Begin("a").Store(&near.Entry[int]{}, ttl, 8) {
			t.Errorf("an entry of %v is kept", ttl)
		}
	}
}

func TestTagsDecideAboutEntries(t *testing.T) {
	t.Parallel()
	l := newLevel(t, nil)
	var one, two near.Cell
	one.Store(5)
	l.Begin("a").Store(&near.Entry[int]{Seq: 5, Tags: []*near.Cell{&one, &two}}, time.Hour, 8)
	if !l.has("a") {
		t.Error("not served with all numbers at most its own")
	}
	two.Store(6)
	if l.has("a") {
		t.Error("served after a tag was invalidated")
	}
	two.Store(near.Unknown)
	if l.has("a") {
		t.Error("served with a number that is not known")
	}
}

func TestSizeStaysUnderItsBounds(t *testing.T) {
	t.Parallel()
	const bound = 1 << 20
	for name, tt := range map[string]struct {
		edit    func(*near.Options)
		size    int
		entries int
	}{
		"bytes":                  {func(o *near.Options) { o.MaxBytes = bound }, 2000, bound / 2000},
		"entries":                {func(o *near.Options) { o.MaxBytes, o.MaxEntries = bound, 100 }, 8, 100},
		"entries of uneven size": {func(o *near.Options) { o.MaxBytes, o.MaxEntries = bound, 300 }, 10_000, bound / 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLevel(t, tt.edit)
			for i := range 10 * tt.entries {
				l.Begin(fmt.Sprint(i)).Store(&near.Entry[int]{Value: i}, time.Hour, tt.size)
				if i%64 == 0 {
					if entries, bytes := l.Size(); bytes > bound || entries > tt.entries {
						t.Fatalf("%d entries of %d bytes after %d, want at most %d and %d", entries, bytes, i, tt.entries, bound)
					}
				}
			}
			entries, bytes := l.Size()
			if entries < tt.entries/2 || bytes == 0 {
				t.Errorf("%d entries of %d bytes are left, want about %d", entries, bytes, tt.entries)
			}
			l.Flush()
			if entries, bytes := l.Size(); entries != 0 || bytes != 0 {
				t.Errorf("after a flush %d entries of %d bytes", entries, bytes)
			}
		})
	}
}

// A server in miniature: writers change a number and tell; readers read it between Begin and Store, sometimes slowly.
// Nobody may be served a number that is older than one he was told of.
func TestReadersAndWritersNeverLeaveAnOldValue(t *testing.T) {
	t.Parallel()
	l := newLevel(t, nil)
	const ids = 4
	var rows [ids]atomic.Int64 // in Redis
	var told [ids]atomic.Int64 // the process has heard of it
	var wg sync.WaitGroup
	var stop atomic.Bool
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for !stop.Load() {
				i := r.IntN(ids)
				id := fmt.Sprint(i)
				least := told[i].Load()
				if e, ok := l.Get(id); ok {
					if int64(e.Value) < least {
						t.Errorf("served %d after news of %d", e.Value, least)
						return
					}
					continue
				}
				ticket := l.Begin(id)
				v := rows[i].Load()
				for range r.IntN(200) {
					_ = rows[i].Load()
				}
				ticket.Store(&near.Entry[int]{Value: int(v)}, time.Hour, 8)
			}
		})
	}
	r := rand.New(rand.NewPCG(9, 9))
	for range redistest.Scale(200_000) {
		i := r.IntN(ids)
		v := rows[i].Add(1)
		if r.IntN(100) == 0 { // the connection is lost: the news too
			l.flush(1)
			l.flush(1)
		} else {
			l.Forget(fmt.Sprint(i))
		}
		told[i].Store(v)
	}
	stop.Store(true)
	wg.Wait()
	for i := range ids {
		if e, ok := l.Get(fmt.Sprint(i)); ok && int64(e.Value) != rows[i].Load() {
			t.Errorf("id %d: %d is kept, want %d", i, e.Value, rows[i].Load())
		}
	}
}

func TestHitCostsNoAllocation(t *testing.T) {
	l := newLevel(t, nil)
	var cell near.Cell
	l.Begin("a").Store(&near.Entry[int]{Tags: []*near.Cell{&cell}}, time.Hour, 8)
	if n := testing.AllocsPerRun(1000, func() {
		if !l.has("a") {
			t.Fatal("no hit")
		}
	}); n != 0 {
		t.Errorf("%v allocations a hit", n)
	}
	if l.Hits() == 0 {
		t.Error("hits are not counted")
	}
}
