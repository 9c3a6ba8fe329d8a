// Package browsertest opens the pages of the applications in a real Chromium
// and uses them as a person does. It is a module of its own, so that nobody who
// builds the applications needs a browser's protocol.
//
// The browser is the program that REDISTEST_CHROMIUM names, or the first Chromium
// or Chrome there is; without one the tests are skipped and reported as not run.
// With BROWSERTEST_SCREENSHOTS=<folder> they leave a picture of every view there, and of
// every page on which a test failed.
package browsertest
