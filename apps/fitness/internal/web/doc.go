// Package web answers the HTTP requests of Fitness: one file per resource, the
// routes in one table, messages in the language that is asked for.
//
// openapi.json describes every route; a test holds the two together.
package web
