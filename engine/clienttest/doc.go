// Package clienttest tries the engine as a server with the clients that people use: redis-cli, redis-benchmark, go-redis, and
// ioredis and node-redis of Node. Its tests speak to an engine over TCP and know nothing of it. It is a module of its own, so
// that nobody who uses the engine needs those clients.
//
// The programs come from the PATH (REDISTEST_NODE names another node). The packages of Node are those of
// testdata/node/package-lock.json; make setup installs them there. What is not there is skipped and reported as not run.
package clienttest
