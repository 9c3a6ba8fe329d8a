// Package keyspace holds the rules for key names: what a name may be, how an id is escaped, and the shapes of keys that
// each brick declares.
package keyspace
