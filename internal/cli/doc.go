// Package cli is the redbrick command: one file a verb. cmd/redbrick only gives it the process's arguments and streams.
//
// A verb answers 0 when it did what it was asked for, 1 when that failed, and 2 when it was asked wrongly; then the
// message names the flag, the value and what was expected, and nothing has happened.
package cli
