// Package sqldb opens the primary database of an application, SQLite or
// PostgreSQL by its address, and brings its schema up to date.
//
// Queries are written once, in the SQL that both understand: placeholders $1,
// RETURNING, ON CONFLICT, UPDATE ... FROM, row values. The few places where
// they differ are the fields and methods of [Dialect]; the migrations differ
// whole and lie in two folders.
//
// Lists go into a statement as one JSON array, never as a row of placeholders:
// one text for any length, so prepared statements stay few.
//
// SQLite runs in WAL mode with one writing connection and a pool of readers:
// writers queue in the process instead of failing with "database is locked",
// and readers never wait. A commit is on the disk before it is reported.
package sqldb
