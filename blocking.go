package redbrick

import (
	"context"
	"sync"

	"github.com/redis/rueidis"
)

// Blocking is the lane of commands that wait on the server: BLPOP, XREAD BLOCK, WAIT. Such a call ends by its answer or
// with its context, and has no other deadline: a link that dies silently meanwhile is noticed by nobody, so give the
// context one. A call that is cut short costs a connection of this lane, which no other lane shares, and what the server
// hands to it before it knows is lost.
//
// The lane has connections of its own, made at the first call. Their number is bounded by the template's BlockingPoolSize.
func (c *Client) Blocking() *Lane { return &c.blocking }

// blockingClient is the third rueidis client of one set of connections, made when it is first asked for.
type blockingClient struct {
	mu     sync.Mutex
	client rueidis.Client
	closed bool
}

func (c *Client) pickBlocking(ctx context.Context, cn *conns) (rueidis.Client, error) {
	b := &cn.blocking
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errClosed
	}
	if b.client == nil {
		client, err := c.dial(ctx, roleBlocking)
		if err != nil {
			return nil, err
		}
		b.client = client
	}
	return b.client, nil
}

// close ends all connections of the set.
func (cn *conns) close(c *Client) {
	cn.blocking.mu.Lock()
	cn.blocking.closed = true
	if cn.blocking.client != nil {
		c.release(cn.blocking.client)
	}
	cn.blocking.mu.Unlock()
	c.release(cn.data)
}
