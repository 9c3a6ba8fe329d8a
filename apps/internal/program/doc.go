// Package program is what the applications have in common as programs: settings from
// the environment and a file, flags, defaults, signals, exit codes.
//
// A [Spec] says in what one differs from the other.
package program
