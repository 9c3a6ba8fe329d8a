// Package clientip says who sent a request: the address of the connection, or what a trusted proxy wrote about the one
// behind it, and which addresses count as one client.
//
// Whoever writes a header decides what it says, so a header counts only as far as the hops that wrote it are trusted.
// X-Forwarded-For and Forwarded are read from the right: the nearest proxy appended the last entry. The client is the first
// hop, seen from here, that is not trusted. Everything left of it is what that client says, and is not looked at.
//
// One header is read, never both: a proxy that writes the one hands the other on as the client sent it.
package clientip
