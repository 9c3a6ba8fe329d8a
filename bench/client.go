package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
)

// setUpClient compares raw GETs of 256 bytes: what the guard around rueidis costs.
func setUpClient(goroutines int) func(context.Context, string) ([]contender, func(), error) {
	return func(ctx context.Context, address string) ([]contender, func(), error) {
		u, err := url.Parse(address)
		if err != nil {
			return nil, nil, err
		}
		var closers []func()
		settings := []struct {
			name string
			opt  rueidis.ClientOption
		}{
			{"rueidis, default", rueidis.ClientOption{}},
			{"rueidis, 1 connection, 20 µs", rueidis.ClientOption{PipelineMultiplex: -1, MaxFlushDelay: 20 * time.Microsecond}},
			{"rueidis, 2 connections, 20 µs", rueidis.ClientOption{PipelineMultiplex: 1, MaxFlushDelay: 20 * time.Microsecond}},
			{"rueidis, 2 connections, 20 µs, always pipelining", rueidis.ClientOption{PipelineMultiplex: 1, MaxFlushDelay: 20 * time.Microsecond, AlwaysPipelining: true}},
			{"rueidis, 4 connections, 20 µs", rueidis.ClientOption{PipelineMultiplex: 2, MaxFlushDelay: 20 * time.Microsecond}},
		}
		var all []contender
		for _, s := range settings {
			s.opt.InitAddress, s.opt.DisableCache, s.opt.ForceSingleClient = []string{u.Host}, true, true
			client, err := rueidis.NewClient(s.opt)
			if err != nil {
				return nil, nil, err
			}
			closers = append(closers, client.Close)
			all = append(all, contender{s.name, func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
				return drive(goroutines, d, func(int, int) error {
					return client.Do(calls, client.B().Get().Key("bench:raw").Build()).Error()
				})
			}})
		}
		rb, err := redbrick.Open(ctx, redbrick.Options{URL: address, RequireRedis: true})
		if err != nil {
			return nil, nil, err
		}
		closers = append(closers, func() { _ = rb.Close() })
		if err := rb.Do(ctx, rb.B().Set().Key("bench:raw").Value(strings.Repeat("x", 256)).Build()).Error(); err != nil {
			return nil, nil, err
		}
		theirs := redis.NewClient(&redis.Options{Addr: u.Host})
		closers = append(closers, func() { _ = theirs.Close() })
		all = append(all, contender{"redbrick", func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			return drive(goroutines, d, func(int, int) error {
				return rb.Do(calls, rb.B().Get().Key("bench:raw").Build()).Error()
			})
		}}, contender{"redbrick, each call under a request's context", func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			requests := make([]context.Context, goroutines)
			for i := range requests {
				var cancel context.CancelFunc
				requests[i], cancel = context.WithCancel(calls)
				defer cancel()
			}
			return drive(goroutines, d, func(w, _ int) error {
				return rb.Do(requests[w], rb.B().Get().Key("bench:raw").Build()).Error()
			})
		}}, contender{"go-redis", func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			return drive(goroutines, d, func(int, int) error { return theirs.Get(calls, "bench:raw").Err() })
		}})
		return all, func() {
			for _, f := range closers {
				f()
			}
		}, nil
	}
}

// brickWorkloads measure the bricks and the client below them.
var brickWorkloads = []workload{
	{name: "near", about: "A hit in the process, a recipe of 2 KB of JSON, 1,000 keys, 2 goroutines.", setUp: setUpNear},
	{name: "remote", about: "A hit in Redis, the same recipe, 1,000 keys, 64 goroutines, no near level.", setUp: setUpRemote, tolls: true},
	{name: "many", about: "100 small values from Redis, one caller.", setUp: setUpMany, tolls: true},
	{name: "codec", about: "The default codec on the same recipe, one goroutine.", setUp: setUpCodec},
	{name: "http", about: fmt.Sprintf("GET %s of Shop & Chop and of a bare handler, in processes of their own, %d keep-alive connections.", httpPath, httpConnections), setUp: setUpHTTP},
	{name: "httpcache", about: fmt.Sprintf("Hits of httpcache.Middleware beside handlers of the same pages, in processes of their own, %d keep-alive connections.", httpConnections), report: reportHTTPCache},
	{name: "lock", about: fmt.Sprintf("Acquire and release of a lock that nobody else wants, %d goroutines.", lockGoroutines), setUp: setUpLock, tolls: true},
	{name: "client-1", about: fmt.Sprintf("Raw GET of 256 bytes, %d goroutine.", 1), setUp: setUpClient(1), tolls: true},
	{name: "client-64", about: fmt.Sprintf("Raw GET of 256 bytes, %d goroutines.", 64), setUp: setUpClient(64), tolls: true},
	{name: "client-256", about: fmt.Sprintf("Raw GET of 256 bytes, %d goroutines.", 256), setUp: setUpClient(256), tolls: true},
}
