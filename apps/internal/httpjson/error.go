package httpjson

import (
	"net/http"
	"time"
)

// Field is what is wrong with one field of a body or a query.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is a failure as the client hears of it. Its text goes to the client: it
// must not tell how the service works inside.
type Error struct {
	Status int
	Text   string
	Fields []Field
	// RetryAfter says when another try makes sense, in whole seconds; 0 says nothing.
	RetryAfter time.Duration
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// BadRequest is a 400 about one field: what it is, and what was expected.
func BadRequest(field, message string) *Error {
	return &Error{Status: http.StatusBadRequest, Text: field + ": " + message, Fields: []Field{{field, message}}}
}
