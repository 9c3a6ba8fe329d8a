package ratelimit

import (
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
)

var (
	// ErrDenied means that a limit does not admit the call: of Wait, that it would take longer than there is time for.
	// The error is a *DeniedError.
	ErrDenied = errors.New("ratelimit: denied")
	// ErrInvalid means that an argument is not acceptable: an empty id, a cost below 1. Nothing was counted.
	ErrInvalid = errors.New("ratelimit: invalid argument")
)

// DeniedError is what Acquire and Wait return where a limit stands against it. It is ErrDenied.
type DeniedError struct {
	// Result says which policy denied, and when to come again.
	Result Result
}

// Error names the policy and the time.
func (e *DeniedError) Error() string {
	if e.Result.RetryAfter == Never {
		return fmt.Sprintf("%v by policy %q, no waiting helps", ErrDenied, e.Result.Policy)
	}
	return fmt.Sprintf("%v by policy %q, come again in %v", ErrDenied, e.Result.Policy, e.Result.RetryAfter.Round(time.Millisecond))
}

// Is makes it ErrDenied.
func (*DeniedError) Is(target error) bool { return target == ErrDenied }

// unavailable makes an error of Redis one of the toolkit: whatever kept it from deciding, it is not available for it.
func unavailable(cause error) error {
	if errors.Is(cause, redbrick.ErrUnavailable) {
		return cause
	}
	return fmt.Errorf("%w: %w", redbrick.ErrUnavailable, cause)
}
