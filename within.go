package redbrick

import "time"

// Within returns a lane with a deadline of its own, for work that must not hold up a request. A call that meets a deadline
// so short says little about the server: it is asked for something small instead, and the breaker opens where that is not
// answered either, as in Bulk. The lane is to be kept: its calls share their timers.
func (c *Client) Within(timeout time.Duration) *Lane {
	return &Lane{c: c, name: "within", timeout: timeout, bulk: true, pick: c.pick}
}

// DB is the number of the database that the client works in, 0 on Redis Cluster. Of a ready-made client
// (Options.Client) it is not known and 0.
func (c *Client) DB() int { return c.target.db }
