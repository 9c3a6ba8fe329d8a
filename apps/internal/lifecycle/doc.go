// Package lifecycle starts and stops the parts of an application in order.
//
// [Stack] stops what was started, the last first, within one deadline. [Server]
// is an HTTP server that drains: after Stop began, every reply asks its client to
// close the connection, then the listener is closed, and requests under way are
// answered. [Signals] turns SIGINT and SIGTERM into the end of a context.
package lifecycle
