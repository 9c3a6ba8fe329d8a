// Package ratelimit limits how often something may be done, or how much of it at once: by a client, a user, a route, or
// by several of them in one decision.
//
//	limits, err := ratelimit.New(rb, ratelimit.Options{Policies: []ratelimit.Policy{
//		{Name: "burst", Limit: 20, Window: time.Second},
//		{Name: "day", Algorithm: ratelimit.SlidingCounter, Limit: 5000, Window: 24 * time.Hour},
//	}})
//	r, err := limits.Allow(ctx, userID)
//
// Every decision is one script on the server, by the server's clock and in whole numbers. All policies of a limiter admit a
// call, or none of them counts it: what was denied consumes nothing. [AllowAll] does the same for several identities.
//
// # Algorithms
//
//   - [TokenBucket] (GCRA): Burst at once, and Limit a Window in the long run. Cheap and smooth; the default.
//   - [FixedWindow]: Limit from the first call to the end of the window; up to twice as many around its edge. With Shared
//     it is the plain counter that Node services keep with INCR and EXPIRE.
//   - [SlidingLog]: never more than Limit in any Window, exactly, for about 10 bytes a call.
//   - [SlidingCounter]: two counters, the older one weighed by what the window still covers of it. Exact if the calls of
//     the older window were spread evenly; never more than twice the limit if they were not.
//   - [Concurrency]: Limit at once, see [Limiter.Acquire].
//
// # Identities
//
// An id stands in a key as it is if it is short and plain, else as its SHA-256: whoever chooses ids can neither make keys
// long nor move them. The empty id is refused, or all who have none would share a limit.
//
// # Redis away
//
// A decision takes no longer than Options.Timeout. After that each policy does what its Away says: [Open] admits, [Closed]
// denies with an error that wraps redbrick.ErrUnavailable, [Local] counts in the process. Result.Degraded tells.
//
// # Memory
//
// A key costs the server about 100 bytes with a short id, a SlidingLog 10 bytes more for each call in its window, a place
// of Concurrency about 100. Every key has an expiry: the time until it makes no difference any more.
package ratelimit
