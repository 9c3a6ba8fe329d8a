package shop

import (
	"fmt"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// Errors that a caller branches on. All others are failures of the database.
var (
	// ErrInvalid is matched by every [InvalidError].
	ErrInvalid = domain.ErrInvalid
	// ErrNotFound means that the named recipe, user, item or plan is not there.
	ErrNotFound = domain.ErrNotFound
	// ErrForbidden means that it is there and the actor may not change it.
	ErrForbidden = domain.ErrForbidden
	// ErrConflict means that the change contradicts what is stored, such as a
	// second account with one email address.
	ErrConflict = domain.ErrConflict
	// ErrOutOfStock is the ErrConflict of taking more than there is.
	ErrOutOfStock = fmt.Errorf("%w: out of stock", ErrConflict)
)

// FieldError is one thing wrong with one field.
type FieldError = domain.FieldError

// InvalidError carries everything wrong with a value, in the order of its
// fields. It matches [ErrInvalid].
type InvalidError = domain.InvalidError

// Invalid returns an [InvalidError] about one field.
func Invalid(field, format string, args ...any) error { return domain.Invalid(field, format, args...) }
