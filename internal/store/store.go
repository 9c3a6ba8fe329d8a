package store

import (
	"context"
	"crypto/rand"
	"embed"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/script"
)

//go:embed lua/*.lua
var sources embed.FS

func load(name string) *script.Script {
	source, err := sources.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // the file is a part of the package
	}
	return script.New(name, string(source))
}

var (
	acquireScript = load("acquire")
	fillScript    = load("fill")
	setScript     = load("set")
	dropScript    = load("drop")
	abandonScript = load("abandon")
	touchScript   = load("touch")
	clockScript   = load("clock")
	bumpScript    = load("bump")
)

// Options of a Store.
type Options struct {
	// Namespace is put before the side keys and channels. It is not put before V, which callers pass as it is.
	Namespace string
	// Announce gives the channel on which written keys are published where the server does not track, "" elsewhere.
	Announce func() string
}

// Store runs the protocol. It is safe for concurrent use.
type Store struct {
	ns       string
	wake     string
	announce func() string
}

// New makes a Store.
func New(o Options) *Store {
	if o.Announce == nil {
		o.Announce = func() string { return "" }
	}
	return &Store{
		ns:       o.Namespace,
		wake:     WakeChannel(o.Namespace),
		announce: o.Announce,
	}
}

// WakeChannel is where the key of an entry is published when its load has ended and another process waits for it.
func WakeChannel(namespace string) string { return namespace + "~wake" }

// LeaseKey is the key of the lease of v: in the slot of v, whether v has a hash tag of its own or not. v is not empty,
// does not begin with a brace, and has none outside a hash tag: true of a prefix with an escaped id.
func (s *Store) LeaseKey(v string) string {
	if hasTag(v) {
		return s.ns + "~l:" + v
	}
	return s.ns + "~l:{" + v + "}"
}

// LeasePrefix is what the keys of all leases begin with.
func (s *Store) LeasePrefix() string { return s.ns + "~l:" }

// EntryOf is the inverse of LeaseKey.
func (s *Store) EntryOf(lease string) string {
	v := strings.TrimPrefix(lease, s.ns+"~l:")
	if n := len(v); n > 1 && v[0] == '{' && v[n-1] == '}' && !hasTag(v[1:n-1]) {
		return v[1 : n-1]
	}
	return v
}

func hasTag(key string) bool {
	i := strings.IndexByte(key, '{')
	return i >= 0 && strings.IndexByte(key[i+1:], '}') > 0
}

const (
	// Forever is the TTL of an entry that does not expire.
	Forever time.Duration = -1
	// Unasked is the TTL of an entry that was read without it.
	Unasked time.Duration = -2
)

// Found is what lies at a key.
type Found struct {
	// Value is nil where there is nothing, or no string.
	Value []byte
	// TTL is what remains of the entry's life; Forever without expiry, Unasked from Get.
	TTL time.Duration
	// Foreign is true where the key is of another type than string.
	Foreign bool
	// Err is set where Redis did not answer.
	Err error
}

// Lookup reads entries in one round trip per server.
func (s *Store) Lookup(ctx context.Context, d script.Doer, vs ...string) []Found {
	cmds := make([]rueidis.Completed, 0, 2*len(vs))
	for _, v := range vs {
		cmds = append(cmds, d.B().Get().Key(v).Build(), d.B().Pttl().Key(v).Build())
	}
	results := d.DoMulti(ctx, cmds...)
	found := make([]Found, len(vs))
	for i := range vs {
		found[i] = foundOf(results[2*i], results[2*i+1])
	}
	return found
}

// Get reads one entry without its TTL: half the commands of Lookup.
func (s *Store) Get(ctx context.Context, d script.Doer, v string) Found {
	found := valueOf(d.Do(ctx, d.B().Get().Key(v).Build()))
	if found.Value != nil {
		found.TTL = Unasked
	}
	return found
}

func valueOf(get rueidis.RedisResult) Found {
	value, err := get.AsBytes()
	if err != nil {
		switch re, ok := rueidis.IsRedisErr(err); {
		case rueidis.IsRedisNil(err):
			return Found{}
		case ok && strings.HasPrefix(re.Error(), "WRONGTYPE"):
			return Found{Foreign: true}
		}
		return Found{Err: err}
	}
	return Found{Value: value}
}

func foundOf(get, pttl rueidis.RedisResult) Found {
	found := valueOf(get)
	if found.Value == nil {
		return found
	}
	ttl, err := pttl.AsInt64()
	if err != nil {
		return Found{Err: err}
	}
	if ttl == -2 {
		return Found{} // expired between the two commands
	}
	found.TTL = ttlOf(ttl)
	return found
}

func ttlOf(n int64) time.Duration {
	if n < 0 {
		return Forever
	}
	return time.Duration(n) * time.Millisecond
}

// Token names one load. The zero Token is no token.
type Token string

// NewToken makes a token that no other load has.
func NewToken() Token { return Token(rand.Text()) }

// Mode says what Acquire does with an entry that is there.
type Mode string

// The modes.
const (
	// Miss returns it.
	Miss Mode = "miss"
	// Refresh returns it only if it is newer than the one the caller saw.
	Refresh Mode = "refresh"
	// Replace ignores it: it is no valid entry.
	Replace Mode = "replace"
)

// Ask is one question for a lease.
type Ask struct {
	V     string
	Token Token
	Mode  Mode
	// Seen is the TTL of the entry that the caller saw, for Refresh.
	Seen time.Duration
}

// Grant is the answer: granted, an entry, or how long another's lease lasts.
type Grant struct {
	// Granted: the caller must load, then call Fill or Abandon.
	Granted bool
	// Found has a Value if an entry was there.
	Found
	// Held is what remains of another's lease; 0 if there is none.
	Held time.Duration
}

// Acquire asks for the leases in one pipeline. A lease lasts for the given time.
func (s *Store) Acquire(ctx context.Context, d script.Doer, lease time.Duration, asks ...Ask) []Grant {
	calls := make([]script.Call, len(asks))
	for i, a := range asks {
		calls[i] = s.acquireCall(lease, a)
	}
	grants := make([]Grant, len(asks))
	for i, r := range script.DoMulti(ctx, d, calls...) {
		grants[i] = grantOf(r)
	}
	return grants
}

func (s *Store) acquireCall(lease time.Duration, a Ask) script.Call {
	return script.Call{
		Script: acquireScript,
		Keys:   []string{a.V, s.LeaseKey(a.V)},
		Args:   []string{string(a.Token), ms(lease), string(a.Mode), ms(a.Seen)},
	}
}

func grantOf(r rueidis.RedisResult) Grant {
	reply, err := r.ToArray()
	if err != nil {
		return Grant{Found: Found{Err: err}}
	}
	kind, err := reply[0].AsInt64()
	if err != nil {
		return Grant{Found: Found{Err: err}}
	}
	switch kind {
	case 0:
		return Grant{Granted: true}
	case 1:
		value, err := reply[1].AsBytes()
		if err != nil {
			return Grant{Found: Found{Err: err}}
		}
		ttl, err := reply[2].AsInt64()
		return Grant{Found: Found{Value: value, TTL: ttlOf(ttl), Err: err}}
	default:
		held, err := reply[1].AsInt64()
		return Grant{Held: max(time.Duration(held)*time.Millisecond, time.Millisecond), Found: Found{Err: err}}
	}
}

// Entry is a value to be stored.
type Entry struct {
	V     string
	Token Token // Fill only
	Value []byte
	// TTL is above 0, and rounded up to milliseconds; Redis refuses others.
	TTL time.Duration
}

// Fill stores what loaders returned, each unless its lease is gone or the entry changed. stored[i] is false where it was
// refused; errs[i] is set where Redis did not answer, or could not store: then too the lease has ended.
//
// A change is what our scripts did, and what a stranger did if it shows in the end: V has another expiry than when the
// lease was granted, or other bytes where it has none. What a stranger wrote or deleted and is gone again by itself, and
// SET with KEEPTTL, do not show.
func (s *Store) Fill(ctx context.Context, d script.Doer, entries ...Entry) (stored []bool, errs []error) {
	calls := make([]script.Call, len(entries))
	for i, e := range entries {
		calls[i] = script.Call{
			Script: fillScript,
			Keys:   []string{e.V, s.LeaseKey(e.V)},
			Args:   []string{string(e.Token), rueidis.BinaryString(e.Value), ms(e.TTL), s.wake, s.announce()},
		}
	}
	return outcomes(script.DoMulti(ctx, d, calls...))
}

// Set writes entries. Where it fails, the old entry may be there still, but no load under way will be stored.
func (s *Store) Set(ctx context.Context, d script.Doer, entries ...Entry) []error {
	calls := make([]script.Call, len(entries))
	for i, e := range entries {
		calls[i] = script.Call{
			Script: setScript,
			Keys:   []string{e.V, s.LeaseKey(e.V)},
			Args:   []string{rueidis.BinaryString(e.Value), ms(e.TTL), s.wake, s.announce()},
		}
	}
	_, errs := outcomes(script.DoMulti(ctx, d, calls...))
	return errs
}

// Drop removes entries. had[i] is true where there was one.
func (s *Store) Drop(ctx context.Context, d script.Doer, vs ...string) (had []bool, errs []error) {
	calls := make([]script.Call, len(vs))
	for i, v := range vs {
		calls[i] = script.Call{
			Script: dropScript,
			Keys:   []string{v, s.LeaseKey(v)},
			Args:   []string{s.wake, s.announce()},
		}
	}
	return outcomes(script.DoMulti(ctx, d, calls...))
}

// Touch gives an entry a lifetime above 0, from now on. It reports false where there is no value: "not found" is none.
func (s *Store) Touch(ctx context.Context, d script.Doer, v string, ttl time.Duration) (bool, error) {
	n, err := touchScript.Do(ctx, d, []string{v}, []string{ms(ttl), s.announce()}).AsInt64()
	return n == 1, err
}

// Abandon gives a lease back unused.
func (s *Store) Abandon(ctx context.Context, d script.Doer, v string, token Token) error {
	_, err := s.Release(ctx, d, v, token)
	return err
}

// Release is Abandon that also reports whether the lease was the caller's still: nobody has called Set or Drop since.
func (s *Store) Release(ctx context.Context, d script.Doer, v string, token Token) (held bool, err error) {
	n, err := abandonScript.Do(ctx, d, []string{v, s.LeaseKey(v)}, []string{string(token), s.wake}).AsInt64()
	return n == 1, err
}

func outcomes(results []rueidis.RedisResult) ([]bool, []error) {
	yes := make([]bool, len(results))
	errs := make([]error, len(results))
	for i, r := range results {
		n, err := r.AsInt64()
		yes[i], errs[i] = n == 1, err
	}
	return yes, errs
}

func ms(d time.Duration) string {
	n := d.Milliseconds()
	if 0 < d && d%time.Millisecond != 0 && d < math.MaxInt64-time.Millisecond {
		n++ // a TTL of 100 microseconds is 1 ms, not none; the longest Duration stays one
	}
	return strconv.FormatInt(n, 10)
}
