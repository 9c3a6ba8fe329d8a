// Package lock keeps what must be done by one at a time in the hands of one: leases on names, with fencing tokens, and the
// election of a leader.
//
//	locks, err := lock.New(rb, lock.Options{})
//	lease, err := locks.Acquire(ctx, "stock:42") // waits its turn
//	...
//	defer lease.Release(ctx)
//	err = store.Write(lease.Context(), lease.Token(), ...) // the store refuses a token below the highest it has seen
//
// # What a lease promises
//
// A lease is renewed after a third of its TTL for as long as it is not released. Its context ends when another has, or may
// soon have, the lock: when a renewal finds it gone, and a tenth of the TTL before the lease ends on the server where no
// renewal could be confirmed. That is told by the monotonic clock of this process alone.
//
// A context is no wall: a process that stands still (a long collection, a stopped virtual machine) can wake after its lease
// has ended and go on for an instant. What the lock protects therefore takes the fencing token with every write and refuses one below
// the highest it has seen. The token of a name grows with every grant: it is the server's time in microseconds, or one more
// than the last token, whichever is higher. It survives the lock's expiry; were it lost, the time keeps it growing.
//
// # Waiting
//
// Who waits stands in a queue in Redis and gets the lock in the order of arrival. A release publishes whose turn it is, so
// nobody polls; each who waits says from time to time (a third of the TTL, at most 5 s) that it still does, and one that
// has not said so for three times as long is dropped. A lock whose holder died goes to the next when its TTL ends.
//
// # Redis away
//
// Acquire and TryAcquire fail with redbrick.ErrUnavailable or ErrTimeout within the client's deadline. A lease that is held
// goes on until its end is near, then it is lost. A failover that loses the lock lets another have it while the first one's
// lease still stands, for at most a TTL: fencing tokens are what covers that.
//
// docs/design/lock.md has the keys, the tests and the table of failures.
package lock
