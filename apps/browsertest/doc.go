// Package browsertest opens the pages of the applications in a real Chromium
// and uses them as a person does. It is a module of its own, so that nobody who
// builds the applications needs a browser's protocol.
package browsertest
