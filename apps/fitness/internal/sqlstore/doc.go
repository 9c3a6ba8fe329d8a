// Package sqlstore implements train.Repository over SQLite and PostgreSQL.
//
// The queries are one text for both databases (see package sqldb); the contract
// suite in package traintest runs on each.
package sqlstore
