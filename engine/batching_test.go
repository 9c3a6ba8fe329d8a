package engine

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/engine/internal/pipe"
)

// countedConn counts the reads of the engine.
type countedConn struct {
	*pipe.Conn
	reads atomic.Int64
}

func (c *countedConn) Read(p []byte) (int, error) {
	c.reads.Add(1)
	return c.Conn.Read(p)
}

// Commands of many callers who share a connection arrive together: a batch costs little more than one of them.
func TestCallersShareBatches(t *testing.T) {
	t.Parallel()
	const callers, each = 64, 500
	e := open(t, Options{})
	var conn *countedConn
	c := connect(t, e, rueidis.ClientOption{AlwaysPipelining: true, PipelineMultiplex: -1, DialCtxFn: func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
		client, server := pipe.New()
		conn = &countedConn{Conn: server}
		e.serve(conn)
		return client, nil
	}})
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for range each {
				if err := c.Do(t.Context(), c.B().Incr().Key(strconv.Itoa(i)).Build()).Error(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d commands were read in %d pieces", callers*each, conn.reads.Load())
	if n := conn.reads.Load(); n > callers*each/3 {
		t.Errorf("%d commands were read in %d pieces", callers*each, n)
	}
}
