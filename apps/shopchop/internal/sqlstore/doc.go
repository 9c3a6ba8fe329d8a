// Package sqlstore implements shop.Repository over SQLite and PostgreSQL.
//
// The queries are one text for both databases (see package sqldb); the contract
// suite in package shoptest runs on each. Every change of several rows is one
// transaction, and every transaction that changes a recipe locks the recipe's
// own row first, so that two of them never wait for each other in a circle.
package sqlstore
