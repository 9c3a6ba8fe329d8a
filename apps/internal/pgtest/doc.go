// Package pgtest gives tests an empty PostgreSQL schema each, on the server of
// redistest.Postgres. Its users' TestMain is redistest.Main.
package pgtest
