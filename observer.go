package redbrick

import "time"

// Observer receives what the toolkit does, for metrics and traces. Every field may be nil. The functions are called on
// the path of the work they describe: they must be fast, must not block, and must be safe for concurrent use.
type Observer struct {
	// Command is called after each Do and DoMulti.
	Command func(CommandEvent)
	// CacheGet is called after each read of a cache that was not answered by the near cache; near hits are counted in
	// cache.Stats alone, because a function call would cost more than the hit.
	CacheGet func(CacheGetEvent)
	// Load is called after each run of a cache's loader.
	Load func(LoadEvent)
	// Invalidate is called after each invalidation that this process asked for.
	Invalidate func(InvalidateEvent)
}

// CommandEvent describes one round trip.
type CommandEvent struct {
	// Lane is "data", "hot", "tracked" or "within".
	Lane string
	// Commands is how many commands the pipeline had.
	Commands int
	// Duration is from sending to the last reply.
	Duration time.Duration
	// Err is the first error that is not a reply of Redis, nil if there was none.
	Err error
}

// CacheGetEvent describes one read of a cache.
type CacheGetEvent struct {
	// Cache is the cache's name.
	Cache string
	// Result is "hit", "stale", "load", "wait", "down" or "miss".
	Result string
	// Duration is the time the caller waited.
	Duration time.Duration
	// Err is what the caller got.
	Err error
}

// LoadEvent describes one run of a loader.
type LoadEvent struct {
	// Cache is the cache's name.
	Cache string
	// Duration is the time the loader took.
	Duration time.Duration
	// Stored is false where Redis refused or did not take the result.
	Stored bool
	// Err is the loader's error.
	Err error
}

// InvalidateEvent describes one invalidation.
type InvalidateEvent struct {
	// Cache is the cache's name.
	Cache string
	// Kind is "key", "tag", "match" or "clear".
	Kind string
	// Count is the number of keys or tags.
	Count int
	// Err is non-nil where Redis did not take it.
	Err error
}
