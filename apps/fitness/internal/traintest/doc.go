// Package traintest holds the contract that every train.Repository has to keep, as one suite of tests.
package traintest
