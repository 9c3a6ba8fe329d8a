package cache

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/store"
)

// Load produces the value of an id from the source of truth. It returns ErrNotFound, or an error that wraps it, where
// there is none: that is cached too, for NegativeTTL. It runs at most once at a time for an id in the whole fleet, under a
// context that ends after LoadTimeout, keeps the values of the caller's, and is not cancelled when the caller leaves.
type Load[V any] func(ctx context.Context, id string) (V, error)

// LoadMany is Load for several ids at once, used by GetMany and Warm. An id that is not in the result is not found.
type LoadMany[V any] func(ctx context.Context, ids []string) (map[string]V, error)

// Options of a Cache. The zero value of each field is a good choice.
type Options[V any] struct {
	// TTL is how long a value is fresh. 0 means the client's CacheOptions.TTL (one hour). At least 1 ms.
	TTL time.Duration
	// NegativeTTL is how long "not found" is remembered. 0 means 10 s or TTL, whichever is less; negative: not at all.
	NegativeTTL time.Duration
	// Jitter takes a random share of up to this much off every TTL, so that entries written together do not end together.
	// 0 means 0.05, negative none, at most 0.9.
	Jitter float64
	// StaleFor is how long after its TTL a value is still served while it is refreshed in the background
	// (stale-while-revalidate). 0 means not at all.
	StaleFor time.Duration
	// StaleIfError is how long after its TTL a value is still served where the loader fails. 0 means not at all.
	StaleIfError time.Duration
	// EarlyRefresh is the beta of XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention,
	// VLDB 2015): readers refresh a value in the background before it ends, the sooner the longer a load takes.
	// 0 means 1, negative switches it off.
	EarlyRefresh float64

	// Load is called on a miss. Nil: LoadMany is called with the one id; without either a miss is ErrNotFound.
	Load Load[V]
	// LoadMany loads several ids at once. Nil: Load is called for each, at most 8 at a time.
	LoadMany LoadMany[V]
	// LoadTimeout is when a loader is given up. 0 means 10 s.
	LoadTimeout time.Duration
	// SoftTimeout is how long a reader waits for another's load before it loads by itself, without storing. 0 means 2 s,
	// negative: as long as the load takes.
	SoftTimeout time.Duration

	// NoNear keeps the cache out of the process: every read goes to Redis.
	NoNear bool
	// NearTTL is the longest life of a value in the process. 0 means as long as in Redis.
	NearTTL time.Duration
	// NearUntracked is the same where Redis cannot track keys, so that writes of other programs are not heard of. 0 means 1 s.
	NearUntracked time.Duration
	// NearBytes bounds the memory of the near cache. 0 means 64 MiB.
	NearBytes int64
	// KeepBytes keeps the encoded value beside the decoded one, for GetBytes.
	KeepBytes bool
	// Clone copies a value before it is handed out. Nil: values in the near cache are shared and must not be changed.
	Clone func(V) V
	// DownTTL is how long a loaded value is kept in the process while Redis is away. 0 means 1 s.
	DownTTL time.Duration

	// Codec turns values into bytes. Nil means JSON.
	Codec Codec[V]
	// Compress makes large values smaller, e.g. Zstd(1024). Nil: values are kept as they are.
	Compress Compressor
	// Encrypt keeps values secret from those who can read Redis. Nil: values are kept as they are.
	Encrypt *Keys
	// Version is put into every value where it is not 0; a value of another version is a miss.
	Version uint64
	// MaxBytes is the largest encoded value that is stored. 0 means 16 MiB, at most 512 MiB. A larger one is handed to the
	// caller of Get all the same; Set fails with ErrTooLarge.
	MaxBytes int

	// Tags gives the tags of a value, at most 128. An entry with tags lives at most 7 days.
	Tags func(id string, v V) []string
	// TTLOf gives the TTL of a value. Nil, or a result of 0: TTL.
	TTLOf func(id string, v V) time.Duration
}

// Defaults, see Options.
const (
	defaultNegativeTTL   = 10 * time.Second
	defaultJitter        = 0.05
	defaultLoadTimeout   = 10 * time.Second
	defaultSoftTimeout   = 2 * time.Second
	defaultNearUntracked = time.Second
	defaultNearBytes     = 64 << 20
	defaultDownTTL       = time.Second
	defaultMaxBytes      = 16 << 20
	largestValue         = 512 << 20 // what Redis takes
	longestCodec         = 64
	longestTTL           = 10 * 365 * 24 * time.Hour
)

func (o Options[V]) withDefaults(name string, d redbrick.CacheOptions) (Options[V], error) {
	var faults []error
	add := func(field string, value any, expected string) {
		faults = append(faults, fmt.Errorf("%w: cache %q: Options.%s is %v, expected %s",
			redbrick.ErrConfig, name, field, value, expected))
	}
	if err := keyspace.ValidName(name); err != nil || name == "" {
		faults = append(faults, fmt.Errorf("%w: cache name %q, expected letters, digits and _ : . -", redbrick.ErrConfig, name))
	}
	set := func(field string, value *time.Duration, zero time.Duration, offAllowed bool) {
		switch {
		case *value == 0:
			*value = zero
		case *value < 0 && offAllowed:
			*value = -1
		case *value < time.Millisecond || *value > longestTTL:
			add(field, *value, "at least 1ms and at most ten years")
		}
	}
	set("TTL", &o.TTL, d.TTL, false)
	set("NegativeTTL", &o.NegativeTTL, min(defaultNegativeTTL, max(o.TTL, time.Millisecond)), true)
	set("StaleFor", &o.StaleFor, 0, false)
	set("StaleIfError", &o.StaleIfError, 0, false)
	set("LoadTimeout", &o.LoadTimeout, defaultLoadTimeout, false)
	set("SoftTimeout", &o.SoftTimeout, defaultSoftTimeout, true)
	set("NearTTL", &o.NearTTL, longestTTL, false)
	set("NearUntracked", &o.NearUntracked, defaultNearUntracked, false)
	set("DownTTL", &o.DownTTL, defaultDownTTL, false)
	switch {
	case o.Jitter == 0:
		o.Jitter = defaultJitter
	case o.Jitter < 0:
		o.Jitter = 0
	case !(o.Jitter <= 0.9):
		add("Jitter", o.Jitter, "at most 0.9")
	}
	switch {
	case o.EarlyRefresh == 0:
		o.EarlyRefresh = 1
	case o.EarlyRefresh < 0:
		o.EarlyRefresh = 0
	case !(o.EarlyRefresh <= 1000):
		add("EarlyRefresh", o.EarlyRefresh, "at most 1000")
	}
	if o.NearBytes == 0 {
		o.NearBytes = defaultNearBytes
	} else if o.NearBytes < 1 {
		add("NearBytes", o.NearBytes, "a positive number of bytes, or NoNear")
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	} else if o.MaxBytes < 1 || o.MaxBytes > largestValue {
		add("MaxBytes", o.MaxBytes, "from 1 to 536870912 bytes")
	}
	if o.Tags != nil && o.TTL+o.stale() > store.MaxTaggedTTL {
		add("TTL", o.TTL, "with StaleFor and StaleIfError at most 168h in a cache with Tags")
	}
	if o.Codec == nil {
		o.Codec = JSON[V]()
	}
	if n := len(o.Codec.Name()); n < 1 || n > longestCodec {
		add("Codec", strconv.Quote(o.Codec.Name()), "a name of 1 to 64 bytes")
	}
	if o.Load == nil && o.LoadMany != nil {
		o.Load = oneOf(o.LoadMany)
	}
	return o, errors.Join(faults...)
}

// oneOf makes a Load of a LoadMany.
func oneOf[V any](many LoadMany[V]) Load[V] {
	return func(ctx context.Context, id string) (V, error) {
		values, err := many(ctx, []string{id})
		v, ok := values[id]
		if err == nil && !ok {
			err = ErrNotFound
		}
		return v, err
	}
}

// stale is how long an entry stays in Redis after its TTL.
func (o Options[V]) stale() time.Duration { return max(o.StaleFor, o.StaleIfError) }
