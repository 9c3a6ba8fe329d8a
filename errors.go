package redbrick

import (
	"errors"
	"fmt"
)

// The errors that every brick wraps besides its own; test for them with errors.Is.
var (
	// ErrUnavailable means that Redis could not be asked: no connection, a broken one, an open breaker, a closed client.
	// Nothing is known about the effect of the call.
	ErrUnavailable = errors.New("redbrick: redis is unavailable")
	// ErrTimeout means that Redis did not answer within the call's deadline.
	ErrTimeout = errors.New("redbrick: deadline exceeded")
	// ErrConfig means that an option, an environment variable or a server setting has to be corrected by a person;
	// trying again does not help.
	ErrConfig = errors.New("redbrick: invalid configuration")
	// ErrTooLarge means that a key, a value or a message is above a configured limit.
	ErrTooLarge = errors.New("redbrick: too large")
)

// fault is an ErrConfig about one setting. The value is shown quoted, so it must not be a secret.
func fault(name string, value any, expected string) error {
	return fmt.Errorf("%w: %s is %q, expected %s", ErrConfig, name, fmt.Sprint(value), expected)
}

// conflict is an ErrConfig about a setting that contradicts another one. It shows no value and so suits secrets.
func conflict(name, why string) error {
	return fmt.Errorf("%w: %s %s", ErrConfig, name, why)
}
