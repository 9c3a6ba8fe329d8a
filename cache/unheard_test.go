package cache_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// gate is the way of a process to all servers.
type gate struct {
	mu   sync.Mutex
	only string // "" lets everybody through
	open map[net.Conn]string
}

func (g *gate) settings(o *redbrick.Options) {
	g.open = map[net.Conn]string{}
	o.Redis.DialCtxFn = func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.only != "" && g.only != addr {
			return nil, errors.Join(errors.New("the gate is shut"), conn.Close())
		}
		g.open[conn] = addr
		return conn, nil
	}
}

// shut leaves one server in reach; with "" it lets everybody through again.
func (g *gate) shut(only string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.only = only
	for conn, addr := range g.open {
		if only != "" && addr != only {
			_ = conn.Close()
		}
	}
}

// TestWhatChangedOutOfHearingIsNotServedAfterAFailover: the primary that would have told of a change dies, and its heir is told of the
// change before the reader finds it. No later write comes to the reader's help.
func TestWhatChangedOutOfHearingIsNotServedAfterAFailover(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T) (url string, primary, heir func(key string) *redistest.Server){
		"sentinel": func(t *testing.T) (string, func(string) *redistest.Server, func(string) *redistest.Server) {
			s := redistest.PrivateSentinel(t)
			master := func(string) *redistest.Server { return s.Master() } // waits for one that runs
			return s.URL(), master, master
		},
		"cluster": func(t *testing.T) (string, func(string) *redistest.Server, func(string) *redistest.Server) {
			c := redistest.PrivateCluster(t, "cluster-node-timeout 5000")
			return c.URL(), c.MasterOf, c.Heir
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, primary, heir := start(t)
			var g gate
			writing := redistest.OpenURL(t, url)
			reading := redistest.Another(t, writing, g.settings)
			var db numbers
			o := cache.Options[int64]{Load: db.load, NearUntracked: time.Hour, EarlyRefresh: -1}
			writer, reader := newCache(t, writing, "n", o), newCache(t, reading, "n", o)
			id := numberID(0)
			key := writer.Key(id)
			db.row(id).Store(1)
			nearly(t, reader, id)
			dead := primary(key)
			g.shut(dead.Addr()) // a replica that is connected tells of what it is told as primary
			dead.Replicated(1)
			dead.Kill()
			if next := heir(key); next.Addr() == dead.Addr() {
				t.Fatal("the dead primary is primary still")
			}
			db.row(id).Store(2)
			redistest.Eventually(t, time.Minute, func() error { return writer.Set(t.Context(), id, 2) })
			g.shut("")
			redistest.Eventually(t, time.Minute, func() error {
				if got, err := reader.Lookup(t.Context(), id); err != nil || got.Value != 2 || got.Level != cache.Near {
					return fmt.Errorf("the reader has %+v, %v, want 2 in its memory", got, err)
				}
				return nil
			})
		})
	}
}
