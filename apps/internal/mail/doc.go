// Package mail is how the applications send mail. A [Sender] takes a [Message];
// [Files] is the one that writes each message into a folder as an .eml file, which any
// mail program opens, and which a person on the same machine can read.
package mail
