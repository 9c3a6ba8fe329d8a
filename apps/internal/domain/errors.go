package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that a caller branches on. All others are failures of the database.
var (
	// ErrInvalid is matched by every [InvalidError].
	ErrInvalid = errors.New("domain: invalid")
	// ErrNotFound means that what was named is not there.
	ErrNotFound = errors.New("domain: not found")
	// ErrForbidden means that it is there and the actor may not change it.
	ErrForbidden = errors.New("domain: forbidden")
	// ErrConflict means that the change contradicts what is stored, such as a
	// second account with one email address.
	ErrConflict = errors.New("domain: conflict")
)

// Known reports whether the database did not take a change because of what was
// asked for. After any other error it may have taken it.
func Known(err error) bool {
	return errors.Is(err, ErrInvalid) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) || errors.Is(err, ErrConflict)
}

// Refusal is one of the errors above with a text for the person who asked.
type Refusal struct {
	// Kind is ErrNotFound, ErrForbidden or ErrConflict.
	Kind error
	// Format and Args are the text, as fmt takes them, in English.
	Format string
	Args   []any
}

// Refuse makes a [Refusal].
func Refuse(kind error, format string, args ...any) error {
	return &Refusal{Kind: kind, Format: format, Args: args}
}

// Text returns the text without the kind.
func (r *Refusal) Text() string { return fmt.Sprintf(r.Format, r.Args...) }

// Error returns the text with the kind behind it.
func (r *Refusal) Error() string { return r.Text() + ": " + r.Kind.Error() }

// Unwrap makes errors.Is(err, ErrNotFound) and its like true.
func (r *Refusal) Unwrap() error { return r.Kind }

// FieldError is one thing wrong with one field.
type FieldError struct {
	// Field is the field's path in the JSON body: "servings", "sets[2].reps".
	Field string `json:"field"`
	// Message says what was found and what was expected, without the field's name.
	Message string `json:"message"`
	// Format and Args are the message before it was put together.
	Format string `json:"-"`
	Args   []any  `json:"-"`
}

// NewFieldError makes a [FieldError].
func NewFieldError(field, format string, args ...any) FieldError {
	return FieldError{Field: field, Message: fmt.Sprintf(format, args...), Format: format, Args: args}
}

// InvalidError carries everything wrong with a value, in the order of its
// fields. It matches [ErrInvalid].
type InvalidError struct {
	Fields []FieldError
}

// Error names every field: "domain: invalid: servings: 0, expected 1 to 1000; ...".
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Field + ": " + f.Message
	}
	return ErrInvalid.Error() + ": " + strings.Join(parts, "; ")
}

// Unwrap makes errors.Is(err, ErrInvalid) true.
func (e *InvalidError) Unwrap() error { return ErrInvalid }

// Invalid returns an [InvalidError] about one field.
func Invalid(field, format string, args ...any) error {
	return &InvalidError{Fields: []FieldError{NewFieldError(field, format, args...)}}
}
