// Package secret is where an application's keys come from: the list in
// SESSION_SECRET, of which the first signs and all verify, or, in development, a
// file that the application makes for itself.
//
// [Keys] do not print, log or encode. [Keys.Derive] makes keys for other purposes, so that
// one secret in the environment is enough.
package secret
