package redisproc

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errStop marks an error that waiting longer cannot cure.
type errStop struct{ error }

func (e errStop) Unwrap() error { return e.error }

// poll calls f until it returns nil or an errStop, or the context ends; then
// the error wraps [ErrNotReady] and carries f's last one.
func poll(ctx context.Context, f func() error) error {
	pause := time.Millisecond
	for {
		err := f()
		if err == nil {
			return nil
		}
		if stop := (errStop{}); errors.As(err, &stop) {
			return stop.error
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w: %w: %w", ErrNotReady, ctx.Err(), err)
		case <-timer.C:
		}
		pause = min(pause*2, 50*time.Millisecond)
	}
}
