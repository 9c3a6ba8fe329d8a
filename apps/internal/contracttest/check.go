package contracttest

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Run runs tests by name at once, each on a repository of its own.
func Run[R any](t *testing.T, open func(t *testing.T) R, tests map[string]func(*testing.T, R)) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// Must returns the value of a call that has to succeed.
func Must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// WantErr expects an error that matches want.
func WantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
}

// Same expects two values to be equal.
func Same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// Together runs f n times at once and returns the errors, by index.
func Together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var begin, done sync.WaitGroup
	begin.Add(1)
	for i := range n {
		done.Go(func() {
			begin.Wait()
			errs[i] = f(i)
		})
	}
	begin.Done()
	done.Wait()
	return errs
}

// NoErrors expects that none of [Together] failed.
func NoErrors(t *testing.T, errs []error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
