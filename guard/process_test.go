package guard_test

import (
	"context"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/redistest"
)

// A process that reserves an attempt, says so, and waits to be killed.
var reserving = redistest.NewProgram("guard-reserving", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	defer rb.Close()
	g, err := guard.NewLogin(rb, guard.LoginOptions{})
	if err != nil {
		return err
	}
	for range 5 {
		if _, err := g.Reserve(ctx, attempt("anna", 1)); err != nil {
			return err
		}
	}
	if err := c.Send("reserved"); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
})

// Attempts of a process that is killed while it checks the password are failures, or whoever can crash it could try without end.
func TestAttemptsOfAKilledProcessAreFailures(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		p := reserving.Start(t, rb)
		p.Recv()
		p.Kill()
		refused(t, newLogin(t, rb, guard.LoginOptions{}), attempt("anna", 2))
	}, redistest.Processes)
}
