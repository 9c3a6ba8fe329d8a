package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// calls is the context of the measured calls: one that cannot end, as in a worker. A call under the context of a request
// costs everybody about 0.1 microseconds more.
var calls = context.Background()

// drive runs op on the given number of goroutines for about d. n counts up from 0 in each of them.
func drive(goroutines int, d time.Duration, op func(worker, n int) error) (int64, time.Duration, error) {
	var ops atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, goroutines)
	var stop atomic.Bool
	timer := time.AfterFunc(d, func() { stop.Store(true) })
	defer timer.Stop()
	began := time.Now()
	for w := range goroutines {
		wg.Go(func() {
			n := 0
			for ; !stop.Load(); n++ {
				if err := op(w, n); err != nil {
					errs[w] = err
					return
				}
			}
			ops.Add(int64(n))
		})
	}
	wg.Wait()
	return max(ops.Load(), 1), time.Since(began), errors.Join(errs...)
}

// spin is drive for operations of nanoseconds: the clock is looked at once every 1,000.
func spin(goroutines int, d time.Duration, op func(n int)) (int64, time.Duration, error) {
	const burst = 1000
	ops, took, err := drive(goroutines, d, func(_, n int) error {
		for i := range burst {
			op(n*burst + i)
		}
		return nil
	})
	return ops * burst, took, err
}

// recipe is the value of all workloads: about 2 KB of JSON.
type recipe struct {
	ID           int64        `json:"id"`
	UserID       int64        `json:"userId"`
	Name         string       `json:"name"`
	Description  string       `json:"description"`
	Servings     int          `json:"servings"`
	PrepTime     int          `json:"prepTime"`
	CookTime     int          `json:"cookTime"`
	Difficulty   string       `json:"difficulty"`
	Tags         []string     `json:"tags"`
	Ingredients  []ingredient `json:"ingredients"`
	Instructions []string     `json:"instructions"`
	ImageURL     string       `json:"imageUrl"`
	CreatedAt    time.Time    `json:"createdAt"`
	UpdatedAt    time.Time    `json:"updatedAt"`
}

type ingredient struct {
	Name     string  `json:"name"`
	Quantity float64 `json:"quantity"`
	Unit     string  `json:"unit"`
}

func newRecipe(id int) recipe {
	r := recipe{
		ID: int64(id), UserID: 7, Name: "Minestrone of the season, no. " + strconv.Itoa(id), Servings: 4, PrepTime: 20, CookTime: 45,
		Description: "A thick vegetable soup that takes whatever the garden gives, with beans, small pasta and a spoon of pesto.",
		Difficulty:  "easy", Tags: []string{"italian", "soup", "vegetarian"}, ImageURL: "https://example.org/minestrone.jpg",
		CreatedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), UpdatedAt: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
	}
	for _, name := range []string{"carrots", "celery", "onions", "borlotti beans", "ditalini", "tomatoes", "courgettes", "savoy cabbage", "parmesan rind", "basil pesto"} {
		r.Ingredients = append(r.Ingredients, ingredient{name, 150, "g"})
	}
	for range 8 {
		r.Instructions = append(r.Instructions, "Sweat the chopped vegetables slowly in olive oil until they are soft and sweet, then add the next ones and stir.")
	}
	return r
}

// server is a redis-server without persistence on a free port.
type server struct {
	url, addr string
	stop      func()
}

func startRedis(ctx context.Context) (*server, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	_, port, err := net.SplitHostPort(addr)
	if err := errors.Join(err, l.Close()); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-redis-*")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("redis-server: %w", err)
	}
	s := &server{url: "redis://" + addr, addr: addr, stop: func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}}
	for range 100 {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
		if err == nil {
			return s, conn.Close()
		}
		select {
		case <-ctx.Done():
			s.stop()
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	s.stop()
	return nil, fmt.Errorf("redis-server on %s does not answer", addr)
}
