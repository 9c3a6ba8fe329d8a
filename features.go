package redbrick

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// Features is what the connected server lets this client do, found by trying it: a command may be unknown to the server,
// renamed, or refused to the user.
type Features struct {
	// Server is "redis", "valkey", or what the server calls itself; Version is the version of the protocol it speaks
	// for Redis and its own for Valkey, e.g. "7.0.15"; both are empty where INFO is refused.
	Server, Version string
	// Tracking: CLIENT TRACKING with BCAST over RESP3. Without it near caches work over pub/sub.
	Tracking bool
	// ShardedPubSub: SPUBLISH. WaitAOF: WAITAOF. HashFieldTTL: HEXPIRE. Config: CONFIG GET.
	ShardedPubSub, WaitAOF, HashFieldTTL, Config bool
	// Cluster: the server is a Redis Cluster.
	Cluster bool
}

// Oldest servers with every command that the toolkit needs.
const (
	minRedis  = "7.0"
	minValkey = "7.2"
)

// detect learns the features over a fresh connection. An error that wraps ErrConfig is final.
func (c *Client) detect(ctx context.Context, data rueidis.Client) (Features, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.ConnectTimeout)
	defer cancel()
	f := Features{Cluster: c.cluster}
	info, err := data.Do(ctx, data.B().Info().Section("server").Build()).ToString()
	if err == nil {
		fields := infoFields(info)
		if err := f.identify(fields); err != nil {
			return f, err
		}
		if fields["redis_mode"] == "cluster" && !c.cluster {
			return f, fmt.Errorf("%w: the server at %s is a Redis Cluster: use redis+cluster://", ErrConfig, c.target)
		}
	} else if _, ok := rueidis.IsRedisErr(err); !ok {
		return f, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	probe := c.options.Namespace + "~probe"
	try := func(tokens ...string) rueidis.RedisResult {
		return data.Do(ctx, data.B().Arbitrary(tokens[0]).Keys(tokens[1]).Args(tokens[2:]...).Build())
	}
	f.ShardedPubSub = try("SPUBLISH", probe, "").Error() == nil
	f.HashFieldTTL = try("HEXPIRE", probe, "1", "FIELDS", "1", "f").Error() == nil
	f.WaitAOF = data.Do(ctx, data.B().Arbitrary("WAITAOF", "0", "0", "1").Build()).Error() == nil
	f.Config = data.Do(ctx, data.B().Arbitrary("CONFIG", "GET", "maxmemory").Build()).Error() == nil
	if c.options.Client == nil {
		if err := c.tracker.try(ctx); err == nil {
			f.Tracking = true
		} else if !errors.Is(err, rueidis.ErrNoCache) {
			return f, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	return f, ctx.Err()
}

func infoFields(info string) map[string]string {
	fields := make(map[string]string)
	for line := range strings.Lines(info) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[k] = v
		}
	}
	return fields
}

// identify reads name and version, and refuses what is too old by name.
func (f *Features) identify(fields map[string]string) error {
	f.Server, f.Version = "redis", fields["redis_version"]
	oldest := minRedis
	if v := fields["valkey_version"]; v != "" {
		f.Server, f.Version, oldest = "valkey", v, minValkey
	}
	if f.Version != "" && olderThan(f.Version, oldest) {
		return fmt.Errorf("%w: the server is %s %s, expected %s %s or later", ErrConfig, f.Server, f.Version, f.Server, oldest)
	}
	return nil
}

// olderThan compares dotted versions; a part that is no number counts as 0.
func olderThan(version, oldest string) bool {
	have, want := strings.Split(version, "."), strings.Split(oldest, ".")
	for i, w := range want {
		n := 0
		if i < len(have) {
			n, _ = strconv.Atoi(have[i]) // a part that is no number counts as 0
		}
		m, _ := strconv.Atoi(w) // of a constant above
		if n != m {
			return n < m
		}
	}
	return false
}

// refusal tells a server that will never accept this client from one that is away for now: the first gives an error
// that wraps ErrConfig.
func (c *Client) refusal(err error) error {
	var notTLS tls.RecordHeaderError
	var cert *tls.CertificateVerificationError
	switch re, isReply := rueidis.IsRedisErr(err); {
	case isReply && (re.IsLoading() || re.IsClusterDown() || strings.HasPrefix(re.Error(), "MASTERDOWN")):
		return fmt.Errorf("%w: %s: %w", ErrUnavailable, c.target, err)
	case isReply && strings.Contains(re.Error(), "cluster support disabled"):
		return fmt.Errorf("%w: the server at %s is not a Redis Cluster: use redis://: %w", ErrConfig, c.target, err)
	case isReply:
		return fmt.Errorf("%w: the server at %s refused the connection: %w", ErrConfig, c.target, err)
	case errors.As(err, &notTLS):
		return fmt.Errorf("%w: the server at %s does not speak TLS: use redis://: %w", ErrConfig, c.target, err)
	case errors.As(err, &cert):
		return fmt.Errorf("%w: the certificate of %s: %w", ErrConfig, c.target, err)
	case errors.Is(err, rueidis.ErrNoCache):
		return err
	case c.target.tls == nil && c.speaksTLS():
		return fmt.Errorf("%w: the server at %s speaks TLS: use rediss://: %w", ErrConfig, c.target, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, c.target, err)
}

// speaksTLS asks the first address for a TLS handshake. A plain Redis answers a TLS greeting with an error line at once;
// a TLS port closes a plain connection without a word, which alone would look like a server that is restarting.
func (c *Client) speaksTLS() bool {
	if len(c.target.addresses) == 0 || c.target.kind == kindUnix {
		return false
	}
	d := tls.Dialer{
		NetDialer: &net.Dialer{Timeout: time.Second},
		Config:    &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // nothing is sent: only the greeting is looked at
	}
	ctx, cancel := context.WithTimeout(c.life, time.Second)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", c.target.addresses[0])
	if err != nil {
		// A handshake that failed on TLS's own terms, for example for want of a client certificate, is TLS all the same.
		var alert tls.AlertError
		return errors.As(err, &alert)
	}
	_ = conn.Close()
	return true
}

// speaksPlain asks the first address for a PING without TLS. A plain Redis takes a TLS greeting for the beginning of a
// line, and waits for the rest of it.
func (c *Client) speaksPlain(limit time.Duration) bool {
	if len(c.target.addresses) == 0 || c.target.kind == kindUnix {
		return false
	}
	ctx, cancel := context.WithTimeout(c.life, limit)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.target.addresses[0])
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(limit))
	reply := make([]byte, 1)
	if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
		return false
	}
	_, err = io.ReadFull(conn, reply)
	return err == nil && (reply[0] == '+' || reply[0] == '-')
}

// dialNowhere is the connection of the offline builder: every command is answered as unknown, in the words
// that rueidis takes for those of a server before Redis 6.
func dialNowhere(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		lines := bufio.NewScanner(far)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "*") {
				if _, err := io.WriteString(far, "-ERR unknown command 'HELLO'\r\n"); err != nil {
					return
				}
			}
		}
	}()
	return near, nil
}
