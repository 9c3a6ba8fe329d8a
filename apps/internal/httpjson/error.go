package httpjson

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// Field is what is wrong with one field of a body or a query.
type Field = domain.FieldError

// Word is an argument of a text that is itself in a language: "a whole number".
type Word string

// Error is a failure as the client hears of it. Its text goes to the client: it
// must not tell how the service works inside.
type Error struct {
	Status int
	Text   string
	// Format and Args are the text before it was put together, where it has
	// arguments: see [Error.In].
	Format string
	Args   []any
	Fields []Field
	// RetryAfter says when another try makes sense, in whole seconds; 0 says nothing.
	RetryAfter time.Duration
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// BadRequest is a 400 about one field: what it is, and what was expected, as fmt
// takes it.
func BadRequest(field, format string, args ...any) *Error {
	f := domain.NewFieldError(field, format, args...)
	return &Error{Status: http.StatusBadRequest, Text: f.Field + ": " + f.Message, Fields: []Field{f}}
}

// In returns the error in another language: translate gives the text or format of
// that language for an English one, or the English one itself.
func (e *Error) In(translate func(english string) string) *Error {
	said := func(format string, args []any) string {
		if len(args) == 0 {
			return translate(format)
		}
		own := make([]any, len(args))
		for i, a := range args {
			if w, ok := a.(Word); ok {
				a = translate(string(w))
			}
			own[i] = a
		}
		return fmt.Sprintf(translate(format), own...)
	}
	other := *e
	switch {
	case e.Format != "":
		other.Text = said(e.Format, e.Args)
	case len(e.Fields) == 0:
		other.Text = translate(e.Text)
	default:
		lines := make([]string, len(e.Fields))
		other.Fields = make([]Field, len(e.Fields))
		for i, f := range e.Fields {
			if f.Format != "" {
				f.Message = said(f.Format, f.Args)
			}
			other.Fields[i], lines[i] = f, f.Field+": "+f.Message
		}
		other.Text = strings.Join(lines, "; ")
	}
	return &other
}
