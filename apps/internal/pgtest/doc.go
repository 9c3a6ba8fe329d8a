// Package pgtest gives tests an empty PostgreSQL schema each.
//
// The server is the one in TEST_DATABASE_URL, or else one that is started from
// the initdb and postgres on this machine, once per test binary, on loopback
// and in a folder of its own; [Main] stops it. Without either the test is
// skipped and the skip is put in the report (see package testreport), or it
// fails if REDISTEST_REQUIRE names postgres.
package pgtest
