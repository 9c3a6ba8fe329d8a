package token

import (
	"errors"
	"fmt"

	"github.com/redbrick-go/redbrick"
)

var (
	// ErrInvalid means that a token is not good: mistyped, made up, of another purpose, signed by another key, used up, revoked.
	// The text says what was wrong, for logs; tell the bearer no more than that it is not good.
	ErrInvalid = errors.New("token: invalid")
	// ErrExpired is an ErrInvalid of an access token whose time is up: refresh it.
	ErrExpired = fmt.Errorf("%w: expired", ErrInvalid)
	// ErrEnded is an ErrInvalid of a token whose session or family has ended: log in.
	ErrEnded = fmt.Errorf("%w: the session has ended", ErrInvalid)
	// ErrReused is an ErrInvalid of a refresh token that was used before: somebody else has it. Its family has ended, and its
	// session unless the text says otherwise.
	ErrReused = fmt.Errorf("%w: used before", ErrInvalid)
	// ErrMissing means that a request bears no token.
	ErrMissing = errors.New("token: no bearer token")
	// ErrTooMany means that a subject has as many tokens as it may have. Nothing was issued.
	ErrTooMany = errors.New("token: too many tokens")
)

// invalid is an ErrInvalid with a reason. The reason must not hold the token.
func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }

// badOption is an ErrConfig about one field.
func badOption(field string, value any, expected string) error {
	return fmt.Errorf("%w: %s is %q, expected %s", redbrick.ErrConfig, field, fmt.Sprint(value), expected)
}

// notText refuses a name that JSON cannot hold as it is: two that differ in such bytes alone would come back as one.
func notText(field, value string) error {
	return fmt.Errorf("%w: %s is %q, expected UTF-8", redbrick.ErrConfig, field, value)
}
