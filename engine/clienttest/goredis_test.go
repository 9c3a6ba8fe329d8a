package clienttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redbrick-go/redbrick/engine"
	"github.com/redis/go-redis/v9"
)

// eachGoRedis runs a test with go-redis in both versions of the protocol, on an engine each.
func eachGoRedis(t *testing.T, test func(t *testing.T, ctx context.Context, c *redis.Client)) {
	t.Helper()
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprint("version ", protocol), func(t *testing.T) {
			t.Parallel()
			host, port := serve(t, engine.Options{Password: "open sesame"})
			c := redis.NewClient(&redis.Options{Addr: net.JoinHostPort(host, port), Password: "open sesame", Protocol: protocol, ClientName: "tester"})
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			t.Cleanup(func() {
				cancel()
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
			if name, err := c.ClientGetName(ctx).Result(); err != nil || name != "tester" {
				t.Fatalf("the name is %q, %v", name, err)
			}
			test(t, ctx, c)
		})
	}
}

// must is the value of a command that has to succeed.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestGoRedisTypes(t *testing.T) {
	t.Parallel()
	eachGoRedis(t, func(t *testing.T, ctx context.Context, c *redis.Client) {
		must[string](t)(c.Set(ctx, "k", "v", time.Minute).Result())
		same(t, "GET", must[string](t)(c.Get(ctx, "k").Result()), "v")
		if ttl := must[time.Duration](t)(c.TTL(ctx, "k").Result()); ttl <= 0 || ttl > time.Minute {
			t.Errorf("TTL is %v", ttl)
		}
		if err := c.Get(ctx, "nothing").Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("GET of nothing: %v", err)
		}
		if err := c.LPush(ctx, "k", "x").Err(); err == nil || err.Error() != "WRONGTYPE Operation against a key holding the wrong kind of value" {
			t.Errorf("LPUSH on a string: %v", err)
		}
		must[int64](t)(c.HSet(ctx, "h", "f", 1, "g", "two").Result())
		same(t, "HGETALL", must[map[string]string](t)(c.HGetAll(ctx, "h").Result()), map[string]string{"f": "1", "g": "two"})
		must[int64](t)(c.ZAdd(ctx, "z", redis.Z{Score: 1.5, Member: "a"}, redis.Z{Score: 2, Member: "b"}).Result())
		same(t, "ZRANGE", must[[]redis.Z](t)(c.ZRangeWithScores(ctx, "z", 0, -1).Result()), []redis.Z{{Score: 1.5, Member: "a"}, {Score: 2, Member: "b"}})
		same(t, "ZSCORE", must[float64](t)(c.ZScore(ctx, "z", "a").Result()), 1.5)
		must[int64](t)(c.SAdd(ctx, "s", "m").Result())
		same(t, "SMISMEMBER", must[[]bool](t)(c.SMIsMember(ctx, "s", "m", "n").Result()), []bool{true, false})
		must[int64](t)(c.PFAdd(ctx, "hll", "a", "b").Result())
		same(t, "PFCOUNT", must[int64](t)(c.PFCount(ctx, "hll").Result()), 2)
		must[int64](t)(c.GeoAdd(ctx, "geo", &redis.GeoLocation{Name: "Palermo", Longitude: 13.361389, Latitude: 38.115556}).Result())
		same(t, "GEOSEARCH", must[[]string](t)(c.GeoSearch(ctx, "geo", &redis.GeoSearchQuery{Longitude: 13, Latitude: 38, Radius: 100, RadiusUnit: "km"}).Result()), []string{"Palermo"})
		var keys []string
		for it := c.Scan(ctx, 0, "*", 2).Iterator(); it.Next(ctx); {
			keys = append(keys, it.Val())
		}
		same(t, "keys scanned", len(keys), 6)
		if docs, err := c.Command(ctx).Result(); err != nil || docs["get"] == nil || docs["get"].FirstKeyPos != 1 {
			t.Errorf("COMMAND: %v, %v", docs["get"], err)
		}
	})
}

func TestGoRedisPipelines(t *testing.T) {
	t.Parallel()
	eachGoRedis(t, func(t *testing.T, ctx context.Context, c *redis.Client) {
		const n = 5000
		cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range n {
				p.Set(ctx, "key:"+strconv.Itoa(i), i, 0)
				p.Incr(ctx, "key:"+strconv.Itoa(i))
			}
			return nil
		})
		if err != nil || len(cmds) != 2*n {
			t.Fatalf("%d replies, %v", len(cmds), err)
		}
		for i := range n {
			if got := cmds[2*i+1].(*redis.IntCmd).Val(); got != int64(i+1) {
				t.Fatalf("reply %d is %d", i, got)
			}
		}
		// 16 goroutines add by WATCH and MULTI: whoever was overtaken tries again.
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for done := false; !done; {
					err := c.Watch(ctx, func(tx *redis.Tx) error {
						v, err := tx.Get(ctx, "sum").Int()
						if err != nil && !errors.Is(err, redis.Nil) {
							return err
						}
						_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
							p.Set(ctx, "sum", v+1, 0)
							return nil
						})
						return err
					}, "sum")
					done = !errors.Is(err, redis.TxFailedErr)
					if done && err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		same(t, "sum", must[string](t)(c.Get(ctx, "sum").Result()), "16")
	})
}

func TestGoRedisScripts(t *testing.T) {
	t.Parallel()
	eachGoRedis(t, func(t *testing.T, ctx context.Context, c *redis.Client) {
		add := redis.NewScript(`
			local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
			return {sum, redis.call('TYPE', KEYS[1])['ok'], false}`)
		for i := range 3 { // the first finds the script unknown and sends it
			got := must[[]any](t)(add.Run(ctx, c, []string{"sum"}, 7).Slice())
			same(t, "reply", got, []any{int64(7 * (i + 1)), "string", nil})
		}
		same(t, "SCRIPT EXISTS", must[[]bool](t)(add.Exists(ctx, c).Result()), []bool{true})
		if err := c.Eval(ctx, "return redis.call('LPUSH', 'sum', 1)", nil).Err(); err == nil || !redis.HasErrorPrefix(err, "WRONGTYPE") {
			t.Errorf("an error within a script: %v", err)
		}
	})
}

func TestGoRedisStreams(t *testing.T) {
	t.Parallel()
	eachGoRedis(t, func(t *testing.T, ctx context.Context, c *redis.Client) {
		must[string](t)(c.XGroupCreateMkStream(ctx, "s", "g", "$").Result())
		got := make(chan []redis.XStream, 1)
		go func() {
			defer close(got)
			r, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "anna", Streams: []string{"s", ">"}, Count: 10, Block: patience}).Result()
			if err != nil {
				t.Error(err)
			}
			got <- r
		}()
		waitBlocked(t, ctx, c)
		id := must[string](t)(c.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: []any{"f", "v"}}).Result())
		entry := redis.XMessage{ID: id, Values: map[string]any{"f": "v"}}
		same(t, "XREADGROUP", <-got, []redis.XStream{{Stream: "s", Messages: []redis.XMessage{entry}}})
		pending := must[*redis.XPending](t)(c.XPending(ctx, "s", "g").Result())
		same(t, "XPENDING", pending, &redis.XPending{Count: 1, Lower: id, Higher: id, Consumers: map[string]int64{"anna": 1}})
		claimed, _, err := c.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "bert", Start: "0"}).Result()
		if err != nil || len(claimed) != 1 || claimed[0].ID != id {
			t.Errorf("XAUTOCLAIM: %v, %v", claimed, err)
		}
		same(t, "XACK", must[int64](t)(c.XAck(ctx, "s", "g", id).Result()), 1)
		if info := must[*redis.XInfoStreamFull](t)(c.XInfoStreamFull(ctx, "s", 10).Result()); len(info.Groups) != 1 || len(info.Groups[0].Consumers) != 2 {
			t.Errorf("XINFO STREAM FULL: %+v", info)
		}
	})
}

// waitBlocked waits until a client waits for a key.
func waitBlocked(t *testing.T, ctx context.Context, c *redis.Client) {
	t.Helper()
	for {
		if info := must[map[string]map[string]string](t)(c.InfoMap(ctx, "clients").Result()); info["Clients"]["blocked_clients"] != "0" {
			return
		}
	}
}

func TestGoRedisWaits(t *testing.T) {
	t.Parallel()
	eachGoRedis(t, func(t *testing.T, ctx context.Context, c *redis.Client) {
		popped := make(chan []string, 1)
		go func() {
			r, err := c.BRPop(ctx, patience, "a", "b").Result()
			if err != nil {
				t.Error(err)
			}
			popped <- r
		}()
		waitBlocked(t, ctx, c)
		must[int64](t)(c.LPush(ctx, "b", "job").Result())
		same(t, "BRPOP", <-popped, []string{"b", "job"})
		if err := c.BZPopMin(ctx, 10*time.Millisecond, "nothing").Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("BZPOPMIN of nothing: %v", err)
		}
	})
}

func TestGoRedisSubscribes(t *testing.T) {
	t.Parallel()
	eachGoRedis(t, func(t *testing.T, ctx context.Context, c *redis.Client) {
		sub := c.Subscribe(ctx, "news")
		defer sub.Close()
		if err := sub.PSubscribe(ctx, "n?ws"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if m, err := sub.Receive(ctx); err != nil {
				t.Fatalf("%v, %v", m, err)
			}
		}
		same(t, "receivers", must[int64](t)(c.Publish(ctx, "news", "first").Result()), 2)
		messages := sub.Channel()
		same(t, "message", (<-messages).Payload, "first")
		same(t, "pattern", (<-messages).Pattern, "n?ws")
		if err := sub.Ping(ctx, "still there"); err != nil {
			t.Error(err)
		}
		shard := c.SSubscribe(ctx, "shard")
		defer shard.Close()
		if m, err := shard.Receive(ctx); err != nil {
			t.Fatalf("%v, %v", m, err)
		}
		same(t, "receivers of a shard", must[int64](t)(c.SPublish(ctx, "shard", "x").Result()), 1)
		same(t, "message of a shard", (<-shard.Channel()).Payload, "x")
	})
}
