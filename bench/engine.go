package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/engine"
)

const (
	engineGoroutines = 64
	engineValue      = 100 // bytes
	rankMembers      = 1_000_000
	rankBatch        = 100
)

// place is a server with a rueidis client, set as the bricks set theirs: one connection on which everything is pipelined.
type place struct {
	name   string
	client rueidis.Client
	close  func()
}

// enginePlaces are redis-server over loopback TCP and the engine in this process.
func enginePlaces(address string) ([]place, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	option := rueidis.ClientOption{InitAddress: []string{u.Host}, DisableCache: true, ForceSingleClient: true, AlwaysPipelining: true, PipelineMultiplex: -1}
	remote, err := rueidis.NewClient(option)
	if err != nil {
		return nil, err
	}
	e, err := engine.Open(engine.Options{})
	if err != nil {
		remote.Close()
		return nil, err
	}
	option.DialCtxFn = e.Dial
	local, err := rueidis.NewClient(option)
	if err != nil {
		remote.Close()
		_ = e.Close()
		return nil, err
	}
	return []place{
		{"redis-server over loopback TCP", remote, remote.Close},
		{"engine in the process", local, func() { local.Close(); _ = e.Close() }},
	}, nil
}

// setUpEngine compares one operation in both places. prepare runs once for each; op is one operation with a key of its own.
func setUpEngine(prepare func(ctx context.Context, c rueidis.Client) error, goroutines int, op func(c rueidis.Client, n int) error, each int) func(context.Context, string) ([]contender, func(), error) {
	return func(ctx context.Context, address string) ([]contender, func(), error) {
		places, err := enginePlaces(address)
		if err != nil {
			return nil, nil, err
		}
		tearDown := func() {
			for _, p := range places {
				p.close()
			}
		}
		var all []contender
		for _, p := range places {
			if err := prepare(ctx, p.client); err != nil {
				tearDown()
				return nil, nil, err
			}
			all = append(all, contender{p.name, func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
				ops, took, err := drive(goroutines, d, func(w, n int) error { return op(p.client, w*keys/goroutines+n) })
				return ops * int64(each), took, err
			}})
		}
		return all, tearDown, nil
	}
}

func engineKey(n int) string { return "bench:engine:" + strconv.Itoa(n%keys) }

func fillEngineKeys(ctx context.Context, c rueidis.Client) error {
	for i := range keys {
		if err := c.Do(ctx, c.B().Set().Key(engineKey(i)).Value(strings.Repeat("x", engineValue)).Build()).Error(); err != nil {
			return err
		}
	}
	return nil
}

func engineGet(c rueidis.Client, n int) error {
	return c.Do(calls, c.B().Get().Key(engineKey(n)).Build()).Error()
}

func engineSet() func(c rueidis.Client, n int) error {
	value := strings.Repeat("x", engineValue)
	return func(c rueidis.Client, n int) error {
		return c.Do(calls, c.B().Set().Key(engineKey(n)).Value(value).Build()).Error()
	}
}

// gcra is a limiter on the server's clock: KEYS[1] the next arrival allowed for free, ARGV an interval in microseconds, the
// burst and the cost. It returns whether the call is allowed, how many are left, and the microseconds to wait.
const gcra = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local due = tonumber(redis.call('GET', KEYS[1])) or now
if due < now then due = now end
local new = due + interval * cost
local wait = new - interval * burst - now
if wait > 0 then return {0, 0, wait} end
redis.call('SET', KEYS[1], string.format('%.0f', new), 'PX', string.format('%.0f', (new - now) / 1000 + 1))
return {1, math.floor(-wait / interval), 0}`

func engineScript() func(c rueidis.Client, n int) error {
	limiter := rueidis.NewLuaScript(gcra)
	return func(c rueidis.Client, n int) error {
		return limiter.Exec(calls, c, []string{engineKey(n) + ":limit"}, []string{"1000", "100", "1"}).Error()
	}
}

func noPreparation(context.Context, rueidis.Client) error { return nil }

// fillRanking makes a sorted set of a million members, whose scores are spread.
func fillRanking(ctx context.Context, c rueidis.Client) error {
	const piece = 1000
	for from := 0; from < rankMembers; from += piece {
		add := c.B().Zadd().Key("bench:rank").ScoreMember()
		for i := from; i < from+piece; i++ {
			add = add.ScoreMember(float64(uint32(i)*2654435761%rankMembers), rankMember(i))
		}
		if err := c.Do(ctx, add.Build()).Error(); err != nil {
			return err
		}
	}
	return nil
}

func rankMember(n int) string { return fmt.Sprintf("member:%07d", n%rankMembers) }

// ranks asks for a batch of ranks at once, so that the time is that of the ranks.
func ranks(c rueidis.Client, n int) error {
	batch := make(rueidis.Commands, rankBatch)
	for i := range batch {
		batch[i] = c.B().Zrevrank().Key("bench:rank").Member(rankMember((n*rankBatch + i) * 7919)).Build()
	}
	for _, r := range c.DoMulti(calls, batch...) {
		if err := r.Error(); err != nil {
			return err
		}
	}
	return nil
}

// engineWorkloads measure the embedded engine beside redis-server.
var engineWorkloads = []workload{
	{name: "engine-get", about: "GET of 100 bytes, 1,000 keys, 64 goroutines through rueidis. Target: 1.5.", setUp: setUpEngine(fillEngineKeys, engineGoroutines, engineGet, 1)},
	{name: "engine-set", about: "SET of 100 bytes, 1,000 keys, 64 goroutines through rueidis. Target: 1.5.", setUp: setUpEngine(fillEngineKeys, engineGoroutines, engineSet(), 1)},
	{name: "engine-script", about: "EVALSHA of a GCRA limiter, 1,000 keys, 64 goroutines through rueidis. Target: 0.7.", setUp: setUpEngine(noPreparation, engineGoroutines, engineScript(), 1)},
	{name: "engine-rank", about: "ZREVRANK in 1,000,000 members, batches of 100, one caller. Target: under 5,000 ns.", setUp: setUpEngine(fillRanking, 1, ranks, rankBatch)},
	{name: "engine-tcp", about: "redis-benchmark, 50 connections, 100 bytes, 100,000 keys, requests/s. Target: 0.7.", report: engineTCP},
	{name: "engine-memory", about: "1,000,000 strings of 16 bytes under keys of 16 bytes, each with a TTL. Target: 1.6 for memory.", report: engineMemory},
}
