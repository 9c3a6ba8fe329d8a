// Package testreport carries what tests did not cover from many test binaries
// to the one report at the end of a run.
//
// The file named by REDISTEST_REPORT takes one line per fact:
//
//	ran <backend>                          a test ran on it
//	<backend>: <reason>                    a test was skipped for want of it
//	capability <name> on <backend>: <test> a test was skipped there for want of an ability
package testreport
