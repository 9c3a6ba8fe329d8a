// Package guard keeps guessers from passwords, and banned addresses from everything.
//
// [Login] counts an attempt to log in before the password is looked at, so that a thousand attempts at once are worth no more
// than the allowed number:
//
//	logins, err := guard.NewLogin(rb, guard.LoginOptions{Secrets: secrets})
//	out, err := logins.Check(ctx, guard.Attempt{Account: email, Addr: addr, Device: cookie}, guard.Check{...})
//	switch {
//	case errors.As(err, &throttled): // 429 Too many failed attempts, Retry-After: throttled.Seconds()
//	case errors.Is(err, guard.ErrCredentials): // 401, whether there is such an account or not
//	}
//
// By default 5 attempts may fail in 900 s for an account, from a prefix of addresses, and for the two together. Attempts that are
// refused change nothing, so a lock is not prolonged by who runs against it. A device that has logged in to the account before
// carries a signed token and is held to limits of its own, so that nobody can lock the owner out. A success forgets the failures of
// the account, not those of the prefix.
//
// While Redis is away each process counts by itself (or refuses, see [Away]); a login is never without limits.
//
// [IPList] keeps lists of networks that are let in or kept out, in Redis and in the memory of each process.
//
// docs/design/guard.md has the keys, the tests and the table of failures.
package guard
