package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

func open(t *testing.T) *Engine {
	t.Helper()
	e, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func connect(t *testing.T, e *Engine) rueidis.Client {
	t.Helper()
	c, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:       []string{"embedded"},
		DialCtxFn:         e.Dial,
		ForceSingleClient: true,
		AlwaysRESP2:       true,
		AlwaysPipelining:  true,
		DisableCache:      true,
		ClientName:        "redbrick",
		ClientSetInfo:     rueidis.DisableClientSetInfo,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func do(t *testing.T, c rueidis.CoreClient, words ...string) rueidis.RedisMessage {
	t.Helper()
	m, err := c.Do(t.Context(), c.B().Arbitrary(words...).Build()).ToMessage()
	if err != nil && !rueidis.IsRedisNil(err) {
		t.Fatalf("%s: %v", strings.Join(words, " "), err)
	}
	return m
}

func number(t *testing.T, c rueidis.CoreClient, words ...string) int64 {
	t.Helper()
	m := do(t, c, words...)
	n, err := m.AsInt64()
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(words, " "), err)
	}
	return n
}

// rueidis writes a long batch to the end before it reads: without buffers both sides would wait for each other.
func TestLongBatches(t *testing.T) {
	t.Parallel()
	c := connect(t, open(t))
	for _, n := range []int{1000, 10_000} {
		cmds := make(rueidis.Commands, 0, n)
		for i := range n {
			cmds = append(cmds, c.B().Set().Key("k"+strconv.Itoa(i)).Value(strings.Repeat("v", 200)).Build())
		}
		for i, r := range c.DoMulti(t.Context(), cmds...) {
			if err := r.Error(); err != nil {
				t.Fatalf("SET %d of %d: %v", i, n, err)
			}
		}
		cmds = cmds[:0]
		for i := range n {
			cmds = append(cmds, c.B().Get().Key("k"+strconv.Itoa(i)).Build())
		}
		for i, r := range c.DoMulti(t.Context(), cmds...) {
			if s, err := r.ToString(); err != nil || len(s) != 200 {
				t.Fatalf("GET %d of %d: %d bytes, %v", i, n, len(s), err)
			}
		}
	}
}

func TestValuesOfAnySize(t *testing.T) {
	t.Parallel()
	c := connect(t, open(t))
	for _, size := range []int{0, 1, 4096, requestLimit, 50 << 20} {
		value := strings.Repeat("x", size)
		do(t, c, "SET", "big", value)
		m := do(t, c, "GET", "big")
		if got, err := m.ToString(); err != nil || got != value {
			t.Fatalf("%d bytes came back as %d, %v", size, len(got), err)
		}
	}
}

func TestConcurrentClients(t *testing.T) {
	t.Parallel()
	e := open(t)
	var wg sync.WaitGroup
	for range 4 {
		c := connect(t, e)
		for range 8 {
			wg.Go(func() {
				for range 50 {
					if err := c.Do(t.Context(), c.B().Incr().Key("n").Build()).Error(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	if n := number(t, connect(t, e), "INCRBY", "n", "0"); n != 4*8*50 {
		t.Fatalf("%d increments, want %d", n, 4*8*50)
	}
}

func TestDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	e := open(t)
	c := connect(t, e)
	wire, release := c.Dedicate()
	defer release()
	do(t, wire, "SELECT", "3")
	do(t, wire, "SET", "k", "v")
	if n := number(t, c, "EXISTS", "k"); n != 0 {
		t.Fatal("database 0 shows a key of database 3")
	}
}

// A cache's wake-ups are published by scripts, so a PUBLISH within Lua has to reach subscribers of another client.
func TestPublishReachesSubscribers(t *testing.T) {
	t.Parallel()
	e := open(t)
	sub, pub := connect(t, e), connect(t, e)
	for _, tt := range []struct {
		name      string
		subscribe rueidis.Completed
		publish   []string
	}{
		{"plain", sub.B().Subscribe().Channel("plain").Build(), []string{"PUBLISH", "plain", "hello"}},
		{"pattern", sub.B().Psubscribe().Pattern("pat*").Build(), []string{"PUBLISH", "pattern", "hello"}},
		{"script", sub.B().Subscribe().Channel("script").Build(), []string{"EVAL", "return redis.call('PUBLISH', ARGV[1], ARGV[2])", "0", "script", "hello"}},
	} {
		// In sequence: rueidis shares one subscribed wire per client.
		t.Run(tt.name, func(t *testing.T) {
			got := make(chan string, 1)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ready := make(chan struct{})
			ctx = rueidis.WithOnSubscriptionHook(ctx, func(s rueidis.PubSubSubscription) {
				if strings.HasSuffix(s.Kind, "subscribe") && !strings.HasSuffix(s.Kind, "unsubscribe") {
					close(ready)
				}
			})
			ended := make(chan error, 1)
			go func() {
				ended <- sub.Receive(ctx, tt.subscribe, func(m rueidis.PubSubMessage) { got <- m.Message })
			}()
			<-ready
			if n := number(t, pub, tt.publish...); n != 1 {
				t.Fatalf("published to %d subscribers, want 1", n)
			}
			if m := <-got; m != "hello" {
				t.Fatalf("got %q", m)
			}
			// The client of a subscription still serves commands.
			do(t, sub, "SET", "k", "v")
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Fatalf("Receive ended with %v", err)
			}
		})
	}
}

func TestScriptsByHash(t *testing.T) {
	t.Parallel()
	c := connect(t, open(t))
	const source = "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]); return redis.call('PTTL', KEYS[1])"
	m := do(t, c, "SCRIPT", "LOAD", source)
	sha, err := m.ToString()
	if err != nil {
		t.Fatal(err)
	}
	if ttl := number(t, c, "EVALSHA", sha, "1", "k", "v", "1500"); ttl != 1500 {
		t.Fatalf("PTTL %d right after SET PX 1500", ttl)
	}
	err = c.Do(t.Context(), c.B().Evalsha().Sha1(strings.Repeat("0", 40)).Numkeys(0).Build()).Error()
	if e, ok := rueidis.IsRedisErr(err); !ok || !e.IsNoScript() {
		t.Fatalf("unknown script: %v, want NOSCRIPT", err)
	}
}

func TestBlockingPopWakesAndTimesOut(t *testing.T) {
	t.Parallel()
	e := open(t)
	c, other := connect(t, e), connect(t, e)
	got := make(chan []string, 1)
	go func() {
		v, _ := c.Do(t.Context(), c.B().Blpop().Key("list").Timeout(30).Build()).AsStrSlice()
		got <- v
	}()
	do(t, other, "RPUSH", "list", "job")
	if v := <-got; fmt.Sprint(v) != "[list job]" {
		t.Fatalf("got %v", v)
	}
	err := c.Do(t.Context(), c.B().Blpop().Key("list").Timeout(0.01).Build()).Error()
	if !rueidis.IsRedisNil(err) {
		t.Fatalf("BLPOP of an empty list: %v, want nil", err)
	}
}

func TestKeysExpireByAdvance(t *testing.T) {
	t.Parallel()
	e := open(t)
	c := connect(t, e)
	do(t, c, "SET", "short", "v", "PX", "60000")
	do(t, c, "SET", "long", "v", "PX", "120000")
	do(t, c, "SET", "ever", "v")
	before := do(t, c, "TIME")
	e.Advance(59 * time.Second)
	if n := number(t, c, "EXISTS", "short"); n != 1 {
		t.Fatal("gone before its time")
	}
	e.Advance(2 * time.Second)
	if n := number(t, c, "EXISTS", "short", "long", "ever"); n != 2 {
		t.Fatalf("%d keys left, want 2", n)
	}
	after := do(t, c, "TIME")
	if d := seconds(t, after) - seconds(t, before); d < 61 || d > 90 {
		t.Fatalf("TIME moved by %d s, want 61", d)
	}
}

func seconds(t *testing.T, m rueidis.RedisMessage) int64 {
	t.Helper()
	v, err := m.AsIntSlice()
	if err != nil {
		t.Fatal(err)
	}
	return v[0]
}

// Lease fences compare PEXPIRETIME over time, so it must be a fact of the key and not of the moment it is asked.
func TestExpiryTimeStands(t *testing.T) {
	t.Parallel()
	e := open(t)
	c := connect(t, e)
	do(t, c, "SET", "k", "v", "PX", "60000")
	at := number(t, c, "PEXPIRETIME", "k")
	for range 200 {
		e.Advance(777 * time.Microsecond)
		if again := number(t, c, "PEXPIRETIME", "k"); again != at {
			t.Fatalf("PEXPIRETIME was %d and is %d", at, again)
		}
	}
	do(t, c, "PEXPIREAT", "k", strconv.FormatInt(at, 10))
	if again := number(t, c, "PEXPIRETIME", "k"); again != at {
		t.Fatalf("PEXPIREAT %d reads as %d", at, again)
	}
}

// A TTL set after an idle time counts from now, not from the clock's last step; a key without anybody asking dies by
// itself.
func TestShortTTLs(t *testing.T) {
	t.Parallel()
	e := open(t)
	c := connect(t, e)
	for range 5 {
		wait := time.NewTimer(30 * time.Millisecond)
		<-wait.C
		start := time.Now()
		do(t, c, "SET", "k", "v", "PX", "20")
		for number(t, c, "EXISTS", "k") == 1 {
			if time.Since(start) > 10*time.Second {
				t.Fatal("a key of 20 ms lives for ten seconds")
			}
		}
		if lived := time.Since(start); lived < 15*time.Millisecond {
			t.Fatalf("a key of 20 ms lived for %v", lived)
		}
	}
}

func TestIdleEngineDropsExpiredKeys(t *testing.T) {
	t.Parallel()
	e := open(t)
	c := connect(t, e)
	do(t, c, "SET", "k", "v", "PX", "1")
	db := e.redis.DB(0)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for len(db.Keys()) > 0 {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("the key is still there")
		}
	}
}

func TestContextAndClosedEngine(t *testing.T) {
	t.Parallel()
	e := open(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Dial(ended, "", nil, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("Dial with an ended context: %v", err)
	}
	e.Close()
	e.Close()
	if _, err := e.Dial(t.Context(), "", nil, nil); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Dial after Close: %v, want net.ErrClosed", err)
	}
}

func TestCloseWhileInUse(t *testing.T) {
	t.Parallel()
	for range 20 {
		e, err := Open(Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := connect(t, e)
		var wg sync.WaitGroup
		started := make(chan struct{}, 4)
		for range 4 {
			wg.Go(func() {
				for i := 0; ; i++ {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					err := c.Do(ctx, c.B().Incr().Key("n").Build()).Error()
					cancel()
					if err != nil {
						return
					}
					if i == 0 {
						started <- struct{}{}
					}
				}
			})
		}
		wg.Go(func() { c.Do(t.Context(), c.B().Blpop().Key("none").Timeout(0).Build()) })
		<-started
		e.Close()
		c.Close()
		wg.Wait()
	}
}

func TestFolderIsAnnouncedAsUnused(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e, err := Open(Options{Dir: "/data/app", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if n := strings.Count(log.String(), "dir=/data/app"); n != 1 {
		t.Fatalf("logged %d times, want once:\n%s", n, log.String())
	}
}
