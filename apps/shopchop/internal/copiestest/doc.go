// Package copiestest compares the copies in Redis with the database, key by key
// as they are documented, without the code that writes them.
package copiestest
