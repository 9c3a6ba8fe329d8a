// Package redbrick is the connection that every brick of the toolkit is constructed on: one Redis, Valkey, Sentinel,
// Redis Cluster or the embedded engine, chosen by a URL.
//
//	rb, err := redbrick.Open(ctx, redbrick.Options{})           // embedded, in memory
//	rb, err := redbrick.Open(ctx, redbrick.Options{URL: "redis://localhost:6379"})
//	o, err := redbrick.OptionsFromEnv()                         // REDIS_URL and friends
//
// A [Client] gives each call a hard deadline, keeps calls off a server that does not answer (a breaker per part of the
// key space), repeats read-only commands, finds the primary again after a failover, and tells near caches what to
// forget ([Client.Track]). Redis that is away is a normal state: [Open] succeeds and the client goes on trying.
//
// The bricks are the packages below this one; docs/design has one page for each.
package redbrick
