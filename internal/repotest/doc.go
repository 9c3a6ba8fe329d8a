// Package repotest holds the rules of this repository as code, so that a rule
// which matters is a failing test and not a sentence that people forget.
//
// [Load] reads a file tree, [Rules] lists the rules, [Check] runs them and
// returns what it found. The package's own test runs every rule over the
// repository, and every rule has a self-test that shows it can fail.
//
// One rule can be waived in place, where the waiver is the point of the code:
// a comment `//repotest:allow commands <reason>` on the line or on the line
// before it admits a command that is forbidden elsewhere (a test that empties
// its own private server). A waiver without a reason, for another rule or
// beside nothing is itself a finding.
package repotest
