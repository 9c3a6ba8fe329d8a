// Package token makes tokens and tells whether they are good: what a mail or a program carries, and what stands for a login
// between requests.
//
//   - [OneTime]: good for one use, for one purpose: password reset, mail confirmation, invitation.
//   - [Opaque]: keys for programs, good until revoked.
//   - [Refresh]: a login that goes on. Each use gives the next token of a family; the use of an old one ends the family.
//   - [Access]: short JWT, checked in the process, that die with their session.
//
// Redis holds hashes of tokens, never tokens. docs/design/token.md gives keys, format and protocol.
//
// # Errors
//
// ErrInvalid, and the errors that wrap it, mean that the bearer has to log in or to ask for another token. An error that wraps
// redbrick.ErrUnavailable means that it is not known whether the token is good: it is not accepted, and the client keeps it.
// [Challenge] tells them apart for HTTP.
//
// # Redis away
//
// Every call ends within the client's deadline. One-time tokens, opaque tokens and refresh tokens are refused with
// redbrick.ErrUnavailable. Access tokens are checked as long as the process knows what lives, which is up to 1.5 s after
// the link died without a word; then they are refused in the same way.
//
// # Where tokens travel
//
// In bodies and in the Authorization header, with Cache-Control: no-store; not in the query of a URL, which lands in logs. A link
// in a mail is the exception: put the token behind `#`, or have the page take it out of the address at once, and let
// [OneTime.Peek] serve the page and [OneTime.Consume] the form, for scanners of mail follow links.
package token
