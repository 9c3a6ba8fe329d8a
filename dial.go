package redbrick

import (
	"context"
	"crypto/tls"
	"errors"
	"math/bits"
	"math/rand/v2"
	"net"
	"time"

	"github.com/redis/rueidis"
)

// role says what a rueidis client is used for. They are separate clients because rueidis sends CLIENT TRACKING on every
// connection of a client, and a cancelled blocking call closes its connection, which would flush the near caches.
type role int

const (
	// roleData carries all ordinary commands.
	roleData role = iota
	// roleBlocking carries calls that wait on the server: BLPOP, XREAD BLOCK, WAIT, subscriptions.
	roleBlocking
	// roleTracked reads for the near caches: the wire that read a key is the wire that hears of its change. The caller
	// sets ClientTrackingOptions and OnInvalidations.
	roleTracked
)

const (
	topologyRefresh  = 5 * time.Second
	firstRetryDelay  = 50 * time.Millisecond
	pingInterval     = time.Second
	defaultConnName  = "redbrick"
	oneWire          = -1 // rueidis takes 0 for "the default"
	maxRetryDoubling = 20
)

// clientOption gives the rueidis settings for one role. It expects options that went through withDefaults.
func (o Options) clientOption(t target, r role) (rueidis.ClientOption, error) {
	c := o.Redis
	c.InitAddress = t.addresses
	c.Username, c.Password, c.SelectDB, c.TLSConfig = t.username, t.password, t.db, t.tls
	c.ClientName = orDefault(c.ClientName, defaultConnName)

	c.Dialer.Timeout = o.ConnectTimeout
	c.ConnWriteTimeout = o.CommandTimeout
	c.Dialer.KeepAlive = min(pingInterval, o.CommandTimeout)
	c.RetryDelay = retryDelay(o.MaxRetries, o.RetryDelay)
	c.AlwaysPipelining = true
	c.PipelineMultiplex = bits.TrailingZeros(uint(o.Connections))
	if c.PipelineMultiplex == 0 {
		c.PipelineMultiplex = oneWire
	}
	c.DisableCache = true
	if r == roleTracked {
		c.DisableCache = false
		c.PipelineMultiplex = oneWire
		// A link that died silently has to be noticed within the staleness bound of the near caches.
		c.Dialer.KeepAlive, c.ConnWriteTimeout = trackedPing, min(trackedTimeout, o.CommandTimeout)
	}

	switch t.kind {
	case kindEmbedded:
		c.InitAddress = []string{"embedded"} // a name in errors: the caller sets DialCtxFn
		c.ForceSingleClient = true
	case kindUnix:
		c.ForceSingleClient = true
		if c.DialCtxFn == nil && c.DialFn == nil {
			c.DialCtxFn = dialUnix
		}
	case kindSingle:
		c.ForceSingleClient = true
	case kindSentinel:
		c.Sentinel.MasterSet = t.master
		c.Sentinel.Username = orDefault(t.sentinelUsername, c.Sentinel.Username)
		c.Sentinel.Password = orDefault(t.sentinelPassword, c.Sentinel.Password)
		c.Sentinel.ClientName = orDefault(c.Sentinel.ClientName, c.ClientName)
		c.Sentinel.Dialer.Timeout = o.ConnectTimeout
		c.Sentinel.Dialer.KeepAlive = c.Dialer.KeepAlive
		if c.Sentinel.TLSConfig == nil {
			c.Sentinel.TLSConfig = t.tls
		}
		// Without it one missed +switch-master binds the client to the old master for good.
		c.Sentinel.TopologyRefreshInterval = orDefault(c.Sentinel.TopologyRefreshInterval, topologyRefresh)
	case kindCluster:
		c.ClusterOption.ShardsRefreshInterval = orDefault(c.ClusterOption.ShardsRefreshInterval, topologyRefresh)
	case kindClient:
		return rueidis.ClientOption{}, errors.New("redbrick: a ready-made client is not dialled")
	}
	return c, nil
}

func dialUnix(ctx context.Context, path string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
	return d.DialContext(ctx, "unix", path)
}

// retryDelay allows limit retries with full jitter: the n-th pause is anything up to 50 ms times 2^(n-1), at most
// longest. A negative pause means no further try.
func retryDelay(limit int, longest time.Duration) rueidis.RetryDelayFn {
	return func(attempt int, _ rueidis.Completed, _ error) time.Duration {
		if attempt > limit {
			return -1
		}
		ceiling := min(longest, firstRetryDelay<<min(max(attempt-1, 0), maxRetryDoubling))
		return rand.N(ceiling) + 1
	}
}
