package cache_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

type recipe struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

func TestGetLoadsOnceThenHits(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		var loads atomic.Int64
		c := newCache(t, rb, "recipe", cache.Options[recipe]{Load: func(_ context.Context, id string) (recipe, error) {
			loads.Add(1)
			n, err := strconv.Atoi(id)
			if err != nil {
				return recipe{}, cache.ErrNotFound
			}
			return recipe{ID: n, Name: "soup"}, nil
		}})
		for range 3 {
			got, err := c.Get(ctx, "7")
			if err != nil || got != (recipe{7, "soup"}) {
				t.Fatalf("got %+v, %v", got, err)
			}
		}
		if n := loads.Load(); n != 1 {
			t.Errorf("loads: got %d, want 1", n)
		}
		if raw, err := rb.Do(ctx, rb.B().Get().Key(c.Key("7")).Build()).ToString(); err != nil || raw != `{"id":7,"name":"soup"}` {
			t.Errorf("in Redis: got %q, %v", raw, err)
		}
		for range 2 {
			if _, err := c.Get(ctx, "none"); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("got %v, want ErrNotFound", err)
			}
		}
		if n := loads.Load(); n != 2 {
			t.Errorf("loads: got %d, want 2: not found is remembered", n)
		}
		if err := c.Delete(ctx, "7"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(ctx, "7"); err != nil || loads.Load() != 3 {
			t.Errorf("after Delete: loads %d, %v", loads.Load(), err)
		}
	})
}

func TestDeleteDuringLoadRefusesTheFill(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var row atomic.Int64
		row.Store(1)
		began, release := make(chan struct{}, 10), make(chan struct{})
		c := newCache(t, rb, "recipe", cache.Options[int64]{Load: func(context.Context, string) (int64, error) {
			v := row.Load()
			began <- struct{}{}
			<-release
			return v, nil
		}})
		got := make(chan int64)
		go func() {
			v, _ := c.Get(ctx, "a")
			got <- v
		}()
		<-began
		row.Store(2)
		if err := c.Delete(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		close(release)
		if v := <-got; v != 2 {
			t.Errorf("the reader got %d, want 2", v)
		}
		if v, err := c.Get(ctx, "a"); v != 2 {
			t.Errorf("after: got %d, %v", v, err)
		}
	})
}
