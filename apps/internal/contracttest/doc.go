// Package contracttest is what the contract suites of the applications'
// repositories are written with.
package contracttest
