// Package service puts Fitness together: settings, database, Redis, sessions and
// tokens, the HTTP server, and the order in which they start and stop.
//
// [Main] is the whole service as a value; a test starts it on port 0.
// [Command] is the program: flags, environment, signals, exit codes.
package service
