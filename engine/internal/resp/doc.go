// Package resp reads commands and writes replies of the Redis protocol, versions 2 and 3.
//
// The [Parser] works on bytes that somebody else has read, and remembers how far it came in an incomplete command, so
// that a command that arrives in many pieces is looked at once. The [Writer] appends to one buffer; the same calls give
// either version of the protocol.
package resp
