// Package password hashes passwords with argon2id (RFC 9106) and compares them.
//
// A hash is a PHC string, $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>, and says
// itself how it was made: parameters can be raised later, and [Hasher.Outdated]
// tells which hashes to replace when their owner logs in.
//
// Each hash takes 19 MiB and tens of milliseconds of a core, so a [Hasher] makes
// only a few at once. Who must wait does so until its context ends or the bound of
// the queue's time is over: [ErrBusy], which a service answers with 503.
//
// An account that is not there, or has no password, costs as much as one that
// has: give [Hasher.Verify] an empty hash.
package password
