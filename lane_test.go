package redbrick_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/redistest"
)

const (
	short   = 100 * time.Millisecond // a deadline that tests let pass
	shortly = 5 * time.Second        // a loaded machine's idea of at once
)

func clientID(t *testing.T, rb *redbrick.Client) int64 {
	t.Helper()
	id, err := rb.Do(t.Context(), rb.B().ClientId().Build()).AsInt64()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func get(ctx context.Context, l *redbrick.Lane, key string) error {
	return l.Do(ctx, l.B().Get().Key(key).Build()).Error()
}

func put(ctx context.Context, l *redbrick.Lane, key, value string) error {
	return l.Do(ctx, l.B().Set().Key(key).Value(value).Build()).Error()
}

// within runs f and fails the test if it takes longer than shortly.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	began := time.Now()
	f()
	if took := time.Since(began); took > shortly {
		t.Errorf("%s took %v", what, took)
	}
}

func TestCallCutShortCostsNobodyTheConnection(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	rb := redistest.OpenURL(t, s.URL(), func(o *redbrick.Options) { o.Connections, o.HotTimeout = 1, short })
	ctx := t.Context()
	key := rb.Namespace() + "k"
	if err := put(ctx, &rb.Lane, key, "v"); err != nil {
		t.Fatal(err)
	}
	id := clientID(t, rb)

	s.Pause()
	patient := make(chan error, 1)
	go func() { patient <- get(ctx, &rb.Lane, key) }()
	// The two ways to a deadline: that of the lane alone, and beside a context that can end.
	for name, ctx := range map[string]context.Context{"background": context.Background(), "cancellable": ctx} { // the first cannot end
		within(t, name, func() {
			began := time.Now()
			defer func() {
				if took := time.Since(began); took < short {
					t.Errorf("%s: ended after %v, want no sooner than %v", name, took, short)
				}
			}()
			if err := get(ctx, rb.Hot(), key); !errors.Is(err, redbrick.ErrTimeout) || !errors.Is(err, redbrick.ErrUnavailable) {
				t.Errorf("%s: got %v, want ErrTimeout and ErrUnavailable", name, err)
			}
		})
	}
	sooner, cancel := context.WithTimeout(ctx, short/10)
	defer cancel()
	within(t, "a caller's own deadline", func() {
		if err := get(sooner, rb.Hot(), key); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redbrick.ErrTimeout) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
	gone, leave := context.WithCancel(ctx)
	time.AfterFunc(short/10, leave)
	within(t, "a caller who leaves", func() {
		for i, r := range rb.DoMulti(gone, rb.B().Get().Key(key).Build(), rb.B().Get().Key(key).Build()) {
			if err := r.Error(); !errors.Is(err, context.Canceled) {
				t.Errorf("command %d: got %v, want context.Canceled", i, err)
			}
		}
	})
	s.Resume()

	if err := <-patient; err != nil {
		t.Errorf("the other caller of the connection: %v", err)
	}
	if now := clientID(t, rb); now != id {
		t.Errorf("connection %d, want %d: the cut calls cost it", now, id)
	}
}

// The first caller of a connection shares it with all who come later, though he is alone on it.
func TestFirstCallCutShortCostsNobodyTheConnection(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	rb := redistest.OpenURL(t, s.URL(), func(o *redbrick.Options) { o.Connections, o.Redis.ClientName = 1, "first" })
	connections := func() (ids []string) {
		for line := range strings.Lines(s.Do("CLIENT", "LIST")) {
			if id, _, _ := strings.Cut(line, " "); strings.Contains(line, " name=first ") {
				ids = append(ids, id)
			}
		}
		return ids
	}
	redistest.Eventually(t, time.Minute, func() error { // that which found out about tracking is gone
		if n := len(connections()); n != 1 {
			return fmt.Errorf("%d connections", n)
		}
		return nil
	})
	before := connections()
	s.Pause()
	sooner, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	if err := get(sooner, &rb.Lane, rb.Namespace()+"k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
	s.Resume()
	patiently, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := put(patiently, &rb.Lane, rb.Namespace()+"k", "v"); err != nil {
		t.Error(err)
	}
	if after := connections(); !slices.Equal(after, before) {
		t.Errorf("connections %q, want %q as before", after, before)
	}
}

// A connection that is being made for one caller must not hold another one past its deadline.
func TestDialOfAnotherCallerHoldsNobodyPastTheDeadline(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	proxy := redistest.NewProxy(t, s.Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), func(o *redbrick.Options) {
		o.Connections, o.HotTimeout, o.MaxRetries = 1, short, -1
	})
	key := rb.Namespace() + "k"
	proxy.Blackhole(true)
	proxy.Drop()
	before := proxy.Stats().Accepted
	patient, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer func() {
		within(t, "the dialling caller, who left", func() {
			leave()
			wg.Wait()
		})
	}()
	wg.Go(func() {
		for patient.Err() == nil && proxy.Stats().Accepted == before { // until it dials
			_ = get(patient, &rb.Lane, key)
		}
	})
	redistest.Eventually(t, time.Minute, func() error {
		if proxy.Stats().Accepted == before {
			return errors.New("nobody dials")
		}
		return nil
	})
	for range 3 {
		within(t, "a hot call", func() {
			if err := get(t.Context(), rb.Hot(), key); !errors.Is(err, redbrick.ErrUnavailable) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
		})
	}
}

func TestReplicaIsLeftForThePrimary(t *testing.T) {
	t.Parallel()
	old, heir := redistest.Private(t), redistest.Private(t)
	var primary atomic.Value
	primary.Store(old.Addr())
	var dials atomic.Int64
	rb := redistest.OpenURL(t, old.URL(), func(o *redbrick.Options) {
		o.Redis.DialCtxFn = func(ctx context.Context, _ string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			dials.Add(1)
			return d.DialContext(ctx, "tcp", primary.Load().(string))
		}
	})
	ctx := t.Context()
	key := rb.Namespace() + "k"
	if err := put(ctx, &rb.Lane, key, "1"); err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(heir.Addr())
	if err != nil {
		t.Fatal(err)
	}
	old.Do("REPLICAOF", host, port)

	// While the name still leads to the replica, writes fail without a storm of connections.
	before := dials.Load()
	for range 200 {
		if err := put(ctx, &rb.Lane, key, "2"); !errors.Is(err, redbrick.ErrUnavailable) {
			t.Fatalf("write to a replica: got %v, want ErrUnavailable", err)
		}
	}
	if n := dials.Load() - before; n > 20 {
		t.Errorf("%d connections were made for 200 writes", n)
	}
	primary.Store(heir.Addr())
	redistest.Eventually(t, time.Minute, func() error { return put(ctx, &rb.Lane, key, "3") })
	if got := heir.Do("GET", key); got != "3" {
		t.Errorf("on the new primary: %q, want 3", got)
	}
	if err := rb.Redis().Do(ctx, rb.B().Set().Key(key).Value("4").Build()).Error(); err != nil {
		t.Errorf("Redis gives the old connection still: %v", err)
	}
}

func TestOnlyReadsAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t, func(command string, n int) string {
		switch {
		case command == "GET" && n < 3, command == "SET":
			return hangUp
		case command == "GET":
			return bulk("v")
		}
		return ""
	})
	rb := redistest.OpenURL(t, s.url(), func(o *redbrick.Options) { o.Connections = 1 })
	if got, err := rb.Do(t.Context(), rb.B().Get().Key("k").Build()).ToString(); err != nil || got != "v" {
		t.Errorf("GET: %q, %v; want v after two broken connections", got, err)
	}
	if n := s.count("GET"); n != 3 {
		t.Errorf("GET was sent %d times, want 3", n)
	}
	if err := put(t.Context(), &rb.Lane, "k", "v"); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("SET: got %v, want ErrUnavailable", err)
	}
	if n := s.count("SET"); n != 1 {
		t.Errorf("SET was sent %d times, want once: nobody knows whether it took effect", n)
	}
	mixed := rb.DoMulti(t.Context(), rb.B().Get().Key("k").Build(), rb.B().Set().Key("k").Value("v").Build())
	if n := s.count("SET"); n != 2 || mixed[1].Error() == nil {
		t.Errorf("in a pipeline SET was sent %d times in all, want 2", n)
	}
}

func TestServerThatLoadsIsAwayUntilItHasLoaded(t *testing.T) {
	t.Parallel()
	var loading atomic.Bool
	s := newFakeServer(t, func(command string, _ int) string {
		switch {
		case command == "CLIENT":
			return "+OK\r\n"
		case loading.Load() && command != "HELLO":
			return "-LOADING Redis is loading the dataset in memory\r\n"
		case command == "GET":
			return bulk("v")
		case command == "EXISTS":
			return ":0\r\n"
		}
		return ""
	})
	rb := redistest.OpenURL(t, s.url(), func(o *redbrick.Options) { o.MaxRetries = -1 })
	loading.Store(true)
	for range 5 {
		if err := get(t.Context(), &rb.Lane, "k"); !errors.Is(err, redbrick.ErrUnavailable) {
			t.Fatalf("got %v, want ErrUnavailable", err)
		}
	}
	sent := s.count("GET")
	if err := get(t.Context(), &rb.Lane, "k"); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if n := s.count("GET"); n != sent {
		t.Errorf("%d more commands were sent with the breaker open", n-sent)
	}
	loading.Store(false)
	redistest.Eventually(t, time.Minute, func() error { return get(t.Context(), &rb.Lane, "k") })
}

func TestErrorRepliesAreAnswersAndNoFailures(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		key := rb.Namespace() + "k"
		if err := rb.Do(t.Context(), rb.B().Lpush().Key(key).Element("e").Build()).Error(); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			err := get(t.Context(), &rb.Lane, key)
			if re, ok := rueidis.IsRedisErr(err); !ok || !strings.HasPrefix(re.Error(), "WRONGTYPE") || errors.Is(err, redbrick.ErrUnavailable) {
				t.Fatalf("got %v, want the server's WRONGTYPE as it is", err)
			}
		}
		if err := get(t.Context(), &rb.Lane, rb.Namespace()+"none"); !rueidis.IsRedisNil(err) {
			t.Errorf("got %v, want nil: the breaker is closed", err)
		}
		if s := rb.State().State; s != redbrick.StateReady {
			t.Errorf("state %s, want ready", s)
		}
	})
}

func TestObserverHearsOfEveryCall(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	var mu sync.Mutex
	var events []redbrick.CommandEvent
	observed := func(o *redbrick.Options) {
		o.Observer.Command = func(e redbrick.CommandEvent) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, e)
		}
	}
	rb := redistest.OpenURL(t, s.URL(), observed)
	hasty := redistest.OpenURL(t, s.URL(), observed, func(o *redbrick.Options) { o.HotTimeout = short })
	ctx := t.Context()
	_ = get(ctx, &rb.Lane, "k")
	rb.Hot().DoMulti(ctx, rb.B().Get().Key("a").Build(), rb.B().Get().Key("b").Build())
	_ = get(ctx, rb.Tracked(), "k")
	s.Pause()
	_ = get(ctx, hasty.Hot(), "k")
	s.Resume()
	mu.Lock()
	defer mu.Unlock()
	var got []string
	for _, e := range events {
		if e.Duration <= 0 {
			t.Errorf("%+v has no duration", e)
		}
		got = append(got, fmt.Sprint(e.Lane, e.Commands, errors.Is(e.Err, redbrick.ErrTimeout)))
	}
	want := []string{"data1 false", "hot2 false", "tracked1 false", "hot1 true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// On Cluster a master that is dead takes its own slots with it and no others.
func TestDeadMasterStopsItsOwnKeysAlone(t *testing.T) {
	t.Parallel()
	// Nobody takes over, and the cluster goes on, for longer than the test.
	c := redistest.PrivateCluster(t, "cluster-node-timeout 120000")
	rb := redistest.OpenURL(t, c.URL())
	ctx := t.Context()
	// The breaker knows slots by 64: where two masters meet, one such cell stands for both.
	atBorder := func(key string) bool {
		cell := keyspace.Slot(key) / 64
		return cell == 5461/64 || cell == 10923/64
	}
	deadKey := rb.Namespace() + "dead"
	for atBorder(deadKey) {
		deadKey += "."
	}
	dead := c.MasterOf(deadKey)
	var others []string
	for i := 0; len(others) < 40; i++ {
		if key := fmt.Sprint(rb.Namespace(), "k", i); !atBorder(key) && c.MasterOf(key).Addr() != dead.Addr() {
			others = append(others, key)
			if err := put(ctx, &rb.Lane, key, "v"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if masters, err := rb.Masters(ctx); err != nil || len(masters) != 3 {
		t.Fatalf("%d masters, %v; want 3", len(masters), err)
	}
	dead.Kill()
	open := func() error {
		began := time.Now()
		err := get(ctx, rb.Hot(), deadKey)
		if !errors.Is(err, redbrick.ErrUnavailable) {
			t.Fatalf("key of the dead master: got %v, want ErrUnavailable", err)
		}
		if strings.Contains(err.Error(), "breaker") {
			return nil
		}
		return fmt.Errorf("sent, and failed after %v: %w", time.Since(began), err)
	}
	redistest.Eventually(t, time.Minute, open)
	if rb.State().State == redbrick.StateReady {
		t.Error("state ready with slots away")
	}
	for range 20 {
		for _, key := range others {
			if err := get(ctx, rb.Hot(), key); err != nil {
				t.Fatalf("key of a living master: %v", err)
			}
		}
		if err := open(); err != nil {
			t.Fatalf("the cell of the dead master closed by itself: %v", err)
		}
	}
	results := rb.DoMulti(ctx, rb.B().Get().Key(others[0]).Build(), rb.B().Get().Key(deadKey).Build(), rb.B().Get().Key(others[1]).Build())
	if results[0].Error() != nil || results[2].Error() != nil || !errors.Is(results[1].Error(), redbrick.ErrUnavailable) {
		t.Errorf("pipeline: %v, %v, %v; want the living masters' answers", results[0].Error(), results[1].Error(), results[2].Error())
	}
	if err := rb.Ping(ctx); err == nil {
		t.Error("Ping says that all masters are there")
	}
	dead.Restart()
	redistest.Eventually(t, time.Minute, func() error { return put(ctx, rb.Hot(), deadKey, "v") })
}

// A pipeline that is lost is one failure, however long it was.
func TestLostPipelineIsOneFailure(t *testing.T) {
	t.Parallel()
	var hang atomic.Bool
	s := newFakeServer(t, func(command string, _ int) string {
		if command == "GET" && hang.Load() {
			return hangUp
		}
		return ""
	})
	rb := redistest.OpenURL(t, s.url(), func(o *redbrick.Options) { o.MaxRetries = -1 })
	hang.Store(true)
	cmds := make(rueidis.Commands, 50)
	for i := range cmds {
		cmds[i] = rb.B().Get().Key("k").Build()
	}
	for _, r := range rb.DoMulti(t.Context(), cmds...) {
		if !errors.Is(r.Error(), redbrick.ErrUnavailable) {
			t.Fatalf("got %v, want ErrUnavailable", r.Error())
		}
	}
	hang.Store(false)
	if err := get(t.Context(), &rb.Lane, "k"); err == nil || errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("got %v, want the server's answer: the breaker is closed", err)
	}
}

// Callers whose own deadlines are shorter than the lane's tell of a dead server too: nobody else may.
func TestCallersOwnDeadlinesOpenTheBreaker(t *testing.T) {
	t.Parallel()
	t.Run("much shorter", func(t *testing.T) {
		t.Parallel()
		testCallersOwnDeadlines(t, time.Hour)
	})
	t.Run("hardly longer", func(t *testing.T) {
		t.Parallel()
		testCallersOwnDeadlines(t, 499*time.Millisecond)
	})
}

func testCallersOwnDeadlines(t *testing.T, lane time.Duration) {
	s := redistest.Private(t)
	var faults atomic.Int64 // a call that a busy machine began late had no time to tell
	rb := redistest.OpenURL(t, s.URL(), func(o *redbrick.Options) {
		o.HotTimeout, o.CommandTimeout = lane, time.Hour
		o.Observer.Command = func(e redbrick.CommandEvent) {
			if e.Err != nil {
				faults.Add(1)
			}
		}
	})
	call := func(d time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		return get(ctx, rb.Hot(), "k")
	}
	if err := get(t.Context(), &rb.Lane, "k"); !rueidis.IsRedisNil(err) {
		t.Fatal(err)
	}
	s.Pause()
	for range 20 { // too short to tell
		if err := call(time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want the context's error", err)
		}
	}
	faults.Store(0)
	failed := 0
	for ; failed < 20 && !errors.Is(call(500*time.Millisecond), redbrick.ErrUnavailable); failed++ {
	}
	if n := faults.Load(); failed == 20 || n != 5 {
		t.Errorf("the breaker opened after %d calls, of which %d told of the server, want 5", failed, n)
	}
	s.Resume()
	redistest.Eventually(t, time.Minute, func() error {
		if err := call(time.Second); !rueidis.IsRedisNil(err) {
			return err
		}
		return nil
	})
}
