// Package redistest runs tests on every Redis there is at hand, and makes Redis
// fail on demand.
//
// A package under test needs two things:
//
//	func TestMain(m *testing.M) { redistest.Main(m) }
//
//	func TestCounter(t *testing.T) {
//		t.Parallel()
//		redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
//			// runs as TestCounter/embedded, /redis, /notracking, /cluster
//		})
//	}
//
// # Backends
//
//   - embedded: the engine in the process, a fresh one for each test.
//   - embedded-notracking: the same without CLIENT TRACKING, where a test or REDISTEST_BACKENDS names it.
//   - redis: REDISTEST_REDIS_URL, or a redis-server from the PATH that the test binary starts once and shares.
//   - notracking: REDISTEST_NOTRACKING_URL, or the same server by a user who may not use CLIENT TRACKING.
//   - cluster: REDISTEST_CLUSTER_URL; without it a cluster of 3+3 is started only if REDISTEST_REQUIRE asks for one.
//   - env: REDIS_URL, if set.
//
// A backend that is not there skips its subtest, says so in the file REDISTEST_REPORT, and
// fails the test if REDISTEST_REQUIRE (names separated by commas) lists it.
//
// Servers are shared between tests that run side by side: every client has a random
// namespace, whose keys are removed at the end; nothing is ever flushed. A test that
// changes or kills a server asks for its own with [Private] or [PrivateCluster], and one
// whose network is to fail puts a [Proxy] before it.
package redistest
