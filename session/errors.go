package session

import (
	"errors"
	"fmt"

	"github.com/redbrick-go/redbrick"
)

var (
	// ErrNoSession means that there is no such session, or that it has ended: logged out, expired, never issued. What was to
	// be changed was not.
	ErrNoSession = errors.New("session: no such session")
	// ErrReadOnly means that the request came with the id from before a login or a rotation, which reads for a short while
	// and changes nothing. The browser has the new one; the request can be sent again.
	ErrReadOnly = errors.New("session: the id is an old one and only reads")
	// ErrTooLate means that a session cannot begin, or get a new id, because the answer has begun: no cookie can be sent any more.
	ErrTooLate = errors.New("session: the answer has begun")
	// ErrInvalid means that an argument is not acceptable: an empty user id, a field's name with spaces. The text names it.
	ErrInvalid = errors.New("session: invalid argument")
	// ErrDecode means that a field holds something else than is asked for: another version of the program wrote it.
	ErrDecode = errors.New("session: field does not decode")
)

func invalid(name string, value any, expected string) error {
	return fmt.Errorf("%w: %s is %q, expected %s", ErrInvalid, name, fmt.Sprint(value), expected)
}

func tooLarge(what string, size, most int) error {
	return fmt.Errorf("session: %w: %s would be %d bytes, at most %d", redbrick.ErrTooLarge, what, size, most)
}
