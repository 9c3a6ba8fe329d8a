package token_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/token"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// leastACL is what the package needs; docs/design/token.md lists the same.
var leastACL = redistest.WithACL("~<ns>t[oikr]:*", "~<ns>~layout", "+evalsha", "+eval", "+time",
	"+hset", "+hget", "+hmget", "+hgetall", "+hkeys", "+hdel", "+pexpireat", "+pexpiretime", "+unlink",
	"+zadd", "+zrem", "+zscore", "+zrange", "+zremrangebyscore", "+zremrangebyrank")

// each runs a test on every backend as the least of users.
func each(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...redistest.Option) {
	t.Helper()
	redistest.Each(t, f, append(opts, leastACL)...)
}

// must returns the value of a call that cannot fail.
func must[V any](v V, err error) func(t testing.TB) V {
	return func(t testing.TB) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: error %v, want %v", what, err, want)
	}
}

// secrets are two of a server.
var secrets = [][]byte{bytes.Repeat([]byte("new "), 8), bytes.Repeat([]byte("old "), 8)}

// logins stand for the session manager: a login lives until it is ended.
type logins struct {
	mu    sync.Mutex
	ended map[string]bool // by public id
	epoch int64
	away  error
	ends  []string // public ids that EndSession was called for
	fault error    // of EndSession
}

func (l *logins) Alive(_ context.Context, _, publicID string, epoch int64) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.ended[publicID] && epoch == l.epoch, l.away
}

func (l *logins) end(_ context.Context, s token.Session) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = append(l.ends, s.PublicID)
	if l.fault != nil {
		return l.fault
	}
	if l.ended == nil {
		l.ended = map[string]bool{}
	}
	l.ended[s.PublicID] = true
	return nil
}

func (l *logins) set(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// login is a session of a user.
func login(user, publicID string) token.Session {
	return token.Session{UserID: user, Route: "aaaaaaaaaaaaa", PublicID: publicID}
}

// newRefresh makes a Refresh over the logins, on a client.
func newRefresh(t testing.TB, rb *redbrick.Client, l *logins, edits ...func(*token.RefreshOptions)) *token.Refresh {
	t.Helper()
	o := token.RefreshOptions{Secrets: secrets, Sessions: l, EndSession: l.end, Grace: time.Minute}
	for _, edit := range edits {
		edit(&o)
	}
	return must(token.NewRefresh(rb, o))(t)
}

// none leaves no grace.
func none(o *token.RefreshOptions) { o.Grace = -1 }

// used is a family of the session s of user 7 whose first token was used.
type used struct {
	*token.Refresh
	*logins
	first, second token.Refreshed
}

func newUsed(t *testing.T, rb *redbrick.Client, edits ...func(*token.RefreshOptions)) used {
	t.Helper()
	u := used{logins: &logins{}}
	u.Refresh = newRefresh(t, rb, u.logins, edits...)
	u.first = must(u.Issue(t.Context(), login("7", "s"), ""))(t)
	u.second = must(u.Rotate(t.Context(), u.first.Token, ""))(t)
	return u
}

// refused wants an error of every one of the tokens.
func (u used) refused(t *testing.T, what string, want error, tokens ...token.Refreshed) {
	t.Helper()
	for _, x := range tokens {
		_, err := u.Rotate(t.Context(), x.Token, "")
		is(t, what, err, want)
	}
}

func (u used) key(rb *redbrick.Client) string {
	return rb.Namespace() + "tr:{" + token.RouteOf(rb.Namespace(), "7") + "}:" + u.first.Family
}

// write changes fields of the family behind the back of the package.
func (u used) write(t *testing.T, rb *redbrick.Client, fields ...string) {
	t.Helper()
	cmd := rb.B().Hset().Key(u.key(rb)).FieldValue()
	for i := 0; i < len(fields); i += 2 {
		cmd = cmd.FieldValue(fields[i], fields[i+1])
	}
	ok(t, rb.Do(t.Context(), cmd.Build()).Error())
}

// keys lists the keys of a client's namespace; a client without the least of rights has to ask.
func keys(t *testing.T, rb *redbrick.Client) []string {
	t.Helper()
	ctx := context.Background()
	var all []string
	for _, m := range must(rb.Masters(ctx))(t) {
		for cursor := uint64(0); ; {
			page := must(m.Do(ctx, m.B().Scan().Cursor(cursor).Match(keyspace.EscapeGlob(rb.Namespace())+"*").Count(500).Build()).AsScanEntry())(t)
			all = append(all, page.Elements...)
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
	}
	slices.Sort(all)
	return all
}

// dump is every key of the namespace with what it holds, as text.
func dump(t *testing.T, rb *redbrick.Client) string {
	t.Helper()
	var b strings.Builder
	for _, key := range keys(t, rb) {
		b.WriteString(key)
		cmd := rb.B().Hgetall().Key(key).Build()
		if must(rb.Do(t.Context(), rb.B().Type().Key(key).Build()).ToString())(t) == "zset" {
			cmd = rb.B().Zrange().Key(key).Min("0").Max("-1").Withscores().Build()
		}
		b.WriteString(" " + flat(t, must(rb.Do(t.Context(), cmd).ToMessage())(t)) + "\n")
	}
	return b.String()
}

// flat is all text of a reply.
func flat(t *testing.T, m rueidis.RedisMessage) string {
	t.Helper()
	if m.IsMap() {
		var b strings.Builder
		for k, v := range must(m.AsMap())(t) {
			b.WriteString(k + "=" + flat(t, v) + " ")
		}
		return b.String()
	}
	if m.IsArray() {
		var b strings.Builder
		for _, v := range must(m.ToArray())(t) {
			b.WriteString(flat(t, v) + " ")
		}
		return b.String()
	}
	if s, err := m.ToString(); err == nil {
		return s
	}
	return m.String()
}

// commands counts what a client sends.
type commands struct {
	mu sync.Mutex
	n  int
}

func (c *commands) option() redistest.Option {
	return redistest.With(func(o *redbrick.Options) {
		o.Observer.Command = func(e redbrick.CommandEvent) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.n += e.Commands
		}
	})
}

func (c *commands) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
