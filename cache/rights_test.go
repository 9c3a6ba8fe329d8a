package cache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestTheRightsThatTheDesignPageNamesAreEnough(t *testing.T) {
	t.Parallel()
	var rules []redistest.Option
	rules = append(rules, bricktest.Rights(t, "cache"), redistest.Only("redis", "notracking"))
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		began, goOn := make(chan struct{}, 10), make(chan struct{})
		var hang bool
		o := cache.Options[string]{
			TTL: time.Hour, StaleFor: time.Hour, SoftTimeout: -1,
			Load: func(ctx context.Context, id string) (string, error) {
				switch id {
				case "none":
					return "", cache.ErrNotFound
				case "bad":
					return "", errors.New("bad row")
				case "slow":
					if hang {
						began <- struct{}{}
						<-goOn
					}
				}
				return "row " + id, nil
			},
			Tags: func(id string, _ string) []string { return []string{"id:" + id} },
		}
		c, elsewhere := newCache(t, rb, "recipe", o), newCache(t, redistest.Another(t, rb), "recipe", o)
		hang = true
		steps := []struct {
			what string
			do   func() error
		}{
			{"Get", func() error { _, err := c.Get(ctx, "1"); return err }},
			{"Get from Redis", func() error { _, err := c.Get(cache.Fresh(ctx), "1"); return err }},
			{"GetBytes", func() error { _, err := c.GetBytes(ctx, "1"); return err }},
			{"GetMany", func() error { _, err := c.GetMany(ctx, []string{"1", "2", "none"}); return err }},
			{"Set", func() error { return c.Set(ctx, "3", "x") }},
			{"Touch", func() error {
				ok, err := c.Touch(ctx, "3", time.Minute)
				if !ok && err == nil {
					err = errors.New("nothing was touched")
				}
				return err
			}},
			{"TTL", func() error { _, _, err := c.TTL(ctx, "3"); return err }},
			{"Peek", func() error { _, _, err := c.Peek(ctx, "3"); return err }},
			{"InvalidateTags", func() error { return c.InvalidateTags(ctx, "id:1") }},
			{"Delete", func() error { return c.Delete(ctx, "2") }},
			{"DeleteMatch", func() error { _, err := c.DeleteMatch(ctx, "n*"); return err }},
			{"WriteThrough", func() error {
				_, err := c.WriteThrough(ctx, "3", func(context.Context) error { return nil })
				return err
			}},
			{"FleetStats", func() error { _, err := c.FleetStats(ctx); return err }},
			{"Warm", func() error { _, err := c.Warm(ctx, slices.Values([]string{"4", "5"}), nil); return err }},
			{"Warmer", func() error {
				w, err := c.NewWarmer(idsOf("6"), cache.WarmerOptions{})
				if err == nil {
					_, err = w.Run(ctx)
				}
				return err
			}},
			{"waiting", func() error { // for the load of another process, and being woken
				loaded := make(chan error, 2)
				read := func(c *cache.Cache[string]) { _, err := c.Get(ctx, "slow"); loaded <- err }
				go read(c)
				<-began
				go read(elsewhere)
				redistest.Eventually(t, patience, func() error {
					if s := elsewhere.Stats(); s.Waits < 1 {
						return fmt.Errorf("%+v", s)
					}
					return nil
				})
				close(goOn)
				return errors.Join(<-loaded, <-loaded)
			}},
			{"Clear", func() error { _, err := c.Clear(ctx); return err }},
		}
		for _, step := range steps {
			if err := step.do(); err != nil {
				t.Errorf("%s: %v", step.what, err)
			}
		}
		if _, err := c.Get(ctx, "bad"); err == nil || strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("a loader that fails: %v", err)
		}
		// Reads do not fail for want of a right, they go to the loader: so what counts is that nothing did.
		if a, b := c.Stats(), elsewhere.Stats(); a.Down+b.Down != 0 || b.Loads != 0 || a.Hits == 0 {
			t.Errorf("reads went past Redis: %+v, %+v", a, b)
		}
		if got, err := c.Lookup(ctx, "9"); err != nil || got.Level != cache.Loaded {
			t.Errorf("%+v, %v", got, err)
		}
		redistest.Eventually(t, patience, func() error {
			if got, err := c.Lookup(ctx, "9"); err != nil || got.Level != cache.Near {
				return fmt.Errorf("%+v, %v: not kept in the process", got, err)
			}
			return nil
		})
	}, rules...)
}
