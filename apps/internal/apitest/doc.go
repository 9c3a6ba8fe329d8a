// Package apitest holds the description of an application's HTTP interface to what
// is served.
package apitest
