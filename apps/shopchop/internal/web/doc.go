// Package web answers the HTTP requests of Shop & Chop: one file per resource,
// the routes in one table, and the way from an error to a status in one place.
//
// openapi.json describes every route; a test holds the two together.
package web
