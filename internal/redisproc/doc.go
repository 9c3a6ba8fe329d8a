// Package redisproc starts real Redis servers for tests: one server, a Redis
// Cluster, or a master watched by Sentinels. All of them listen on loopback, on ports nobody uses,
// keep their files in a folder of their own and end with the process that started them.
//
// A server says no more than a test asks: no snapshot, no append-only file.
// Lines of redis.conf passed in [Options] come last and so win.
package redisproc
