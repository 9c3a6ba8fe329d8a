package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

const (
	// writeTime is how long a change may take once it was begun: it is not given up
	// because its client leaves, so that what was committed reaches the copies.
	writeTime = 10 * time.Second
	// copyTime is Options.CopyTime where that is left open.
	copyTime = 2 * time.Second
	// settleRounds bounds how often one change is followed by others in the middle of its copying.
	settleRounds = 20
)

var errRestless = errors.New("catalog: the database changes faster than its copy can be written")

// detached is the context of a change: it has the values of ctx and a time of its own.
func detached(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}

// settle makes a copy agree with the database: it reads the state, writes the
// copy, and reads again, until what it wrote is what is there.
//
// Any number of writers may do so at once. Take the one that wrote the copy last:
// it has read the database after that and found what it wrote, else it would not have
// been the last. Whoever changes the database later settles after it.
func settle[S any](ctx context.Context, read func(context.Context) (S, error), same func(a, b S) bool, write func(context.Context, S) error) error {
	state, err := read(ctx)
	for range settleRounds {
		if err != nil {
			return err
		}
		if err = write(ctx, state); err != nil {
			return err
		}
		written := state
		if state, err = read(ctx); err == nil && same(written, state) {
			return nil
		}
	}
	return errors.Join(errRestless, err)
}

func equal[S comparable](a, b S) bool { return a == b }

// copied runs the copying of one change. It never fails the change: a copy that
// cannot be written is left to the keeper.
func (c *Catalog) copied(ctx context.Context, what string, settle func(context.Context) error) {
	if state := c.rb.State().State; state != redbrick.StateReady {
		c.keeper.distrust(fmt.Errorf("%s: redis is %s", what, state))
		return
	}
	ctx, cancel := detached(ctx, c.copyTime)
	defer cancel()
	if err := settle(ctx); err != nil {
		c.keeper.distrust(fmt.Errorf("%s: %w", what, err))
	}
}

// refused reports whether the database did not take a change, so that there is
// nothing to copy. After any other error it may have taken it.
func refused(err error) bool {
	return errors.Is(err, shop.ErrInvalid) || errors.Is(err, shop.ErrNotFound) || errors.Is(err, shop.ErrForbidden) || errors.Is(err, shop.ErrConflict)
}
