package shop

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that a caller branches on. All others are failures of the database.
var (
	// ErrInvalid is matched by every [InvalidError].
	ErrInvalid = errors.New("shop: invalid")
	// ErrNotFound means that the named recipe, user, item or plan is not there.
	ErrNotFound = errors.New("shop: not found")
	// ErrForbidden means that it is there and the actor may not change it.
	ErrForbidden = errors.New("shop: forbidden")
	// ErrConflict means that the change contradicts what is stored, such as a
	// second account with one email address.
	ErrConflict = errors.New("shop: conflict")
	// ErrOutOfStock is the ErrConflict of taking more than there is.
	ErrOutOfStock = fmt.Errorf("%w: out of stock", ErrConflict)
)

// FieldError is one thing wrong with one field.
type FieldError struct {
	// Field is the field's path in the JSON body: "servings", "ingredients[2].unit".
	Field string `json:"field"`
	// Message says what was found and what was expected, without the field's name.
	Message string `json:"message"`
}

// InvalidError carries everything wrong with a value, in the order of its
// fields. It matches [ErrInvalid].
type InvalidError struct {
	Fields []FieldError
}

// Error names every field: "shop: invalid: servings: 0, expected 1 to 1000; ...".
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
	return &InvalidError{Fields: []FieldError{{Field: field, Message: fmt.Sprintf(format, args...)}}}
}
