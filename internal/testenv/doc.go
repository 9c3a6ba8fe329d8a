// Command testenv runs a command with every test backend that the machine can offer:
//
//	go run ./internal/testenv -- go test ./...
//
// It starts a redis-server, a Redis Cluster of three masters and three replicas, and a PostgreSQL,
// finds a Chromium and a Node, and hands their addresses down in the environment:
// REDISTEST_REDIS_URL, REDISTEST_NOTRACKING_URL (the same server, by a user who may not use CLIENT TRACKING),
// REDISTEST_CLUSTER_URL, TEST_DATABASE_URL, REDISTEST_CHROMIUM, REDISTEST_NODE.
// A variable that is set already is kept and its backend is not started.
//
// At the end it stops what it started and says what ran and what did not. The
// exit code is the command's; it is 1 if the command succeeded but a backend named in REDISTEST_REQUIRE was missing or
// skipped by a test.
package main
