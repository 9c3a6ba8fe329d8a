// Package api is the frame of an application's HTTP interface: one table of routes,
// one way from an error to a status, what is answered where no route is, the
// health of the process, and the description of the routes.
package api
