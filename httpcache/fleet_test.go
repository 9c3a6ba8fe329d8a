package httpcache_test

import (
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestFleetStatsAddUpAllProcesses(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := httpcache.Options{NoNear: true}
		rule := httpcache.Rule{TTL: time.Hour}
		third := redistest.Another(t, rb)
		a, b, c := newSite(t, rb, o, rule, counting()), newSite(t, redistest.Another(t, rb), o, rule, counting()), newSite(t, third, o, rule, counting())
		for range 3 { // all of it of one host, which stands in the keys
			a.get(t, "/a")
			b.get(t, "/a")
		}
		want := httpcache.FleetStats{Hits: 4, Misses: 2, Stored: 2}
		if _, err := b.cache.FleetStats(ctx); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*site{a, b, a} { // asking counts nothing twice
			if got, err := s.cache.FleetStats(ctx); err != nil || got != want {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		}
		c.get(t, "/a")
		if err := third.Close(); err != nil { // a process that ends takes nothing with it
			t.Fatal(err)
		}
		want.Misses, want.Stored = 3, 3
		if got, err := a.cache.FleetStats(ctx); err != nil || got != want {
			t.Errorf("after a process ended: got %+v, %v, want %+v", got, err, want)
		}
	})
}
