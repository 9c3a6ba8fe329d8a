// Package expresstest tries session.Express with the packages of Node whose sessions it shares: express-session with connect-redis 6
// and 7 on ioredis and 9 on node-redis; and the shared counters of ratelimit with a limiter on ioredis. It is a module of its own, so that its folder of Node packages belongs to nobody's build.
//
// REDISTEST_NODE names another node than that of the PATH. The packages are those of testdata/node/package-lock.json; make
// setup installs them there. What is not there is skipped and reported as not run.
package expresstest
