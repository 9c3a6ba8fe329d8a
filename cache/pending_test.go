package cache

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

var errStillPending = errors.New("still pending")

// Redis is back, but has not been told yet of what was invalidated while it was away: what lies there is not believed, and
// must not get into the process's memory either.
func TestWhatWaitsToBeInvalidatedIsNotReadFromRedis(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		load := func(_ context.Context, id string) (string, error) { return "new", nil }
		many := func(_ context.Context, ids []string) (map[string]string, error) {
			rows := make(map[string]string)
			for _, id := range ids {
				rows[id] = "new"
			}
			return rows, nil
		}
		c, err := New(rb, "recipe", Options[string]{Load: load, LoadMany: many, NearUntracked: time.Hour, DownTTL: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetMany(ctx, map[string]string{"1": "old", "2": "old"}); err != nil {
			t.Fatal(err)
		}
		c.pending.Add("1")
		want := map[string]string{"1": "new", "2": "old"}
		for range 5 { // the first could have put it into the process, the others would read it there
			if got, err := c.GetMany(ctx, []string{"1", "2"}); err != nil || !maps.Equal(got, want) {
				t.Errorf("GetMany: %v, %v, want %v", got, err, want)
			}
			if got, err := c.Get(ctx, "1"); err != nil || got != "new" {
				t.Errorf("Get: %q, %v", got, err)
			}
			if got, ok, err := c.Peek(ctx, "1"); ok || err != nil {
				t.Errorf("Peek: %q, %v", got, err)
			}
		}
		if _, ok := c.near.Get("1"); ok {
			t.Error("the process remembers it")
		}
		c.pending.Repeat()
		redistest.Eventually(t, time.Minute, func() error {
			if c.pending.Has("1") {
				return errStillPending
			}
			return nil
		})
		if s, _ := rb.Do(ctx, rb.B().Get().Key(c.Key("1")).Build()).ToString(); s == `"old"` {
			t.Error("it was not invalidated after all")
		}
	})
}

// An id of another cache is refused, not remembered to be invalidated: it is not ours to remove.
func TestSetManyWithoutRedisRemembersItsOwnIDsAlone(t *testing.T) {
	t.Parallel()
	proxy := redistest.NewProxy(t, redistest.Private(t).Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	proxy.Cut()
	for name, tags := range map[string]func(string, string) []string{"plain": nil, "tagged": func(string, string) []string { return []string{"all"} }} {
		if _, err := New(rb, name+":other", Options[string]{}); err != nil {
			t.Fatal(err)
		}
		c, err := New(rb, name, Options[string]{Tags: tags})
		if err != nil {
			t.Fatal(err)
		}
		err = c.SetMany(t.Context(), map[string]string{"1": "new", "other:1": "new"})
		if !errors.Is(err, redbrick.ErrUnavailable) || !errors.Is(err, ErrNamespace) {
			t.Errorf("%s: got %v, want ErrUnavailable and ErrNamespace", name, err)
		}
		if !c.pending.Has("1") || c.pending.Has("other:1") {
			t.Errorf("%s: of 1 and other:1 wait: %v and %v, want the first alone", name, c.pending.Has("1"), c.pending.Has("other:1"))
		}
	}
}

func TestADisabledCacheDropsItsOwnIDsThoughOthersAreNamed(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded", func(o *redbrick.Options) { o.Cache.Disabled = true })
	if _, err := New(rb, "recipe:other", Options[string]{}); err != nil {
		t.Fatal(err)
	}
	c, err := New(rb, "recipe", Options[string]{})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{c.Key("1"), c.Key("other:1")} {
		if err := rb.Do(t.Context(), rb.B().Set().Key(key).Value("old").Build()).Error(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SetMany(t.Context(), map[string]string{"1": "new", "other:1": "new"}); !errors.Is(err, ErrNamespace) {
		t.Errorf("got %v, want ErrNamespace", err)
	}
	for key, want := range map[string]int64{c.Key("1"): 0, c.Key("other:1"): 1} {
		if n, err := rb.Do(t.Context(), rb.B().Exists().Key(key).Build()).AsInt64(); n != want || err != nil {
			t.Errorf("%s: %d of it, %v; want %d", key, n, err, want)
		}
	}
}
