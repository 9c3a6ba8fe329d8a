// Package rfc9111 is what the RFCs say about caching, as functions: what may be stored, what of it may be served, for how
// long, and what makes it invalid. It does no I/O, reads no clock and keeps nothing.
//
// Sources: RFC 9111 (caching), RFC 9110 (lists, dates, conditional and range requests), RFC 5861 (stale-while-revalidate,
// stale-if-error), RFC 8246 (immutable), RFC 9211 (Cache-Status), RFC 9213 (targeted fields), RFC 9651 (structured fields),
// RFC 9875 (cache groups). A section without a number of its own is one of RFC 9111.
//
// Where a field is malformed or says two things, the reading that stores less and validates more wins.
package rfc9111
