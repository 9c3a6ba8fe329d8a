// Package shoptest is the contract of shop.Repository as tests: every database
// that implements it runs the same suite, [Run].
package shoptest
