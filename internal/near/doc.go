// Package near is the level of a cache that lies in the process: decoded values that are served without a round trip and
// forgotten the moment Redis says that they changed.
//
// A value gets in by a ticket only. The ticket is taken before Redis is read; an invalidation that arrives while the read
// is under way voids it, and so does everything that means that invalidations may have been lost (a new generation). So
// what is stored was read after the last change that was heard of, and the connection it was read on is the one on which
// the next change will be heard.
package near
