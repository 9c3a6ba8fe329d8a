// Package domain is what the domains of both applications are made of: the
// errors that a caller branches on, the checking of what people send, and
// password hashes that cannot be shown by accident.
//
// A text that a person reads is kept with its format and arguments, so that it can be
// told in another language: see [Refusal] and [FieldError].
package domain
