package train

import (
	"github.com/google/uuid"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// NewID returns a new id: a UUID of version 7 (RFC 9562), so that ids sort by the
// time they were made, on every database alike.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// idLength is that of the one spelling of an id that is taken.
const idLength = 36

// IsID reports whether s is spelled as an id is: another spelling of it would be a
// second name of the same thing in caches and keys.
func IsID(s string) bool {
	if len(s) != idLength {
		return false
	}
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

// checkID refuses an id that cannot be one.
func checkID(v *domain.Validator, field, id string) {
	if !IsID(id) {
		v.Fail(field, "%q, expected an id", id)
	}
}
