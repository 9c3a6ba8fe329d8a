package guard

import (
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
)

var (
	// ErrThrottled means that there were too many failed attempts; a *Throttled says how long to wait.
	ErrThrottled = errors.New("guard: too many failed attempts")
	// ErrAccount means that nothing of the account's name was left after normalising it.
	ErrAccount = errors.New("guard: empty account")
	// ErrCredentials means that the password is wrong or that there is no such account; nobody is told which.
	ErrCredentials = errors.New("guard: wrong credentials")
	// ErrNoAccount is what a Check's Lookup returns where there is no account.
	ErrNoAccount = errors.New("guard: no such account")
	// ErrPrefix means that a text is neither an address nor a CIDR.
	ErrPrefix = errors.New("guard: bad prefix")
	// ErrEntry means that what is noted about a prefix is not acceptable, or not readable.
	ErrEntry = errors.New("guard: bad entry")
	// ErrFull means that a list has IPListOptions.MaxEntries. It wraps redbrick.ErrTooLarge.
	ErrFull = fmt.Errorf("guard: the list is full: %w", redbrick.ErrTooLarge)
)

// Throttled is the error of an attempt that has to wait. It wraps ErrThrottled.
type Throttled struct {
	// Policy is the one that makes it wait longest: "account", "prefix", "pair" or "device".
	Policy string
	// RetryAfter is how long. Attempts meanwhile change nothing.
	RetryAfter time.Duration
	// Local is true where Redis was away and this process decided alone.
	Local bool
}

// Error is the text of the error.
func (t *Throttled) Error() string {
	return fmt.Sprintf("%v: policy %s, retry after %v", ErrThrottled, t.Policy, t.RetryAfter)
}

// Unwrap makes errors.Is find ErrThrottled.
func (t *Throttled) Unwrap() error { return ErrThrottled }

// Seconds is RetryAfter in whole seconds, rounded up and at least 1, for Retry-After and retryAfter.
func (t *Throttled) Seconds() int {
	return max(1, int((t.RetryAfter+time.Second-1)/time.Second))
}
