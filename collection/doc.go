// Package collection keeps the small shared data of a service in Redis: sets, feeds, tags, counters and records, each under
// a documented key that `redis-cli` and programs in other languages read without this package.
//
//   - [TagIndex]: items and their tags; which items carry all of these tags, by page.
//   - [Pair]: two sets kept together, such as a user's favourites and a recipe's admirers.
//   - [Feed]: a capped list, newest first, with or without repetitions.
//   - [Set]: members by page or one by one.
//   - [BoundedCounter]: a stock that never falls below zero. [Counter]: a count.
//   - [Record]: a struct as a hash, with partial reads and atomic counters among its fields.
//
// # Keys
//
// Every constructor takes the key as a pattern with one placeholder, "user:<id>:recent_recipes", and registers it with the
// client, so that no two owners use the same keys. The key of an id is the namespace, then the pattern with the id in the
// placeholder's stead; Key gives it, for pipelines of one's own. Braces in an id are written %7B and %7D; an id over
// 512 bytes is shortened to 64 bytes and a hash. The empty id is refused. Two patterns of which one begins like the other
// ("tag:<name>", "tag:<name>:seen") share keys if ids may hold the difference: choose ids or patterns that rule it out.
//
// # Redis away
//
// Every call ends within the client's deadline, with an error that wraps redbrick.ErrUnavailable or redbrick.ErrTimeout. Reads keep to the deadline
// of the request path (Options.HotTimeout), writes to Options.CommandTimeout. After such an error a write may have happened or not:
// adding, removing, linking, replacing and setting may be repeated; Take, Give, Incr and Push of a feed with repetitions count
// twice if they are.
//
// # Redis Cluster
//
// All of it works there. What touches keys of several slots ([TagIndex], [Pair]) is one atomic script where the
// server is one, and on Cluster an order of steps in which a crash leaves nothing that a read takes for true;
// docs/design/collection.md gives it.
package collection
