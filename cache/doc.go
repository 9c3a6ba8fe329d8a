// Package cache keeps typed values in Redis and in the process, read-through.
//
//	recipes, err := cache.New[Recipe](rb, "recipe", cache.Options[Recipe]{TTL: time.Hour, Load: repo.Recipe})
//	r, err := recipes.Get(ctx, "42")
//
// # Guarantees
//
// A load that began before an invalidation or a newer write never stores its result after it: not in Redis, not in the
// process, not from another process. One load runs for an id at a time, in the whole fleet; the others are woken when it
// is done. What lies in the process is decoded, shared, and forgotten as soon as Redis says that it changed; when the
// connection that says so is lost, everything is forgotten. Redis that is away is a normal state: the loader answers.
//
// Where CacheOptions.Disabled is set (CACHE_ENABLED=false) every read is answered by the loader and nothing is stored, but
// what is written or invalidated is still dropped from Redis: other processes, and this one later, would read it there.
//
// # Keys
//
// An entry is the string REDIS_KEY_PREFIX + CACHE_PREFIX + name + ":" + id. It holds plain JSON, `null` for "not found",
// and its freshness is its TTL: other programs can read it, and write it. A frame is written around it only where the
// cache has tags, a compressor, keys, a version, or another codec. docs/design/cache.md has the other keys, the invariants
// with their tests, and what happens when something fails.
package cache
